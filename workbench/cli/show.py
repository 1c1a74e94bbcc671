"""`workbench show`: what a run was, and how it ended."""

from typing import Any

import msgspec

from core.architectures.models import MODELS
from core.options import AUTO, Options, options
from core.runs.compare import in_words
from core.runs.folder import RunFolder
from core.wording import clock, on_one_line, percent
from workbench.cli.printing import print_json, say, tabulate
from workbench.cli.runs import row_of


def show(run: RunFolder, as_json: bool) -> int:
    """What a run was and how it ended. Raises BadRun where its recipe cannot be read."""
    changed = _changed(run.pretraining() if run.pretrains else run.recipe())
    row, label, result = row_of(run), run.label(), run.result()
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
        tabulate(
            ["option", "here", "default"], [[name, in_words(value), in_words(usual)] for name, value, usual in changed]
        )
    else:
        say(["Every option is as in the default recipe."])
    if result and "test" in result:
        _result(result)
    return 0


def _changed(recipe: Options) -> list[tuple[str, Any, Any]]:
    """The options that a person has set: name, value, default. What a run finds for itself is none of them."""
    preset, default = MODELS[recipe.model.name], type(recipe)()
    found = {
        "model.context": preset.architecture.max_tokens,
        "train.batch": preset.batch,
        "train.lr": preset.lr,
        "train.head_lr": preset.head_lr,
    }
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
        [
            line.name,
            percent(line.share),
            f"{percent(line.low)} to {percent(line.high)}" if line.high > line.low else "",
            line.words,
        ]
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
