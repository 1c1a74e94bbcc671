"""Where the prefix cache keeps each text: a pure function of lengths, so that a resumed run cuts it the same way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.data import batches


class Chunk(NamedTuple):
    """`rows` (B,) texts, padded to `width`, fill the positions from `start` to `stop` of the cache."""

    rows: np.ndarray
    width: int
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Layout:
    """N texts of a run, of which only those of some splits are kept."""

    chunks: list[Chunk]
    starts: np.ndarray  # (N,) int64: the first position of each text; -1 where it is not kept
    counts: np.ndarray  # (N,) int64: how many positions it has

    @property
    def positions(self) -> int:
        return self.chunks[-1].stop if self.chunks else 0

    @property
    def texts(self) -> int:
        return sum(len(chunk.rows) for chunk in self.chunks)


def layout(lengths: np.ndarray, counts: np.ndarray, kept: Sequence[np.ndarray], width: int | None) -> Layout:
    """Chunks of texts of similar length.

    `lengths` (N,) are tokens, `counts` (N,) the positions to keep of each text, `kept` the rows of some splits;
    `width` is what every text is padded to, None for the longest of its chunk.
    """
    rows = np.concatenate(kept)
    starts = np.full(len(lengths), -1, dtype=np.int64)
    chunks: list[Chunk] = []
    position = 0
    for batch in batches.filled(lengths[rows], width):
        part = rows[batch.rows]
        ends = position + np.cumsum(counts[part])
        starts[part] = ends - counts[part]
        chunks.append(Chunk(part, batch.width, position, int(ends[-1])))
        position = int(ends[-1])
    return Layout(chunks, starts, np.where(starts >= 0, counts, 0))
