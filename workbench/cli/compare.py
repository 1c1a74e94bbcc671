"""Two runs side by side: what differs in their recipes, and who is right where the other is not."""

import argparse
from typing import Any

from rich.cells import cell_len

from core.errors import BadRun
from core.runs.compare import Comparison, compare, different, in_words
from core.runs.folder import RunFolder
from core.runs.result import FinalTest
from core.runs.root import find_run, runs_root
from core.wording import on_one_line, percent, plural
from workbench.cli.printing import print_json, say
from workbench.formatting import pad


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("baseline", metavar="BASELINE", help="the run that it is measured against")


def execute(given: argparse.Namespace) -> int:
    """Print a run against a baseline; returns the exit code. Raises BadRun where one of them has no test result."""
    root = runs_root(given.runs)
    run, baseline = find_run(root, given.run), find_run(root, given.baseline)
    changed, equal = different(
        run.recipe_as_known()[0], baseline.recipe_as_known()[0], run.asked_as_known(), baseline.asked_as_known()
    )
    found = compare(run, baseline)
    tested = _tested(run), _tested(baseline)
    if given.json:
        print_json(_document(found, [(run, tested[0]), (baseline, tested[1])], changed))
        return 0
    names = [on_one_line(f"{one.name} {one.label().name}").rstrip() for one in (run, baseline)]
    wide = max(map(cell_len, names))
    lines = [
        f"{pad(name, wide)}  {percent(one.accuracy):>7}  {percent(one.low)} to {percent(one.high)}"
        f"  of {plural(one.rows, 'test row')}"
        for name, one in zip(names, tested, strict=True)
    ]
    lines += ["", _sentence(found, run.name, baseline.name), ""]
    rows = [(name, in_words(mine), in_words(its)) for name, mine, its in changed]
    name, value = (max([0, *(cell_len(row[i]) for row in rows)]) for i in (0, 1))
    lines += [f"{pad(row[0], name)}  {pad(row[1], value)}  {row[2]}" for row in rows]
    lines.append(f"{plural(equal, 'option')} equal")
    say(lines)
    return 0


def _tested(run: RunFolder) -> FinalTest:
    result = run.classifier_result()
    if result is None:
        raise BadRun(f"{run.name} has no test result to compare.", "Only a run that is done has one.")
    return result.test


def _document(
    found: Comparison, tested: list[tuple[RunFolder, FinalTest]], changed: list[tuple[str, Any, Any]]
) -> dict:
    sides: list[dict[str, Any]] = [
        {"name": run.name, "run": str(run.path), "label": run.label()}
        | {key: getattr(test, key) for key in ("accuracy", "low", "high", "rows", "correct")}
        for run, test in tested
    ]
    run, baseline = sides
    measured = {"p": found.p, "verdict": found.verdict} if found.rows else {"p": None, "verdict": None}
    return {
        "run": run,
        "baseline": baseline,
        **found._asdict(),
        **measured,
        "sentence": _sentence(found, run["name"], baseline["name"]),
        "differences": {name: [mine, its] for name, mine, its in changed},
    }


def _sentence(found: Comparison, run: str, baseline: str) -> str:
    if not found.rows:
        return "They share no test row, so neither has won or lost any."
    alone = f"{run} alone is right on {found.won:,}, {baseline} alone on {found.lost:,}"
    return f"Of {plural(found.rows, 'test row')} that both have, {alone}. {found.in_words}."
