"""How many wrong labels stand among the first doubts, where labels are made wrong on purpose.

    python tests/benchmarks/doubts.py ../shared/data/sms/SMSSpamCollection --model nano

5 % of one class's labels are given another class at random, one class after the other, with each seed. The rows are
then ranked by doubt, once by models that count words and have not seen the row, before anything is trained, and with
--model by the margins of a run, in which only training rows have one. It prints a table in Markdown: how many of the
planted stand among the first 5 % of the rows that are ranked, and how long it took.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.near import first_near
from core.data.read import read
from core.evaluate.doubts import doubts
from core.runs.folder import RunFolder
from core.runs.margins import read_margins


class Found(NamedTuple):
    """So many of the planted that could be found are among the first; `seconds` to rank all."""

    planted: int
    among_first: int
    seconds: float


def planted(labels: list[str], label: str, share: float, seed: int) -> tuple[list[str], np.ndarray]:
    """Labels of which a share of one class is another, and which rows these are."""
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(np.array(labels) == label)
    wrong = rng.choice(rows, max(1, round(share * len(rows))), replace=False)
    others = sorted(set(labels) - {label})
    changed = [*labels]
    for i in wrong:
        changed[i] = others[rng.integers(len(others))]
    return changed, wrong


def by_counting(texts: list[str], labels: list[str], wrong: np.ndarray, first: float) -> Found:
    began = time.perf_counter()
    found = doubts(texts, labels, first_near(texts))
    seconds = time.perf_counter() - began
    ranked = np.argsort(found.margin, kind="stable")  # what cannot be judged comes last
    return Found(len(wrong), int(np.isin(wrong, ranked[: round(first * len(texts))]).sum()), seconds)


def by_margins(
    texts: list[str], labels: list[str], wrong: np.ndarray, first: float, model: str, more: list[str]
) -> Found:
    """Of a run on all of them, whose training rows are about seven of ten."""
    with tempfile.TemporaryDirectory() as folder:
        data, runs = Path(folder) / "planted.csv", Path(folder) / "runs"
        with open(data, "w", newline="", encoding="utf-8", errors="surrogatepass") as file:
            csv.writer(file).writerows([("label", "text"), *zip(labels, texts, strict=True)])
        command = [sys.executable, "-m", "workbench", "train", str(data), "--label", "label", "--text", "text"]
        command += ["--data.quoting", "csv", "--model", model, "--runs", str(runs), "--edits", "none", *more]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
        seconds = time.perf_counter() - began
        margins = read_margins(RunFolder(runs / "r1"))
    ranked = [one.row for one in sorted(margins, key=lambda one: one.margin)]
    there = np.intersect1d(wrong, ranked)
    return Found(len(there), int(np.isin(there, ranked[: round(first * len(ranked))]).sum()), seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--share", type=float, default=0.05, help="of one class's labels that are made wrong")
    parser.add_argument("--first", type=float, default=0.05, help="of the rows, the most doubted")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--classes", nargs="*", help="else each in turn")
    parser.add_argument("--most", type=int, help="rows of the file")
    parser.add_argument("--model", help="rank by the margins of a run from this model, too")
    given, more = parser.parse_known_args()
    print("| data | class | planted | ranked by | found | share | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for file in given.files:
        table = read(file)
        texts, labels = table.texts[: given.most], table.labels[: given.most]
        for label in given.classes or sorted(set(labels)):
            for seed in range(given.seeds):
                changed, wrong = planted(labels, label, given.share, seed)
                ranked = {"counting words": by_counting(texts, changed, wrong, given.first)}
                if given.model:
                    ranked[f"margins of {given.model}"] = by_margins(
                        texts, changed, wrong, given.first, given.model, more
                    )
                for how, found in ranked.items():
                    share = found.among_first / max(1, found.planted)
                    print(
                        f"| {Path(file).name} | {label} | {found.planted} | {how} | {found.among_first} | "
                        f"{share:.0%} | {found.seconds:.1f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
