"""MiniLM learns to sort texts: whole runs of workbench, of transformers' Trainer, and of a plain PyTorch loop.

    python tests/benchmarks/encoder.py FILE [--plans last_two_blocks,all] [--repeat N] [--rows N] [--context N]

Needs `pip install '.[bench]'` and `workbench fetch minilm`. FILE has columns label and text, as TREC's 5,452 questions
with their six coarse labels; where a line of train_5500.label (Li and Roth 2002, cogcomp.seas.upenn.edu/Data/QA/QC,
latin-1) is `DESC:manner How did ...`, the label is DESC. For long texts, such as IMDb's reviews, `--rows 2000 --context
256` is enough.

All sides learn from the same rows and tokens, with batches of 32, five epochs, rates that rise over the first tenth and
then fall in a straight line, and are timed from the start of their command to the test rows' labels. workbench reads,
splits and tokenizes the file, counts words for a baseline, evaluates after every epoch, saves checkpoints, and keeps no
cache from one run to the next; the others are given tokens. The Trainer's fastest variant is found by a short look that
is not counted. Sides take turns; the median counts.
"""

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice, product
from pathlib import Path
from types import MappingProxyType

from speed_sides import encoder_table as table
from speed_sides.ours import spent
from speed_sides.parent import ask

from core.architectures.lookup import folder_of, preset_of
from core.data.prepare import SPLITS
from core.runs.folder import RunFolder
from core.runs.kept_rows import Row, kept_rows
from core.runs.predictions import read_predictions
from core.text.lookup import tokenizer_of
from core.wording import plural

BATCH, EPOCHS, LR, HEAD_LR = 32, 5, 2e-4, 1e-3
SCREENING = 50  # steps that find the Trainer's fastest variant: as many as it groups by length at a time
QUICK = 120  # rows
OURS = ("fp32", "auto")
PLANS = ["last_two_blocks", "all"]


class Bench:
    """The sides; each answers with `seconds` in all, `start` without learning, and `accuracy` on the test."""

    options: Mapping[str, str | int] = MappingProxyType({})  # of the command, besides those that every model has
    screening = SCREENING

    def __init__(self, data: Path, model: str, folder: Path, quick: bool):
        self.data, self.model, self.folder, self.quick = data, model, folder, quick
        self.epochs = 1 if quick else EPOCHS
        self.rows: list[Row] = []  # as the first run of workbench keeps them
        self.names: list[str] = []
        self.threads = self.pad = 0
        self.variants: dict[str, dict] = {}

    def ours(self, plan: str, precision: str) -> dict:
        given = {
            "model": self.model,
            "trainable": plan,
            "epochs": self.epochs,
            "batch": BATCH,
            "lr": LR,
            "train.head_lr": HEAD_LR,
            "schedule": "linear",
            "warmup": 0.1,
            "precision": precision,
            "cache": "run",
            "runs": self.folder / "runs",
            **self.options,
        }
        command = [sys.executable, "-m", "workbench", "train", str(self.data), "--json"]
        command += [word for flag, value in given.items() for word in (f"--{flag}", str(value))]
        began, before = time.time(), cpu()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.time() - began
        if done.returncode:
            sys.exit(f"workbench failed:\n{done.stdout}{done.stderr}")
        run = RunFolder(Path(json.loads(done.stdout)["run"]))
        self._keep(run)
        events, _ = run.events()
        found, recipe = spent(events), run.recipe()
        self.threads = recipe.speed.threads
        _, tested = read_predictions(run)
        expected = [(row.text, row.label) for row in self._split("test")]
        if [(one.text, one.label) for one in tested] != expected:
            sys.exit("workbench tested other rows than it kept.")
        phases = {"start": events[0].t - began, "weights": found["weights"], **found["phases"]}
        return {
            "name": f"workbench, {recipe.speed.precision}" + (" (auto)" if precision == "auto" else ""),
            "seconds": seconds,
            "cpu": cpu() - before,
            "start": phases["start"] + found["weights"],
            "accuracy": statistics.mean(one.right for one in tested),
            "phases": phases | {"end": seconds - sum(phases.values())},
        }

    def _keep(self, run: RunFolder) -> None:
        """Take the rows of the first run, encoded, for the other sides. Exits where another run has others."""
        rows = list(kept_rows(run))
        if self.rows and rows != self.rows:
            sys.exit("Two runs of workbench kept different rows.")
        if self.rows:
            return
        self.rows, self.names = rows, sorted({row.label for row in rows})
        preset = preset_of(self.model)
        tokenizer = tokenizer_of(preset, "pretrained")
        most = int(self.options.get("context", preset.architecture.max_tokens))
        ids = [tokenizer.shorten(one, most).ids.tolist() for one in tokenizer.encode_batch([row.text for row in rows])]
        encoded = defaultdict(list)
        for row, text in zip(rows, ids, strict=True):
            encoded[row.split].append([text, self.names.index(row.label)])
        (self.folder / "rows.json").write_text(json.dumps(encoded))
        self.pad = tokenizer.pad

    def _split(self, split: str) -> list[Row]:
        return [row for row in self.rows if row.split == split]

    @property
    def counts(self) -> dict[str, int]:
        return {split: len(self._split(split)) for split in SPLITS}

    def _job(self, plan: str) -> dict:
        return {
            "rows": str(self.folder / "rows.json"),
            "model": str(folder_of(self.model)),
            "pad": self.pad,
            "classes": len(self.names),
            "plan": plan,
            "epochs": self.epochs,
            "batch": BATCH,
            "threads": self.threads,
        }

    def plain(self, plan: str) -> dict:
        return {"name": "plain loop, fp32"} | self._timed("encoder_plain", self._job(plan))

    def trainer(self, plan: str) -> dict:
        job = self._job(plan)
        if plan not in self.variants:
            every = [{"bf16": bf16, "grouped": grouped} for bf16, grouped in product((False, True), (False, True))]
            look = job | {"variants": every, "steps": 1 if self.quick else self.screening}
            self.variants[plan] = ask("encoder_trainer", look, self.folder)["variant"]
        v = self.variants[plan]
        kind = f"{'bf16' if v['bf16'] else 'fp32'}, {'grouped by length' if v['grouped'] else 'random order'}"
        return {"name": f"Trainer, {kind}"} | self._timed("encoder_trainer", job | {"variant": v})

    def _timed(self, side: str, job: dict) -> dict:
        began, before = time.time(), cpu()
        answer = ask(side, job, self.folder)
        labels = [row.label for row in self._split("test")]
        said = [self.names[i] for i in answer["predicted"]]
        return {
            "seconds": answer["ended"] - began,
            "cpu": cpu() - before,
            "start": answer["loaded"] - began,
            "accuracy": statistics.mean(a == b for a, b in zip(labels, said, strict=True)),
        }

    def measured(self, plans: list[str], repeat: int) -> None:
        """Every side of every plan, `repeat` times, in turns. workbench begins: the others take the rows it keeps."""
        sides: dict[str, Callable[[str], dict]] = {
            **{precision: partial(self.ours, precision=precision) for precision in OURS},
            "trainer": self.trainer,
            "plain": self.plain,
        }
        tasks = list(product(plans, sides))
        found: dict[tuple[str, str], list[dict]] = defaultdict(list)
        for turn in range(repeat):
            for plan, side in reversed(tasks) if turn % 2 else tasks:
                load = os.getloadavg()[0]
                run = sides[side](plan) | {"load": load}
                found[plan, side].append(run)
                print(f"{plan}: {run['name']} took {run['seconds']:.1f} s, {run['cpu']:.1f} s of CPU", flush=True)
        print("\n" + table.heading(self.data.name, self.counts, len(self.names), self.threads))
        for plan in plans:
            print(table.plan(f"{plan}, {plural(self.epochs, 'epoch')}", {side: found[plan, side] for side in sides}))
        print(table.NOTES)


def cpu() -> float:
    """Seconds that all processes which this one started, and waited for, kept a core busy."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def few(source: Path, folder: Path, most: int = QUICK) -> Path:
    """The first rows of a file, as the program reads them."""
    from core.data.read import read

    table = read(source)
    path = folder / f"{source.stem}.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = islice(zip(table.texts, table.labels, strict=True), most)
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def tiny(folder: Path) -> str:
    """A folder with a tiny BERT of random weights."""
    from transformers import BertConfig, BertModel

    tokenizer = tokenizer_of(preset_of("minilm"), "pretrained")
    sizes = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 48}
    BertModel(BertConfig(vocab_size=tokenizer.vocab, max_position_embeddings=64, **sizes)).save_pretrained(folder)
    tokenizer.save(folder)
    return str(folder)


def main(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = few(given.data, folder) if given.quick else given.data.resolve()
        model = tiny(folder / "tiny-bert") if given.quick else given.model
        bench = Bench(data, model, folder, given.quick)
        bench.options = {name: vars(given)[name] for name in ("rows", "context") if vars(given)[name]}
        bench.measured(given.plans, given.repeat)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a file of labelled texts")
    parser.add_argument(
        "--plans", default=PLANS, type=lambda text: text.split(","), help="last_two_blocks, all, or both (default)"
    )
    parser.add_argument("--model", default="minilm", help="minilm, bert, or a folder with such a model")
    parser.add_argument("--repeat", type=int, default=3, help="how often each side runs (default: %(default)s)")
    parser.add_argument("--rows", type=int, help="take so many rows of the file, each label's share kept")
    parser.add_argument("--context", type=int, help="cut texts to so many tokens")
    words = f"{QUICK} rows, one epoch and a tiny model of random weights: says only whether all sides run"
    parser.add_argument("--quick", action="store_true", help=words)
    main(parser.parse_args())
