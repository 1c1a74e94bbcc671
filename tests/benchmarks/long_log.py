"""How long the log of a run of a million steps takes to open.

    python tests/benchmarks/long_log.py [STEPS IN A LINE ...] [--steps 1000000]

A worker writes at most four lines a second. A run of 200 steps a second thus has 50 of them in a line, one of 10 has
two or three, and a slower one a line for each.
"""

import argparse
import math
import tempfile
import time
from pathlib import Path

from core.runs import events as e
from core.runs.folder import RunFolder
from core.runs.history import History


def write(run: RunFolder, steps: int, in_a_line: int) -> None:
    with open(run.events_file, "wb") as file:
        started = e.Started(
            pid=1, n_steps=steps, epochs=2, rows={"train": 8}, labels=["a", "b"], majority=0.5,
            learns=1, parameters=2, device="cpu", threads=1, attempt=1,
        )  # fmt: skip
        file.write(e.encode(started) + e.encode(e.Phase(name="learn", done=0, total=steps, attempt=1)))
        for last in range(in_a_line, steps + 1, in_a_line):
            losses = [round(math.exp(-(last + i) / steps), 5) for i in range(in_a_line)]
            rates = [1e-3] * in_a_line
            file.write(
                e.encode(
                    e.Steps(t=last / 200, attempt=1, step=last, loss=losses, lr=rates, tokens=10, seconds=0.25, rss=7)
                )
            )
            if last % 500 == 0:
                file.write(
                    e.encode(
                        e.Evaluated(
                            step=last, attempt=1, split="validation", rows=40, loss=0.1, accuracy=0.5, whole=False
                        )
                    )
                )
                file.write(e.encode(e.Changed(step=last, attempt=1, parts={"head": 0.1, "norm": 0.01})))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("in_a_line", nargs="*", type=int, default=[50, 10, 1])
    asked.add_argument("--steps", type=int, default=1_000_000)
    given = asked.parse_args()
    for in_a_line in given.in_a_line:
        with tempfile.TemporaryDirectory() as folder:
            run = RunFolder(Path(folder))
            write(run, given.steps, in_a_line)
            spent = {}
            for name, what in (("status", run.status), ("read", run.events)):
                began = time.perf_counter()
                found = what()
                spent[name] = time.perf_counter() - began
            began = time.perf_counter()
            history = History()
            for event in found[0]:
                history.apply(event)
            spent["fold"] = time.perf_counter() - began
            assert len(history.losses) == history.step == given.steps // in_a_line * in_a_line
            size = run.events_file.stat().st_size / 1e6
            words = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in spent.items())
            print(f"{in_a_line:3} steps in a line: {len(found[0]):,} events, {size:.0f} MB: {words}")


if __name__ == "__main__":
    main()
