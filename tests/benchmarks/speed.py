"""A whole run of ours beside a plain loop with the book's protocol and the Trainer of transformers, and its floor.

    python tests/benchmarks/speed.py SMSSpamCollection [--rows default,book] [--model gpt2] [--steps N] [--repeat N]

Needs `pip install '.[bench]'`. The SMS Spam Collection is UCI data set 228. Every side runs in a process of its own,
with random weights, the same rows (the book's split of 1,045, 149 and 300 texts), threads and priority, one after
the other; with --repeat, in turns, and the median counts.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from importlib.metadata import version
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import NamedTuple

from speed_sides import arithmetic, table
from speed_sides.parent import ask

from core.architectures.models import MODELS
from core.freeze import FreezePlan
from core.presets import RECIPES
from core.recipe import load


class Row(NamedTuple):
    """One comparison; `model` where it is not the one that was asked for."""

    title: str
    trainable: str
    epochs: int
    against: tuple[str, ...]
    preset: str = "default"
    model: str | None = None


ROWS = {
    "default": Row("default recipe, last block, 5 epochs", "last_block", 5, ("plain", "trainer")),
    "book": Row("book recipe, last block, 5 epochs, every text padded", "last_block", 5, ("plain",), "book"),
    "all": Row("default recipe, all layers, 1 epoch", "all", 1, ("trainer",)),
    "head": Row("default recipe, head only, 5 epochs", "head", 5, ("trainer",)),
    "last_two": Row("default recipe, last two blocks, 5 epochs", "last_two_blocks", 5, ("trainer",)),
    "nano": Row("default recipe, last block, 5 epochs, nano", "last_block", 5, ("trainer",), model="nano"),
}
PLAIN_STEPS = 8  # at most: all are alike
SCREENING = 5  # steps that find the Trainer's fastest variant


class Bench:
    """The sides, each in child processes that answer a job with a dictionary."""

    def __init__(self, folder: Path, args: argparse.Namespace):
        self.folder, self.args = folder, args
        self.rows = args.rows
        self.data = RECIPES["book"]["data"] | {"path": str(Path(args.data).resolve())}
        job = {"data": self.data, "models": sorted({self.model(row) for row in self.rows}), "folder": str(folder)}
        prepared = self.child("prepare", job)
        self.threads, self.texts = prepared["threads"], prepared["texts"]
        self.variants: dict[Row, dict] = {}
        self.skipped = ""

    def child(self, side: str, job: dict) -> dict:
        return ask(side, job, self.folder)

    def model(self, row: Row) -> str:
        return row.model or self.args.model

    def recipe(self, row: Row) -> dict:
        return {
            "preset": row.preset,
            "data": self.data,
            "model": {"name": self.model(row), "weights": str(self.folder / self.model(row))},
            "freeze": {"trainable": row.trainable},
            "train": {"epochs": row.epochs},
            "speed": {"threads": self.threads},
        }

    def ours(self, row: Row) -> dict:
        return self.child("ours", {"recipe": self.recipe(row), "runs": str(self.folder / "runs")})

    def plain(self, row: Row) -> dict:
        return self.child("plain", self._job(row, min(PLAIN_STEPS, self.args.steps)))

    def trainer(self, row: Row) -> dict:
        """The Trainer in the variant that a short look, taken once, finds fastest."""
        if row not in self.variants:
            batches = sorted({8, load(self.recipe(row)).batch})  # its own default, and ours
            every = [
                {"bf16": bf16, "grouped": grouped, "batch": batch}
                for bf16, grouped, batch in product((False, True), (False, True), batches)
            ]
            seen = self._trainer(row, SCREENING, every)
            self.skipped = seen["skipped"]
            self.variants[row] = min(seen["found"], key=lambda found: found["seconds"])["variant"]
        seen = self._trainer(row, self.args.steps, [self.variants[row]])
        return seen["found"][0] | {"peak": seen["peak"]}

    def _trainer(self, row: Row, steps: int, variants: list[dict]) -> dict:
        parts = parameters(row.trainable, MODELS[self.model(row)].architecture.n_blocks)
        return self.child(
            "trainer", self._job(row, steps) | {"variants": variants, "learns": parts, "epochs": row.epochs}
        )

    def _job(self, row: Row, steps: int) -> dict:
        model = self.model(row)
        return {
            "model": str(self.folder / model),
            "pad": MODELS[model].architecture.pad,
            "threads": self.threads,
            "steps": steps,
        }

    def rates(self, row: Row, ours: dict) -> dict:
        job = {"width": MODELS[self.model(row)].architecture.width, "precisions": sorted({"fp32", ours["precision"]})}
        return self.child("rates", job | {"threads": self.threads})

    def floors(self, row: Row, ours: dict, rates: dict) -> dict[str, float]:
        shape, recipe = MODELS[self.model(row)].architecture, load(self.recipe(row))
        encoded = json.loads((self.folder / self.model(row) / "rows.json").read_text())
        padded = recipe.model.readout == "last_pad"
        lengths = {
            split: [ours["context"] if padded else min(len(ids), ours["context"]) for ids, _ in rows]
            for split, rows in encoded.items()
        }
        return arithmetic.floors(shape, recipe.plan, lengths, ours, rates)


def parameters(trainable: str, n_blocks: int) -> list[str] | None:
    """How the names of GPT2ForSequenceClassification's learning parameters begin; None where all learn."""
    parts = FreezePlan.parse(trainable, n_blocks).parts
    if "embeddings" in parts:
        return None
    blocks = [f"transformer.h.{i}." for i in range(n_blocks) if f"blocks.{i}" in parts]
    return blocks + (["transformer.ln_f."] if "norm" in parts else []) + ["score."]


def best(found: list[dict]) -> dict:
    """The highest of each rate."""
    flops = {name: max(one["flops"][name] for one in found) for name in found[0]["flops"]}
    return {"flops": flops, "bytes": max(one["bytes"] for one in found)}


def show(bench: Bench, row: Row, found: dict[str, list[dict]]) -> None:
    rates = best(found["rates"])
    sides = {side: table.median(found[side]) for side in ("ours", *row.against)}
    print(table.row(row.title, sides, bench.floors(row, sides["ours"], rates), rates), flush=True)


def chosen(names: str) -> list[Row]:
    """Raises ArgumentTypeError where there is no such row."""
    for name in names.split(","):
        if name not in ROWS:
            raise argparse.ArgumentTypeError(f"there is no row {name!r}; there are {', '.join(ROWS)}")
    return [ROWS[name] for name in names.split(",")]


def main(args: argparse.Namespace) -> None:
    if not find_spec("accelerate"):  # the Trainer would say so after minutes
        sys.exit("The Trainer needs accelerate: pip install '.[bench]'")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), args)
        versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers"))
        print(table.heading(versions, bench.threads, bench.texts), flush=True)
        found: dict[Row, dict[str, list[dict]]] = {row: defaultdict(list) for row in bench.rows}
        for turn in range(args.repeat):
            tasks = [(row, side) for row in bench.rows for side in ("ours", *row.against, "rates")]
            for row, side in reversed(tasks) if turn % 2 else tasks:
                sides = found[row]
                sides[side].append(bench.rates(row, sides["ours"][0]) if side == "rates" else getattr(bench, side)(row))
                if {len(sides[name]) for name in ("ours", *row.against, "rates")} == {args.repeat}:
                    show(bench, row, sides)
    print(table.NOTES + bench.skipped)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="the file SMSSpamCollection")
    parser.add_argument("--rows", type=chosen, default=",".join(ROWS), help="which comparisons (default: %(default)s)")
    parser.add_argument("--model", default="gpt2", choices=MODELS)
    parser.add_argument("--steps", type=int, default=20, help="timed steps of eight texts in a sample")
    parser.add_argument("--repeat", type=int, default=1, help="how often each side is measured")
    main(parser.parse_args())
