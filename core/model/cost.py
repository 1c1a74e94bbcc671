"""What a model costs, by arithmetic on its shape: parameters, memory, FLOPs. No torch."""

from core.model.freeze import FreezePlan, parts_of
from core.presets import Shape

FP32 = 4  # bytes
PROCESS = 500_000_000  # bytes of a worker with PyTorch and scikit-learn, before any model


def parameters(shape: Shape, n_classes: int) -> dict[str, int]:
    """Parameters of every part, from the text upwards."""
    d = shape.width
    block = (2 * d) * 2 + (d * 3 * d + 3 * d) + (d * d + d) + (d * 4 * d + 4 * d) + (4 * d * d + d)
    sizes = {part: block for part in parts_of(shape.n_blocks)}
    return sizes | {"embeddings": (shape.vocab + shape.context) * d, "norm": 2 * d, "head": d * n_classes + n_classes}


def learning(shape: Shape, plan: FreezePlan, n_classes: int) -> int:
    """How many parameters the plan trains."""
    return sum(size for part, size in parameters(shape, n_classes).items() if part in plan.parts)


def forward_flops(shape: Shape, width: int, first: int = 0, last: int | None = None) -> float:
    """FLOPs of one text of `width` tokens through blocks `first` to `last` (exclusive)."""
    n = (shape.n_blocks if last is None else last) - first
    matrices = 2 * 12 * shape.width**2 * width
    attention = 2 * 2 * width**2 * shape.width
    return float(n * (matrices + attention))


def step_flops(shape: Shape, plan: FreezePlan, width: int) -> float:
    """FLOPs to learn from one text of `width` tokens: forward, then backward down to the boundary.

    A learning block costs two backward products for each forward one, a frozen block above the boundary one.
    """
    total = forward_flops(shape, width)
    one = forward_flops(shape, width, 0, 1)
    for i in range(plan.depth or 0, shape.n_blocks):
        total += one * (2 if f"blocks.{i}" in plan.parts else 1)
    return total


def memory(shape: Shape, plan: FreezePlan, n_classes: int, batch: int, width: int) -> int:
    """Bytes at the peak of training in fp32: weights, gradients, AdamW's two moments, activations."""
    # the file of the weights stays mapped beside the model: how far they have moved is measured against it
    weights = 2 * sum(parameters(shape, n_classes).values()) * FP32
    state = learning(shape, plan, n_classes) * FP32 * 3
    kept = shape.n_blocks - (plan.depth or 0)
    # what autograd keeps of a block: two norms' inputs, qkv, attention's output, the MLP's two wide layers
    activations = (kept * 16 + 12) * shape.width * batch * width * FP32
    return weights + state + activations + PROCESS
