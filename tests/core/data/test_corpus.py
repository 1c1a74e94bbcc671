"""Plain text to documents, to tokens, to windows."""

import gzip
import lzma

import numpy as np
import pytest

from core.data import corpus
from core.errors import BadData
from core.text import train_bpe
from core.text.byte_bpe import BPE, built_in


def silent(*_):
    pass


def read(*paths, kind="files"):
    return corpus.documents([str(path) for path in paths], kind, silent)


def test_documents_are_files_or_lines_and_end_at_the_mark(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n<|endoftext|>\r\n<|endoftext|>\r\nthree\r\n\r\n")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"four"))
    (tmp_path / "c.txt.xz").write_bytes(lzma.compress("fünf".encode()))
    paths = sorted(tmp_path.iterdir())
    assert [document.split() for document in read(*paths)[0]] == [["one", "two"], ["three"], ["four"], ["fünf"]]
    assert read(*paths, kind="lines") == (["one", "two", "three", "four", "fünf"], [])


def test_text_that_is_not_utf8_is_read_and_said(tmp_path):
    (tmp_path / "latin.txt").write_bytes("Füße und Bücher, schön\n".encode("latin-1") * 20)
    found, notes = read(tmp_path / "latin.txt")
    assert "Füße" in found[0] and notes == ["latin.txt is not UTF-8: read as Windows-1252."]


def test_what_cannot_be_read_is_said(tmp_path):
    (tmp_path / "empty.txt").write_text(" \n\n")
    (tmp_path / "torn.txt.xz").write_bytes(lzma.compress(b"some text" * 1000)[:-20])
    (tmp_path / "torn.txt.gz").write_bytes(b"no gzip at all")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 50)
    for name, words in {
        "empty": "no text",
        "torn.txt.xz": "damaged",
        "torn.txt.gz": "damaged",
        "binary": "not text",
    }.items():
        (path,) = tmp_path.glob(f"{name}*")
        with pytest.raises(BadData, match=words):
            read(path)
    with pytest.raises(BadData, match="cannot be read"):
        read(tmp_path / "missing.txt")


def test_documents_held_out_are_whole_and_not_learned_from():
    documents = [f"document {i} " * (1 + i % 7) for i in range(200)]
    learn, held_out = corpus.divide(documents, 0.1, seed=5)
    assert sorted(learn + held_out) == sorted(documents) and learn != documents[: len(learn)]
    share = sum(map(len, held_out)) / sum(map(len, documents))
    assert 0.1 <= share < 0.13
    assert corpus.divide(documents, 0.1, seed=5) == (learn, held_out) != corpus.divide(documents, 0.1, seed=6)
    assert corpus.divide(["0123456789"], 0.2, seed=1) == (["01234567"], ["89"])
    for seed in range(4):  # whichever comes last, a large document is not held out whole
        learn, held_out = corpus.divide(["a" * 10_000, "b" * 1_000_000], 0.005, seed)
        assert sum(map(len, held_out)) == 5050 and sum(map(len, learn)) == 1_004_950
    learn, held_out = corpus.divide(["a" * 5, "b" * 5], 0.9, seed=1)
    assert learn and held_out


def test_windows_guess_every_token_once():
    tokenizer = built_in("nano")
    row = corpus.row_of_tokens(["one two three", "four five"], tokenizer, silent)
    assert row.dtype == np.uint16 and (row == tokenizer.pad).sum() == 2 and row[-1] == tokenizer.pad
    windows = corpus.Windows(np.arange(50, dtype=np.uint16), 8)
    taken = windows.take(range(len(windows)))
    assert len(windows) == 6 and taken.shape == (6, 9)
    assert taken[:, 1:].ravel().tolist() == list(range(1, 49))  # what is guessed


def test_a_learned_bpe_reads_every_text_back_and_shortens_what_it_knows():
    text = ["the quick brown fox jumps over the lazy dog " * 20, "naïve café, the fox again"]
    ranks = train_bpe.train(text, 280)
    assert (
        len(ranks) == 280
        and sorted(ranks.values()) == list(range(280))
        and all(bytes([b]) in ranks for b in range(256))
    )
    tokenizer = BPE("test", ranks, 400)
    for one in [*text, "日本語 😀\t\n", "never seen: xyzzy"]:
        assert b"".join(tokenizer.bytes_of(tokenizer.encode(one).ids.tolist())).decode() == one
    assert len(tokenizer.encode(text[0]).ids.tolist()) < len(text[0]) / 2 and tokenizer.pad == 399
    assert tokenizer.bytes_of([350, 399]) == [b"", b""]
    assert len(train_bpe.train(["ab"], 300)) == 256  # nothing occurs twice
