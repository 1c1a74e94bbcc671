"""How a process computes beside others: threads that sleep while they wait, and memory that is kept. No torch."""

import ctypes
import os
import sys
from collections.abc import Callable

# Threads that wait for one another sleep, after a few microseconds: spinning on, they keep from the CPU those they wait
# for, and a run beside any other busy program becomes ten times slower.
THREADS = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "3000"}
# glibc's parameters of mallopt: otherwise every step has its large tensors, such as the gradient of embeddings, from
# the system anew, page by page.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
HEAP = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: 2**31 - 1, M_TOP_PAD: 64 << 20}


def steady() -> None:
    """Set this process up for computing, before torch is imported. What the person has set goes before it."""
    for variable, word in THREADS.items():
        os.environ.setdefault(variable, word)
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    if mallopt := _in_libc("mallopt"):
        for parameter, value in HEAP.items():
            mallopt(parameter, value)


def give_back() -> None:
    """Return the memory that this process keeps and does not use to the system."""
    if trim := _in_libc("malloc_trim"):
        trim(0)


def _in_libc(name: str) -> Callable[..., int] | None:
    """A function of glibc; other C libraries have none of that name."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
