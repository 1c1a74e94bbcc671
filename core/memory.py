"""Whether a run fits into memory: what is free here, and what to do where it is not enough. No torch."""

from collections.abc import Callable
from pathlib import Path

from core.errors import NotEnoughMemory, SmallerBatch

GROUPS = Path("/sys/fs/cgroup")
# of the two kinds of control groups: their folder, and the files of the limit and of what is used
KINDS = {
    "": (GROUPS, "memory.max", "memory.current"),
    "memory": (GROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
}
MOST = 0.9  # of what is free is offered: by the time it is taken, others may have taken some
INACTIVE = ("inactive_file", "total_inactive_file")  # in memory.stat: what is given back when it is needed


def free() -> int:
    """Bytes that this process may still take: of the machine, and of the control groups that it is in (containers)."""
    return max(0, min([_machine().available, *(left for _, left in _groups())]))


def total() -> int:
    """The most bytes that this process and those beside it may take together, reckoned alike."""
    return min([_machine().total, *(most for most, _ in _groups())])


def ran_out(error: BaseException) -> bool:
    """Whether an error, Python's or one of PyTorch's, which are not, means that there was no memory to be had."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in ("out of memory", "allocate memory"))


def _machine():
    import psutil  # here, because the first frame needs none of it

    return psutil.virtual_memory()


def _groups() -> list[tuple[int, int]]:
    """The limit of each control group that has one, and what it has left."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:  # not Linux
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in KINDS:
            continue
        root, limit, used = KINDS[controllers]
        inner = root / path.lstrip("/")
        # inside a container its own group is the root
        found += [group for folder in {root, inner, *inner.parents} if (group := _group(folder, limit, used))]
    return found


def _group(folder: Path, limit: str, used: str) -> tuple[int, int] | None:
    try:
        most, taken = int((folder / limit).read_text()), int((folder / used).read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # there is no such group here, or it has no limit: "max"
        return None
    return most, most - taken + max(int(stat.get(name, 0)) for name in INACTIVE)


def demand(needed: Callable[[int], int], batch: int, accumulate: int, room: int) -> None:
    """Raises NotEnoughMemory where a run of such batches takes more than `room` bytes, with a batch that fits.

    `needed` gives a run's peak in bytes from its batch.
    """
    if (peak := needed(batch)) <= room:
        return
    smaller = (SmallerBatch(n, accumulate * batch // n, needed(n)) for n in range(batch - 1, 0, -1) if batch % n == 0)
    fits = next((each for each in smaller if each.memory <= MOST * room), None)
    do = "Learn fewer layers, cut texts at a shorter context, or choose a smaller model."
    if fits:
        do = f"{fits.in_words}: --batch {fits.batch} --accumulate {fits.accumulate}."
    what = f"This needs {peak / 1e9:.1f} GB of memory; {room / 1e9:.1f} are free."
    raise NotEnoughMemory(what, f"{do} --memory ignore tries it as it is.", fits)
