"""A learning step of the last block, of which one position of each text is read: with its weights in pieces and whole.

    python tests/benchmarks/few_rows.py [--model gpt2] [--batches 8,16,32] [--steps 30]

The model has random weights, the frozen blocks' output is given, and both ways take turns in one process. What counts
is the quickest step and the seconds that the processor was busy.
"""

import argparse
import statistics
import time

from core.steady import steady

steady()  # before torch is imported

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

from core.architectures.models import MODELS  # noqa: E402
from core.freeze import FreezePlan  # noqa: E402
from core.model import few_rows  # noqa: E402
from core.model.classifier import Classifier  # noqa: E402
from core.readout import ClassifierKind  # noqa: E402

TOKENS = 32


class Step:
    """One step from the frozen blocks' output."""

    def __init__(self, name: str, batch: int):
        arch = MODELS[name].architecture
        self.model = Classifier(arch, 2, ClassifierKind()).eval()
        self.model.backbone.initialize(torch.Generator().manual_seed(0))
        plan = FreezePlan.parse("last_block", arch.n_blocks)
        self.model.freeze(plan)
        self.depth = plan.depth or 0
        learning = [p for _, p in self.model.trainable_parameters()]
        self.optimizer = torch.optim.AdamW(learning, lr=1e-4, fused=True)
        self.h, self.lengths = torch.randn(batch, TOKENS, arch.width), torch.full((batch,), TOKENS)
        self.labels = torch.arange(batch) % 2

    def __call__(self) -> tuple[float, float]:
        """Seconds by the clock, and of the processor."""
        clock, busy = time.perf_counter(), time.process_time()
        self.optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(self.model.suffix(self.h, self.lengths, self.depth), self.labels).backward()
        self.optimizer.step()
        return time.perf_counter() - clock, time.process_time() - busy


def main(model: str, batches: list[int], steps: int) -> None:
    ways = {"in pieces": few_rows.pays, "whole": lambda x, weight: False}
    print(f"{model}, {TOKENS} tokens, {torch.get_num_threads()} threads: ms a step, the quickest and of the processor")
    for batch in batches:
        step = Step(model, batch)
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for _ in range(steps + 1):
            for way, few_rows.pays in ways.items():
                found[way].append(step())
        took = {way: list(zip(*each[1:], strict=True)) for way, each in found.items()}  # the first is a warm-up
        quickest = {way: 1e3 * min(clock) for way, (clock, _) in took.items()}
        busy = {way: 1e3 * statistics.mean(of) for way, (_, of) in took.items()}
        said = "; ".join(f"{way} {quickest[way]:.1f} and {busy[way]:.1f}" for way in ways)
        ratios = [each["whole"] / each["in pieces"] for each in (quickest, busy)]
        print(f"batch {batch}: {said}; whole : in pieces {ratios[0]:.2f} and {ratios[1]:.2f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gpt2", choices=[name for name, one in MODELS.items() if not one.counts])
    parser.add_argument("--batches", default="8,16,32", help="how many texts a step has (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=30, help="steps of each kind (default: %(default)s)")
    given = parser.parse_args()
    main(given.model, [int(batch) for batch in given.batches.split(",")], given.steps)
