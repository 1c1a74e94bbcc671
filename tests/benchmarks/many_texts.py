"""`predict --out FOLDER/` for many short texts: rows a second and the most memory, of each of some runs.

    python tests/benchmarks/many_texts.py [RUN ...] [--rows 10000,100000] [--kills 2] [--fast]

Where no run is named, one that counts words is trained on the sample. Texts are drawn from the sample that comes with
the program, with a number each, as CSV. Every answer is made in a process of its own, started new. Seconds are of the
whole command, with starting and loading; CPU seconds are user and system of all its threads. GB is the most memory that
the process held, with Python. With --kills, the same is done again, killed so many times and gone on with; then the
hashes of all parts are compared with those of the first.
"""

import argparse
import csv
import hashlib
import os
import random
import signal
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


def command(run: str, source: Path, folder: Path, fast: bool) -> list[str]:
    argv = ["predict", run, "--file", str(source), "--text", "text", "--out", f"{folder}/", *["--fast"] * fast]
    return [sys.executable, "-m", "workbench", *argv]


def hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every part."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("part-*")}


def kill(argv: Sequence[str], folder: Path, parts: int) -> None:
    """Start a command, and kill it once it has written so many parts."""
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    while sum(1 for _ in folder.glob("part-*")) < parts and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    if process.wait() != -signal.SIGKILL:
        raise SystemExit("It ended before it was killed: take more rows.")


def measure(run: str, source: Path, folder: Path, fast: bool) -> tuple[float, float, float]:
    """Seconds, CPU seconds and bytes at most of one command."""
    began = time.monotonic()
    process = subprocess.Popen(command(run, source, folder, fast), stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
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
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--fast", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as runs:
        if not given.runs:
            os.environ["WORKBENCH_RUNS"], given.runs = runs, ["r1"]
            train = [sys.executable, "-m", "workbench", "train", str(SAMPLE), "--model", "tfidf"]
            subprocess.run(train, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        compare(given.runs, map(int, given.rows.split(",")), given.kills, given.fast)


def compare(runs: Sequence[str], sizes: Iterable[int], kills: int, fast: bool) -> None:
    """Print a line for each run at each size."""
    print("| run | rows | seconds | CPU seconds | texts/s | GB |\n|---|---|---|---|---|---|", flush=True)
    for n in sizes:
        for run in runs:
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder) / "texts.csv"
                write(source, n)
                whole, again = Path(folder) / "out", Path(folder) / "again"
                seconds, cpu, most = measure(run, source, whole, fast)
                print(
                    f"| {run} | {n:,} | {seconds:.1f} | {cpu:.1f} | {n / seconds:,.0f} | {most / 1e9:.2f} |", flush=True
                )
                if kills:
                    parts = hashes(whole)
                    for i in range(kills):
                        kill(command(run, source, again, fast), again, (i + 1) * len(parts) // (kills + 1))
                    measure(run, source, again, fast)
                    same = "the same" if hashes(again) == parts else "OTHER"
                    print(f"killed {kills} times and gone on with: {same} {len(parts)} parts", flush=True)


if __name__ == "__main__":
    main()
