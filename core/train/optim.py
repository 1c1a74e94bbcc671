"""The optimizer, and its state as named tensors."""

import torch
from torch import Tensor

from core.model.classifier import Classifier


def adamw(model: Classifier, lr: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW over what learns (Loshchilov and Hutter 2019), decaying everything, as the book does."""
    return torch.optim.AdamW([p for _, p in model.learning()], lr=lr, weight_decay=weight_decay, fused=True)


def state_tensors(optimizer: torch.optim.AdamW, model: Classifier) -> dict[str, Tensor]:
    """The optimizer's state as `<parameter>/<moment>` -> tensor; empty before the first step."""
    return {
        f"{name}/{moment}": tensor
        for name, parameter in model.learning()
        for moment, tensor in optimizer.state.get(parameter, {}).items()
    }


def load_state(optimizer: torch.optim.AdamW, model: Classifier, tensors: dict[str, Tensor]) -> None:
    """Put back what `state_tensors` gave."""
    named = dict(model.learning())
    for key, tensor in tensors.items():
        name, moment = key.rsplit("/", 1)
        parameter = named[name]
        # the step count of the fused kernel lives on the parameter's device, in fp32, like the moments
        optimizer.state[parameter][moment] = tensor.to(parameter.device, copy=True)
