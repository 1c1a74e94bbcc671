"""Whether bf16 makes matrix products faster on this machine."""

import time

import torch

FASTER = 1.5  # times: below that, rounding buys too little
TRIES = 12
ROWS, FEW = 256, 8  # of a matrix that is multiplied
HOPELESS = 0.0004  # seconds a row


def precision(device: str) -> str:
    """`bf16` where products in it are measured to be faster than in fp32, else `fp32`."""
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device == "mps":
        return "fp32"  # Metal multiplies both at about one speed
    return "bf16" if fast_bf16() else "fp32"


def fast_bf16() -> bool:
    """Whether this CPU multiplies bf16 matrices well faster than fp32 ones, as those with AMX or AVX512-bf16 do.

    Measured, because PyTorch multiplies bf16 on every CPU, on some hundreds of times slower than fp32 (pytorch#146508).
    Both kinds take turns, so that what disturbs the machine disturbs both. Where it is far too slow, a few rows tell.
    """
    if all(_seconds(torch.bfloat16, FEW) > HOPELESS * FEW for _ in range(4)):
        return False
    best = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
    for _ in range(TRIES):
        for dtype in best:
            best[dtype] = min(best[dtype], _seconds(dtype, ROWS))
    return best[torch.float32] > FASTER * best[torch.bfloat16]


def _seconds(dtype: torch.dtype, rows: int) -> float:
    """One product."""
    a, b = torch.ones(rows, 768, dtype=dtype), torch.ones(768, 768, dtype=dtype)
    with torch.no_grad():
        began = time.perf_counter()
        torch.mm(a, b)
        return time.perf_counter() - began
