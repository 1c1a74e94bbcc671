"""How long a file of labelled texts takes until its profile is drawn, how soon keys answer meanwhile, and its memory.

    python tests/benchmarks/reading.py FILE

Beside it stand pandas and tiktoken, which read the same file (a CSV with the columns text and label) and count its
tokens one text after another, without a split, copies or anything else.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("terminal", ROOT / "workbench" / "terminal.py")
terminal = importlib.util.module_from_spec(spec)
spec.loader.exec_module(terminal)

END = """
import json, resource, sys
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
print(json.dumps([rows, time.monotonic() - began, peak]))
"""
OURS = """
import sys, time
from core.data.profile import profile
from core.recipe import load
began = time.monotonic()
rows = profile(load({"data": {"path": sys.argv[1]}}))[0].rows
"""
THEIRS = """
import sys, time
import pandas
from core.text.byte_bpe import built_in
bpe = built_in("nano")._bpe
began = time.monotonic()
table = pandas.read_csv(sys.argv[1])
lengths = [len(bpe.encode_ordinary(text)) for text in table["text"].astype(str)]
rows = len(table)
"""


def measured(code: str, file: str) -> tuple[int, float, float]:
    """Rows, seconds and MB at most of a process that reads the file."""
    done = subprocess.run([sys.executable, "-c", code + END, file], check=True, capture_output=True, text=True)
    return tuple(json.loads(done.stdout))


def drawn(file: str) -> tuple[float, list[float]]:
    """Seconds from the command until the rows are on screen, and those of each change of screens until then.

    The first time that a screen is opened is left out: it is built then, whatever else goes on.
    """
    changes: list[float] = []
    with tempfile.TemporaryDirectory() as runs, terminal.Terminal(file, "--runs", runs) as screen:
        began = time.monotonic()
        screen.until("Source")
        while b"Splits" not in screen.output or len(changes) < 4:
            for key, sign in (("2", "Backbone"), ("1", "Source")):
                screen.output = b""
                pressed = time.monotonic()
                screen.send(key)
                screen.until(sign, 30)
                changes.append(time.monotonic() - pressed)
            screen.read(0.2)  # the rest of the screen
        took = time.monotonic() - began
        screen.send("q")
        screen.close()
    return took, sorted(changes[2:])


def main(file: str) -> None:
    took, changes = drawn(file)
    rows, ours, memory = measured(OURS, file)
    _, theirs, their_memory = measured(THEIRS, file)
    print(f"{rows:,} rows")
    print(f"{'the app, from the command to the drawn profile':50}{took:8.1f} s")
    times = f"{changes[len(changes) // 2] * 1e3:8.0f} ms, at worst {changes[-1] * 1e3:.0f} of {len(changes)}"
    print(f"{'from one screen to another meanwhile':50}{times}")
    print(f"{'profile: read, tokens, copies, split':50}{ours:8.1f} s{memory:8.0f} MB at most")
    print(f"{'pandas and tiktoken: read, tokens':50}{theirs:8.1f} s{their_memory:8.0f} MB at most")
    print(f"ratio, pandas and tiktoken : workbench{theirs / ours:21.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
