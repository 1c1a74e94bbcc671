"""oneDNN's products, of any size and on every processor, against public operators."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from core.architectures.bert import BertArchitecture
from core.architectures.deberta import DebertaArchitecture
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.llama import Qwen3Architecture
from core.architectures.modernbert import ModernBertArchitecture
from core.architectures.t5 import T5Architecture
from core.model import onednn
from core.model.classifier import Classifier
from core.model.kv_cache import KVCache
from core.model.linear import Linear, multiply_in
from core.model.lora import Adapter
from core.readout import READOUTS, ClassifierKind

QWEN = Qwen3Architecture(3, 64, 4, 40, 97, inner=112, n_kv_heads=2, head_dim=24)
SHAPES = [
    GPT2Architecture(3, 64, 4, 40, 97),
    BertArchitecture(3, 64, 4, 40, 97, inner=112),
    ModernBertArchitecture(3, 64, 4, 40, 97, inner=112, window=8, every=2, pad=96),
    T5Architecture(3, 64, 4, 40, 97, inner=112, head_dim=12, gated=True, buckets=8, distance=12),
    DebertaArchitecture(3, 64, 4, 40, 97, inner=112, buckets=6, reach=12),
    QWEN,
]
NONE = "this build of PyTorch has no such operators, or they do not run on this processor"
IN_BF16 = pytest.mark.skipif(not onednn.works("bf16"), reason=NONE)
IN_FP32 = pytest.mark.skipif(not onednn.works("fp32"), reason=NONE)
PRECISIONS = [pytest.param("bf16", marks=IN_BF16), pytest.param("fp32", marks=IN_FP32)]


@pytest.fixture(autouse=True)
def on_every_processor(monkeypatch):
    monkeypatch.setattr(onednn, "pays", onednn.works)
    monkeypatch.setattr(onednn, "LARGE", 0)


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def classifier(arch):
    model = Classifier(arch, 3, ClassifierKind(READOUTS["mean"]))
    model.backbone.initialize(torch.Generator().manual_seed(0))
    model.new_head(0)
    return model.eval()


@IN_BF16
@pytest.mark.parametrize("gelu", [None, "none", "tanh"])
@pytest.mark.parametrize("shape", [(1, 96), (5, 7, 96), (300, 96)])
def test_it_is_the_public_product_rounded_once(shape, gelu):
    x, weight, bias = drawn(*shape).bfloat16(), drawn(200, 96, seed=1) / 10, drawn(200, seed=2)
    right = F.linear(x.double(), weight.bfloat16().double(), bias.double())
    right = right if gelu is None else F.gelu(right, approximate=gelu)
    with torch.no_grad():
        found = onednn.fused_linear(x, onednn.pack(weight), bias, gelu)
        bare = onednn.fused_linear(x, onednn.pack(weight), None)
    assert found.dtype == bare.dtype == torch.bfloat16 and found.shape == bare.shape == right.shape
    # half a unit in the last place of a bf16, and what fp32 leaves out near zero
    torch.testing.assert_close(found.double(), right, rtol=2**-8, atol=1e-5)


@IN_FP32
@pytest.mark.parametrize("shape", [(1, 96), (5, 7, 96), (300, 96)])
def test_in_fp32_it_is_the_public_product(shape):
    x, weight, bias = drawn(*shape), drawn(200, 96, seed=1) / 10, drawn(200, seed=2)
    found = onednn.linear(x, weight, bias)
    assert found.dtype == torch.float32 and found.shape == (*shape[:-1], 200)
    torch.testing.assert_close(found.double(), F.linear(x.double(), weight.double(), bias.double()), rtol=0, atol=3e-6)
    torch.testing.assert_close(onednn.linear(x, weight[50:90], None), F.linear(x, weight[50:90]))


@IN_FP32
@pytest.mark.parametrize(
    "x", [drawn(0, 96), drawn(2, 0, 96), drawn(96), drawn(96, 7, 5).permute(2, 1, 0), drawn(5, 7, 192)[..., ::2]]
)
@pytest.mark.parametrize("weight", [drawn(200, 96, seed=1), drawn(96, 200, seed=1).T, drawn(400, 96, seed=1)[::2]])
def test_in_fp32_it_takes_no_rows_and_what_lies_otherwise(x, weight):
    found = {}
    for way in (onednn.linear, F.linear):
        leaves = x.detach().requires_grad_(), weight.detach().requires_grad_()
        y = way(*leaves, None)
        found[way] = y, *torch.autograd.grad((y * y.detach().cos()).sum(), leaves)
    for ours, right in zip(*found.values(), strict=True):
        assert ours.shape == right.shape
        torch.testing.assert_close(ours, right, rtol=1e-4, atol=1e-3)


@IN_FP32
@pytest.mark.parametrize("learns", [*itertools.product([True, False], repeat=3)], ids=str)
def test_in_fp32_what_no_gradient_needs_is_let_go(learns):
    x, weight, bias = (one.requires_grad_(learn) for one, learn in zip(
        (drawn(5, 7, 96), drawn(200, 96, seed=1), drawn(200, seed=2)), learns, strict=True
    ))  # fmt: skip
    kept = set()
    with torch.autograd.graph.saved_tensors_hooks(lambda one: kept.add(one.data_ptr()) or one, lambda one: one):
        y = onednn.linear(x, weight, bias)
    assert kept == {one.data_ptr() for one, learn in ((weight, learns[0]), (x, learns[1])) if learn}
    if any(learns):
        y.sum().backward()
    grads = [one.grad for one in (x, weight, bias)]
    if any(learns):
        leaves = [one.detach().requires_grad_(learn) for one, learn in zip((x, weight, bias), learns, strict=True)]
        F.linear(*leaves).sum().backward()
        torch.testing.assert_close(
            [grad for grad in grads if grad is not None], [one.grad for one in leaves if one.requires_grad]
        )
    assert [grad is not None for grad in grads] == [*learns]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_model_that_becomes_of_another_type_multiplies_in_it(precision, dtype):
    layer, x = Linear(32, 48), drawn(4, 32)
    multiply_in(layer, precision)
    whole = layer(x)
    found = layer.to(dtype)(x.to(dtype))
    torch.testing.assert_close(found.float(), whole.float(), rtol=0.02, atol=0.02)


@IN_FP32
def test_in_fp32_it_is_for_large_products(monkeypatch):
    monkeypatch.setattr(onednn, "LARGE", 32 * 48)
    model = torch.nn.Sequential(Linear(32, 47), Linear(47, 33), Linear(32, 48))
    for precision, taken in (("fp32", [False, True, True]), ("bf16", [onednn.works("bf16")] * 3)):
        multiply_in(model, precision)
        assert [layer.onednn for layer in model] == taken


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("arch", SHAPES, ids=lambda arch: arch.family)
def test_a_model_says_the_same_with_it_and_without(arch, precision, monkeypatch):
    model, ids, lengths = classifier(arch), torch.arange(60).view(3, 20) % 97, torch.tensor([20, 11, 1])
    linear, taken = onednn._linear, []
    monkeypatch.setattr(onednn, "_linear", lambda *args: taken.append(linear(*args)) or taken[-1])

    def said(precision, by_onednn):
        multiply_in(model, precision, by_onednn)
        with torch.no_grad():
            return model.prefix(ids, lengths, 3)

    exact, plain = said("fp32", False), said(precision, False)
    assert not taken
    passed = said(precision, True)
    assert passed.dtype == torch.float32 and len(taken) >= 3 * 4  # at least four products a block
    for each in (plain, passed):
        off = ((each - exact).norm() / exact.norm()).item()
        assert off < (0.01 if precision == "bf16" else 1e-6)


@IN_FP32
@pytest.mark.parametrize("arch", SHAPES, ids=lambda arch: arch.family)
def test_a_model_learns_the_same_in_fp32_with_it_and_without(arch):
    model, ids, lengths = classifier(arch), torch.arange(60).view(3, 20) % 97, torch.tensor([20, 11, 1])
    found = {}
    for by_onednn in (False, True):
        multiply_in(model, "fp32", by_onednn)
        model.zero_grad(set_to_none=True)
        F.cross_entropy(model(ids, lengths), torch.arange(3)).backward()
        found[by_onednn] = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert found[True].keys() == found[False].keys() and len(found[True]) > 20
    for name, grad in found[False].items():
        torch.testing.assert_close(found[True][name], grad, rtol=1e-3, atol=1e-4 * grad.abs().max().item(), msg=name)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("adapted", [(), ("key",), ("query", "value")])
@pytest.mark.parametrize("by_onednn", [True, False])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_some_of_the_stacked_products_are_those_of_all(precision, by_onednn, adapted, bias):
    layer, x = Linear(32, 3 * 16, "query", "key", "value", bias=bias), drawn(4, 7, 32)
    for name in adapted:
        layer.lora[name] = adapter = Adapter((16, 32), 2, 1.0, 0.0, torch.Generator().manual_seed(0))
        torch.nn.init.normal_(adapter.b, generator=torch.Generator().manual_seed(1))
    multiply_in(layer, precision, by_onednn)
    for learns in (True, False, False):  # what is kept of one is not taken for the other
        with torch.set_grad_enabled(learns):
            whole = layer(x)
            for only, part in ((("query",), slice(16)), (("key", "value"), slice(16, 48)), (("value",), slice(32, 48))):
                torch.testing.assert_close(layer(x, only=only), whole[..., part], rtol=2**-8, atol=1e-5)


@pytest.mark.parametrize("learns", ["weight", "bias", "x"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_needs_a_gradient_gets_it(precision, learns):
    layer, x = Linear(32, 48), drawn(4, 32)
    layer.requires_grad_(False)
    found = {}
    for by_onednn in (True, False):
        multiply_in(layer, precision, by_onednn)
        leaf = x.clone() if learns == "x" else getattr(layer, learns)
        y = layer(leaf.requires_grad_() if learns == "x" else (leaf.requires_grad_(), x)[1], gelu="tanh")
        found[by_onednn] = torch.autograd.grad(y.sum(), leaf)[0]
    if precision == "bf16":
        assert torch.equal(*found.values())
    torch.testing.assert_close(*found.values())


@IN_BF16
def test_a_weight_that_has_moved_is_packed_anew():
    layer, x = Linear(32, 48), drawn(4, 32)
    multiply_in(layer, "bf16")
    with torch.no_grad():
        before = layer(x)
        layer.weight.mul_(2)
        layer.bias.mul_(2)
        assert torch.equal(layer(x), 2 * before)


@IN_BF16
@pytest.mark.parametrize("arch", [SHAPES[0], QWEN], ids=lambda arch: arch.family)
def test_what_was_read_before_can_be_kept_in_fp32(arch):
    backbone, ids = classifier(arch).backbone, torch.arange(12)
    multiply_in(backbone, "bf16")
    whole = KVCache(backbone).read(ids, 0)
    past = KVCache(backbone)
    parts = torch.cat([past.read(ids[:5], 0), past.read(ids[5:], 5)])
    torch.testing.assert_close(parts, whole, rtol=0, atol=0.02 * whole.abs().max().item())


@pytest.mark.parametrize("gone", [None, lambda *args: torch.zeros(2, 3, 48, dtype=torch.bfloat16)])
def test_where_the_operators_are_missing_or_others_the_public_ones_do_it(monkeypatch, gone):
    monkeypatch.setattr(torch.ops.mkldnn, "_linear_pointwise", gone)
    onednn.works.cache_clear()
    try:
        for precision in ("bf16", "fp32"):
            assert not onednn.works(precision)
            layer, x = Linear(32, 48), drawn(4, 32)
            multiply_in(layer, precision)
            with torch.no_grad():
                assert layer(x).dtype == torch.float32
    finally:
        onednn.works.cache_clear()


def test_in_fp32_it_is_for_processors_that_are_not_intels(tmp_path):
    processor = tmp_path / "cpuinfo"
    assert not onednn.slow_mkl(processor)
    for maker, slow in (("GenuineIntel", False), ("AuthenticAMD", torch.backends.mkl.is_available())):
        processor.write_text(f"processor\t: 0\nvendor_id\t: {maker}\n")
        assert onednn.slow_mkl(processor) == slow
