"""Optimizers, how their learning rates move over a run, and their state as named tensors."""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from core.model.classifier import Classifier
from core.options import resolved
from core.recipe_parts import Train

Named = Iterable[tuple[str, nn.Parameter]]

# the odd polynomial whose repetition drives every singular value towards 1 (Jordan et al. 2024)
QUINTIC = 3.4445, -4.7750, 2.0315
TIMES = 5


def _uncompiled(method: Any) -> Any:
    """A method of PyTorch's without what `torch.compile` needs around it, which takes two seconds to import."""
    return getattr(method, "__wrapped__", method)


class Optimizer(torch.optim.Optimizer):
    """PyTorch's, used without its compiler."""

    add_param_group = _uncompiled(torch.optim.Optimizer.add_param_group)
    zero_grad = _uncompiled(torch.optim.Optimizer.zero_grad)


class AdamW(Optimizer, torch.optim.AdamW):
    """PyTorch's, used without its compiler."""

    step = torch.no_grad()(_uncompiled(torch.optim.AdamW.step))


def adamw(model: Classifier, train: Train) -> AdamW:
    """AdamW over what learns (Loshchilov and Hutter 2019), at rates that leave nothing open.

    A group of parameters keeps its full rate as `initial_lr`, for `set_rates`.
    """
    groups: dict[tuple[bool, float, float], list[nn.Parameter]] = defaultdict(list)
    for name, p in model.trainable_parameters():
        part, decays = model.part_of(name), train.decay == "all" or p.ndim > 1
        share = _share(part, model.backbone.arch.n_blocks, train.layer_decay)
        groups[part == "head", share, train.weight_decay * decays].append(p)
    made = [
        {"params": params, "head": head, "share": share, "weight_decay": decay}
        for (head, share, decay), params in groups.items()
    ]
    optimizer = AdamW(made, fused=True)
    set_full_rates(optimizer, resolved(train.lr), resolved(train.head_lr))
    return optimizer


def renewed(optimizer: AdamW, model: Classifier, train: Train) -> AdamW:
    """The optimizer of what learns now: what goes on keeps its state, what is frozen loses it, what thaws has none."""
    made = adamw(model, train)
    for _, p in model.trainable_parameters():
        if p in optimizer.state:
            made.state[p] = optimizer.state[p]
    return made


def _share(part: str, n_blocks: int, layer_decay: float) -> float:
    """What part of the body's rate a part learns at: the lower it lies, the less, where the recipe has it so."""
    above = {"head": 0, "norm": 0, "embeddings": n_blocks}
    return layer_decay ** (above[part] if part in above else n_blocks - 1 - int(part.partition(".")[2]))


def set_full_rates(optimizer: AdamW, lr: float, head_lr: float) -> None:
    """Give every group of `adamw` its full rate; the next `set_rates` takes its share of it."""
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] = head_lr if group["head"] else lr * group["share"]


def share_of_rate(step: int, n_steps: int, warmup: float, cooldown: float, shape: str = "cosine") -> float:
    """What part of the full learning rate step number `step` (from 0) of `n_steps` takes, above 0 and up to 1.

    It rises in a straight line over the first share `warmup` of the steps and falls over the last share `cooldown`, in
    the `shape` of half a cosine or linear; between them it stays (Hägele et al. 2024, "Scaling Laws and Compute-Optimal
    Training Beyond Fixed Training Durations"). With a cooldown of 1 it is that of Loshchilov and Hutter 2017, "SGDR".
    """
    rising = (step + 1) / (warmup * n_steps) if warmup else 1.0
    begins = max((1 - cooldown) * n_steps, warmup * n_steps)
    falling = (step + 1 - begins) / (n_steps + 1 - begins)
    if not cooldown or falling <= 0:
        return min(1.0, rising)
    return min(1.0, rising) * (1 - falling if shape == "linear" else 0.5 + 0.5 * math.cos(math.pi * falling))


def set_rates(optimizer: Optimizer, share: float) -> None:
    """Learn at this share of the full rates."""
    for group in optimizer.param_groups:
        group["lr"] = share * group["initial_lr"]


class Muon(Optimizer):
    """Momentum whose step for a matrix is made orthogonal, so that it moves all directions alike.

    Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; steps are scaled to the size of
    AdamW's, so that learning rates compare (Liu et al. 2025, "Muon is Scalable for LLM Training"). Matrices only.
    torch.optim.Muon is the same in bf16, which most CPUs multiply slowly.
    """

    def __init__(self, matrices: Iterable[nn.Parameter], lr: float, weight_decay: float, momentum: float = 0.95):
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]  # no closure is ever given
        for group in self.param_groups:
            for p in group["params"]:
                if p not in self.state:
                    self.state[p]["momentum"] = torch.zeros_like(p)
                held = self.state[p]["momentum"]
                held.lerp_(p.grad, 1 - group["momentum"])
                step = orthogonal(p.grad.lerp(held, group["momentum"]))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(step, alpha=-group["lr"] * 0.2 * max(p.shape) ** 0.5)


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest matrix (N, M) whose singular values are all equal, by Newton and Schulz's iteration."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    a, b, c = QUINTIC
    for _ in range(TIMES):
        square = x @ x.T
        x = a * x + torch.addmm(square, square, square, beta=b, alpha=c) @ x
    return x.T if tall else x


def state_tensors(optimizer: Optimizer, learning: Named) -> dict[str, Tensor]:
    """The state of an optimizer of these parameters as `<parameter>/<moment>` -> tensor; empty before a step."""
    return {
        f"{name}/{moment}": tensor
        for name, parameter in learning
        for moment, tensor in optimizer.state.get(parameter, {}).items()
    }


def load_state(optimizer: Optimizer, learning: Named, tensors: dict[str, Tensor]) -> None:
    """Put back what `state_tensors` gave; of other parameters' state nothing is taken."""
    named = dict(learning)
    for key, tensor in tensors.items():
        name, moment = key.rsplit("/", 1)
        if name in named:
            parameter = named[name]
            # the step count of the fused kernel lives on the parameter's device, in fp32, like the moments
            optimizer.state[parameter][moment] = tensor.to(parameter.device, copy=True)
