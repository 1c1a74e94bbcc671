"""AdamW without PyTorch's compiler is PyTorch's AdamW."""

import copy

import torch
from torch import nn

from core.train.optim import AdamW


def test_its_steps_are_those_of_pytorch_to_the_last_bit():
    torch.manual_seed(0)
    ours = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 2))
    theirs = copy.deepcopy(ours)
    pairs = [
        (net, kind([{"params": net[0].parameters(), "weight_decay": 0.3}, {"params": net[2].parameters()}], 1e-2))
        for net, kind in (
            (ours, lambda *p: AdamW(*p, fused=True)),
            (theirs, lambda *p: torch.optim.AdamW(*p, fused=True)),
        )
    ]
    for _ in range(5):
        x = torch.randn(4, 5)
        for net, optimizer in pairs:
            optimizer.zero_grad(set_to_none=True)
            net(x).square().sum().backward()
            optimizer.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other) and mine.grad is not None and mine.requires_grad
    assert pairs[0][1].state_dict()["state"][3]["exp_avg"].equal(pairs[1][1].state_dict()["state"][3]["exp_avg"])
