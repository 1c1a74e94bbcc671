"""How fast this machine is at what a run does: estimated from one figure, or measured once and remembered. No torch."""

import os
import platform
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import msgspec

from core import files
from core.estimate.cost import Passes, Work
from core.recipe import Recipe
from core.wording import plural

DISK = 2e8  # bytes/s, where nothing better is known
# Not measured, because loading what it takes would be most of the measurement: as on two cores of a server.
START = 2.5  # seconds from a worker's start to its model, most of it libraries
READ = 8e4  # tokens/s from a file to the baseline


class Pace(msgspec.Struct, frozen=True):
    """One kind of pass: seconds to enter a block with a batch, and FLOP/s once in it."""

    block: float
    rate: float

    def seconds(self, passes: Passes) -> float:
        return passes.blocks * self.block + passes.flops / self.rate

    @classmethod
    def through(cls, small: tuple[float, float], large: tuple[float, float]) -> "Pace":
        """From what two batches took: (FLOPs, seconds) of each, in one block."""
        rate = max(large[0] / large[1], (large[0] - small[0]) / max(1e-9, large[1] - small[1]))
        return cls(max(0.0, small[1] - small[0] / rate), rate)


class Memory(msgspec.Struct, frozen=True):
    """The optimizer's way through its state: faster while that fits into the processor's caches."""

    near: float  # bytes/s of the first `size` bytes
    far: float  # of the rest
    size: float

    def seconds(self, moved: float) -> float:
        return min(moved, self.size) / self.near + max(0.0, moved - self.size) / self.far


class Speeds(msgspec.Struct, frozen=True):
    """What turns work into seconds."""

    look: Pace  # forward through full blocks
    look_row: Pace  # through a block of which one position is computed
    learn: Pace  # forward and back
    learn_row: Pace
    exact: Pace  # forward in fp32
    batch: float  # seconds of a batch that is looked at, besides its blocks
    step: float  # seconds of a step, besides its blocks and what it moves
    memory: Memory
    table: float  # parameters/s of embeddings that get their gradient
    compare: float  # parameters/s that are measured against where they began
    disk: float  # bytes/s at which a checkpoint is written and its hash taken
    measured: float | None = None  # when, in seconds since the epoch; None for an estimate

    @classmethod
    def estimated(cls, flops: float) -> "Speeds":
        """From FLOP/s of large fp32 matrix products; the rest is as on two cores of a server, where it was fitted."""
        full, row = 0.9 * flops, 0.4 * flops
        return cls(
            look=Pace(0.001, full),
            look_row=Pace(0.0015, row),
            learn=Pace(0.003, full),
            learn_row=Pace(0.004, row),
            exact=Pace(0.001, full),
            batch=0.0003,
            step=0.001,
            memory=Memory(15e9, 15e9, 0.0),
            table=8e8,
            compare=1.2e8,
            disk=DISK,
        )

    def seconds(self, work: Work) -> float:
        """How long it takes."""
        kinds = ("look", "look_row", "learn", "learn_row", "exact")
        passing = sum(getattr(self, kind).seconds(getattr(work, kind)) for kind in kinds)
        updates = work.steps * self.memory.seconds(work.updated / work.steps) if work.steps else 0.0
        besides = work.batches * self.batch + work.steps * self.step + work.tokens / READ
        moved = work.tables / self.table + work.compared / self.compare + work.saved / self.disk
        return passing + updates + besides + moved


def recall(recipe: Recipe) -> Speeds | None:
    """What was measured here before for such a recipe."""
    return _remembered(_file()).get(_key(recipe))


def remember(recipe: Recipe, speeds: Speeds) -> None:
    """Keep what was measured for the next time. Where the disk does not take it, there is nothing to recall then."""
    file = _file()
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        known = _remembered(file) | {_key(recipe): speeds}
        files.write(file, msgspec.json.format(msgspec.json.encode(known), indent=2))


def _file() -> Path:
    return files.cache_root() / "speeds.json"


def _remembered(file: Path) -> dict[str, Speeds]:
    """Empty where the file is not one of these: it is written anew with the next measurement."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Speeds])
    except (OSError, msgspec.MsgspecError):
        return {}


def _key(recipe: Recipe) -> str:
    """What the speeds depend on. `auto` comes out the same on one machine under one PyTorch."""
    speed = recipe.speed
    asked = f"{recipe.model.name}, {speed.precision}, {speed.device}, {speed.threads} threads"
    return f"{_cpu()}, {_cores()} cores; torch {metadata.version('torch')}; {asked}"


def busy() -> str:
    """'load 12.4 on 2 cores' where more wants to compute than there are cores, so that a run takes longer; else empty.

    The load is the system's, over the last minute; where it counts none, as on Windows, nothing is said.
    """
    load, cores = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0, os.cpu_count() or 1
    return f"load {load:.1f} on {plural(cores, 'core')}" if load > cores else ""


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu() -> str:
    """The name of the processor."""
    if sys.platform == "darwin":
        asked = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        return asked.stdout.strip() or platform.machine()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
