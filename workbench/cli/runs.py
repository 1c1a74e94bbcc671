"""`workbench runs`: which runs there are."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from core.architectures.lookup import short_name
from core.datasets import called
from core.errors import BadRecipe, Problem
from core.options import layer, options
from core.recipe import Recipe, load
from core.runs.compare import in_words
from core.runs.listing import Entry, Listing, folded
from core.runs.mark import BRIEFLY
from core.runs.root import PATHS, runs_root
from core.runs.steering import learned
from core.runs.summary import ALWAYS
from core.runs.turns import interrupted
from core.wording import on_one_line, ordinal, percent, plural
from workbench.cli.printing import is_wide, print_json, say, tabulate

OWN_COLUMN = {"model.name", "data.path", "freeze.trainable"}  # options that the table always shows
NAMED: dict[str, Callable[[Entry], str]] = {
    "state": lambda entry: entry.status.state,
    "model": lambda entry: short_name(entry.about.model) if entry.about else "",
    "data": lambda entry: called(entry.about.data) if entry.about and entry.about.data else "",
}
FITTING = {"run", "name", "state", "step", "data", "model", "test"}  # columns that a narrow terminal has room for
SORTED: dict[str, Callable[[Entry], Any]] = {
    "newest": lambda entry: 0,  # as they are listed
    "test": lambda entry: -entry.score.accuracy if entry.score else 1,
    **NAMED,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sort", choices=list(SORTED), default="newest", help="the order (newest)")
    words = "only runs of this state, model or data, or with this value of an option, for example train.seed=1"
    parser.add_argument("--all", action="store_true", help="each run of a group on a line of its own")
    parser.add_argument("--where", action="append", default=[], metavar="NAME=VALUE", help=words)


def execute(given: argparse.Namespace) -> int:
    """Print the runs under the root; returns the exit code. Raises BadRecipe for a condition that names nothing."""
    root = runs_root(given.runs)
    wanted = [_condition(words) for words in given.where]
    every = Listing(root).look()
    entries = [entry for entry in every if all(_is(entry, name, value) for name, value in wanted)]
    entries.sort(key=SORTED[given.sort])
    if given.json:
        print_json([row_of(entry) | {"place": entry.place or None} for entry in entries])
    elif not every:
        say([f"No runs in {root} yet. workbench train makes one."])
    elif not entries:
        say([f"None of {plural(len(every), 'run')} is so."])
    else:
        head = ["run", "name", "state", "step", "data", "model", "learns", "test", "95 % interval", "", "what happened"]
        parts = [[entry] for entry in entries] if given.all else folded(entries)
        names = _differing(part[0] for part in parts if len(part) == 1)
        rows = [_cells(part[0], names) if len(part) == 1 else _group_cells(part) for part in parts]
        if is_wide():
            tabulate(head, rows)
        else:
            _fit(head, rows)
    if words := interrupted(root):
        say([f"{words}. workbench queue continues it."], to_errors=True)
    return 0


def _fit(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print the columns that a narrow terminal has room for, and what happened on lines below."""
    shown = [i for i, name in enumerate(head) if name in FITTING and any(row[i] for row in rows)]
    tabulate([head[i] for i in shown], [[row[i] for i in shown] for row in rows])
    if happened := [on_one_line(f"{row[0]}  {row[-1]}") for row in rows if row[-1]]:
        say(["", *happened])


def _condition(words: str) -> tuple[str, str]:
    """The name and the value that a run must have. Raises BadRecipe where there is no such name."""
    name, equals, value = words.partition("=")
    known = [*NAMED, *(option.name for option in options(Recipe))]
    if equals and name in known:
        return name, _as_shown(name, value)
    close = get_close_matches(name, known, 1)
    do = f"Did you mean {close[0]}=…?" if close else "For example state=done, model=minilm, or train.seed=1."
    raise BadRecipe([Problem("--where", f"{words!r} is no NAME=VALUE that a run has.", do)])


def _as_shown(name: str, value: str) -> str:
    """A value as runs show it: 1e-4 is 0.0001. What is no value of an option stays as it was typed."""
    option = next((option for option in options(Recipe) if option.name == name), None)
    if option is None or name in PATHS:
        return value
    try:
        return in_words(option.of(load(layer(name, value))))
    except BadRecipe:
        return value


def _is(entry: Entry, name: str, value: str) -> bool:
    """Whether a run has a value; a file may be named without its folder, too."""
    found = _value(entry, name)
    return value in ((found, found.rpartition("/")[2]) if name == "data" else (found,))


def _value(entry: Entry, name: str) -> str:
    if name in NAMED:
        return NAMED[name](entry)
    if entry.about is None or not entry.about.classifies:
        return ""
    usual = next(in_words(option.of(Recipe())) for option in options(Recipe) if option.name == name)
    return entry.about.options.get(name, usual)


def _differing(entries: Iterable[Entry]) -> list[str]:
    """Names of the options in which the runs differ, after those that are always shown."""
    said = [entry.about.options for entry in entries if entry.about and entry.about.classifies]
    known = [option.name for option in options(Recipe) if option.name not in OWN_COLUMN | {*ALWAYS}]
    return [*ALWAYS, *(name for name in known if len({each.get(name) for each in said}) > 1)]


def _cells(entry: Entry, names: Sequence[str]) -> list[str]:
    status, test, about = entry.status, entry.score, entry.about
    happened = f"{ordinal(entry.place)} in the queue" if entry.place else f"{status.why} {status.do}".strip()
    said = ((name.rpartition(".")[2].replace("_", " "), _value(entry, name)) for name in names)
    return [
        entry.run.name,
        entry.label.name,
        status.state,
        f"{status.step:,} of {status.n_steps:,}" if status.n_steps else "",
        NAMED["data"](entry),
        NAMED["model"](entry),
        learned(about.trainable, entry.steered) if about else "",
        percent(test.accuracy) if test else "",
        f"{percent(test.low)} to {percent(test.high)}" if test else "",
        " · ".join(f"{name} {value}" for name, value in said if value),
        " ".join(filter(None, [happened, "" if entry.grew_here else BRIEFLY])),
    ]


def _group_cells(entries: Sequence[Entry]) -> list[str]:
    """A group on one line: what is the same in all of its runs, and from which to which test accuracy they go."""
    first, member = entries[0], entries[0].member
    states = [entry.status.state for entry in entries]
    same = [{said(entry) for entry in entries} for said in (NAMED["data"], NAMED["model"], _trainable)]
    tests = sorted(entry.score.accuracy for entry in entries if entry.score)
    low, high = (percent(test) for test in (tests[0], tests[-1])) if tests else ("", "")
    group = member.group if member else first.run.name
    return [
        group,
        "",
        ", ".join(f"{states.count(state):,} {state}" for state in dict.fromkeys(states)),
        "",
        *(values.pop() if len(values) == 1 else f"{len(values)} different" for values in same),
        low if low == high else f"{low} to {high}",
        "",
        plural(len(entries), "run"),
        f"workbench show {group}",
    ]


def _trainable(entry: Entry) -> str:
    return entry.about.trainable if entry.about else ""


def row_of(entry: Entry) -> dict[str, Any]:
    """A run as JSON has it."""
    about = entry.about
    result = entry.run.classifier_result() if entry.score else None
    return {
        "name": entry.run.name,
        "run": str(entry.run.path),
        "label": entry.label,
        "group": entry.member.group if entry.member else None,
        "model": about.model if about else "",
        "trainable": about.trainable if about else "",
        "steered": entry.steered,
        "data": about.data if about else "",
        **msgspec.structs.asdict(entry.status),
        "made_here": entry.grew_here,
        "test": result.test if result else None,
    }
