"""The script that a run is printed as: it runs without the workbench and ends with the run's weights."""

import ast
import builtins
import dataclasses
import itertools
import json
import os
import random
import runpy
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache, partial
from pathlib import Path

import pytest
import tokenizers
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import models, pre_tokenizers, processors, trainers
from torch import nn

import decoders
from cases import each, first
from core import assets
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.lookup import preset_for
from core.architectures.models import MODELS
from core.errors import BadRun
from core.evaluate.predict import kept_checkpoint
from core.export.script import WIDTH, Facts, Framing, facts_of, freezing, script
from core.freeze import FreezePlan
from core.model.classifier import Classifier
from core.options import layer, merge
from core.recipe import load
from core.runs import events as e
from core.runs.folder import RunFolder
from core.runs.root import create_run
from core.text import tokenizer_files
from core.text.byte_bpe import built_in
from core.text.lookup import tokenizer_of
from core.train import checkpoint
from core.train.control_source import ControlSource
from core.wording import UNSAFE
from core.worker.finetune import attempt
from encoders import deberta_tokenizer, modern_tokenizer, t5_tokenizer
from syntax import statements

GOOD = "meet lunch home thanks later train book tea see you at the call mum soon ok love".split()
BAD = "free prize win cash claim urgent offer txt now guaranteed bonus click award".split()
LOOKALIKES = "[SEP] </s><s> <mask>[CLS] <pad>win <unk> [sep] ＜s＞"  # text like any other
NEEDED = {"torch", "numpy", "safetensors", "tiktoken", "tokenizers"}
NANO = MODELS["nano"]
CONSTANT = {"schedule": "constant", "warmup": 0.0, "keep": "best"}


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """In this process, nano is a model of three narrow blocks."""
    monkeypatch.setitem(MODELS, "nano", dataclasses.replace(NANO, architecture=GPT2Architecture(3, 32, 2, 64, 8192)))


@pytest.fixture
def trained(tmp_path):
    """A function that trains a small run, changed by the given layer, in this process."""
    rng = random.Random(5)
    lines = ["ham\t\n" if i == 4 else line(rng, i) for i in range(60)] + [f"spam\t{LOOKALIKES}\n"]
    (tmp_path / "messages.tsv").write_text("".join(lines))

    def train(**changes):
        small = {
            "data": {"path": str(tmp_path / "messages.tsv")},
            "model": {"weights": "random", "readout": "last_real"},
            "freeze": {"trainable": "last_block"},
            "train": {"epochs": 2, "batch": 4, "lr": 1e-3, "eval_every": 5} | CONSTANT,
            "speed": {"threads": 1, "device": "cpu", "precision": "fp32"},
        }
        run = create_run(tmp_path / "runs", load(merge(small, changes)))
        for _ in attempt(run, lambda *_: None, ControlSource(), resumed=False):
            pass
        return run

    return train


def line(rng, i):
    label, words = ("spam", BAD) if i % 3 == 0 else ("ham", GOOD)
    return f"{label}\t{' '.join(rng.choices(words, k=rng.randint(2, 9)))} {i}\n"


@pytest.mark.more
def test_the_script_of_a_run(trained, tmp_path):
    """As it is used: in a process and a folder of its own."""
    run = trained()
    (tmp_path / "train.py").write_text(script(run.recipe(), facts_of(run)))
    command, environment = [sys.executable, "train.py"], os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Ep 2 (Step 000020): Train loss" in done.stdout
    assert f"Test accuracy: {run.result().test.accuracy * 100:.2f}%" in done.stdout
    check(run, load_file(tmp_path / "classifier.safetensors"))


CASES = {
    "book": {
        "model": {"readout": "last_pad", "context": "longest"},
        "train": {"padding": "fixed", "drop_last": True, "keep": "last"},
    },
    "lora": {"freeze": {"trainable": "lora"}, "train": {"batch": 8}},
    "accumulate": {
        "train": {"padding": "none", "batch": 1, "accumulate": 8, "ignore_index": 0},
        "model": {"outputs": "sigmoid"},
    },
}
SLOW = {
    "first": {"model": {"readout": "first"}, "freeze": {"trainable": "all"}, "train": {"padding": "dynamic"}},
    "mean": {"model": {"readout": "mean", "head": "mlp"}, "train": {"keep": "last"}},
    "mean of pads": {"model": {"readout": "mean_pads", "context": 9}, "train": {"padding": "fixed"}},
    "mean alone": {"model": {"readout": "mean", "causal": False}, "train": {"padding": "none", "batch": 1}},
    "not causal": {"model": {"causal": False}, "freeze": {"trainable": "last_two_blocks"}},
    "not causal, first": {
        "model": {"causal": False, "readout": "first"},
        "freeze": {"trainable": "blocks.1,norm,head"},
    },
    "not causal, pads": {
        "model": {"causal": False, "readout": "last_pad", "context": 12},
        "train": {"padding": "fixed"},
    },
    "ignore": {"train": {"ignore_index": 1, "batch": 2, "accumulate": 3}},
    "sigmoid": {"model": {"outputs": "sigmoid", "head": "mlp"}, "train": {"drop_last": True, "batch": 8}},
    "rates": {
        "freeze": {"trainable": "all"},
        "train": {
            "head_lr": 3e-3,
            "layer_decay": 0.5,
            "schedule": "cosine",
            "warmup": 0.2,
            "clip": 0.1,
            "accumulate": 3,
        },
    },
    "rates for all": {
        "train": {"layer_decay": 0.5, "decay": "all", "warmup": 0.3},
        "freeze": {"trainable": "last_two_blocks"},
    },
    "classes": {
        "train": {
            "class_weights": "balanced",
            "label_smoothing": 0.2,
            "schedule": "linear",
            "metric": "f1",
            "accumulate": 2,
        },
        "model": {"outputs": "sigmoid"},
    },
    "patience": {"train": {"epochs": 5, "patience": 1, "metric": "accuracy", "lr": 1e-5, "keep": "last"}},
    "some lora": {
        "freeze": {"trainable": "lora.0,blocks.2,head"},
        "lora": {"layers": "query,value,down", "scaling": "alpha", "alpha": 2.0, "rank": 4},
        "train": {"weight_decay": 0.0, "accumulate": 3},
    },
    "no head": {"freeze": {"trainable": "embeddings,norm"}},
    "built in": {"model": {"weights": "pretrained"}},
}


@pytest.mark.parametrize("changes", first(1, [*CASES.values()]), ids=CASES)
def test_the_weights_are_those_of_the_run(trained, changes, tmp_path, monkeypatch):
    run = trained(**changes)
    check(run, weights_of(script(run.recipe(), facts_of(run)), tmp_path, monkeypatch))


@pytest.mark.slow
@pytest.mark.parametrize("changes", SLOW.values(), ids=SLOW)
def test_the_weights_are_those_of_every_kind_of_run(trained, changes, tmp_path, monkeypatch):
    if changes.get("model", {}).get("weights") == "pretrained":
        monkeypatch.setitem(MODELS, "nano", NANO)
    run = trained(**changes)
    check(run, weights_of(script(run.recipe(), facts_of(run)), tmp_path, monkeypatch))


def weights_of(code: str, folder: Path, monkeypatch) -> dict[str, torch.Tensor]:
    """What the script leaves behind, run in this process, which has torch already."""
    (folder / "train.py").write_text(code)
    monkeypatch.chdir(folder)
    runpy.run_path(str(folder / "train.py"))
    return load_file(folder / "classifier.safetensors")


# a model of each family as transformers saves one, and what its file is then made to be
SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 48}
SHAPE = {"max_position_embeddings": 66, "initializer_range": 0.2}
DISTILLED = {"dim": 32, "n_layers": 3, "n_heads": 2, "hidden_dim": 48}
AS_ROBERTA = {"type_vocab_size": 1, "pad_token_id": 1, "layer_norm_eps": 1e-5}
RELATIVE = {"d_model": 32, "d_kv": 12, "d_ff": 48, "num_layers": 3, "num_heads": 2, "n_positions": 64}
RELATIVE |= {"relative_attention_num_buckets": 8, "relative_attention_max_distance": 10}
GROUPED = {"num_key_value_heads": 1, "eos_token_id": 301}  # the last token of what `tokenizer_for` makes
LLAMA3 = {
    **{"rope_type": "llama3", "rope_theta": 10_000.0, "factor": 8.0, "low_freq_factor": 1.0},
    **{"high_freq_factor": 4.0, "original_max_position_embeddings": 16},
}
BASES = {
    "bert": lambda n: transformers.BertModel(transformers.BertConfig(vocab_size=n, **SIZES, **SHAPE)),
    "distilbert": lambda n: transformers.DistilBertModel(
        transformers.DistilBertConfig(vocab_size=n, **DISTILLED, **SHAPE)
    ),
    "roberta": lambda n: transformers.RobertaModel(
        transformers.RobertaConfig(vocab_size=n, **SIZES, **SHAPE, **AS_ROBERTA)
    ),
    "xlm-roberta": lambda n: transformers.XLMRobertaModel(
        transformers.XLMRobertaConfig(vocab_size=n, **SIZES, **SHAPE, **AS_ROBERTA)
    ),
    "modernbert": lambda n: transformers.ModernBertForMaskedLM(
        transformers.ModernBertConfig(
            vocab_size=n,
            **SIZES,
            **SHAPE,
            **dict.fromkeys(("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"), 1),
            pad_token_id=n - 5,
            local_attention=4,
            global_attn_every_n_layers=2,
        )
    ),
    "deberta": lambda n: transformers.DebertaV2Model(
        transformers.DebertaV2Config(
            vocab_size=n,
            **SIZES,
            **SHAPE,
            relative_attention=True,
            share_att_key=True,
            norm_rel_ebd="layer_norm",
            position_biased_input=False,
            pos_att_type=["p2c", "c2p"],
            position_buckets=6,
        )
    ),
    "t5": lambda n: transformers.T5EncoderModel(transformers.T5Config(vocab_size=n, **RELATIVE)),
    "t5-gated": lambda n: transformers.T5EncoderModel(
        transformers.T5Config(vocab_size=n, feed_forward_proj="gated-gelu", **RELATIVE)
    ),
    "gpt2": lambda n: transformers.GPT2Model(
        transformers.GPT2Config(vocab_size=n, n_embd=32, n_layer=3, n_head=2, n_positions=64, initializer_range=0.2)
    ),
    "llama": lambda n: transformers.LlamaModel(
        transformers.LlamaConfig(vocab_size=n, rope_parameters=LLAMA3, **SIZES, **SHAPE, **GROUPED)
    ),
    "qwen2": lambda n: transformers.Qwen2Model(transformers.Qwen2Config(vocab_size=n, **SIZES, **SHAPE, **GROUPED)),
    "qwen3": lambda n: transformers.Qwen3Model(
        transformers.Qwen3Config(vocab_size=n, head_dim=12, **SIZES, **SHAPE, **GROUPED)
    ),
}
DECODERS = {"llama": "llama3", "qwen2": "qwen3", "qwen3": "smollm2"}  # and the kind of tokenizer of each


@pytest.fixture
def folder_of(tmp_path):
    """A function that writes a small model as `write_model` does; gives the folder."""
    return partial(write_model, tmp_path)


def write_model(root: Path, family: str, older: bool = False) -> Path:
    """Writes a small model of a family with a tokenizer of its kind; gives the folder.

    `older` names its tensors as the first checkpoints did, which were saved with a head.
    """
    path = root / f"tiny {family}"
    path.mkdir()
    tokenizer = tokenizer_for(family)
    (path / "tokenizer.json").write_text(tokenizer)
    torch.manual_seed(0)
    model = BASES[family](len(tokenizers.Tokenizer.from_str(tokenizer).get_vocab()))
    for name, p in model.named_parameters():
        if name.endswith("bias") or "orm" in name:
            nn.init.normal_(p, mean=float(p.detach().mean()), std=0.2)
    model.save_pretrained(path)
    if older:
        tensors = load_file(path / "model.safetensors")
        renamed = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
        for now, then in renamed.items():
            tensors = {name.replace(now, then): tensor for name, tensor in tensors.items()}
        save_file({f"bert.{name}": tensor for name, tensor in tensors.items()}, path / "model.safetensors")
    return path


def tokenizer_for(family: str) -> str:
    """A tokenizer.json: BERT's own, or one of the family's kind of some words."""
    if family == "deberta":
        return deberta_tokenizer([*GOOD, *BAD, "0123456789", LOOKALIKES], 120)
    if family.startswith("t5"):
        return t5_tokenizer([*GOOD, *BAD, "0123456789", LOOKALIKES], 120)
    if family == "modernbert":
        return modern_tokenizer([*GOOD, *BAD, "0123456789", LOOKALIKES])
    if family in ("bert", "distilbert"):
        return tokenizer_files.built_in("bert-uncased").standalone(20)
    if family in DECODERS:
        return decoders.tokenizer_json(DECODERS[family], [*GOOD, *BAD, "0123456789", LOOKALIKES], 300)
    names = ["<|endoftext|>"] if family == "gpt2" else ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    corpus = [*GOOD, *BAD, "0123456789", LOOKALIKES]
    if family == "xlm-roberta":
        made = tokenizers.Tokenizer(models.Unigram())
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=names, unk_token="<unk>", show_progress=False)
    else:
        made = tokenizers.Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        trainer = trainers.BpeTrainer(
            vocab_size=300, special_tokens=names, initial_alphabet=alphabet, show_progress=False
        )
    made.train_from_iterator(corpus, trainer)
    if family != "gpt2":
        framed = [("<s>", 0), ("</s>", 2)]
        made.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=framed
        )
    return made.to_str()


ENCODERS = {
    "BERT": ("bert", {"model": {"readout": "first", "head": "own"}}),
    "RoBERTa": (
        "roberta",
        {"model": {"readout": "mean", "head": "mlp"}, "freeze": {"trainable": "lora"}, "train": {"batch": 8}},
    ),
    "DistilBERT": ("distilbert", {"model": {"readout": "first", "head": "own"}, "freeze": {"trainable": "all"}}),
    "ModernBERT": ("modernbert", {"model": {"readout": "first", "head": "own"}}),
    "DeBERTa": ("deberta", {"model": {"readout": "first", "head": "own"}, "freeze": {"trainable": "all"}}),
    "T5": ("t5-gated", {"model": {"readout": "mean"}, "freeze": {"trainable": "all"}}),
    "XLM-RoBERTa": (
        "xlm-roberta",
        {
            "model": {"readout": "last_real", "head": "linear", "outputs": "sigmoid", "context": 12},
            "train": {"padding": "fixed", "accumulate": 2},
        },
    ),
    "Qwen3": ("qwen3", {"freeze": {"trainable": "last_two_blocks"}}),
}
SLOW_ENCODERS = {
    "older names": ("bert older", {"model": {"readout": "mean", "head": "own"}, "freeze": {"trainable": "all"}}),
    "RoBERTa's head": (
        "roberta",
        {"model": {"readout": "first", "head": "own", "outputs": "sigmoid"}, "train": {"padding": "dynamic"}},
    ),
    "XLM-RoBERTa's head": ("xlm-roberta", {"model": {"readout": "first", "head": "own"}}),
    "pads": (
        "roberta",
        {"model": {"readout": "mean_pads", "context": 12, "head": "linear"}, "train": {"padding": "fixed"}},
    ),
    "last pad": (
        "bert",
        {"model": {"readout": "last_pad", "context": 12, "head": "linear"}, "train": {"padding": "fixed"}},
    ),
    "alone": (
        "distilbert",
        {"model": {"readout": "mean", "head": "linear"}, "train": {"padding": "none", "batch": 1, "accumulate": 4}},
    ),
    "rates": (
        "bert",
        {
            "model": {"readout": "mean", "head": "linear"},
            "freeze": {"trainable": "all"},
            "train": {"head_lr": 3e-3, "layer_decay": 0.5, "schedule": "linear", "warmup": 0.2},
        },
    ),
    "some lora": (
        "xlm-roberta",
        {
            "model": {"readout": "first", "head": "mlp"},
            "freeze": {"trainable": "lora.0,blocks.2,head"},
            "lora": {"layers": "query,value,down", "scaling": "alpha", "alpha": 2.0, "rank": 4},
        },
    ),
    "lora in DeBERTa": ("deberta", {"model": {"readout": "mean"}, "freeze": {"trainable": "lora"}}),
    "lora in T5": ("t5", {"model": {"readout": "last_real", "head": "mlp"}, "freeze": {"trainable": "lora"}}),
    "T5's last block": (
        "t5-gated",
        {"model": {"readout": "mean_pads", "context": 12}, "train": {"padding": "fixed"}},
    ),
    "all of ModernBERT": (
        "modernbert",
        {
            "model": {"readout": "mean_pads", "context": 12},
            "freeze": {"trainable": "all"},
            "train": {"padding": "fixed"},
        },
    ),
    "some lora in ModernBERT": (
        "modernbert",
        {
            "model": {"readout": "mean", "head": "linear"},
            "freeze": {"trainable": "lora.0,blocks.2,head"},
            "lora": {"layers": "query,gate,down", "rank": 4},
        },
    ),
    "lora in ModernBERT": ("modernbert", {"model": {"readout": "mean"}, "freeze": {"trainable": "lora"}}),
    "embeddings": ("distilbert", {"model": {"readout": "mean"}, "freeze": {"trainable": "embeddings,norm,head"}}),
    "Llama": ("llama", {"model": {"readout": "mean", "causal": False}, "freeze": {"trainable": "all"}}),
    "Qwen2": ("qwen2", {"freeze": {"trainable": "lora"}, "train": {"batch": 8}}),
    "Qwen3's gate": (
        "qwen3",
        {"freeze": {"trainable": "lora.0,blocks.2,head"}, "lora": {"layers": "query,value,gate"}},
    ),
    "GPT-2 by tokenizer.json": ("gpt2", {"model": {"readout": "last_real"}}),
}


@pytest.mark.more
@pytest.mark.parametrize(("family", "changes"), first(2, [*ENCODERS.values()], 2), ids=ENCODERS)
def test_the_weights_of_an_encoder_are_those_of_the_run(trained, folder_of, family, changes, tmp_path, monkeypatch):
    learns_as_its_script(trained, folder_of, family, changes, tmp_path, monkeypatch)


@pytest.mark.more
@pytest.mark.parametrize("family", first(1, ["bert", "roberta", "t5"]))
def test_the_weights_of_a_run_on_pairs(trained, folder_of, family, tmp_path, monkeypatch):
    """Of which some are cut, one part or both, and one has no second part."""
    rng = random.Random(7)
    rows = [
        (" ".join(rng.choices(GOOD, k=rng.randint(1, 9))), " ".join(rng.choices(BAD, k=rng.randint(1, 9))), i % 2)
        for i in range(40)
    ] + [("meet [SEP] lunch", "[CLS] prize", 1), ("see you", "", 0)]
    path = tmp_path / "pairs.csv"
    path.write_text("asked,said,label\n" + "".join(f"{a},{b},{label}\n" for a, b, label in rows))
    data = {"data": {"path": str(path), "text": "{asked} [SEP] {said}", "label": "label"}}
    kind = {"model": {"readout": "mean", "context": 12}, "freeze": {"trainable": "all"}}
    learns_as_its_script(trained, folder_of, family, merge(kind, data), tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(("family", "changes"), SLOW_ENCODERS.values(), ids=SLOW_ENCODERS)
def test_the_weights_of_every_kind_of_encoder(trained, folder_of, family, changes, tmp_path, monkeypatch):
    learns_as_its_script(trained, folder_of, family, changes, tmp_path, monkeypatch)


def learns_as_its_script(trained, folder_of, family, changes, tmp_path, monkeypatch):
    name, _, older = family.partition(" ")
    model = {"name": str(folder_of(name, bool(older))), "weights": "pretrained"}
    run = trained(**merge({"model": model}, changes))
    code = script(run.recipe(), facts_of(run))
    sound(code, family)
    assert ("gamma" in code) is bool(older) and ("pooler" in code) is (name == "bert" and run.recipe().head == "own")
    check(run, weights_of(code, tmp_path, monkeypatch))


@pytest.mark.slow
def test_the_weights_of_an_encoder_whose_tokenizer_is_built_in(trained, tmp_path, monkeypatch):
    small = dataclasses.replace(MODELS["minilm"].architecture, n_blocks=3, width=32, n_heads=2, max_tokens=64, inner=48)
    monkeypatch.setitem(MODELS, "minilm", dataclasses.replace(MODELS["minilm"], architecture=small))
    run = trained(model={"name": "minilm"}, freeze={"trainable": "head"})
    code = script(run.recipe(), facts_of(run))
    assert "all-MiniLM-L6-v2" in code and str(assets.FOLDER / "bert-uncased.tokenizer.json.xz") in code
    check(run, weights_of(code, tmp_path, monkeypatch))


TEXTS = ["", " ", "Free prize, WIN naïve café 日本語!", LOOKALIKES, "<<s>s> </<s>s>", "see you " * 60]


@pytest.mark.more
@pytest.mark.parametrize("family", BASES)
def test_its_ids_are_those_of_the_run(folder_of, family):
    folder, rows = folder_of(family), [{"split": "test", "text": text, "label": "spam"} for text in TEXTS]
    for context in (1, 2, 5, 64):
        recipe = whole(model={"name": str(folder), "context": context})
        read = tokenizer_of(preset_for(recipe), "pretrained")
        framing = Framing(read.specials, *read.around, read.splits, read.adds)
        names = definitions(script(recipe, FACTS._replace(tokens=folder / "tokenizer.json", framing=framing)))
        found = names["read_split"](rows, "test", names["read_tokenizer"](names["TOKENS"]))
        assert [ids for ids, _ in found] == [read.shorten(read.encode(text), context).ids.tolist() for text in TEXTS]
        # whose vocabulary has the special ones
        assert bool(read.splits) is (family in ("xlm-roberta", "t5", "t5-gated", "deberta"))
        assert read.adds is (family in ("modernbert", "qwen2"))


def check(run, found: dict[str, torch.Tensor]) -> None:
    recipe = run.recipe()
    expected = checkpoint.read(run.checkpoint(kept_checkpoint(run, recipe)), checkpoint.WEIGHTS)
    # What changes no answer has no gradient but what rounding leaves of zero, and that AdamW makes steps of: the keys'
    # bias, and all of queries and keys where there is one token to look at.
    alone = recipe.readout.sees_only_first(preset_for(recipe).architecture.causal and recipe.model.causal)
    assert expected
    for name, tensor in expected.items():
        other = of_book(found, name)
        stacked = {"c_attn", "qkv"} & set(name.split(".")) and ".lora." not in name
        if alone and stacked:
            tensor, other = tensor.chunk(3)[2], other.chunk(3)[2]
        elif stacked and name.endswith("bias"):
            tensor, other = (torch.cat(one.chunk(3)[::2]) for one in (tensor, other))
        # where else a gradient happens to be nearly zero, rounding decides the same of single weights
        far = ~torch.isclose(other, tensor, rtol=1e-4, atol=3e-5)
        assert far.sum() <= max(1, 0.005 * far.numel()), f"{name}: {far.sum()} of {far.numel()}"
        torch.testing.assert_close(other, tensor, rtol=1e-3, atol=1e-3, msg=lambda words, name=name: f"{name}: {words}")


def of_book(found: dict[str, torch.Tensor], name: str) -> torch.Tensor:
    """A tensor of a run by its name, taken from the script's, which have the book's names."""
    kinds = {"weight": "scale", "bias": "shift"}
    layers = {"query": "att.W_query", "key": "att.W_key", "value": "att.W_value", "out": "att.out_proj"}
    if any(".ff.fc3." in name for name in found):
        layers |= {"up": "ff.fc2", "gate": "ff.fc1", "down": "ff.fc3"}
    else:
        layers |= {"up": "ff.layers.0", "down": "ff.layers.2"}
    theirs = {("attn", "c_proj"): "att.out_proj", ("mlp", "c_fc"): "ff.layers.0", ("mlp", "c_proj"): "ff.layers.2"}
    tables = {"wte": "tok_emb", "wpe": "pos_emb", "tokens": "tok_emb", "positions": "pos_emb", "segments": "seg_emb"}
    tables |= {"distances": "rel_bias" if "rel_bias.weight" in found else "rel_emb"}

    gated = "gate" in layers

    def linear(i, layer, kind):
        adapted = f"trf_blocks.{i}.{layer}.linear.{kind}"
        return found[adapted] if adapted in found else found[f"trf_blocks.{i}.{layer}.{kind}"]

    match name.removeprefix("backbone.").split("."):
        case ["head", *rest]:
            return found[".".join(["out_head", *rest])]
        case [table, _] if table in tables:
            return found[f"{tables[table]}.weight"]
        case ["ln_f" | "last" | "norm_0" | "norm_distances" | "final_norm" as norm, kind]:
            others = {"norm_0": "emb_norm", "norm_distances": "rel_norm"}
            return found[f"{others.get(norm, 'final_norm')}.{kinds[kind]}"]
        case ["layers", i, "query_norm" | "key_norm" as norm, kind]:
            return found[f"trf_blocks.{i}.att.{norm[0]}_norm.{kinds[kind]}"]
        case ["h" | "layers", i, "ln_1" | "ln_2" | "norm_1" | "norm_2" as norm, kind]:
            return found[f"trf_blocks.{i}.norm{norm[-1]}.{kinds[kind]}"]
        case ["h" | "layers", i, *_, "lora", layer, side]:
            return found[f"trf_blocks.{i}.{layers[layer]}.lora.{side.upper()}"]
        case ["h", i, "attn", "c_attn", kind] | ["layers", i, "qkv", kind]:
            return torch.cat([linear(i, layers[layer], kind) for layer in ("query", "key", "value")])
        case ["layers", i, "up", kind] if gated:
            return torch.cat([linear(i, layers[layer], kind) for layer in ("gate", "up")])
        case ["layers", i, "key_value" | "gate_up" as both, kind]:
            return torch.cat([linear(i, layers[layer], kind) for layer in both.split("_")])
        case ["h", i, part, layer, kind]:
            return linear(i, theirs[part, layer], kind)
        case ["layers", i, layer, kind]:
            return linear(i, layers[layer], kind)
    raise KeyError(name)


PLANS = [
    "head",
    "last_block",
    "last_two_blocks",
    "all",
    "lora",
    "embeddings,head",
    "blocks.0,blocks.1,norm",
    "blocks.1",
]
PLANS += ["lora.0,blocks.2,head", "lora.1,lora.2,norm", "blocks.0,lora.1,blocks.2"]


# as wide as nano here
NARROW = {"n_blocks": 3, "width": 32, "n_heads": 2, "max_tokens": 64, "vocab": 500, "inner": 48}


@pytest.mark.parametrize("trainable", each(6, PLANS))
@pytest.mark.parametrize(
    "name", each(2, ["nano", "bert", "distilbert", "roberta", "qwen3-0.6b", "modernbert", "t5-small"])
)
def test_what_the_toggles_mean_lets_learn_what_the_run_does(name, trainable, monkeypatch):
    if name != "nano":
        heads = {"n_kv_heads": 1, "head_dim": 12} if name == "qwen3-0.6b" else {}
        small = dataclasses.replace(MODELS[name].architecture, **NARROW, **heads)
        monkeypatch.setitem(MODELS, name, dataclasses.replace(MODELS[name], architecture=small))
    recipe = whole(model={"name": name, "head": "linear"}, freeze={"trainable": trainable})
    plan, shape = recipe.plan, MODELS[name].architecture
    ours = Classifier(shape, 2, recipe.kind)
    ours.adapt(plan, recipe.lora, 0)
    ours.freeze(plan)
    names = definitions(script(recipe, FACTS))
    called = {"nano": "GPT", "qwen3-0.6b": "QWEN3", "modernbert": "ModernBERT", "t5-small": "T5"}.get(name, "BERT")
    model = names["model"] = names[f"{called}Model"](names[f"{called}_CONFIG"])
    model.out_head = nn.Linear(shape.width, 2)
    exec("\n".join(freezing(plan, shape, recipe.lora)), names)
    assert learning(model, part_of_book) == learning(ours, ours.part_of)


def definitions(code: str) -> dict:
    """What a script defines, without what it does."""
    tree = ast.parse(code)
    tree.body = list(itertools.takewhile(lambda node: not isinstance(node, ast.With), tree.body))
    names: dict = {}
    exec(compile(tree, "train.py", "exec"), names)
    return names


def learning(model: nn.Module, part) -> Counter:
    found: Counter = Counter()
    for name, parameter in model.named_parameters():
        found[part(name)] += parameter.numel() * parameter.requires_grad
    return +found


def part_of_book(name: str) -> str:
    match name.split("."):
        case ["trf_blocks", i, *rest]:
            return f"lora.{i}" if "lora" in rest else f"blocks.{i}"
        case ["tok_emb" | "pos_emb" | "seg_emb" | "emb_norm" | "rel_bias", *_]:
            return "embeddings"
    return {"final_norm": "norm", "out_head": "head"}[name.split(".")[0]]


def test_the_lines_are_as_few_as_can_be():
    lines = lines_of("blocks.1,lora.4,lora.5,head")
    assert lines == [
        "for param in model.parameters():",
        "    param.requires_grad = False",
        "for param in model.trf_blocks[1].parameters():",
        "    param.requires_grad = True",
        "replace_linear_with_lora(model.trf_blocks[4:6], rank=8, alpha=16)",
        "# LoRALayer multiplies by alpha / rank",
        "for param in model.out_head.parameters():",
        "    param.requires_grad = True",
    ]
    assert "for param in model.trf_blocks[-2:].parameters():" in lines_of("last_two_blocks")
    assert "for param in model.trf_blocks[-1].parameters():" in lines_of("last_block")
    assert lines_of("all") == [
        "for param in model.parameters():",
        "    param.requires_grad = True",
    ]
    # where a block ends in a norm there is none behind the last; and no table of segments where the family has none
    assert lines_of("norm,head", "distilbert") == lines_of("head", "distilbert")
    learn = [line for line in lines_of("embeddings", "distilbert") if line.startswith("for")][1:]
    assert learn == [f"for param in model.{name}.parameters():" for name in ("tok_emb", "pos_emb", "emb_norm")]
    assert "for param in model.seg_emb.parameters():" in lines_of("embeddings", "roberta")


def lines_of(trainable, name="gpt2"):
    arch = MODELS[name].architecture
    return freezing(FreezePlan.parse(trainable, arch.n_blocks), arch, load().lora)


class LikeTheBook(nn.Module):
    """A model with the names of the book's, whose blocks hold what those of every family's script hold."""

    def __init__(self, n_blocks: int, gated: bool):
        super().__init__()
        self.tok_emb, self.pos_emb, self.seg_emb, self.rel_bias = (nn.Embedding(5, 4) for _ in range(4))
        self.emb_norm, self.final_norm, self.out_head = nn.LayerNorm(4), nn.LayerNorm(4), nn.Linear(4, 2)
        self.trf_blocks = nn.Sequential(*(self.block(gated) for _ in range(n_blocks)))

    @staticmethod
    def block(gated: bool) -> nn.Module:
        block, block.att, block.ff = nn.Module(), nn.Module(), nn.Module()
        for name in ("W_query", "W_key", "W_value", "out_proj"):
            setattr(block.att, name, nn.Linear(4, 4))
        if gated:
            block.ff.fc1, block.ff.fc2, block.ff.fc3 = nn.Linear(4, 8), nn.Linear(4, 8), nn.Linear(8, 4)
        else:
            block.ff.layers = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4))
        block.norm1, block.norm2 = nn.LayerNorm(4), nn.LayerNorm(4)
        return block


class LinearWithLoRA(nn.Module):
    """It takes what the book's takes."""

    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear, self.alpha = linear, alpha
        self.lora = nn.Sequential(
            nn.Linear(linear.in_features, rank, bias=False), nn.Linear(rank, linear.out_features, bias=False)
        )


def replace_linear_with_lora(model, rank, alpha):
    for name, module in model.named_children():
        if isinstance(module, nn.Linear):
            setattr(model, name, LinearWithLoRA(module, rank, alpha))
        else:
            replace_linear_with_lora(module, rank, alpha)


@pytest.mark.parametrize("layers", each(3, ["all", "query,value", "up", "out,down"]))
@pytest.mark.parametrize("name", first(2, [name for name, preset in MODELS.items() if preset.architecture.book]))
def test_the_lines_run_as_printed_beside_the_functions_of_the_book(name, layers):
    arch = MODELS[name].architecture
    last = arch.n_blocks - 1
    plans = [
        *("head", "last_block", "last_two_blocks", "all", "lora", "embeddings,head", "blocks.0,blocks.1,norm"),
        *("lora.0,head", f"lora.{last},head", f"lora.0,blocks.{last - 1},lora.{last},norm"),
    ]
    for plan, readout in itertools.product(plans, ("last_real", "mean")):
        model = {"name": name, "readout": readout}
        lora = {"layers": layers, "rank": 3, "alpha": 2.5}
        recipe = load({"model": model, "lora": lora, "freeze": {"trainable": plan}})
        book = LikeTheBook(arch.n_blocks, "gate" in arch.matrices)
        printed = "\n".join(freezing(recipe.plan, arch, recipe.lora))
        names = {"LinearWithLoRA": LinearWithLoRA, "replace_linear_with_lora": replace_linear_with_lora}
        exec(printed, names | {"model": book})
        learns = {part_of_book(name) for name, parameter in book.named_parameters() if parameter.requires_grad}
        without = set() if arch.final_norm else {"norm"}  # which the plan names there, and the model does not have
        assert learns - without == recipe.plan.parts - without
        adapted = [module for module in book.modules() if isinstance(module, LinearWithLoRA)]
        n_adapted = sum(part.startswith("lora.") for part in recipe.plan.parts)
        assert len(adapted) == n_adapted * len(recipe.lora.adapted(arch.matrices))
        assert all((each.alpha, each.lora[0].out_features) == (2.5, 3) for each in adapted)


FACTS = Facts(
    Path("/runs/r1"),
    ["ham", "spam"],
    Path("/runs/r1/base.safetensors"),
    "random: seed 1",
    "",
    Path("/runs/r1/tokens.tiktoken.xz"),
    [],
)


def whole(**changes):
    """A recipe that leaves nothing open."""
    closed = {
        "model": {"context": 64, "readout": "last_real"},
        "freeze": {"trainable": "last_block"},
        "train": {"epochs": 5, "lr": 1e-3, "head_lr": 1e-3} | CONSTANT,
        "speed": {"threads": 1, "device": "cpu", "precision": "fp32"},
    }
    recipe = load(merge(closed, changes))
    return load(merge(recipe.model_dump(), {"train": {"batch": recipe.batch}}))


FRAMED = Framing({"[CLS]": 101, "[SEP]": 102, "[PAD]": 0}, [101], [102], "")
FRAMINGS = {
    "none": None,
    "BERT's": FRAMED,
    "in the vocabulary": FRAMED._replace(splits="<(?=s>)|\\[(?=\\\\)"),
    "no special tokens around": Framing({"<|endoftext|>": 7}, [], [], ""),
}

CHOICES = {
    "model.name": ["nano", "bert", "distilbert", "roberta", "smollm2-135m", "qwen3-0.6b"],
    "tokenizer": list(FRAMINGS),
    "pretrained head": ["", "bert.pooler.dense"],
    "model.readout": ["last_real", "last_pad", "first", "mean", "mean_pads"],
    "model.causal": [True, False],
    "model.head": ["linear", "mlp", "own"],
    "model.outputs": ["softmax", "sigmoid"],
    "freeze.trainable": ["last_block", "lora", "all", "lora.0,blocks.2"],
    "lora.layers": ["all", "query,value", "up"],
    "lora.dropout": [0.0, 0.1],
    "lora.scaling": ["alpha/rank", "alpha"],
    "train.padding": ["bucketed", "dynamic", "fixed", "none"],
    "train.accumulate": [1, 3],
    "train.ignore_index": [-100, 1],
    "train.drop_last": [False, True],
    "train.keep": ["best", "last"],
    "train.head_lr": [1e-3, 1e-2],
    "train.layer_decay": [1.0, 0.5],
    "train.schedule": ["constant", "linear", "cosine"],
    "train.warmup": [0.0, 0.1],
    "train.clip": [0.0, 1.0],
    "train.decay": ["matrices", "all"],
    "train.class_weights": ["none", "balanced"],
    "train.label_smoothing": [0.0, 0.1],
    "train.metric": ["loss", "accuracy", "f1"],
    "train.patience": [0, 2],
    "speed.device": ["cpu", "cuda"],
    "speed.precision": ["fp32", "bf16"],
}


@pytest.mark.more
def test_every_script_is_whole_and_holds_nothing_that_it_does_not_use():
    rng, seen = random.Random(1), Counter()
    while min((seen[name, value] for name, values in CHOICES.items() for value in values), default=0) < 3:
        chosen = {name: rng.choice(values) for name, values in CHOICES.items()}
        if chosen["model.readout"].endswith(("_pad", "_pads")):
            chosen["train.padding"] = "fixed"
        seen.update(chosen.items())
        facts = FACTS._replace(framing=FRAMINGS[chosen["tokenizer"]], dense=chosen["pretrained head"])
        code = script(whole(**merge(*(layer(*item) for item in chosen.items() if "." in item[0]))), facts)
        sound(code, chosen)


def sound(code: str, chosen: object) -> None:
    """It compiles, in few enough columns; imports what it may; every name is known, and everything defined is used."""
    tree = ast.parse(code)
    assert not [line for line in code.splitlines() if len(line) > WIDTH], chosen
    assert "\n\n\n\n" not in code and code.endswith(")\n") and all(line == line.rstrip() for line in code.splitlines())
    loaded, stored, imported = set(), set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id, ast.Load()):
                loaded.add(id)
            case ast.Name(id) | ast.arg(id) | ast.FunctionDef(id) | ast.ClassDef(id):
                stored.add(id)
            case ast.Import(names):
                imported |= {(name.name, name.asname or name.name) for name in names}
            case ast.ImportFrom(module, names):
                imported |= {(module, name.name) for name in names}
    assert {module.split(".")[0] for module, _ in imported} <= NEEDED | sys.stdlib_module_names
    known = stored | {name for _, name in imported}
    assert loaded <= known | set(dir(builtins)), (loaded - known, chosen)
    methods = {
        node.name
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef)
        for node in kind.body
        if isinstance(node, ast.FunctionDef)
    }
    assert known - methods - loaded - {"_"} == set(), (known - methods - loaded, chosen)


def test_texts_of_a_person_are_written_as_python_reads_them():
    labels = [
        'say "no"',
        "a\\b",
        "two\nlines",
        "日本語",
        *(f"a rather long name of a label, number {i}" for i in range(9)),
    ]
    strange = FACTS._replace(run=Path('/runs/"r1"'), labels=labels, prefix="transformer.")
    code = script(whole(), strange)
    assert definitions(code)["LABELS"] == labels and definitions(code)["RUN"] == strange.run
    assert '["transformer.wte.weight"]' in code
    sound(code, labels)


STRANGE = [
    '"',
    "'",
    '"""\nimport os\nos.abort()\n"""',
    "'''\nos.abort()\n#",
    "\\",
    '\\"""',
    'ends in a quote"',
    "# coding: utf-7",
    "{{ 7 * 7 }}{% raw %}{# {x} {{",
    '" + __import__("os").abort() + "',
    *(
        f"a{end}os.abort()"
        for end in ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
    ),
    "a\x00b\x1b[2J\x9b\u202e\u200b\u3164\U000e0041",
    "a very long one " * 40,
    "x" * 300 + "\n" + "y" * 300,
]


@pytest.mark.parametrize("words", each(6, STRANGE))
def test_no_words_of_a_folder_are_code(words, tmp_path):
    """A script does the same whatever stands in the folder; what stands there is in it as it is, or a comment."""
    plain, strange = (
        script(run.recipe(), facts_of(run)) for run in (folder(tmp_path / "a", "plain"), folder(tmp_path / "b", words))
    )
    assert does_and_says(strange) == does_and_says(plain)
    assert len(strange.splitlines()) == strange.count("\n")
    assert not UNSAFE.search(strange.replace("\n", ""))
    assert definitions(strange)["LABELS"] == ["ham", words]


def folder(root: Path, words: str) -> RunFolder:
    """The folder of a run that says the same words wherever it can."""
    name = words.replace("/", "").replace("\0", "")[:60]
    run = create_run(root, whole())
    run = RunFolder(run.path.rename(root / f"run {name}"))
    file = root / f"base {name}" / "model.safetensors"
    file.parent.mkdir()
    save_file({"wte.weight": torch.zeros(1)}, file)
    base = {"kind": "folder", "source": words, "file": str(file), "sha256": ""}
    run.base_file.write_text(json.dumps({"base": base, "labels": ["ham", words]}))
    run.data_file.touch()
    parts = {"parts": "head", "parameters": 1, "depth": 1, "attempt": 1}
    learns = [
        e.Trainable(words=word, step=step, **parts | {"parts": part})
        for step, part, word in ((0, "head", words), (3, "all", words))
    ]
    rates = e.Applied(id="1", control={"type": "rates", "lr": 0.01, "why": words}, step=2, attempt=1)
    steps = e.Steps(loss=[1.0] * 9, lr=[1.0] * 9, tokens=1, seconds=1.0, rss=1, n_steps=9, step=9, attempt=1)
    run.events_file.write_bytes(b"".join(map(e.encode, [learns[0], rates, learns[1], steps])))
    assert facts_of(run).changes == ["from step 3 on lr 0.01", f"from step 4 on {words}"]
    return run


def does_and_says(code: str) -> tuple[str, str | None]:
    return statements(code), ast.get_docstring(ast.parse(code))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """A folder with a small encoder, and what the script of one with plain words does, and its docstring."""
    tiny = write_model(tmp_path_factory.mktemp("encoder"), "xlm-roberta")
    run = encoder_run(tiny, tmp_path_factory.mktemp("plain"), "plain")
    return tiny, does_and_says(script(run.recipe(), facts_of(run)))


@pytest.mark.parametrize("words", each(6, STRANGE))
def test_no_words_of_an_encoder_s_folder_are_code(words, encoder, tmp_path):
    """Its name, and what its tokenizer calls the special tokens."""
    tiny, does = encoder
    run = encoder_run(tiny, tmp_path, words)
    strange = script(run.recipe(), facts_of(run))
    assert definitions(strange)["SPECIAL_TOKENS"][0] == f"<{words}>"
    assert does_and_says(strange) == does
    assert len(strange.splitlines()) == strange.count("\n")
    assert not UNSAFE.search(strange.replace("\n", ""))


def encoder_run(tiny: Path, root: Path, words: str) -> RunFolder:
    """The folder of a run of an encoder that says the same words wherever it can."""
    model = root / f"model {words.replace('/', '').replace(chr(0), '')[:60]}"
    shutil.copytree(tiny, model)
    run = create_run(root / "runs", whole(model={"name": str(model)}))
    tokenizer = json.loads((tiny / "tokenizer.json").read_text())
    renamed = {"<s>": f"<{words}>", "<mask>": f"{words}>"}  # the second is in the vocabulary
    for place in (*tokenizer["added_tokens"], *tokenizer["post_processor"]["special_tokens"].values()):
        for key, was in place.items():
            place[key] = renamed.get(was, was) if isinstance(was, str) else was
    special = tokenizer["post_processor"]["special_tokens"]["<s>"]
    special["tokens"] = [renamed["<s>"]]
    tokenizer["model"]["vocab"] = [[renamed.get(piece, piece), x] for piece, x in tokenizer["model"]["vocab"]]
    (run.path / "tokenizer.json").write_text(json.dumps(tokenizer))
    shutil.copy(tiny / "model.safetensors", run.path / "base.safetensors")
    base = {"kind": "folder", "source": str(model), "file": "base.safetensors", "sha256": ""}
    run.base_file.write_text(json.dumps({"base": base, "labels": ["ham", "spam"]}))
    run.data_file.touch()
    return run


@cache
def of_plain_facts(framed: bool) -> str:
    """What a script does that tells nothing strange."""
    plain = FACTS._replace(weights=Path("/other/base"), tokens=Path("/elsewhere/tokens"), changes=["lr 0.1"])
    if framed:
        plain = plain._replace(framing=FRAMED._replace(splits="<(?=s>)"))
    return statements(script(whole(), plain))


@pytest.mark.parametrize("words", each(3, [*STRANGE, "\ud800"]))
@pytest.mark.parametrize("framed", first(1, [True, False]))
def test_no_facts_are_code(words, framed):
    strange = Facts(
        Path("/runs") / words, ["ham", words], Path("/other") / words, words, "", Path("/elsewhere") / words, [words]
    )
    if framed:
        strange = strange._replace(framing=Framing({words: 101, f"{words} too": 102, "[PAD]": 0}, [101], [102], words))
    code = script(whole(), strange)
    assert statements(code) == of_plain_facts(framed)
    names = definitions(code)
    assert (names["RUN"], names["WEIGHTS"], names["TOKENS"]) == (strange.run, strange.weights, strange.tokens)
    assert not framed or (names["SPECIAL_TOKENS"][0], names["SPLIT"]) == (words, words)
    code.encode()


def test_gpt2s_tokens_are_those_of_the_package():
    code = script(whole(model={"name": "gpt2"}), FACTS._replace(tokens=assets.FOLDER / "gpt2.tiktoken.xz"))
    names = definitions(code)
    text, read = "Every effort moves you", names["read_tokenizer"](names["TOKENS"])
    assert read.encode_ordinary(text) == built_in("gpt2").encode(text).ids.tolist()


def test_a_run_without_a_model_or_without_rows_has_no_script(tmp_path):
    run = create_run(tmp_path, load({}))
    with pytest.raises(BadRun, match="has not built its model yet"):
        facts_of(run)
    run.base_file.write_text(
        '{"base": {"kind": "brought in", "source": "x.pth", "file": "base.safetensors", "sha256": ""}, "labels": []}'
    )
    with pytest.raises(BadRun, match="keeps no rows"):
        facts_of(run)


def test_what_a_run_did_on_its_way_is_said():
    told = FACTS._replace(changes=["from step 6 on head only", "from step 21 on lr 0.0005"])
    assert "The run was changed on its way, and this script is not: from step 6 on head only;" in comments(
        script(whole(), told)
    )
    assert "after every 8 steps one block more learns" in comments(script(whole(freeze={"thaw_every": 8}), FACTS))
    assert "on its way" not in script(whole(), FACTS)


def comments(code: str) -> str:
    return " ".join(line.removeprefix("# ") for line in code.splitlines() if line.startswith("# "))
