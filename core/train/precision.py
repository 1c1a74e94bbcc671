"""Whether bf16 makes matrix products faster on this machine."""

import time

import torch

FASTER = 1.5  # times: below that, rounding buys too little


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
    """
    return _seconds(torch.float32) > FASTER * _seconds(torch.bfloat16)


def _seconds(dtype: torch.dtype) -> float:
    """One product, the best of a few; a hopelessly slow kind is timed once."""
    a, b = torch.ones(256, 768, dtype=dtype), torch.ones(768, 768, dtype=dtype)
    best = float("inf")
    with torch.no_grad():
        for _ in range(8):
            began = time.perf_counter()
            torch.mm(a, b)
            best = min(best, time.perf_counter() - began)
            if best > 0.1:
                break
    return best
