"""A classifier that the chapter's own code saved answers here as it does there."""

import argparse
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from core.errors import BadModel, BadRecipe
from core.evaluate.predict import open_predictor
from core.export.card import card
from core.runs.listing import empty_bin
from core.runs.root import find_run, list_runs
from core.text.byte_bpe import built_in
from core.worker import book_file
from core.worker.import_book import import_book

VOCAB, CONTEXT, WIDTH, HEADS, BLOCKS = 8192, 512, 256, 4, 6  # nano's
TEXTS = [
    "You are a winner you have been specially selected",
    "see you at seven",
    "",
    "naïve 日本語",
    "more and more " * 60,
]


# The model of chapter 4, as the book writes it, with dropout 0


class LayerNorm(nn.Module):
    def __init__(self, emb_dim):
        super().__init__()
        self.eps = 1e-5
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.shift = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x):
        mean = x.mean(dim=-1, keepdim=True)
        var = x.var(dim=-1, keepdim=True, unbiased=False)
        return self.scale * ((x - mean) / torch.sqrt(var + self.eps)) + self.shift


class GELU(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1 + torch.tanh(torch.sqrt(torch.tensor(2.0 / torch.pi)) * (x + 0.044715 * torch.pow(x, 3))))


class FeedForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        return self.layers(x)


class MultiHeadAttention(nn.Module):
    def __init__(self, qkv_bias):
        super().__init__()
        self.W_query = nn.Linear(WIDTH, WIDTH, bias=qkv_bias)
        self.W_key = nn.Linear(WIDTH, WIDTH, bias=qkv_bias)
        self.W_value = nn.Linear(WIDTH, WIDTH, bias=qkv_bias)
        self.out_proj = nn.Linear(WIDTH, WIDTH)
        self.register_buffer("mask", torch.triu(torch.ones(CONTEXT, CONTEXT), diagonal=1))

    def forward(self, x):
        b, n, d = x.shape
        queries, keys, values = (
            layer(x).view(b, n, HEADS, d // HEADS).transpose(1, 2) for layer in (self.W_query, self.W_key, self.W_value)
        )
        scores = queries @ keys.transpose(2, 3)
        scores.masked_fill_(self.mask.bool()[:n, :n], -torch.inf)
        weights = torch.softmax(scores / keys.shape[-1] ** 0.5, dim=-1)
        return self.out_proj((weights @ values).transpose(1, 2).contiguous().view(b, n, d))


class TransformerBlock(nn.Module):
    def __init__(self, qkv_bias):
        super().__init__()
        self.att = MultiHeadAttention(qkv_bias)
        self.ff = FeedForward()
        self.norm1 = LayerNorm(WIDTH)
        self.norm2 = LayerNorm(WIDTH)

    def forward(self, x):
        x = x + self.att(self.norm1(x))
        return x + self.ff(self.norm2(x))


class GPTModel(nn.Module):
    def __init__(self, n_classes=2, qkv_bias=True):
        super().__init__()
        self.tok_emb = nn.Embedding(VOCAB, WIDTH)
        self.pos_emb = nn.Embedding(CONTEXT, WIDTH)
        self.trf_blocks = nn.Sequential(*[TransformerBlock(qkv_bias) for _ in range(BLOCKS)])
        self.final_norm = LayerNorm(WIDTH)
        self.out_head = nn.Linear(WIDTH, n_classes)

    def forward(self, in_idx):
        x = self.tok_emb(in_idx) + self.pos_emb(torch.arange(in_idx.shape[1]))
        return self.out_head(self.final_norm(self.trf_blocks(x)))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(123)
    return GPTModel().eval()


@pytest.fixture
def saved(tmp_path):
    """A function that puts something into review_classifier.pth."""

    def save(what):
        torch.save(what, tmp_path / "review_classifier.pth")
        return tmp_path / "review_classifier.pth"

    return save


def classify_review(model, text, max_length):
    """The chapter's: cut, padded to one length, read at the last position."""
    tokenizer = built_in("nano")
    ids = tokenizer.encode(text).ids.tolist()[:max_length]
    ids += [tokenizer.pad] * (max_length - len(ids))
    with torch.no_grad():
        return torch.softmax(model(torch.tensor([ids]))[0, -1, :], dim=-1)


def test_it_answers_as_it_does_in_the_chapter(model, saved, tmp_path):
    run = import_book(tmp_path / "runs", saved(model.state_dict()))
    assert run.status().state == "done" and "review_classifier.pth" in run.status().why and run.result() is None
    assert find_run(tmp_path / "runs", "last", trained=True).name == run.name
    asked = open_predictor(run)
    assert (asked.recipe.model.name, asked.recipe.model.readout, asked.recipe.model.context) == (
        "nano",
        "last_pad",
        120,
    )
    for text, answer in zip(TEXTS, asked.predict(TEXTS), strict=True):
        expected = classify_review(model, text, 120).tolist()
        assert answer.probabilities == pytest.approx(dict(zip(["ham", "spam"], expected, strict=True)), abs=1e-5)
    words = card(run, asked, "onnx")
    assert "**Untested**" in words and "from `review_classifier.pth`" in words and str(tmp_path) not in words


def test_other_labels_readout_and_context(saved, tmp_path):
    model = GPTModel(n_classes=3, qkv_bias=False).eval()
    weights = {name: tensor.half() for name, tensor in model.state_dict().items()}
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    file = saved({"model_state_dict": weights, "optimizer_state_dict": {"state": {}, "param_groups": []}})
    run = import_book(tmp_path / "runs", file, "nano", ["a", "b", "c"], 32, "last_real")
    (answer,) = open_predictor(run).predict(["see you at seven"])
    ids = built_in("nano").encode("see you at seven").ids.tolist()
    with torch.no_grad():
        expected = torch.softmax(model(torch.tensor([ids]))[0, -1], dim=-1).tolist()
    assert answer.probabilities == pytest.approx(dict(zip("abc", expected, strict=True)), abs=1e-5)
    assert open_predictor(import_book(tmp_path / "runs", file)).names == ["0", "1", "2"]


def fast(weights):
    """The same weights under the names of the book's fast variant."""
    found = {}
    for name, tensor in weights.items():
        block, _, kind = name.partition(".att.W_query.")
        if kind:
            found[f"{block}.att.qkv.{kind}"] = torch.cat(
                [weights[f"{block}.att.W_{which}.{kind}"] for which in ("query", "key", "value")]
            )
        elif not any(part in name for part in ("W_key", "W_value", "att.mask")):
            for theirs, ours in (("scale", "weight"), ("shift", "bias"), ("att.out_proj", "att.proj")):
                name = name.replace(theirs, ours)
            found[name] = tensor
    return found


def named(prefix):
    return lambda weights: {prefix + name: tensor for name, tensor in weights.items()}


def beside(key, **others):
    return lambda weights: {"epoch": 3, "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}}, key: weights} | others


NUMBERS = {
    "loss": np.float64(0.5),
    "steps": np.int64(7),
    "losses": np.arange(3.0),
    "rows": [np.float32(1)],
    "done": np.bool_(True),
}
FORMS = {
    **{key: beside(key) for key in ("model", "state_dict", "model_state_dict", "net", "module", "weights", "best")},
    "within one another": lambda weights: {"checkpoint": {"model": weights, "lr": 0.1}},
    "beside numbers": beside("model", loss=0.5, args={"name": "x", "labels": ["ham", "spam"]}),
    "beside NumPy's numbers": beside("model", **NUMBERS),
    "beside arguments": beside("model", args=argparse.Namespace(lr=0.1, out=Path("x"), loss=np.float64(1))),
    "among other things": lambda weights: weights | {"epoch": 3, "loss": np.float64(0.5)},
    "twice the same": lambda weights: {"model": weights, "best": weights},
    **{
        prefix: named(prefix)
        for prefix in (
            "module.",
            "_orig_mod.",
            "_orig_mod.module.",
            "module._orig_mod.module.",
            "model.",
            "model._orig_mod.",
            "transformer.",
            "_orig_mod.module.transformer.",
        )
    },
    "the head outside": lambda weights: {
        name if name.startswith("out_head") else f"transformer.{name}": tensor for name, tensor in weights.items()
    },
    "a part that was compiled": lambda weights: {
        name.replace("trf_blocks.0.", "trf_blocks.0._orig_mod."): tensor for name, tensor in weights.items()
    },
    "fast": fast,
    "fast, compiled, beside": lambda weights: {"model": named("_orig_mod.")(fast(weights))},
    "no mask": lambda weights: {name: tensor for name, tensor in weights.items() if "mask" not in name},
}


@pytest.mark.parametrize("form", FORMS)
def test_weights_are_found_in_whatever_they_are_saved_in(form, model, saved):
    expected = without_buffers(model.state_dict())
    found = book_file.read(saved(FORMS[form](model.state_dict())))
    assert found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in expected)


def without_buffers(weights):
    return {name: tensor for name, tensor in weights.items() if not name.endswith("mask")}


def test_other_formats_and_precisions(model, saved, tmp_path):
    weights = without_buffers(model.state_dict())
    file = tmp_path / "review_classifier.pth"
    for save in (
        lambda: torch.save(weights, file, _use_new_zipfile_serialization=False),
        lambda: save_file(weights, file),
        lambda: torch.save({name: tensor.double() for name, tensor in weights.items()}, file),
        lambda: torch.save({n: t.to_sparse() if "att" in n and t.ndim == 2 else t for n, t in weights.items()}, file),
        lambda: torch.save({name: nn.Parameter(tensor) for name, tensor in weights.items()}, file),
    ):
        save()
        found = book_file.read(file)
        assert found.keys() == weights.keys() and all(torch.equal(found[name], weights[name]) for name in weights)
    for kind in (torch.half, torch.bfloat16):
        found = book_file.read(saved({name: tensor.to(kind) for name, tensor in weights.items()}))
        assert all(torch.equal(found[name], weights[name].to(kind).float()) for name in weights)


def test_a_head_without_bias_and_the_fast_variant_answer(model, saved, tmp_path):
    weights = fast(model.state_dict()) | {"out_head.bias": torch.zeros(2)}
    runs = [import_book(tmp_path / "runs", saved(some)) for some in (weights, without(weights, "out_head.bias"))]
    one, other = (open_predictor(run).predict(TEXTS) for run in runs)
    assert one == other


class Code:
    def __reduce__(self):
        return print, ("this ran",)


def without(weights, name):
    return {key: tensor for key, tensor in weights.items() if key != name}


# what is saved instead of the weights, and what is said of it
WRONG = {
    "a whole model": (lambda weights: nn.Linear(2, 2), r"holds code \(torch.nn.modules.linear.Linear\)"),
    "code": (lambda weights: {"tok_emb.weight": Code()}, r"holds code \(.*print\)"),
    "code beside weights": (lambda weights: {"model": weights, "args": Code()}, r"holds code \(.*print\)"),
    "two models": (
        lambda weights: {"model": weights, "ema": {name: tensor + 1 for name, tensor in weights.items()}},
        "weights of 2 models, under 'model' and 'ema'",
    ),
    "no head": (lambda weights: without(weights, "out_head.weight"), "and no out_head.weight"),
    "numbers alone": (lambda weights: {"loss": np.float64(0.5)}, "holds no weights by name"),
    "a list": (lambda weights: [1, 2], "holds no weights by name"),
    "other names": (
        lambda weights: {"wte.weight": torch.zeros(2, 2)},
        "not of the chapter's GPTModel: it holds wte.weight",
    ),
    "adapters": (lambda weights: weights | {"trf_blocks.0.att.W_query.lora.A": torch.zeros(2, 2)}, "LoRA's adapters"),
    "another size": (
        lambda weights: weights | {"pos_emb.weight": torch.zeros(1024, WIDTH)},
        "6 blocks of width 256, context 1,024",
    ),
    "one missing": (lambda weights: without(weights, "final_norm.scale"), "holds no final_norm.scale"),
    "one too many": (lambda weights: weights | {"extra.weight": torch.zeros(1)}, "holds extra.weight"),
    "one of another shape": (
        lambda weights: weights | {"final_norm.scale": torch.zeros(3)},
        r"final_norm.scale .* is \(3,\), not \(256,\)",
    ),
    "a language model": (
        lambda weights: weights | {"out_head.weight": torch.zeros(VOCAB, WIDTH)},
        "it is a language model",
    ),
    "shapes": (
        lambda weights: {name: tensor.to("meta") for name, tensor in weights.items()},
        "a shape without numbers.*numbers in fp32",
    ),
    "one output": (lambda weights: weights | {"out_head.weight": torch.zeros(1, WIDTH)}, "has one output"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_chapters_classifier_is_said(what, model, saved, tmp_path, capfd):
    instead, said = WRONG[what]
    with pytest.raises(BadModel, match=said):
        import_book(tmp_path / "runs", saved(instead(model.state_dict())))
    assert not list_runs(tmp_path / "runs") and "this ran" not in capfd.readouterr().out


def test_files_and_wishes_that_do_not_fit(model, saved, tmp_path):
    for content in (b"", b"no pickle at all", b"PK\x03\x04 torn"):
        (tmp_path / "torn.pth").write_bytes(content)
        with pytest.raises(BadModel, match="not a whole file of torch.save's"):
            import_book(tmp_path / "runs", tmp_path / "torn.pth")
    with pytest.raises(BadModel, match="/dev/null is a device, not a file"):
        import_book(tmp_path / "runs", Path("/dev/null"))
    with pytest.raises(BadModel, match="No such file"):
        import_book(tmp_path / "runs", tmp_path / "nothing.pth")
    file = saved(model.state_dict())
    with pytest.raises(BadModel, match="holds nano .* not gpt2-medium"):
        import_book(tmp_path / "runs", file, "gpt2-medium")
    for labels in (["ham"], ["ham", "ham"], ["ham", ""]):
        with pytest.raises(BadModel, match="2 classes"):
            import_book(tmp_path / "runs", file, labels=labels)
    with pytest.raises(BadRecipe, match=r"model\.context"):
        import_book(tmp_path / "runs", file, context=2000)
    assert not list_runs(tmp_path / "runs")


KILLED = """
import os, signal, sys
from pathlib import Path
from core.runs.log import EventLog
from core.train import checkpoint
from core.worker.import_book import import_book
moment = {"checkpoint": (checkpoint, "write"), "end": (EventLog, "last")}[sys.argv[1]]
setattr(*moment, lambda *args, **more: os.kill(os.getpid(), signal.SIGKILL))
import_book(Path(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.mark.parametrize("moment", ["checkpoint", "end"])
@pytest.mark.more
def test_an_import_that_is_killed_leaves_no_run_and_can_be_repeated(moment, tmp_path, model, saved):
    file, root = saved(model.state_dict()), tmp_path / "runs"
    done = subprocess.run([sys.executable, "-c", KILLED, moment, root, file], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = root.iterdir()
    assert list_runs(root) == [] and left.name.startswith(".r1.")
    run = import_book(root, file)
    assert run.status().state == "done" and find_run(root, "last", trained=True).name == run.name
    empty_bin(root, mine=False)  # as the screen of the runs does
    assert not left.exists() and run.path.exists()
