"""What the benchmark prints. Seconds, ratios to ours, gigabytes (1e9 bytes)."""

PHASES = {
    "read": "read and split the file",
    "tokens": "tokenize",
    "baseline": "TF-IDF baseline",
    "encode": "prefix cache",
    "probe": "probe, a baseline",
    "steps": "training steps",
    "looks": "evaluations while training, checkpoints",
    "evaluate": "training and validation set at the end",
    "test": "test set, fp32",
}

NOTES = """
seconds   from loaded weights to test accuracy. Ours is a whole run, nothing sampled: it reads and tokenizes the
          file, counts words for a baseline, evaluates and saves checkpoints, all of which counts.
*         extrapolated from the sample that is named, after warm-up steps that are not counted. The plain loop and
          Trainer are given tokens, and neither reading, saving nor, for Trainer, evaluating while it trains counts.
ratio     how many times our seconds.
memory    the most that the process held, libraries and mapped files included.
floor     what our run cannot do without: FLOPs of matrix products at the fastest rate of such products, measured
          in this run, and 28 bytes a learning parameter and step at the measured bandwidth of memory (what learns
          of a small model stays in the CPU's cache and needs less).
"""


def heading(versions: str, threads: int, rows: dict[str, int]) -> str:
    counts = ", ".join(f"{n:,} {split}" for split, n in rows.items())
    return f"{versions}; {threads} threads; random weights; texts: {counts}"


def row(title: str, sides: dict[str, dict], floors: dict[str, float], rates: dict) -> str:
    """One row of the benchmark: the sides, how far ours is from the floor, and where its time goes."""
    ours, floor = sides["ours"], sum(floors.values())
    seconds = ours["seconds"]
    lines = [f"\n{title}", f"  {'':42}{'seconds':>10} {'ratio':>9}{'memory':>10}"]
    for side, found in sides.items():
        star = " " if side == "ours" else "*"
        times, memory = found["seconds"] / seconds, found["peak"] / 1e9
        lines.append(f"  {name(side, found):42}{found['seconds']:10.1f}{star}{times:9.1f}{memory:7.2f} GB")
        if side != "ours":
            lines.append(f"    * from {found['sample']}: {found['note']}")
    fastest = ", ".join(f"{kind} {rate / 1e9:.0f} GFLOP/s" for kind, rate in rates["flops"].items())
    lines.append(
        f"  {'floor':42}{floor:10.1f} {floor / seconds:9.2f}   {fastest}, memory {rates['bytes'] / 1e9:.1f} GB/s"
    )
    lines.append(f"  workbench takes {seconds / floor:.2f} times its floor. Where its time goes:")
    lines.append(f"    {'':40}{'seconds':>10} {'floor':>9}{'above':>10}")
    for phase, words in PHASES.items():
        took, least = ours["phases"][phase], floors.get(phase, 0.0)
        lines.append(f"    {words:40}{took:10.2f} {least:9.2f}{took - least:10.2f}")
    lines.append(f"    {'(loading the weights, not counted)':40}{ours['weights']:10.2f}")
    return "\n".join(lines)


def median(found: list[dict]) -> dict:
    """The one in the middle, whole, so that its parts belong together."""
    return sorted(found, key=lambda one: one["seconds"])[(len(found) - 1) // 2]


def name(side: str, found: dict) -> str:
    if side == "ours":
        return f"workbench, {found['precision']}, batch {found['batch']}"
    if side == "plain":
        return "plain loop, fp32, batch 8"
    v = found["variant"]
    kind = "bf16" if v["bf16"] else "fp32"
    return f"Trainer, {kind}, {'grouped by length' if v['grouped'] else 'random order'}, batch {v['batch']}"
