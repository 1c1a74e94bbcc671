"""The floor under our side: the work that a run cannot do without, at the best rates of this machine. No torch.

Only real tokens count, except where the readout looks at what is padded; of the last block, where one row is read,
only that row, with its key and value matrices applied to the query and to the mean: 12 D^2 + 2 T D H multiplications
a text, a multiplication and an addition being two FLOPs. Learning takes three times a forward pass, less the gradient
of what the first block that learns reads where what lies below is frozen.
"""

from collections.abc import Iterable

from core.architectures.gpt2 import GPT2Architecture
from core.freeze import FreezePlan

ADAMW = 28  # bytes a parameter and step: weight, gradient and two moments read, all but the gradient written


def block(shape: GPT2Architecture, tokens: int) -> int:
    """FLOPs of a text through one block: matrices 24 D^2 a token, attention 4 T D a token."""
    return 24 * shape.width**2 * tokens + 4 * shape.width * tokens**2


def last(shape: GPT2Architecture, tokens: int) -> int:
    """FLOPs of a text through the last block, of which one row is read."""
    return 24 * shape.width**2 + 4 * tokens * shape.width * shape.n_heads


def forward(shape: GPT2Architecture, lengths: Iterable[int], first: int, stop: int, one_row: bool) -> float:
    """FLOPs of texts through blocks `first` to `stop` (exclusive), of the last of which `one_row` may be all."""
    ends = one_row and first < stop == shape.n_blocks
    whole = max(0, stop - first - ends)
    return float(sum(whole * block(shape, t) + (last(shape, t) if ends else 0) for t in lengths))


def floors(
    shape: GPT2Architecture, plan: FreezePlan, lengths: dict[str, list[int]], run: dict, rates: dict
) -> dict[str, float]:
    """Seconds that each phase of a run takes at least.

    `lengths` are the positions of each text that count, by split, `run` the facts of our side, `rates` the FLOP/s
    of each precision and the bytes/s of memory.
    """
    one_row = run["one_row"]
    depth, top = plan.depth or 0, shape.n_blocks
    suffix = {split: forward(shape, texts, depth, top, one_row) for split, texts in lengths.items()}
    share = run["n_steps"] * run["batch"] / (run["epochs"] * len(lengths["train"]))  # less what drop_last leaves out
    looks = len({*range(0, run["n_steps"] + 1, run["eval_every"])} | {*_epoch_ends(run)})
    few = {s: suffix[s] * min(1, run["eval_batches"] * run["batch"] / len(lengths[s])) for s in ("train", "validation")}
    learn = 3 * suffix["train"]
    if depth == top - 1 and one_row:
        learn -= sum(4 * t * shape.width * shape.n_heads for t in lengths["train"])
    elif depth < top and depth:
        learn -= sum(6 * t * shape.width**2 for t in lengths["train"])
    flops = {
        "encode": sum(forward(shape, lengths[split], 0, depth, one_row) for split in ("train", "validation")),
        "steps": learn * run["epochs"] * min(1, share),
        "looks": looks * few["train"]
        + (looks - run["epochs"]) * few["validation"]
        + run["epochs"] * suffix["validation"],
        "evaluate": suffix["train"] + suffix["validation"],
    }
    found = {phase: count / rates["flops"][run["precision"]] for phase, count in flops.items()}
    found["steps"] += ADAMW * run["learns"] * run["n_steps"] / rates["bytes"]
    if run["probed"]:  # its mean is of all positions
        above = sum(forward(shape, lengths[split], depth, top, False) for split in ("train", "validation"))
        found["probe"] = (above + forward(shape, lengths["test"], 0, top, False)) / rates["flops"][run["precision"]]
    found["test"] = forward(shape, lengths["test"], 0, top, one_row) / rates["flops"]["fp32"]
    return found


def _epoch_ends(run: dict) -> range:
    per_epoch = run["n_steps"] // run["epochs"]
    return range(per_epoch, run["n_steps"] + 1, per_epoch)
