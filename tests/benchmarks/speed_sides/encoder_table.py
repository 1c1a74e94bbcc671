"""What the benchmark of encoders prints: the machine, then for each plan a line a side. Times are seconds."""

import platform
from importlib.metadata import version
from pathlib import Path

from speed_sides.table import PHASES, median

FLAGS = ("avx512f", "avx512_bf16", "amx_tile", "amx_bf16")  # what the speed of matrix products depends on


def heading(data: str, rows: dict[str, int], labels: int, threads: int) -> str:
    counts = ", ".join(f"{n:,} {split}" for split, n in rows.items())
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "accelerate"))
    return f"{processor()}\n{versions}; {threads} threads\n{data}: {counts} texts; {labels} labels"


def processor() -> str:
    """Its name, and which of FLAGS it has; where the system does not say, the name alone."""
    file = Path("/proc/cpuinfo")
    if not file.is_file():
        return platform.processor() or platform.machine()
    pairs = [line.split(":", 1) for line in file.read_text().splitlines() if ":" in line]
    found = {key.strip(): value.strip() for key, value in pairs}
    has = [flag for flag in FLAGS if flag in found.get("flags", "").split()]
    return f"{found.get('model name', platform.machine())}; of {', '.join(FLAGS)} it has {', '.join(has) or 'none'}"


def plan(title: str, sides: dict[str, list[dict]]) -> str:
    """Each side's median run, and how many times as long it takes as each of ours; then where ours spends its time."""
    middle = {side: median(found) for side, found in sides.items()}
    ours = [middle[side] for side in ("fp32", "auto")]
    heads = f"  {'':38}{'seconds':>8}  {'lowest to highest':20}{'start':>7}{'CPU':>8}"
    lines = [f"\n{title}", heads + f"{'/ fp32':>8}{'/ auto':>8}{'test':>9}  load before"]
    for side, one in middle.items():
        seconds, loads = ([run[name] for run in sides[side]] for name in ("seconds", "load"))
        spread = f"{min(seconds):.1f} to {max(seconds):.1f}"
        lines.append(
            f"  {one['name']:38}{one['seconds']:8.1f}  {spread:20}{one['start']:7.1f}{one['cpu']:8.1f}"
            + "".join(f"{one['seconds'] / our['seconds']:8.2f}" for our in ours)
            + f"{100 * one['accuracy']:7.1f} %  {', '.join(f'{load:.1f}' for load in loads)}"
        )
    for our in ours:
        parts = ", ".join(f"{PHASES.get(name, name)} {seconds:.1f}" for name, seconds in our["phases"].items())
        lines.append(f"  {our['name']} spends its time on: {parts}")
    return "\n".join(lines)


NOTES = """
seconds      the whole command, the median run's; start is the part of it before the first text is read or learned from:
             Python, libraries, weights.
CPU          seconds that it kept a core busy, the median run's: other programs change this less than the seconds.
/ fp32       how many times as long as workbench takes in fp32; / auto, as it takes in the precision that it chose.
test         accuracy on the same test rows, of the median run.
load before  programs that wanted to run in the minute before each run, the benchmark's own last run included.
"""
