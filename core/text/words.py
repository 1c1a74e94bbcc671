"""Text in words, as people read it: for a model that has no tokens."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from core.errors import BadModel
from core.files import Progress, unwatched
from core.text.tokenizer import Encoding, Piece

# of scripts that are written without spaces, each character; of others, what stands between spaces
NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"\s*(?:[{NO_SPACES}]|[^\s{NO_SPACES}]+)|\s+$")
BUILT_IN = ("words",)


class WordTokenizer:
    """A tokenizer in form: nothing reads its ids, which are all alike."""

    id = "words"
    pad = 0
    vocab = 1

    def encode(self, *parts: str) -> Encoding:
        n = sum(sum(1 for _ in WORD.finditer(part)) for part in parts)
        return Encoding(np.zeros(n, dtype=np.int32))

    def encode_batch(self, texts: Sequence[str], progress: Progress = unwatched) -> list[Encoding]:
        found = [self.encode(text) for text in texts]
        progress("tokens", len(texts), len(texts), "texts")
        return found

    def shorten(self, encoding: Encoding, max_tokens: int) -> Encoding:
        return Encoding(encoding.ids[:max_tokens] if len(encoding.ids) else np.zeros(1, dtype=np.int32))

    def pieces(self, text: str) -> list[Piece]:
        return [Piece(0, word.encode("utf-8", "replace")) for word in split(text)]

    def bytes_of(self, ids: Iterable[int]) -> list[bytes]:
        return [b"" for _ in ids]

    def save(self, folder: Path) -> None:
        """There is nothing to keep."""

    def as_json(self) -> str:
        raise BadModel("A model that counts has no tokenizer.")


def split(text: str) -> list[str]:
    """A text cut into words, each with the spaces before it; together they are the text."""
    return WORD.findall(text)


def built_in(name: str) -> WordTokenizer:
    """The tokenizer of a preset's name."""
    return WordTokenizer()
