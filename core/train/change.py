"""How far the weights have moved from where they began."""

from collections import defaultdict
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from core.model.classifier import part_of


def group_of(name: str) -> str:
    """The line of the chart that a parameter belongs to: a part, blocks divided into attention and MLP."""
    part = part_of(name)
    if not part.startswith("blocks."):
        return part
    return f"{part}.attn" if ".attn." in name or ".ln_1." in name else f"{part}.mlp"


def relative_change(learning: Iterable[tuple[str, Tensor]], origin: Callable[[str], Tensor]) -> dict[str, float]:
    """||w - w0|| / ||w0|| over the parameters of each group, by their names in a model, `origin(name)` being w0."""
    moved, size = defaultdict(float), defaultdict(float)
    with torch.no_grad():
        for name, parameter in learning:
            start = origin(name).to(parameter.device)
            moved[group_of(name)] += (parameter - start).square().sum().item()
            size[group_of(name)] += start.square().sum().item()
    return {group: (moved[group] / size[group]) ** 0.5 if size[group] else 0.0 for group in moved}
