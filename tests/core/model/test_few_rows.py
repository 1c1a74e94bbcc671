"""Products of a few rows with a weight in pieces, against PyTorch's own."""

import pytest
import torch
import torch.nn.functional as F

from core.model import few_rows
from core.model.linear import Linear, multiply_in


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("shape", [(2, 512), (8, 1, 512), (64, 512)], ids=str)
@pytest.mark.parametrize("n_out", [512, 516, 1026])
@pytest.mark.parametrize("bias", [True, False])
def test_it_is_the_usual_product_and_so_are_its_gradients(shape, n_out, bias):
    x, weight, g = drawn(*shape), drawn(n_out, 512, seed=1), drawn(*shape[:-1], n_out, seed=2)
    leaves = [x.requires_grad_(), weight.requires_grad_(), *([drawn(n_out, seed=3).requires_grad_()] if bias else [])]
    assert few_rows.pays(x, weight)
    found = {}
    for linear in (few_rows.linear, F.linear):
        y = linear(x, weight, leaves[2] if bias else None)
        found[linear] = y, *torch.autograd.grad((y * g).sum(), leaves)
    for one, other in zip(*found.values(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
        assert one.is_contiguous()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_layer_that_learns_takes_it_for_a_few_rows_alone(precision):
    layer = Linear(512, 1024)
    multiply_in(layer, precision, by_onednn=False)
    x = {rows: drawn(rows, 512, dtype=torch.float32) for rows in (1, 8, few_rows.MOST + 1)}
    assert [few_rows.pays(each, layer.weight) for each in x.values()] == [False, True, False]
    exact = F.linear(x[8], layer.weight, layer.bias)
    torch.testing.assert_close(layer(x[8]), exact, rtol=0, atol=1e-5)  # in bf16, too: it is not rounded
    with torch.no_grad():
        assert not few_rows.pays(x[8], layer.weight)
        assert torch.equal(layer(x[8]), exact) == (precision == "fp32")
    layer.requires_grad_(False)
    assert not few_rows.pays(x[8], layer.weight)
