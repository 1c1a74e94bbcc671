"""The positions of a prefix cache in a file: read and written there, not mapped, so that a file that is cut short under
a run is an error and no end of the process.
"""

import os
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor


class CutShort(Exception):
    """The file is shorter than it was made: somebody or something has cut it."""


class Positions:
    """Hidden states (N, D) in a file that is open to read and write, and that has their size already."""

    def __init__(self, file: BinaryIO, shape: tuple[int, int], dtype: torch.dtype):
        self._file, self.shape, self.dtype = file, shape, dtype
        self._row = shape[1] * dtype.itemsize  # bytes

    @property
    def nbytes(self) -> int:
        return self.shape[0] * self._row

    def __getitem__(self, at: slice) -> Tensor:
        """Some rows that follow one another (P, D). Raises CutShort."""
        start, stop, _ = at.indices(self.shape[0])
        rows = torch.empty(stop - start, self.shape[1], dtype=self.dtype)
        self._read(_bytes(rows), start)
        return rows

    def __setitem__(self, at: slice, rows: Tensor) -> None:
        """Raises CutShort where some of the others have gone: writing would put zeros in their place."""
        start, _, _ = at.indices(self.shape[0])
        if os.fstat(self._file.fileno()).st_size < self.nbytes:
            raise CutShort
        data, done = _bytes(rows.to(self.dtype).contiguous()), 0
        while done < len(data):
            done += os.pwrite(self._file.fileno(), data[done:], start * self._row + done)

    def texts(self, starts: np.ndarray, counts: np.ndarray) -> Tensor:
        """For B texts that begin at `starts` (B,) and have `counts` (B,) rows: (B, S, D), filled up with the last row
        of each. Raises CutShort.
        """
        width = int(counts.max())
        found = torch.empty(len(starts), width, self.shape[1], dtype=self.dtype)
        data = _bytes(found)
        for i, (start, count) in enumerate(zip(starts.tolist(), counts.tolist(), strict=True)):
            begin = i * width * self._row
            self._read(data[begin : begin + count * self._row], start)
            if count < width:
                found[i, count:] = found[i, count - 1]
        return found

    def _read(self, data: memoryview, start: int) -> None:
        at = start * self._row
        while data:
            n = os.preadv(self._file.fileno(), [data], at)
            if not n:
                raise CutShort
            data, at = data[n:], at + n


def _bytes(rows: Tensor) -> memoryview:
    """The memory of a contiguous tensor."""
    return rows.view(torch.uint8).numpy().data.cast("B") if rows.numel() else memoryview(b"")
