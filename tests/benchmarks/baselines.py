"""The classifier that counts words and characters, beside scikit-learn's own pipeline for the same.

    python tests/benchmarks/baselines.py FILE [FILE ...] [--most N] [--sides ours,sklearn]

Each side learns from 70 % of a file's rows, chooses C of 1, 10 and 100 on 10 %, and answers the 20 % of the test, in a
process of its own. Seconds are from the texts in memory to the answers; ours include one more fit, of half of the
training texts. GB is the most memory that the process held, with Python and the texts. Where learning takes long, ours
takes C = 10 without trying others and makes no fit of half; of long texts it reads the words alone. scikit-learn's does
all of it at any size, and its regression runs with its defaults.
"""

import argparse
import random
import tempfile
from pathlib import Path

from speed_sides.parent import ask

from core.data.read import read

SIDES = {"ours": "workbench", "sklearn": "scikit-learn"}
ENDS = {"train": 0.7, "validation": 0.8, "test": 1.0}  # of the shuffled rows


def drawn(source: Path, most: int | None) -> dict:
    """A job for the sides: texts and the indices of their labels for each split, of at most so many random rows."""
    table = read(source)
    names = sorted(set(table.labels))
    numbers = {name: i for i, name in enumerate(names)}
    rows = [(text, numbers[label]) for text, label in zip(table.texts, table.labels, strict=True)]
    random.Random(0).shuffle(rows)
    rows = rows[:most]
    splits, begin = {}, 0
    for split, share in ENDS.items():
        end = round(share * len(rows))
        splits[split] = tuple(zip(*rows[begin:end], strict=True))
        begin = end
    return {"splits": splits, "classes": len(names)}


def line(side: str, answer: dict) -> str:
    return (
        f"| {SIDES[side]} | {answer['seconds']:.1f} | {answer['peak'] / 1e9:.2f} "
        f"| {100 * answer['accuracy']:.1f} | {answer['c']:g} |"
    )


def compare(source: Path, given: argparse.Namespace) -> None:
    """Print what each side takes and gets right, and how many times the seconds of ours scikit-learn takes."""
    job = drawn(source, given.most)
    n = sum(len(texts) for texts, _ in job["splits"].values())
    print(f"\n{source.name}, {n:,} rows, {job['classes']} classes\n")
    print("| | seconds | GB | test accuracy % | C |\n|---|---|---|---|---|")
    answers = {}
    for side in given.sides:
        with tempfile.TemporaryDirectory() as folder:
            answers[side] = ask(f"counting_{side}", job, Path(folder))
        print(line(side, answers[side]), flush=True)
    if len(answers) == len(SIDES):
        print(f"\nscikit-learn : workbench = {answers['sklearn']['seconds'] / answers['ours']['seconds']:.1f}")


def chosen(names: str) -> list[str]:
    """Raises ArgumentTypeError where there is no such side."""
    for name in names.split(","):
        if name not in SIDES:
            raise argparse.ArgumentTypeError(f"there is no side {name!r}; there are {', '.join(SIDES)}")
    return names.split(",")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file with columns text and label")
    parser.add_argument("--most", type=int, help="rows of each file, drawn at random (default: all)")
    parser.add_argument("--sides", type=chosen, default=",".join(SIDES), help="which run (default: %(default)s)")
    asked = parser.parse_args()
    for file in asked.files:
        compare(file, asked)
