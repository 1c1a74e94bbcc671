"""The last block of ModernBERT's shape and of SmolLM2's learns: whole runs of workbench and of transformers' Trainer.

    python tests/benchmarks/families.py FILE [--models modernbert,smollm2-135m] [--rows 300] [--epochs 3] [--repeat 2]

Needs `pip install '.[bench]'`. FILE has columns label and text; its first rows are taken. Weights are random, and texts
are tokenized as BERT does, so nothing has to be fetched, and accuracies say nothing. Both sides learn from the same
rows and tokens, with the head of transformers' classifier of the family, batches of 32 that are padded to their longest
text, and the same rates. They take turns, each a command of its own, timed from its start to the test rows' labels.
workbench also reads, splits and tokenizes the file, counts words for a baseline, evaluates after every epoch and saves
checkpoints, and chooses its precision; the Trainer is given tokens and evaluates once, in the fastest of its variants
(bf16 or fp32, grouped by length or not), which a short look that is not counted finds. Of each side the median counts,
in seconds and in processor seconds, which other work on the machine changes less.
"""

import argparse
import json
import os
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from encoder import QUICK, Bench, few
from safetensors.torch import save_file
from speed_sides import encoder_table as table

from core.architectures.file_names import CONFIG, WEIGHTS
from core.architectures.models import MODELS
from core.freeze import FreezePlan
from core.model.families import backbone_for
from core.model.weights import published
from core.text.tokenizer_files import built_in
from core.wording import plural

PLAN = "last_block"
# of a look at whether it runs
SMALL = {"n_blocks": 2, "width": 64, "n_heads": 4, "inner": 96}
SMALL_HEADS = {"n_kv_heads": 2, "head_dim": 16}  # where the family has them


class FamilyBench(Bench):
    """Both sides of one family."""

    screening = 2

    def __init__(self, data: Path, name: str, folder: Path, epochs: int, quick: bool):
        arch, tokenizer = MODELS[name].architecture, built_in("bert-uncased")
        if quick:
            arch = replace(arch, **SMALL, **(SMALL_HEADS if arch.causal else {}))
        backbone = backbone_for(arch)
        backbone.initialize(torch.Generator().manual_seed(0))
        made = folder / "model"
        made.mkdir()
        save_file(published(backbone), made / WEIGHTS, metadata={"format": "pt"})
        (made / CONFIG).write_text(json.dumps(arch.to_config()))
        tokenizer.save(made)
        super().__init__(data, str(made), folder, quick)
        self.epochs = epochs
        self.options = {"head": "own", "readout": "last_real" if arch.causal else "first"}
        learns = FreezePlan.parse(PLAN, arch.n_blocks).parts
        self.body = {
            "prefix": arch.prefix,
            "frozen": [
                arch.prefix + name
                for ours, theirs in arch.published.items()
                for name in theirs.names
                if backbone.part_of(ours) not in learns
            ],
        }

    def _job(self, plan: str) -> dict:
        return super()._job(plan) | self.body

    def turns(self, repeat: int) -> dict[str, list[dict]]:
        """What each side answered, the workbench first: the Trainer takes the rows that it keeps."""
        found: dict[str, list[dict]] = {"workbench": [], "Trainer": []}
        for turn in range(repeat):
            for side in reversed(found) if turn % 2 else found:
                load = os.getloadavg()[0]
                run = self.ours(PLAN, "auto") if side == "workbench" else self.trainer(PLAN)
                found[side].append(run)
                print(f"  {run['name']} took {run['seconds']:.1f} s, {run['cpu']:.1f} s of CPU; load {load:.1f} before")
        return found


def main(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        data = few(given.data, Path(name), QUICK if given.quick else given.rows)
        for model in given.models:
            (folder := Path(name, model)).mkdir()
            bench = FamilyBench(data, model, folder, 1 if given.quick else given.epochs, given.quick)
            print(f"{MODELS[model].title}'s shape, last block, {plural(bench.epochs, 'epoch')}", flush=True)
            found = bench.turns(given.repeat)
            heading = table.heading(given.data.name, bench.counts, len(bench.names), bench.threads)
            print("\n".join(f"  {line}" for line in heading.splitlines()))
            for kind, words in (("seconds", "seconds"), ("cpu", "processor seconds")):
                ours, theirs = (statistics.median(run[kind] for run in runs) for runs in found.values())
                print(f"  {words}: workbench {ours:.1f}, Trainer {theirs:.1f}; Trainer : workbench {theirs / ours:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a file of labelled texts")
    shapes, names = ["modernbert", "smollm2-135m"], "names of models, with commas between (default: both)"
    parser.add_argument("--models", default=shapes, type=lambda text: text.split(","), help=names)
    parser.add_argument("--rows", type=int, default=300, help="of the file (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=2, help="how often each side runs (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="small models and few rows: says only whether both run")
    main(parser.parse_args())
