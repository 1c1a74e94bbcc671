"""Texts that are nearly the same: but for case, white space and Unicode form, or for marks and a few words.

Two texts are compared by their pairs of neighbouring words, or characters where no blanks part words: of those that
either has, ALIKE must be in both. Which texts to compare is found out with MinHash and banding (Broder 1997; Leskovec,
Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3), so that the time grows with the number of texts.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from zlib import crc32

import numpy as np

ALIKE = 0.7  # of the pairs of two texts
FEWEST = 8  # words: of shorter texts, a word more or less says something else
BANDS, ROWS = 12, 3  # of the hashes: texts of which 0.7 is shared are found with 99 %, of 0.8 with 99.99 %
BLOCK = 1 << 20  # words at a time

_MARKS = re.compile(r"^\W+|\W+$")
_ODD = np.uint32(0x9E3779B1)
_FACTORS, _SHIFTS = np.random.default_rng(0).integers(0, 2**32, (2, BANDS * ROWS), dtype=np.uint32)


def first_near(texts: Sequence[str]) -> np.ndarray:
    """(N,) int64: the first row of those that a text is nearly the same as, or that are nearly the same as one of them.

    The same on every machine.
    """
    found = np.fromiter((hash(plain(text)) for text in texts), np.int64, len(texts))  # texts would be held twice
    _, first, which = np.unique(found, return_index=True, return_inverse=True)
    alike = first[which]
    once = np.flatnonzero(alike == np.arange(len(texts)))
    parent = _joined(texts, once)
    return parent[alike]


def plain(text: str) -> str:
    """A text without what tells near copies apart: case, white space, Unicode form."""
    whole = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(whole.casefold().split())


def _joined(texts: Sequence[str], rows: np.ndarray) -> np.ndarray:
    """(N,) int64: of each of some rows, the first that it is nearly the same as."""
    parent = np.arange(len(texts))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return int(i)

    known: dict[int, np.ndarray] = {}
    compared: set[tuple[int, int]] = set()

    def pairs_of(i: int) -> np.ndarray:
        if len(known) > 10_000:  # of one text many others may be copies, of most none is
            known.clear()
        return known.setdefault(i, np.unique(_pairs(_words(texts[i]))))

    at, signatures = _signatures(texts, rows)
    for band in range(BANDS):
        for members in _equal(signatures[:, band * ROWS : (band + 1) * ROWS]):
            one, *others = (int(at[i]) for i in members)
            for other in others:
                a, b = sorted((root(one), root(other)))
                if a == b or (one, other) in compared:
                    continue
                compared.add((one, other))
                if _shared(pairs_of(one), pairs_of(other)) >= ALIKE:
                    parent[b] = a
    return np.fromiter((root(i) for i in range(len(texts))), np.int64, len(texts))


def _shared(a: np.ndarray, b: np.ndarray) -> float:
    """Of the pairs of two texts, the share that is in both."""
    both = len(np.intersect1d(a, b, assume_unique=True))
    return both / (len(a) + len(b) - both)


class _Numbers(dict[str, int]):
    """A number for each word, the same with and without marks around it: a comma more makes no other text."""

    def __missing__(self, word: str) -> int:
        bare = _MARKS.sub("", word) or word
        number = self[word] = crc32(bare.encode(errors="surrogatepass"))
        return number


def _words(text: str) -> list[str]:
    whole = plain(text)
    words = whole.split()
    return words if len(words) >= len(whole) / 20 else [char for char in whole if not char.isspace()]


def _pairs(words: Sequence[str]) -> np.ndarray:
    numbers = _Numbers()
    return _mixed(np.fromiter((numbers[word] for word in words), np.uint32, len(words)))


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """(T,) uint32 -> (T - 1,) uint32, a number for each pair of neighbours."""
    mixed = numbers[:-1] * _ODD + (numbers[1:] ^ (numbers[1:] >> np.uint32(15)))
    mixed *= np.uint32(0x85EBCA6B)
    return mixed ^ (mixed >> np.uint32(13))


def _signatures(texts: Sequence[str], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which rows are long enough, (M,) int64, and of each the least of every hash of its pairs, (M, BANDS * ROWS)."""
    kept: list[int] = []
    found: list[np.ndarray] = []
    for block in _blocks(texts, rows):
        kept += [row for row, _ in block]
        lengths = np.array([len(words) for _, words in block])
        numbers = _Numbers()
        words = (numbers[word] for word in chain.from_iterable(words for _, words in block))
        pairs = _mixed(np.fromiter(words, np.uint32, int(lengths.sum())))
        pairs = np.delete(pairs, np.cumsum(lengths)[:-1] - 1)  # those of two texts
        starts = np.concatenate([[0], np.cumsum(lengths - 1)[:-1]])
        least = [
            np.minimum.reduceat(pairs * (a | np.uint32(1)) + b, starts) for a, b in zip(_FACTORS, _SHIFTS, strict=True)
        ]
        found.append(np.stack(least, axis=1))
    empty = np.zeros((0, BANDS * ROWS), np.uint32)
    return np.array(kept, dtype=np.int64), np.concatenate([empty, *found])


def _blocks(texts: Sequence[str], rows: Iterable[int]) -> Iterator[list[tuple[int, list[str]]]]:
    """The words of those rows that have enough, some texts at a time."""
    block, size = list[tuple[int, list[str]]](), 0
    for row in rows:
        words = _words(texts[row])
        if len(words) < FEWEST:
            continue
        block.append((int(row), words))
        size += len(words)
        if size > BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _equal(signatures: np.ndarray) -> Iterator[np.ndarray]:
    """The numbers of those that are equal throughout, of (M, ROWS) uint32, where there are several."""
    if not len(signatures):
        return
    order = np.lexsort(signatures.T)
    sorted_ = signatures[order]
    ends = np.flatnonzero((sorted_[1:] != sorted_[:-1]).any(axis=1)) + 1
    for members in np.split(order, ends):
        if len(members) > 1:
            yield np.sort(members)
