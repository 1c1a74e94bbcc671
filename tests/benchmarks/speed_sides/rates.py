"""What this machine can do at best: the rates that the floors are made of."""

import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from speed_sides.child import serve

ROWS = (512, 1024, 2048, 4096)  # positions that go through a layer together
SECONDS = 0.5  # spent on each kind of product
FLOATS = 64 * 1024**2  # of each array: far more than any cache holds


def measure(job: dict) -> dict:
    """`{"width", "precisions", "threads"}` -> FLOP/s of each precision, and bytes/s of memory."""
    torch.set_num_threads(job["threads"])
    with torch.no_grad():
        flops = {name: matrix_rate(job["width"], name) for name in job["precisions"]}
        return {"flops": flops, "bytes": memory_rate()}


def matrix_rate(width: int, precision: str) -> float:
    """FLOP/s of the fastest of the model's own products."""
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    best = 0.0
    for rows in ROWS:
        for n_in, n_out in ((width, 3 * width), (width, width), (width, 4 * width), (4 * width, width)):
            x, w = torch.randn(rows, n_in, dtype=dtype), torch.randn(n_out, n_in, dtype=dtype)
            best = max(best, 2 * rows * n_in * n_out / fastest(lambda x=x, w=w: F.linear(x, w)))
    return best


def memory_rate() -> float:
    """Bytes/s read and written, the best of a copy, a triad and a change in place over large arrays."""
    a, b, c = torch.zeros(FLOATS), torch.ones(FLOATS), torch.ones(FLOATS)
    copy = 2 * a.nbytes / fastest(lambda: a.copy_(b))
    triad = 3 * a.nbytes / fastest(lambda: torch.add(b, c, alpha=0.5, out=a))
    # as the optimizer works: what is written need not be fetched first
    in_place = 2 * a.nbytes / fastest(lambda: a.mul_(-1.0))
    return max(copy, triad, in_place)


def fastest(do: Callable[[], object]) -> float:
    """Seconds of the quickest call: what others do on this machine can only make one slower."""
    do()
    best, until = float("inf"), time.perf_counter() + SECONDS
    while (began := time.perf_counter()) < until or best == float("inf"):
        do()
        best = min(best, time.perf_counter() - began)
    return best


if __name__ == "__main__":
    serve(measure)
