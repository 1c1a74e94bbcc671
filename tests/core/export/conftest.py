"""Small classifiers of every family, with tokenizers that have its special tokens."""

import dataclasses
from functools import cache
from typing import NamedTuple

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

import decoders
from core.architectures.bert import (
    BertArchitecture,
    DistilBertArchitecture,
    RobertaArchitecture,
    XLMRobertaArchitecture,
)
from core.architectures.deberta import DebertaArchitecture
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.llama import Llama3Scaling, LlamaArchitecture, Qwen2Architecture, Qwen3Architecture
from core.architectures.models import MODELS
from core.architectures.modernbert import ModernBertArchitecture
from core.architectures.t5 import T5Architecture
from core.model.classifier import Classifier
from core.readout import READOUTS
from core.recipe import Recipe, load
from core.text import byte_bpe, tokenizer_files
from core.text.tokenizer_json import JsonTokenizer
from encoders import deberta_tokenizer, modern_tokenizer, t5_tokenizer

MOST = 60  # tokens that each of them reads
CORPUS = [
    "the quick brown fox wins a prize",
    "< s > / mask pad unk [ ] | endoftext",
    "see you at seven, naïve 日本語",
] * 9
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
WORDS = 300  # in a vocabulary that is made here
# of decoders: heads that together are wider than a hidden state, and an end of text after all words
SHAPE = {"vocab": WORDS + 9, "inner": 48, "n_kv_heads": 2, "head_dim": 12, "end_of_text": WORDS + 1}
FAMILIES = {
    "nano": (GPT2Architecture(2, 32, 4, MOST, 8192), lambda: byte_bpe.built_in("nano")),
    "bert": (BertArchitecture(2, 32, 4, MOST, 30522, inner=48), lambda: tokenizer_files.built_in("bert-uncased")),
    "minilm": (BertArchitecture(2, 32, 4, MOST, 30522, inner=48), lambda: tokenizer_files.built_in("bert-uncased")),
    "distilbert": (
        DistilBertArchitecture(2, 32, 4, MOST, 30522, inner=48),
        lambda: tokenizer_files.built_in("bert-uncased"),
    ),
    "roberta": (RobertaArchitecture(2, 32, 4, MOST, WORDS, inner=48), lambda: _roberta()),
    "modernbert": (
        ModernBertArchitecture(3, 32, 4, MOST, WORDS + 40, inner=48, window=8, pad=WORDS + 7),
        lambda: _modernbert(),
    ),
    "deberta": (
        DebertaArchitecture(2, 32, 4, MOST, WORDS, inner=48, buckets=6, reach=20),
        lambda: JsonTokenizer("deberta's", deberta_tokenizer(CORPUS, WORDS), 0),
    ),
    "t5-small": (T5Architecture(2, 32, 4, MOST, WORDS, inner=48, head_dim=12, buckets=8, distance=16), lambda: _t5()),
    "xlm-roberta": (XLMRobertaArchitecture(2, 32, 4, MOST, WORDS, inner=48), lambda: _xlm_roberta()),
    # Llama 3 and Qwen2 have no names, and stand under those of others
    "smollm2-135m": (
        LlamaArchitecture(2, 32, 4, MOST, **SHAPE, scaling=Llama3Scaling(8.0, 1.0, 4.0, 16)),
        lambda: _decoder("llama3"),
    ),
    "smollm2-360m": (Qwen2Architecture(2, 32, 4, MOST, **SHAPE), lambda: _decoder("qwen3")),
    "qwen3-0.6b": (Qwen3Architecture(2, 32, 4, MOST, **SHAPE), lambda: _decoder("smollm2")),
}


@cache
def _roberta() -> JsonTokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=WORDS, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(CORPUS, trainer)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return JsonTokenizer("roberta's", made.to_str(), 1)


@cache
def _modernbert() -> JsonTokenizer:
    made = modern_tokenizer(CORPUS, WORDS)
    return JsonTokenizer("modernbert's", made, Tokenizer.from_str(made).token_to_id("[PAD]"))


@cache
def _t5() -> JsonTokenizer:
    return JsonTokenizer("t5's", t5_tokenizer(CORPUS, WORDS), 0)


@cache
def _xlm_roberta() -> JsonTokenizer:
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=WORDS, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False)
    made.train_from_iterator(CORPUS, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return JsonTokenizer("xlm-roberta's", made.to_str(), 1)


@cache
def _decoder(kind: str) -> JsonTokenizer:
    return JsonTokenizer(kind, decoders.tokenizer_json(kind, CORPUS, WORDS), WORDS + 1)


class Trained(NamedTuple):
    """A classifier with what belongs to it, as an export takes it."""

    model: Classifier
    recipe: Recipe
    labels: list[str]
    tokenizer: object

    def ids(self, text: str) -> list[int]:
        context = self.recipe.model.context
        return self.tokenizer.shorten(self.tokenizer.encode(text), context).ids.tolist()

    def logits(self, text: str) -> torch.Tensor:
        """What the run says of a text, (1, C)."""
        ids = torch.tensor([self.ids(text)])
        lengths = torch.tensor([ids.shape[1]])
        if width := self.model.readout.padded(self.recipe.model.context):
            ids = torch.nn.functional.pad(ids, (0, width - ids.shape[1]), value=self.tokenizer.pad)
        with torch.no_grad():
            return self.model(ids, lengths)


@pytest.fixture
def trained(monkeypatch):
    """A function that makes a classifier of a family, with weights that are far from their beginnings."""
    for name, (arch, _) in FAMILIES.items():
        preset = MODELS[name] if name in MODELS else dataclasses.replace(MODELS["roberta"], name=name)
        monkeypatch.setitem(MODELS, name, dataclasses.replace(preset, architecture=arch))

    def make(name, n_classes=3, context=MOST, **kind) -> Trained:
        arch, tokenizer = FAMILIES[name]
        named = kind.get("readout", MODELS[name].readout)
        padding = "fixed" if READOUTS[named].reads_pads else "bucketed"
        recipe = load({"model": {"name": name, "context": context, **kind}, "train": {"padding": padding}})
        model = Classifier(arch, n_classes, recipe.kind)
        generator = torch.Generator().manual_seed(0)
        for of, parameter in model.named_parameters():
            mean = float(parameter.ndim == 1 and of.endswith("weight"))  # a norm's
            torch.nn.init.normal_(parameter, mean, std=0.3, generator=generator)
        return Trained(model.eval(), recipe, [f"läbel {i}" for i in range(n_classes)], tokenizer())

    return make
