"""Texts that are so short that they say hardly anything, and those that are far longer than the others."""

from collections.abc import Sequence

import numpy as np

TINY = 3  # characters, at most
HUGE, LEAST = 10, 1_000  # times the median, and characters at least


def characters(texts: Sequence[str]) -> np.ndarray:
    """(N,) int64: how many characters each text has, without white space at its ends."""
    return np.fromiter((len(text.strip()) for text in texts), np.int64, len(texts))


def tiny(sizes: np.ndarray) -> np.ndarray:
    """(N,) bool, of the characters (N,) of each text."""
    return sizes <= TINY


def huge(sizes: np.ndarray) -> np.ndarray:
    """(N,) bool, of the characters (N,) of each text."""
    return sizes > max(HUGE * float(np.median(sizes)), LEAST) if len(sizes) else np.zeros(0, dtype=bool)
