import json
import lzma
import time

import numpy as np
import pytest

from cases import first
from core.architectures.file_names import TOKENS
from core.architectures.models import MODELS
from core.errors import BadModel
from core.text import byte_bpe as tokens
from core.text.byte_bpe import built_in
from core.text.lookup import tokenizer_of
from core.text.tokenizer import well_formed

# the ids that GPT-2's own encoder gives
GOLDEN = {
    "": [],
    "Hello, world!": [15496, 11, 995, 0],
    "You're  here\n\n 2 day": [1639, 821, 220, 994, 628, 362, 1110],
    "caf\u00e9 \u4f60\u597d": [66, 1878, 2634, 220, 19526, 254, 25001, 121],
}


@pytest.mark.parametrize("text", GOLDEN)
def test_known_texts_have_known_ids(text):
    assert built_in("gpt2").encode(text).ids.tolist() == GOLDEN[text]


def test_the_vocabulary_is_gpt2s():
    assert (built_in("gpt2").id, built_in("gpt2").pad, built_in("gpt2").vocab) == ("gpt2", 50256, 50257)
    assert len(built_in("gpt2").ranks) == 50256
    assert built_in("gpt2") is built_in("gpt2")


def test_nano_has_a_vocabulary_of_its_own():
    tokenizer, shape = built_in("nano"), MODELS["nano"].architecture
    assert (tokenizer.vocab, tokenizer.pad, len(tokenizer.ranks)) == (shape.vocab, shape.vocab - 1, shape.vocab - 1)
    assert tokenizer.pad == MODELS["nano"].architecture.pad
    text = "naïve 日本語 <|endoftext|> text"
    assert b"".join(tokenizer.bytes_of(tokenizer.encode(text).ids.tolist())).decode() == text
    assert tokenizer.pad not in tokenizer.encode(text).ids.tolist() and tokenizer.bytes_of([tokenizer.pad]) == [b""]


def test_a_vocabulary_that_comes_with_the_program_is_copied_and_not_packed_anew(tmp_path, monkeypatch):
    monkeypatch.delattr(lzma, "compress")
    built_in("nano").save(tmp_path)
    assert tokens.read(tmp_path / TOKENS) == built_in("nano").ranks


def test_end_of_text_in_a_text_is_text():
    ids = built_in("gpt2").encode("win <|endoftext|> now").ids.tolist()
    assert built_in("gpt2").pad not in ids
    assert (
        b"".join(piece.content for piece in built_in("gpt2").pieces("win <|endoftext|> now"))
        == b"win <|endoftext|> now"
    )


def test_shortening_keeps_the_front_and_leaves_nothing_empty():
    bpe = built_in("gpt2")
    assert bpe.shorten(bpe.encode("Hello, world!"), 3).ids.tolist() == [15496, 11, 995]
    assert bpe.shorten(bpe.encode("Hello, world!"), 9).ids.tolist() == [15496, 11, 995, 0]
    assert bpe.shorten(bpe.encode(""), 9).ids.tolist() == [bpe.pad]


def test_a_damaged_file_is_refused(tmp_path):
    damaged = tmp_path / "gpt2.tiktoken.xz"
    for content in (lzma.compress(b"IQ== 0\n"), b"not xz", lzma.compress(b"IQ== zero\n")):
        damaged.write_bytes(content)
        with pytest.raises(BadModel, match="damaged|cannot be read"):
            tokens.read(damaged, "0" * 64)


def test_a_tokenizer_beside_weights_goes_before_the_presets(tmp_path):
    preset = MODELS["nano"]
    assert tokenizer_of(preset, "random") is tokenizer_of(preset, str(tmp_path)) is built_in("nano")
    few = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256}
    tokens.write(few, tmp_path / TOKENS)
    tokenizer = tokenizer_of(preset, str(tmp_path))
    assert (
        tokenizer.ranks == few
        and tokenizer.encode("cab").ids.tolist() == [99, 256]
        and tokenizer.pad == built_in("nano").pad
    )
    assert tokenizer.id != built_in("nano").id
    tokens.write(few | {b"xy": preset.architecture.vocab}, tmp_path / TOKENS)
    with pytest.raises(BadModel, match="more than nano has"):
        tokenizer_of(preset, str(tmp_path))
    tokens.write({b"xy": 0}, tmp_path / TOKENS)
    with pytest.raises(BadModel, match="no whole vocabulary"):
        tokenizer_of(preset, str(tmp_path))


def test_lone_surrogates_read_as_the_replacement_character():
    assert well_formed("a\ud800b\udc00") == "a\ufffdb\ufffd"
    assert well_formed("\ud83d\ude00") == "\U0001f600"
    assert built_in("gpt2").encode("a\ud800b").ids.tolist() == built_in("gpt2").encode("a\ufffdb").ids.tolist()
    assert (
        built_in("gpt2").encode_batch(["a\ud800b"])[0].ids.tolist() == built_in("gpt2").encode("a\ufffdb").ids.tolist()
    )


def test_pieces_join_to_the_text_and_carry_the_ids():
    text = "free \u4f60\u597d \U0001f600 money\x00\x07"
    pieces = built_in("gpt2").pieces(text)
    assert b"".join(piece.content for piece in pieces) == text.encode()
    assert [piece.id for piece in pieces] == built_in("gpt2").encode(text).ids.tolist()


def test_many_are_encoded_as_one_by_one_and_tell_how_far_they_are():
    texts = [f"text number {i} \U0001f600" for i in range(1200)] + ["", "a" * 10_000]
    heard = []
    many = built_in("gpt2").encode_batch(texts, lambda *report: heard.append(report))
    assert [one.ids.tolist() for one in many] == [built_in("gpt2").encode(text).ids.tolist() for text in texts]
    assert many[0].ids.dtype == np.int32
    assert heard == [("tokens", done, 1202, "texts") for done in (0, 500, 1000, 1202)]


def test_texts_that_hold_or_nearly_hold_the_end_of_text_are_encoded_as_one_by_one():
    end = tokens.END_OF_TEXT
    texts = ["", end, f"a {end} b", "a", end[:7], end[7:], "", " ", " \n ", "b" * tokens.RUN, end * 3, "  ", "x "]
    assert [one.ids.tolist() for one in built_in("gpt2").encode_batch(texts)] == [
        built_in("gpt2").encode(text).ids.tolist() for text in texts
    ]


def test_progress_may_end_the_work():
    def enough(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        built_in("gpt2").encode_batch(["a"], enough)


@pytest.mark.more
@pytest.mark.parametrize("text", first(1, ["ab1!", " ", " \n", "a", "\u5b57", "!", "1"]))
def test_long_texts_neither_hang_nor_lose_anything(text):
    long = text * (1_000_000 // len(text)) + "x"
    start = time.process_time()
    pieces = built_in("gpt2").pieces(long)
    assert time.process_time() - start < 20
    assert b"".join(piece.content for piece in pieces).decode() == long


def test_only_words_that_nobody_writes_are_cut():
    bpe = built_in("gpt2")._bpe
    ordinary = "It's 12:30, caf\u00e9 \u4f60\u597d\uff0c\u4e16\u754c\u3002\n\n  Don't    stop " * 500
    assert len(list(tokens._bounded(ordinary))) > 1
    assert built_in("gpt2").encode(ordinary).ids.tolist() == bpe.encode_ordinary(ordinary)
    word = "a" * (tokens.RUN - 1)
    assert built_in("gpt2").encode(f"so {word} so").ids.tolist() == bpe.encode_ordinary(f"so {word} so")
    assert list(tokens._bounded(f"so {word}a so")) == ["so", f" {word}", "a", " so"]


@pytest.mark.parametrize("name", tokens.BUILT_IN)
def test_same_ids_as_transformers(tmp_path, shared, name):
    """Over every SMS message, against the reference implementation built from the same merges."""
    transformers = pytest.importorskip("transformers")
    tokenizer = built_in(name)
    model = json.loads(tokenizer.as_json())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    (tmp_path / "merges.txt").write_text(
        "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in model["merges"]), encoding="utf-8"
    )
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "GPT2Tokenizer"}))
    reference = transformers.GPT2TokenizerFast.from_pretrained(tmp_path)
    texts = (shared / "sms/SMSSpamCollection").read_text(encoding="utf-8").splitlines()[:1500]
    texts += (shared / "chinese/ChnSentiCorp_htl_all.csv").read_text(encoding="utf-8").splitlines()[:200]
    assert [one.ids.tolist() for one in tokenizer.encode_batch(texts)] == reference(texts)["input_ids"]
