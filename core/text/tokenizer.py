"""What every tokenizer can do: text to token ids, and back to the bytes that each id stands for."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from core.files import Progress, unwatched


class Encoding(NamedTuple):
    """`ids` (T,) int32; `segments` (T,) says which part of the text each belongs to, for models that have segments."""

    ids: np.ndarray
    segments: np.ndarray | None = None


class Piece(NamedTuple):
    """A token's id and the bytes of the text that it stands for; of a special token, its name instead."""

    id: int
    content: bytes
    special: bool = False


class Tokenizer(Protocol):
    """`id` names it, `pad` is the id that fills a batch, `vocab` the number of ids. No text yields a special id."""

    id: str
    pad: int
    vocab: int

    def encode(self, *parts: str) -> Encoding:
        """The ids of a text that is made of some parts, with the special tokens that the model was pretrained with.

        None for an empty text where there are no special tokens.
        """

    def encode_batch(self, texts: Sequence[str], progress: Progress = unwatched) -> list[Encoding]:
        """The encoding of each text, equal to that of `encode`, on all cores.

        `progress("tokens", done, total, "texts")` is called now and then; what it raises ends the work.
        """

    def shorten(self, encoding: Encoding, max_tokens: int) -> Encoding:
        """At most `max_tokens` ids as the model reads them, its special tokens kept; never empty."""

    def pieces(self, text: str) -> list[Piece]:
        """What the ids of a text stand for. A character of several bytes may be spread over several ids."""

    def bytes_of(self, ids: Iterable[int]) -> list[bytes]:
        """The bytes that each id stands for; none for a special one."""

    def save(self, folder: Path) -> None:
        """Write it into a folder, from which `lookup.tokenizer_of` reads it."""

    def as_json(self) -> str:
        """A tokenizer.json that describes it, from which the tokenizers library gives equal ids."""


def well_formed(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates, which no encoding can hold, as U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def whole(pieces: Iterable[Piece]) -> Iterator[tuple[str, int]]:
    """Pieces as texts that cut no character in half, each with the tokens it takes.

    A character that the end cuts in half stands as U+FFFD.
    """
    held, n = b"", 0
    for piece in pieces:
        held, n = held + piece.content, n + 1
        try:
            text = held.decode()
        except UnicodeDecodeError:
            continue
        yield text, n
        held, n = b"", 0
    if n:
        yield held.decode(errors="replace"), n
