"""Memory that runs out where nobody reckoned it is a sentence."""

import subprocess
import sys

import pytest

LITTLE = 60_000_000  # bytes more than what the program takes before it reads anything
LIMITED = f"""
import resource, sys
import core.data.profile, core.helper.data
from pathlib import Path
from core.data import room
room.EVERY = sys.maxsize  # the reckoning, which would refuse first
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + {LITTLE},) * 2)
"""
COMMAND = LIMITED + "from workbench.cli.main import main; sys.exit(main(['data', sys.argv[1]]))"
HELPER = LIMITED + "from core.helper.protocol import main; main('data')"


@pytest.fixture
def large(tmp_path):
    """A file whose texts take three times as much."""
    file = tmp_path / "large.csv"
    with open(file, "w") as out:
        out.write("label,text\n")
        out.writelines(f"{'ab'[i % 2]},{i} {'words ' * 300}\n" for i in range(100_000))
    return file


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit a process's memory so")
def test_memory_that_runs_out_is_a_sentence(large):
    done = subprocess.run([sys.executable, "-c", COMMAND, large], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Memory ran out" in done.stderr and "Traceback" not in done.stderr

    request = f'{{"id": 1, "kind": "profile", "args": {{"recipe": {{"data": {{"path": "{large}"}}}}}}}}\n'
    with subprocess.Popen(
        [sys.executable, "-c", HELPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as helper:
        helper.stdin.write(request)
        helper.stdin.flush()
        answer = next(line for line in helper.stdout if '"progress"' not in line)
        helper.stdin.close()
        said = helper.stderr.read()
    assert '"Memory ran out."' in answer and "Traceback" not in said


def test_windows_gets_a_sentence():
    code = "import sys, runpy; sys.platform = 'win32'; runpy.run_module('workbench', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "inside WSL" in done.stderr and "Traceback" not in done.stderr
