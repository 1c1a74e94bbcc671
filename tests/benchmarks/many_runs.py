"""How long thousands of runs take to list: read anew, and with what was read of them before.

    python tests/benchmarks/many_runs.py [RUN] [--runs 10000]

RUN is a run's folder, of which copies are made; without it one is trained on the sample. Both sides are processes of
their own, timed in one go in seconds of the processor (user and system): `workbench runs` with an empty cache and with
one, then the commands that look at one run or at none, and one look of the Runs screen at what is on the disk.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COPIED = ("recipe.toml", "events.jsonl", "result.json", "base.json", "predictions.csv", "lock", "heartbeat")
LOOK = """
import sys, time
from pathlib import Path
from core.runs.listing import Listing
listing = Listing(Path(sys.argv[1]))
entries = listing.look()
began = time.process_time()
assert all(one is other for one, other in zip(entries, listing.look(), strict=True))
print(time.process_time() - began)
"""


def trained(root: Path) -> Path:
    train = ["train", "--trainable", "head", "--epochs", "1", "--runs", str(root)]
    subprocess.run([sys.executable, "-m", "workbench", *train], check=True, capture_output=True)
    return root / "r1"


def copies(run: Path, root: Path, n: int) -> None:
    for number in range(1, n + 1):
        folder = root / f"r{number}"
        (folder / "checkpoints").mkdir(parents=True)
        for name in COPIED:
            shutil.copy2(run / name, folder / name)
        shutil.copy2(run / "checkpoints" / "last", folder / "checkpoints" / "last")
        for path in (*folder.iterdir(), folder):
            os.utime(path, (1, 1))  # long ago, as most runs are


def timed(*argv: str) -> tuple[float, str]:
    """Seconds of the processor that a process of Python takes, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *argv], check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("run", nargs="?", type=Path)
    asked.add_argument("--runs", type=int, default=10_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WORKBENCH_CACHE"] = f"{folder}/cache"
        root = Path(folder) / "runs"
        copies(given.run or trained(Path(folder) / "one"), root, given.runs)
        listed = ("-m", "workbench", "runs", "--runs", str(root))
        (anew, first), (again, second) = timed(*listed), timed(*listed)
        assert first == second and len(first.splitlines()) == given.runs + 1
        print(f"runs: {anew:.2f} s anew, {again:.2f} s with the index: anew : index {anew / again:.1f}")
        for command in (["show", "last"], ["queue"]):
            print(f"{' '.join(command)}: {timed('-m', 'workbench', *command, '--runs', str(root))[0]:.2f} s")
        whole, look = timed("-c", LOOK, str(root))
        print(f"Runs screen: {whole:.2f} s until it is read, {float(look):.2f} s for a look at what has not changed")


if __name__ == "__main__":
    main()
