"""A tokenizer that is nothing like the program's own goes through it all: one id a word."""

import dataclasses
import json
import re
from zlib import crc32

import numpy as np
import pytest
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer

from core import recipe
from core.architectures.models import MODELS
from core.data.corpus import row_of_tokens
from core.data.profile import profile
from core.evaluate.predict import open_predictor
from core.export import transformers
from core.helper import classifier
from core.helper import data as data_helper
from core.recipe import load
from core.runs.root import create_run
from core.text import lookup
from core.text.tokenizer import Encoding, Piece, whole
from core.train.control_source import ControlSource
from core.worker.finetune import attempt, gather

FILE = "words.json"


class WordTokenizer:
    """A word and the space before it are a token, whose id is its checksum."""

    id, pad, vocab = "a word each", 8191, 8192

    def __init__(self, file=None):
        self.file = file
        self.known = {int(id): word for id, word in json.loads(file.read_text()).items()} if file else {}

    def pieces(self, text):
        found = [(crc32(word.encode()) % self.pad, word) for word in re.findall(r"\s*\S+", text)]
        self.known |= found
        return [Piece(id, word.encode()) for id, word in found]

    def encode(self, *parts):
        return Encoding(np.array([piece.id for part in parts for piece in self.pieces(part)], dtype=np.int32))

    def encode_batch(self, texts, progress=None):
        return [self.encode(text) for text in texts]

    def shorten(self, encoding, max_tokens):
        return Encoding(encoding.ids[:max_tokens] if len(encoding.ids) else np.array([self.pad], dtype=np.int32))

    def bytes_of(self, ids):
        return [self.known.get(id, "").encode() for id in ids]

    def save(self, folder):
        (folder / FILE).write_text(json.dumps(self.known))

    def as_json(self):
        made = Tokenizer(models.WordLevel({word: id for id, word in self.known.items()} | {"?": self.pad - 1}, "?"))
        made.pre_tokenizer = pre_tokenizers.Split(Regex(r"\s*\S+"), "isolated")
        return made.to_str()


@pytest.fixture
def words(monkeypatch, tiny):
    """The name of the preset's tokenizer is that of another kind, which keeps itself in a file of its own."""
    monkeypatch.setitem(MODELS, "nano", dataclasses.replace(MODELS["nano"], tokenizer="words"))
    monkeypatch.setitem(lookup.BUILT_IN, "words", lambda name: WordTokenizer())
    monkeypatch.setitem(lookup.READERS, FILE, lambda preset, file: WordTokenizer(file))
    return WordTokenizer()


def small(path) -> recipe.Recipe:
    return load(
        {
            "data": {"path": str(path)},
            "model": {"weights": "random", "readout": "last_real"},
            "freeze": {"trainable": "head"},
            "train": {"epochs": 1},
            "speed": {"threads": 1, "device": "cpu", "precision": "fp32", "cache": "off"},
        }
    )


def test_data_is_measured_in_its_tokens(words, messages):
    found, survey = profile(small(messages))
    assert survey.tokenizer.id == words.id
    counted = [len(text.split()) for text in survey.table.texts]
    assert survey.lengths.tolist() == counted and found.longest_training <= max(counted)
    requests = data_helper.DataRequests()
    requests.profile({"recipe": small(messages).model_dump()}, lambda *_: None)
    shown = requests.pieces({"row": 0}, lambda *_: None)
    assert [text.strip() for text, _, _ in shown["pieces"]] == shown["text"].split()
    assert shown["tokens"] == len(shown["pieces"])


def test_a_run_learns_and_answers_with_it_and_keeps_it(words, messages, tmp_path):
    run = create_run(tmp_path / "runs", small(messages))
    assert list(attempt(run, lambda *_: None, ControlSource(), False))[-1].state == "done"
    asked = open_predictor(run)
    assert asked.tokenizer.file == run.path / FILE and not run.tokens_file.exists()
    _, prepared, texts, _ = gather(run, run.recipe(), lambda *_: None)
    expected = [words.encode(text).ids[: asked.context].tolist() for text in prepared.texts]
    assert [ids.tolist() for ids in texts.ids] == expected
    answers = asked.predict([prepared.texts[0], ""])
    assert sum(answers[0].probabilities.values()) == pytest.approx(1) and not answers[1].cut
    typed = classifier.kinds()["typed"]({"run": str(run.path), "text": "free prize now"}, lambda *_: None)
    assert [text for text, _ in typed["pieces"]] == ["free", " prize", " now"] and len(typed["curve"]) == 3
    ids = asked.tokenizer.encode("free prize now").ids.tolist()
    transformers.export(asked.model, asked.recipe, asked.names, asked.tokenizer, tmp_path / "out", "")
    exported = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert exported("free prize now")["input_ids"] == ids


def test_parts_of_a_text_are_encoded_in_turn(words):
    for tokenizer in (words, lookup.tokenizer_of(MODELS["gpt2"], "random")):
        parts = [tokenizer.encode(part).ids.tolist() for part in ("a title", "a text")]
        assert tokenizer.encode("a title", "", "a text").ids.tolist() == parts[0] + parts[1]


def test_a_language_is_learned_from_its_tokens(words):
    row = row_of_tokens(["one two", "three"], words, lambda *_: None)
    assert (row == words.pad).nonzero()[0].tolist() == [2, 4]
    assert b"".join(words.bytes_of(row.tolist())) == b"one twothree"
    assert list(whole(words.pieces("one two"))) == [("one", 1), (" two", 1)]
