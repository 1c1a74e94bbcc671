"""`workbench predict --out FOLDER/`: answers for a file of any size, in parts that another start goes on with."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from core.errors import BadRecipe, Problem
from core.files import Progress, absolute
from core.wording import about, plural
from workbench.cli.printing import print_json, say

if TYPE_CHECKING:
    from core.data.sources.input import Input
    from core.data.texts import Texts
    from core.evaluate.labelled import Labelled
    from core.evaluate.part_manifest import Asked, Difference, Manifest
    from core.evaluate.parts import Outcome, Shard, Step
    from core.evaluate.predict import Counter, Network
    from core.runs.folder import RunFolder

TO_A_FOLDER = "goes with --out FOLDER/, the name of a folder."


def is_folder(given: argparse.Namespace) -> bool:
    """Whether the answers are to go into a folder of parts. Raises BadRecipe for what does not go with that."""
    folder = bool(given.out) and (given.out.endswith("/") or absolute(given.out).is_dir())
    if not folder:
        for flag, value, example in (("--shard", given.shard, "--shard 1/4"), ("--fast", given.fast, "--fast")):
            if value:
                raise BadRecipe([Problem(flag, TO_A_FOLDER, f"Write for example --out answers/ {example}")])
        return False
    _shard(given.shard)
    if given.force:
        do = "Remove the folder yourself, or name another."
        raise BadRecipe([Problem("--force", "replaces a file, and no folder.", do)])
    if given.texts or not given.file or given.file == "-":
        what = "a folder of parts takes its texts from one file, which can be read again."
        raise BadRecipe([Problem("--out", what, "Name it with --file F.")])
    return True


def _shard(said: str | None) -> "Shard":
    from core.evaluate.parts import Shard

    if said is None:
        return Shard()
    match = re.fullmatch(r"0*([1-9]\d*)/0*([1-9]\d*)", said, re.ASCII)
    if not match or int(match[1]) > int(match[2]):
        do = "Take 1/4, 2/4, 3/4 and 4/4 for four machines."
        raise BadRecipe([Problem("--shard", f"{said} is not I/N, with an I from 1 to N.", do)])
    return Shard(int(match[1]), int(match[2]))


class Reading:
    """A `Progress` that keeps what share of the file has been read."""

    def __init__(self, progress: Progress):
        self._progress, self.share = progress, 0.0

    def __call__(self, phase: str, done: int, total: int, unit: str) -> None:
        if phase == "read" and total:
            self.share = done / total
        self._progress("predict" if phase == "read" else phase, done, total, unit)


def write_in_parts(
    given: argparse.Namespace,
    run: "RunFolder",
    source: "Input",
    texts: "Texts",
    predictor: "Network | Counter",
    options: dict[str, Any],
    labelled: "Labelled | None",
    reading: Reading,
) -> "Outcome":
    """Write the parts that are not there yet; `labelled` sees the answers of all. Raises WorkbenchError."""
    from core.evaluate.fast import demand_network
    from core.evaluate.part_manifest import begin
    from core.evaluate.parts import asks, write_parts
    from core.evaluate.predict import Network

    folder, shard = absolute(given.out), _shard(given.shard)
    if given.fast:
        demand_network(predictor)
    asked = asks(run, predictor, source, texts, options, given.probabilities, given.fast, reading)
    manifest = begin(folder, asked, lambda: _first(asked, predictor, texts))
    if isinstance(predictor, Network):
        predictor.precision = manifest.precision
    if given.fast:
        say([_fast(manifest.precision, manifest.sample)], to_errors=True)
    return write_parts(folder, manifest, source, texts, predictor, shard, _teller(reading), labelled)


def _first(asked: "Asked", predictor: "Network | Counter", texts: "Texts") -> "Manifest":
    """The manifest of a folder that is begun now; what the fast way changes is found out first."""
    from core.evaluate.fast import demand_network, difference, fastest
    from core.evaluate.part_manifest import Manifest

    if not asked.fast:
        return Manifest(asked)
    network = demand_network(predictor)
    precision = fastest(network)
    if precision == "fp32":
        return Manifest(asked)
    return Manifest(asked, precision, difference(network, texts.sample, precision))


def _fast(precision: str, sample: "Difference | None") -> str:
    if sample is None:
        return f"--fast changes nothing: this machine multiplies fastest in {precision}, as without it."
    n = plural(sample.labels, "label")
    differ = "differs" if sample.labels == 1 else "differ"
    return (
        f"--fast answers in {precision}. Of a sample of {plural(sample.texts, 'text')}, {n} {differ} from those "
        f"without it, and probabilities by {sample.most:.2g} at most."
    )


def _teller(reading: Reading) -> Callable[["Step"], None]:
    """What says of each part how fast it goes, and how long the rest takes."""
    began: float | None = None

    def told(step: "Step") -> None:
        nonlocal began
        rate = step.answered / max(step.seconds, 1e-9)
        if began is None:  # rows before these were read past
            began = reading.share * (1 - step.answered / step.rows)
        share = reading.share - began
        left = (1 - reading.share) * step.seconds / share if share > 0 else None
        rest = f", about {about(left)} left" if left else ""
        say([f"{step.name}: up to row {step.rows:,}, {rate:,.0f} texts/s{rest}"], to_errors=True)

    return told


def say_outcome(given: argparse.Namespace, outcome: "Outcome") -> None:
    """Print what is there now, and how it is made one."""
    folder = absolute(given.out)
    if given.json:
        print_json({"folder": str(folder), **outcome._asdict()})
    else:
        say(_ending(folder, outcome), to_errors=True)


def parts_here(outcome: "Outcome") -> str:
    """How many of the parts are in the folder; empty where all are."""
    return f"{outcome.parts - outcome.missing:,} of {plural(outcome.parts, 'part')}" if outcome.missing else ""


def _ending(folder: Path, outcome: "Outcome") -> list[str]:
    lines = [f"{plural(n, 'row')} of these without an answer: {why}." for why, n in outcome.unanswered.items()]
    if here := parts_here(outcome):
        do = "Those of other shards are still to come; put all into one folder."
        return [*lines, f"{folder} holds {here}. {do}"]
    parts = f"{quote(str(folder))}/part-*{outcome.format}"
    joined = {
        ".jsonl": f"cat {parts} > answers.jsonl",
        ".parquet": f"pandas.read_parquet({str(folder)!r}), or any program that reads a folder of Parquet files",
    }.get(outcome.format, f"awk 'NR == 1 || FNR > 1' {parts} > answers{outcome.format}")
    return [
        *lines,
        f"All {plural(outcome.rows, 'row')} in {plural(outcome.parts, 'part')} in {folder}.",
        f"Join them with: {joined}",
    ]
