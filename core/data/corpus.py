"""Plain text to learn a language from: files to documents, documents to one long row of tokens."""

import gzip
import lzma
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.sources import encoding
from core.errors import BadData
from core.files import Progress, absolute
from core.text.byte_bpe import END_OF_TEXT
from core.text.tokenizer import Tokenizer

MARK = re.compile(rf"(?m)^{re.escape(END_OF_TEXT)}$")
PACKED = {".gz": gzip.decompress, ".xz": lzma.decompress}


def documents(paths: Sequence[str], kind: str, progress: Progress) -> tuple[list[str], list[str]]:
    """Every document of some files, and what is worth saying about how they were read.

    `kind` is files or lines: what one document is; the end-of-text mark on a line of its own ends one as well. What
    holds nothing but white space is none. `progress("read", done, total, "files")` may raise to cancel. Raises
    BadData where a file is missing, no text, or there is no document at all.
    """
    found, notes = [], []
    for done, path in enumerate(paths):
        progress("read", done, len(paths), "files")
        text, spelled = encoding.decode(_bytes(absolute(path)), Path(path).name)
        if not spelled.startswith("UTF-8"):
            notes.append(f"{Path(path).name} is not UTF-8: read as {spelled}.")
        for whole in MARK.split(text.replace("\r\n", "\n")):
            found += [part for part in (whole.split("\n") if kind == "lines" else [whole]) if part.strip()]
    progress("read", len(paths), len(paths), "files")
    if not found:
        raise BadData("There is no text to learn from in these files.", "Name plain text files with something in them.")
    return found, notes


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return PACKED.get(path.suffix, bytes)(data)
    except (gzip.BadGzipFile, EOFError, lzma.LZMAError, zlib.error) as error:
        raise BadData(f"{path} is damaged: {error}.", "Copy it again.") from error
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error


def divide(texts: Sequence[str], held_out: float, seed: int) -> tuple[list[str], list[str]]:
    """Documents in random order: those to learn from, and those held out, about that share of all characters.

    Of a document that is larger than that share, only the end is held out.
    """
    training, kept_back = [texts[i] for i in np.random.default_rng(seed).permutation(len(texts))], []
    share = wanted = held_out * sum(map(len, texts))
    while wanted > 0:
        last = training.pop()
        if len(last) > share or not training:
            at = int(len(last) - wanted)
            training.append(last[:at])
            last = last[at:]
        kept_back.append(last)
        wanted -= len(last)
    return training, kept_back


def row_of_tokens(texts: Sequence[str], tokenizer: Tokenizer, progress: Progress) -> np.ndarray:
    """All documents as one row of token ids (N,), uint16 where they fit, each closed with end-of-text."""
    dtype = np.uint16 if tokenizer.vocab <= 1 << 16 else np.int32
    end = np.array([tokenizer.pad], dtype=dtype)
    encoded = tokenizer.encode_batch(texts, progress)
    return np.concatenate([part for one in encoded for part in (one.ids.astype(dtype), end)])


class Windows(NamedTuple):
    """A row of tokens (N,) cut into windows of `context`, each of whose tokens has a next one to be guessed."""

    tokens: np.ndarray
    context: int

    def __len__(self) -> int:
        return (self.tokens.size - 1) // self.context

    def take(self, which: Sequence[int]) -> np.ndarray:
        """Some windows with the token that follows each: (B, context + 1), int64."""
        at = np.asarray(which)[:, None] * self.context + np.arange(self.context + 1)
        return self.tokens[at].astype(np.int64)
