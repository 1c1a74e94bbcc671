"""How long a key press takes to be painted while a run trains flat out, beside the same with nothing running.

python tests/benchmarks/keys.py [PRESSES]
"""

import importlib.util
import sys
import tempfile
import time
from pathlib import Path

from core.recipe import load
from core.runs.control import Stop
from core.runs.launch import launch
from core.runs.root import create_run

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("terminal", ROOT / "workbench" / "terminal.py")
terminal = importlib.util.module_from_spec(spec)
spec.loader.exec_module(terminal)


def presses(data: str, runs: str, number: int) -> list[float]:
    """Seconds from each of `number` presses of j or k in the list of rows until the row that it goes to is painted."""
    times, row = [], 0
    with terminal.Terminal(data, "--runs", runs) as screen:
        screen.until("Data")
        screen.send("1")
        screen.until("some words")
        settle(screen, 3.0)
        for i in range(number):
            settle(screen, 0.1)
            key, row = ("j", row + 1) if i // 10 % 2 == 0 else ("k", row - 1)
            screen.output = b""
            began = time.monotonic()
            screen.send(key)
            screen.until(f"some words {row} ", 10)
            times.append(time.monotonic() - began)
        screen.send("q")
        screen.close()
    return sorted(times)


def settle(screen, seconds: float) -> None:
    """Read for so long: while a run trains, the app never stops painting."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        screen.read(left)


def main(number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "messages.tsv"
        data.write_text("".join(f"{'spam' if i % 3 == 0 else 'ham'}\tsome words {i}\n" for i in range(600)))
        idle = presses(str(data), f"{folder}/none", number)
        recipe = load({"data": {"path": str(data)}, "freeze": {"trainable": "all"}, "train": {"epochs": 1000}})
        run = create_run(Path(folder) / "runs", recipe)
        worker = launch(run)
        while not run.status().step:
            if worker.poll() is not None:
                raise SystemExit(run.log_file.read_text())
            time.sleep(0.1)
        busy = presses(str(data), f"{folder}/runs", number)
        run.send(Stop())
        worker.wait()
    print(f"{'':24}{'median':>9}{'p99':>9}{'worst':>9}")
    for name, times in (("nothing running", idle), ("training, all layers", busy)):
        middle, high = times[len(times) // 2], times[int(len(times) * 0.99)]
        print(f"{name:24}{middle * 1e3:6.1f} ms{high * 1e3:6.1f} ms{times[-1] * 1e3:6.1f} ms")
    print(f"ratio of p99: {busy[int(len(busy) * 0.99)] / idle[int(len(idle) * 0.99)]:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
