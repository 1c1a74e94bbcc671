"""Full blocks of a model in fp32, with oneDNN's products and with PyTorch's own: looked at, and learned from.

    python tests/benchmarks/products.py [--model gpt2] [--texts 1,8,16] [--tokens 32] [--repeat 9]

The model has random weights and two blocks, and both ways take turns in one process. What counts is the median of the
seconds by the clock. Which of them a run takes is said first: oneDNN's where PyTorch's own are those of Intel's MKL and
the processor is not Intel's.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from core.steady import steady

steady()  # before torch is imported

import torch  # noqa: E402

from core.architectures.models import MODELS  # noqa: E402
from core.model import onednn  # noqa: E402
from core.model.classifier import Classifier  # noqa: E402
from core.model.linear import multiply_in  # noqa: E402
from core.readout import ClassifierKind  # noqa: E402

BLOCKS = 2


class Passes:
    """Forward, and forward and back, through all blocks."""

    def __init__(self, name: str, texts: int, tokens: int):
        arch = replace(MODELS[name].architecture, n_blocks=BLOCKS)
        self.model = Classifier(arch, 2, ClassifierKind()).eval()
        self.model.backbone.initialize(torch.Generator().manual_seed(0))
        self.h, self.lengths = torch.randn(texts, tokens, arch.width), torch.full((texts,), tokens)
        self.context = self.model.backbone.batch_context(self.lengths, tokens)

    def _through(self) -> torch.Tensor:
        h = self.h
        for i in range(BLOCKS):
            h = self.model.backbone.block(i, h, self.context)
        return h

    def look(self) -> None:
        with torch.no_grad():
            self._through()

    def learn(self) -> None:
        self.model.zero_grad(set_to_none=True)
        self._through().sum().backward()


def seconds(job: Callable[[], None]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def main(model: str, texts: list[int], tokens: int, repeat: int) -> None:
    ours = "oneDNN's" if onednn.pays("fp32") else "PyTorch's own"
    print(f"{model}, {BLOCKS} blocks, {tokens} tokens a text, {torch.get_num_threads()} threads; runs take {ours}")
    onednn.pays = onednn.works  # both ways, on whatever processor
    for n in texts:
        passes = Passes(model, n, tokens)
        for name, job in (("looked at", passes.look), ("learned from", passes.learn)):
            found: dict[bool, list[float]] = {True: [], False: []}
            for turn in range(repeat + 1):
                for by_onednn, took in found.items():
                    multiply_in(passes.model, "fp32", by_onednn)
                    one = seconds(job)
                    if turn:  # the first is a warm-up
                        took.append(one)
            quick, own = (1e3 * statistics.median(took) for took in found.values())
            print(f"{n} texts {name}: oneDNN {quick:.1f} ms, PyTorch {own:.1f} ms, ratio {own / quick:.2f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gpt2", choices=[name for name, one in MODELS.items() if not one.counts])
    parser.add_argument("--texts", default="1,8,16", help="how many texts a batch has (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=32, help="of each (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=9, help="turns (default: %(default)s)")
    given = parser.parse_args()
    main(given.model, [int(n) for n in given.texts.split(",")], given.tokens, given.repeat)
