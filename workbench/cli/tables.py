"""Listings on the command line: what is in a file, which runs there are, which models."""

from pathlib import Path
from typing import Any

import msgspec

from core.rows import Profile
from core.errors import BadRun
from core.estimate.cost import parameters
from core.options import AUTO, Options, options
from core.presets import MODELS, NAMED_RECIPES, RECIPES, Source, standing_for
from core.recipe import Recipe, load
from core.runs import queue
from core.runs.folder import RunFolder
from core.runs.root import list_runs
from core.wording import on_one_line
from workbench.cli import compare
from workbench.formatting import clock, count, ordinal, percent, plural, size
from workbench.cli.printing import bars, print_json, say, tabulate
from core.runs.turns import interrupted


def data(recipe: Recipe, as_json: bool) -> int:
    """What is in the recipe's file; returns the exit code. Raises BadData where it cannot be read."""
    found = profiled(recipe)
    if as_json:
        print_json(found)
        return 0
    lines = [
        f"{found.path}",
        f"{found.rows:,} rows, {found.format}, {found.encoding}; quotes {'enclose fields' if found.quoting == 'csv' else 'are text'}",
        f"text: {found.columns['text']}   label: {found.columns['label']}   of {', '.join(found.all_columns)}",
        *(f"{plural(skipped.rows, 'row')} skipped: {skipped.reason}" for skipped in found.skipped),
    ]
    say(lines)
    shares = sum(found.labels.values()) or 1
    tabulate(
        ["label", "in the file", "share", "for learning", *found.splits],
        [
            [name, f"{n:,}", percent(n / shares), f"{found.learning.get(name, 0):,}"]
            + [f"{split.get(name, 0):,}" for split in found.splits.values()]
            for name, n in found.labels.items()
        ],
    )
    say(f"{f'{note.count:,}' if note.count else '':>7}  {note.text}" for note in found.notes)
    if found.problem:
        say([found.problem])
    return 0


def profiled(recipe: Recipe) -> Profile:
    """What is in the recipe's file. Raises BadData where it cannot be read."""
    from core.data.profile import profile

    with bars() as progress:
        return profile(recipe, progress)[0]


def runs(root: Path, as_json: bool) -> int:
    """Every run under the root, newest first."""
    places = {run.name: place for place, run in enumerate(queue.waiting(root), 1)}
    rows = [_run(run) | {"place": places.get(run.name)} for run in list_runs(root)]
    if as_json:
        print_json(rows)
    elif not rows:
        say([f"No runs in {root} yet. workbench train makes one."])
    else:
        tabulate(
            ["run", "name", "state", "step", "model", "learns", "test", "95 %", "what happened"],
            [
                [
                    row["name"],
                    row["label"]["name"],
                    row["state"],
                    f"{row['step']:,} of {row['n_steps']:,}" if row["n_steps"] else "",
                    row["model"],
                    row["trainable"],
                    percent(row["test"]["accuracy"]) if row["test"] else "",
                    f"{percent(row['test']['low'])} to {percent(row['test']['high'])}" if row["test"] else "",
                    f"{row['why']} {row['do']}".strip() if not row["place"] else f"{ordinal(row['place'])} in the queue",
                ]
                for row in rows
            ],
        )
    if words := interrupted(root):
        say([f"{words}. workbench queue goes on with it."], to_errors=True)
    return 0


def _run(run: RunFolder) -> dict:
    status, result = run.status(), run.result()
    row = {"name": run.name, "run": str(run.path), "label": msgspec.to_builtins(run.label())}
    row |= {"model": "", "trainable": "", "data": ""}
    try:
        if run.pretrains:
            row |= {"model": run.pretraining().model.name, "trainable": "a language model"}
            return row | msgspec.to_builtins(status) | {"test": None}
        recipe = run.recipe()
        row |= {"model": recipe.model.name, "trainable": recipe.freeze.trainable, "data": recipe.data.path}
    except BadRun as error:  # one damaged folder must not hide the others
        return row | msgspec.to_builtins(status) | {"why": error.what, "do": error.do, "test": None}
    return row | msgspec.to_builtins(status) | {"test": result["test"] if result else None}


def show(run: RunFolder, as_json: bool) -> int:
    """What a run was and how it ended. Raises BadRun where its recipe cannot be read."""
    changed = _changed(run.pretraining() if run.pretrains else run.recipe())
    row, label, result = _run(run), run.label(), run.result()
    if as_json:
        changes = {name: value for name, value, _ in changed}
        print_json(row | {"label": msgspec.to_builtins(label), "changed": changes, "result": result})
        return 0
    step = f", step {row['step']:,} of {row['n_steps']:,}" if row["n_steps"] else ""
    about = " · ".join(filter(None, [row["data"], row["model"], row["trainable"]]))
    said = (label.name, label.note, f"{row['why']} {row['do']}", about)
    said = filter(None, (on_one_line(words).strip() for words in said))
    say([f"{run.name}  {row['state']}{step}  {run.path}", *said, ""])
    if changed:
        tabulate(["option", "here", "default"], [[name, compare.in_words(value), compare.in_words(usual)] for name, value, usual in changed])
    else:
        say(["Every option is as in the default recipe."])
    if result and "test" in result:
        _result(result)
    return 0


def _changed(recipe: Options) -> list[tuple[str, Any, Any]]:
    """The options that a person has set: name, value, default. What a run finds for itself is none of them."""
    preset, default = MODELS[recipe.model.name], type(recipe)()
    found = {"model.context": preset.shape.context, "train.batch": preset.batch, "train.lr": preset.lr, "train.head_lr": preset.head_lr}
    return [
        (option.name, value, usual)
        for option in options(type(recipe))
        if (value := option.of(recipe)) != (usual := option.of(default))
        and value != found.get(option.name)
        and (usual != AUTO or option.name in found)
    ]


def _result(result: dict) -> None:
    from workbench.screens.train.result_card import lines_of

    lines = [
        [line.name, percent(line.share), f"{percent(line.low)} to {percent(line.high)}" if line.high > line.low else "", line.words]
        for line in lines_of(result)
    ]
    lines += [[split, percent(result[split]["accuracy"]), "", ""] for split in ("validation", "train")]
    say([""])
    tabulate(["", "accuracy", "95 %", ""], lines)
    say([""])
    tabulate(
        ["label", "precision", "recall", "F1", "rows"],
        [
            [name, *(percent(one[key]) for key in ("precision", "recall", "f1")), f"{one['rows']:,}"]
            for name, one in result["test"]["per_class"].items()
        ],
    )
    say(["", f"Weights of step {result['checkpoint']:,}; took {clock(result['seconds']['total'])}."])


def recipes(model: str | None, as_json: bool) -> int:
    """The named recipes: what each changes, and the book's test accuracy; with one model in all, what differs then."""
    standing = standing_for(model) if model else {name: [name] for name in RECIPES}
    rows = [
        {
            "name": name,
            "title": NAMED_RECIPES[name].title,
            "book_percent": NAMED_RECIPES[name].figure,
            "note": NAMED_RECIPES[name].note,
            "model": model or load({"preset": name}).model.name,
            "stands_for": same,
            "changes": NAMED_RECIPES[name].layer,
        }
        for name, same in standing.items()
    ]
    if as_json:
        print_json(rows)
        return 0
    last = "stands for" if model else "model"
    tabulate(
        ["recipe", "what is tried", "book", last],
        [
            [
                row["name"],
                row["title"],
                f"{row['book_percent']:.2f} %" if row["book_percent"] is not None else "",
                ", ".join(row["stands_for"][1:]) if model else row["model"],
            ]
            for row in rows
        ],
    )
    say(["", *(f"{row['name']}: {row['note']}" for row in rows if row["note"])])
    return 0


def models(as_json: bool) -> int:
    """Every model by name, and whether its weights are on this machine."""
    from core.model.hub import where

    rows = [
        {
            "name": name,
            "parameters": sum(parameters(preset.shape, 2).values()),
            "blocks": preset.shape.n_blocks,
            "width": preset.shape.width,
            "context": preset.shape.context,
            "weights": where(preset),
            "bytes": preset.source.size if isinstance(preset.source, Source) else 0,
            "source": preset.source.repo if isinstance(preset.source, Source) else "this program",
        }
        for name, preset in MODELS.items()
    ]
    if as_json:
        print_json(rows)
        return 0
    tabulate(
        ["model", "parameters", "blocks", "width", "context", "weights", "from"],
        [
            [
                row["name"],
                count(row["parameters"]),
                str(row["blocks"]),
                str(row["width"]),
                f"{row['context']:,}",
                f"download {size(row['bytes'])}" if row["weights"] == "download" else row["weights"],
                row["source"],
            ]
            for row in rows
        ],
    )
    return 0
