"""How far the weights have moved from where they began."""

from collections import defaultdict
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

PIECE = 1 << 20  # numbers compared at a time: a table of embeddings holds forty times as many


def relative_change(
    parameters: Iterable[tuple[str, Tensor]], origin: Callable[[str], Tensor], group_of: Callable[[str], str]
) -> dict[str, float]:
    """||w - w0|| / ||w0|| over the parameters of each group, by their names in a model.

    `origin(name)` is w0, `group_of(name)` the group."""
    moved: dict[str, float] = defaultdict(float)
    size: dict[str, float] = defaultdict(float)
    with torch.no_grad():
        for name, parameter in parameters:
            pieces = parameter.flatten().split(PIECE), origin(name).to(parameter.device).flatten().split(PIECE)
            for now, start in zip(*pieces, strict=True):
                moved[group_of(name)] += (now - start).square().sum().item()
                size[group_of(name)] += start.square().sum().item()
    return {group: (moved[group] / size[group]) ** 0.5 if size[group] else 0.0 for group in moved}
