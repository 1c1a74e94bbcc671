"""Tokenizers: text to token ids and back to the bytes each token stands for."""

import base64
import hashlib
import lzma
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import tiktoken

from core.files import Progress

ASSET = Path(__file__).parents[1] / "assets" / "gpt2.tiktoken.xz"
ASSET_SHA256 = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"  # of the lines inside
# GPT-2's pattern in the form that tiktoken matches fastest: the same pieces, with possessive quantifiers
PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
END_OF_TEXT = 50256

CHUNK = 500  # texts between two calls of progress
RUN = 4096  # characters
_RUNS = re.compile(r"[^\W\d_]+|\d+|\s+|(?:[^\w\s]|_)+")


class Tokenizer(Protocol):
    """`id` names it in a run, `pad` is the id that fills a batch, `vocab` the number of ids."""

    id: str
    pad: int
    vocab: int

    def encode(self, text: str) -> list[int]: ...

    def pieces(self, text: str) -> list[tuple[int, bytes]]: ...

    def encode_many(self, texts: Sequence[str], progress: Progress | None = None) -> list[np.ndarray]: ...


def well_formed(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates, which no encoding can hold, as U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class GPT2Tokenizer:
    """GPT-2's byte-level BPE. Every string is ordinary text, `<|endoftext|>` too."""

    id, pad, vocab = "gpt2", END_OF_TEXT, 50257

    def __init__(self) -> None:
        self._bpe = tiktoken.Encoding(
            "gpt2", pat_str=PATTERN, mergeable_ranks=ranks(), special_tokens={"<|endoftext|>": END_OF_TEXT}
        )

    def encode(self, text: str) -> list[int]:
        """The ids of a text; none for an empty one."""
        text = well_formed(text)
        if len(text) <= RUN:
            return self._bpe.encode_ordinary(text)
        return [token for part in _bounded(text) for token in self._bpe.encode_ordinary(part)]

    def pieces(self, text: str) -> list[tuple[int, bytes]]:
        """Each id with its bytes. A character of several bytes may be spread over several ids."""
        return [(token, self._bpe.decode_single_token_bytes(token)) for token in self.encode(text)]

    def encode_many(self, texts: Sequence[str], progress: Progress | None = None) -> list[np.ndarray]:
        """The ids of each text as an int32 array (tokens,), equal to `encode`, on all cores.

        `progress("tokens", done, total, "texts")` is called between chunks; what it raises ends the work.
        """
        encoded: list[np.ndarray] = []
        for start in range(0, len(texts), CHUNK):
            if progress:
                progress("tokens", start, len(texts), "texts")
            encoded += self._chunk([well_formed(text) for text in texts[start : start + CHUNK]])
        if progress:
            progress("tokens", len(texts), len(texts), "texts")
        return encoded

    def _chunk(self, texts: list[str]) -> list[np.ndarray]:
        short = self._bpe.encode_ordinary_batch(
            [text if len(text) <= RUN else "" for text in texts], num_threads=os.cpu_count() or 1
        )
        return [
            np.array(ids if len(text) <= RUN else self.encode(text), dtype=np.int32)
            for text, ids in zip(texts, short, strict=True)
        ]


def _bounded(text: str) -> Iterator[str]:
    """The text in parts that hold no run of over RUN letters, digits, spaces or other signs.

    BPE takes more than linear time in the length of such a run, and the pattern matcher runs out of stack in
    millions of spaces. Cutting may change the tokens at the cuts, but no text that people write holds such
    runs; a text without them comes back whole.
    """
    start = 0
    for match in _RUNS.finditer(text):
        for cut in range(match.start() + RUN, match.end(), RUN):
            yield text[start:cut]
            start = cut
    yield text[start:]


def whole(pieces: Iterable[tuple[int, bytes]]) -> Iterator[tuple[str, int]]:
    """What `Tokenizer.pieces` gives as texts that cut no character in half, each with the tokens it takes.

    A character that the end cuts in half stands as U+FFFD.
    """
    held, n = b"", 0
    for _, piece in pieces:
        held, n = held + piece, n + 1
        try:
            text = held.decode()
        except UnicodeDecodeError:
            continue
        yield text, n
        held, n = b"", 0
    if n:
        yield held.decode(errors="replace"), n


def ranks() -> dict[bytes, int]:
    """GPT-2's tokens but the special one, each with its id. Raises RuntimeError where the asset is damaged."""
    try:
        lines = lzma.decompress(ASSET.read_bytes())
    except lzma.LZMAError:
        lines = b""
    if hashlib.sha256(lines).hexdigest() != ASSET_SHA256:
        raise RuntimeError(f"{ASSET} is damaged: reinstall the workbench.")
    return {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines.splitlines())}


@cache
def gpt2() -> GPT2Tokenizer:
    return GPT2Tokenizer()


def tokenizer(name: str) -> Tokenizer:
    """A tokenizer by the name that a model's preset gives. Raises KeyError for one that is not known."""
    return {"gpt2": gpt2}[name]()
