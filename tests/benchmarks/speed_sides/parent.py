"""How a benchmark asks its sides: each answers in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# threads that wait for one another sleep, as in a run's worker: so no side is slowed down by what else runs here
CALM = {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}


def ask(side: str, job: dict, folder: Path) -> dict:
    """What one process answers; `folder` is for files. Exits with the end of what it said where it fails."""
    job_file, answer = folder / "job.json", folder / "answer.json"
    job_file.write_text(json.dumps(job))
    with tempfile.TemporaryDirectory(dir=folder) as cache:  # empty: nothing is left from an earlier run
        done = subprocess.run(
            [sys.executable, "-m", f"speed_sides.{side}", job_file, answer],
            check=False,
            cwd=Path(__file__).parents[1],
            env=os.environ | CALM | {"WORKBENCH_CACHE": cache},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if done.returncode:
        sys.exit(f"{side} failed:\n{done.stdout[-4000:]}")
    return json.loads(answer.read_text())
