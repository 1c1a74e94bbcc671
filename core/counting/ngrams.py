"""n-grams of words or of characters as numbers: which of them count, and how often each stands in a text.

scikit-learn's TfidfVectorizer makes the same vectors (a test compares them), but takes a string apart for every n-gram,
which on 50,000 long reviews takes minutes and gigabytes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from scipy import sparse

WORD = re.compile(r"\w+")
BITS = 56  # of a key that hold the units of an n-gram; how many there are stands above them
MOST = 50_000  # n-grams of a kind, the most frequent
CHUNK = 1_000_000  # characters whose n-grams are held at once


def normalized(text: str) -> str:
    """In lower case, with a single space wherever there is white space between words."""
    return " ".join(text.lower().split())


class Units(NamedTuple):
    """The words or characters of some texts, one after another: the number of each (N,), 0 where it is not known, and
    the text (N,) that it stands in."""

    numbers: np.ndarray
    texts: np.ndarray

    @classmethod
    def of(cls, numbers: np.ndarray, lengths: Sequence[int]) -> Self:
        """`numbers` (N,), so many of them for each text."""
        return cls(numbers, np.repeat(np.arange(len(lengths)), lengths))


class Words:
    """Words, numbered from 1 in the order in which they are first met."""

    kind = "words"
    orders = (1, 2)

    def __init__(self, known: Sequence[str] = ()):
        self._numbers = {word: i for i, word in enumerate(known, 1)}

    @property
    def known(self) -> list[str]:
        return list(self._numbers)

    def learn(self, texts: Sequence[str]) -> None:
        """Number the words of normalized texts."""
        numbers = self._numbers
        for text in texts:
            for word in WORD.findall(text):
                numbers.setdefault(word, len(numbers) + 1)

    def read(self, texts: Sequence[str]) -> Units:
        """The words of normalized texts."""
        found = [WORD.findall(text) for text in texts]
        flat = [self._numbers.get(word, 0) for words in found for word in words]
        return Units.of(np.array(flat, dtype=np.int64), [len(words) for words in found])


class Characters:
    """Characters, numbered from 1 in the order of their code points."""

    kind = "characters"
    orders = (1, 2, 3, 4)

    def __init__(self, known: Sequence[str] = ()):
        self._points = np.array([ord(one) for one in known], dtype=np.int64)

    @property
    def known(self) -> list[str]:
        return [chr(point) for point in self._points]

    def learn(self, texts: Sequence[str]) -> None:
        """Number the characters of normalized texts: the most frequent, where there are more than a key can tell."""
        points, counts = np.unique(_points(texts)[0], return_counts=True)
        most = (1 << BITS // max(self.orders)) - 1
        self._points = np.sort(points[np.argsort(-counts, kind="stable")[:most]])

    def read(self, texts: Sequence[str]) -> Units:
        """The characters of normalized texts."""
        points, lengths = _points(texts)
        at = np.searchsorted(self._points, points).clip(max=max(0, len(self._points) - 1))
        known = self._points[at] == points if len(self._points) else np.zeros(len(points), dtype=bool)
        return Units.of(np.where(known, at + 1, 0), lengths)


def _points(texts: Sequence[str]) -> tuple[np.ndarray, list[int]]:
    """The code points of texts, one after another (N,), and how many each has."""
    data = "".join(texts).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(data, dtype=np.uint32).astype(np.int64), [len(text) for text in texts]


@dataclass
class Ngrams:
    """The n-grams that count, of one kind of units: their keys (F,), in order, and their weights (F,)."""

    units: Words | Characters
    keys: np.ndarray
    idf: np.ndarray

    @property
    def _bits(self) -> int:
        return BITS // max(self.units.orders)

    @classmethod
    def learn(cls, units: Words | Characters, texts: Sequence[str], characters: int) -> Self:
        """Those of normalized texts that occur most; where the texts are longer, of the first so many `characters`.

        The weight of an n-gram is the inverse of how many texts hold it, as scikit-learn has it: ln((1 + n) / (1 + df))
        + 1.
        """
        lengths = np.cumsum([len(text) for text in texts])
        texts = texts[: max(1, int(np.searchsorted(lengths, characters, side="right")))]
        units.learn(texts)
        made = cls(units, np.empty(0, np.int64), np.empty(0, np.float32))
        keys, holders = made._count(texts)
        if len(keys) > MOST:
            kept = np.sort(np.argsort(-holders, kind="stable")[:MOST])
            keys, holders = keys[kept], holders[kept]
        made.keys = keys
        made.idf = (np.log((1 + len(texts)) / (1 + holders)) + 1).astype(np.float32)
        return made

    def vectors(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """TF-IDF (N, F) of normalized texts, fp32: 1 + ln of how often an n-gram occurs, times its weight.

        Each row has the length 1, or 0 where nothing in it is known.
        """
        parts = [sparse.csr_matrix((0, len(self.keys)), dtype=np.float32)]
        parts += [self._vectors(chunk) for chunk in _chunks(texts)]
        return sparse.vstack(parts, format="csr")

    def spelled(self) -> list[list[str]]:
        """Each n-gram as its words or characters, in the order of the columns."""
        known, mask = ["", *self.units.known], (1 << self._bits) - 1
        found = []
        for key in self.keys.tolist():
            order = key >> BITS
            found.append([known[key >> self._bits * i & mask] for i in reversed(range(order))])
        return found

    def _vectors(self, texts: Sequence[str]) -> sparse.csr_matrix:
        keys, rows = self._grams(texts)
        columns = np.searchsorted(self.keys, keys).clip(max=max(0, len(self.keys) - 1))
        known = self.keys[columns] == keys if len(self.keys) else np.zeros(len(keys), dtype=bool)
        places = (rows[known], columns[known])
        counted = sparse.coo_matrix(
            (np.ones(int(known.sum()), np.float32), places), shape=(len(texts), len(self.keys))
        ).tocsr()  # which adds up what stands at the same place
        counted.data = (1 + np.log(counted.data)) * self.idf[counted.indices]
        lengths = np.sqrt(np.asarray(counted.multiply(counted).sum(axis=1))).ravel()
        counted.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(counted.indptr))
        return counted.astype(np.float32)

    def _count(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Every n-gram of texts (F,), in order, and how many texts hold it (F,)."""
        keys, holders = np.empty(0, np.int64), np.empty(0, np.int64)
        for chunk in _chunks(texts):
            found, rows = self._grams(chunk)
            order = np.argsort(found, kind="stable")  # the rows of one n-gram stay in their order
            found, rows = found[order], rows[order]
            new = np.ones(len(found), dtype=bool)
            new[1:] = (found[1:] != found[:-1]) | (rows[1:] != rows[:-1])
            distinct, held = np.unique(found[new], return_counts=True)
            keys, at = np.unique(np.concatenate([keys, distinct]), return_inverse=True)
            holders = np.bincount(at, np.concatenate([holders, held]), len(keys)).astype(np.int64)
        return keys, holders

    def _grams(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The keys (N,) of all n-grams in texts, and the text (N,) of each; the texts of one n are in order."""
        numbers, rows = self.units.read(texts)
        keys, holders = [], []
        for order in self.units.orders:
            n = max(0, len(numbers) - order + 1)
            key, whole = np.zeros(n, dtype=np.int64), rows[:n] == rows[order - 1 :][:n]
            for i in range(order):
                unit = numbers[i : i + n]
                key = key << self._bits | unit
                whole = whole & (unit > 0)
            keys.append(key[whole] | order << BITS)
            holders.append(rows[:n][whole])
        return np.concatenate(keys), np.concatenate(holders)


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Texts in their order, so many at a time that their n-grams are few enough to be held."""
    start, held = 0, 0
    for i, text in enumerate(texts):
        held += len(text)
        if held > CHUNK:
            yield texts[start : i + 1]
            start, held = i + 1, 0
    if start < len(texts):
        yield texts[start:]
