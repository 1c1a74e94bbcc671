"""Where to compute, and how fast: what a run takes of its machine. Another machine may go on with other values."""

from typing import Literal

from core.options import AUTO, Part, opt

FOUND = ("device", "threads", "precision", "cache_memory")  # what a machine makes of itself, where it is left open


class Machine(Part):
    device: Literal["auto", "cpu", "cuda", "mps"] = opt(AUTO, "Where to compute.", flag="--device")
    threads: Literal["auto"] | int = opt(AUTO, "CPU threads for the engine.", flag="--threads", unit="threads")
    precision: Literal["auto", "fp32", "bf16"] = opt(
        AUTO,
        "In which numbers training multiplies its matrices; weights, and everything reported as final, stay fp32. "
        "auto is bf16 where this machine turns out to be fast at it.",
        flag="--precision",
    )


class Speed(Machine):
    cache: Literal["keep", "run", "off"] = opt(
        "keep",
        "What the frozen layers below the lowest learning one make of each text never changes: keep computes it once "
        "and leaves it on disk for the next run, run computes it once for this run, off computes it at every step.",
        flag="--cache",
    )
    cache_memory: Literal["auto"] | float = opt(
        AUTO,
        "The cache is held in memory, in fp32, up to this size; a larger one is a bf16 file. "
        "auto is a quarter of the free memory.",
        unit="GB",
        flag="--cache-memory",
    )
    cache_disk: float = opt(
        10,
        "Caches that are kept may take this much disk together; those not used for longest go first.",
        unit="GB",
        ge=0,
        lt=1e6,
        flag="--cache-disk",
    )
    memory: Literal["check", "ignore"] = opt(
        "check",
        "check refuses to start a run that would take more memory than is free, and says what fits; ignore tries it.",
        flag="--memory",
    )
    rows: Literal["needed", "all"] = opt(
        "needed",
        "In the last block, compute only the position that is read out (needed), or every one; the result is the same.",
    )
    compile: bool = opt(
        False,
        "Compile the learning blocks; needs a C++ compiler, and pays off in long runs of many learning layers.",
        flag="--compile",
    )
