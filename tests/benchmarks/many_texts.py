"""`predict --out FOLDER/` for many short texts: rows a second and the most memory, of each of some runs.

    python tests/benchmarks/many_texts.py [RUN ...] [--rows 10000,100000] [--fast]

Where no run is named, one that counts words is trained on the sample. Texts are drawn from the sample that comes with
the program, with a number each, as CSV. Every answer is made in a process of its own, started new. Seconds are of the
whole command, with starting and loading; CPU seconds are user and system of all its threads. GB is the most memory that
the process held, with Python.
"""

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "core" / "assets" / "sample.csv"
KILOBYTE = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


def write(path: Path, n: int) -> None:
    """So many rows of a number and a text."""
    with open(SAMPLE, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    texts = [max(row, key=len) for row in rows[1:]]
    pick = random.Random(0)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows([i, f"{pick.choice(texts)} {i}"] for i in range(n))


def measure(run: str, source: Path, folder: Path, fast: bool) -> tuple[float, float, float]:
    """Seconds, CPU seconds and bytes at most of one command."""
    argv = ["predict", run, "--file", str(source), "--text", "text", "--out", f"{folder}/", *["--fast"] * fast]
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "workbench", *argv], stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(said)
    for line in said.splitlines():
        if line.startswith("--fast"):
            print(line)
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * KILOBYTE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", metavar="RUN")
    parser.add_argument("--rows", default="10000,100000")
    parser.add_argument("--fast", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as runs:
        if not given.runs:
            os.environ["WORKBENCH_RUNS"], given.runs = runs, ["r1"]
            train = [sys.executable, "-m", "workbench", "train", str(SAMPLE), "--model", "tfidf"]
            subprocess.run(train, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        compare(given.runs, map(int, given.rows.split(",")), given.fast)


def compare(runs: Sequence[str], sizes: Iterable[int], fast: bool) -> None:
    """Print a line for each run at each size."""
    print("| run | rows | seconds | CPU seconds | texts/s | GB |\n|---|---|---|---|---|---|", flush=True)
    for n in sizes:
        for run in runs:
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder) / "texts.csv"
                write(source, n)
                seconds, cpu, most = measure(run, source, Path(folder) / "out", fast)
            print(f"| {run} | {n:,} | {seconds:.1f} | {cpu:.1f} | {n / seconds:,.0f} | {most / 1e9:.2f} |", flush=True)


if __name__ == "__main__":
    main()
