"""Texts that stand in a file more than once: word for word, with different labels, or but for case and white space."""

import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np


def copies(texts: Sequence[Hashable], labels: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Two masks (N,) over rows: exact copies of an earlier text, and texts that occur with different labels.

    No row is in both.
    """
    labels_of: dict[Hashable, set[str]] = defaultdict(set)
    duplicate = np.zeros(len(texts), dtype=bool)
    for i, (text, label) in enumerate(zip(texts, labels, strict=True)):
        duplicate[i] = text in labels_of
        labels_of[text].add(label)
    conflict = np.array([len(labels_of[text]) > 1 for text in texts], dtype=bool)
    return duplicate & ~conflict, conflict


def plain_hashes(texts: Sequence[str]) -> np.ndarray:
    """A number (N,) int64 for each text, the same for texts that differ only in case, white space and Unicode form."""
    return np.array([hash(_plain(text)) for text in texts], dtype=np.int64)


def near_copies(texts: Sequence[str], hashes: np.ndarray) -> np.ndarray:
    """(N,) bool: texts like an earlier one, by their `plain_hashes`, that stand nowhere before them word for word."""
    seen: set[str] = set()
    alike: set[int] = set()
    near = np.zeros(len(texts), dtype=bool)
    for i, (text, number) in enumerate(zip(texts, hashes.tolist(), strict=True)):
        near[i] = number in alike and text not in seen
        seen.add(text)
        alike.add(number)
    return near


def near_leaks(hashes: np.ndarray, split: np.ndarray, leaks: np.ndarray) -> np.ndarray:
    """(N,) bool: rows of validation and test like one in training but for case and white space; no exact leak is."""
    return np.isin(hashes, hashes[split == "train"]) & np.isin(split, ("validation", "test")) & ~leaks


def _plain(text: str) -> str:
    whole = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(whole.casefold().split())
