"""Rows that look mislabelled, as commands print them: before anything is trained, and after a run."""

from pathlib import Path

from core.recipe import Recipe
from core.rows import DoubtsFound
from core.runs.folder import RunFolder
from core.runs.kept_rows import kept_rows
from core.runs.margins import Margin, doubted, read_margins
from core.wording import on_one_line, percent, plural
from workbench.cli.printing import bars, print_json, say, tabulate
from workbench.formatting import cut

USUAL = 20  # rows that are printed, if nothing else is said
WIDEST = 70  # cells of a text
RULE = "Judged by a model that counts words and has learned from neither the row nor a copy of it."
OF_A_RUN = (
    "Of these training rows another class was more probable while the run learned, on average over the steps: the "
    "logit of the label minus the largest other is below 0. Test rows have no margin: predictions.csv says what it "
    "makes of them."
)


def show_doubts(recipe: Recipe, root: Path, most: int, as_json: bool) -> None:
    """Print the rows of a recipe's data that look mislabelled. Raises BadData where it cannot be read."""
    from core.helper.doubts import find

    with bars() as progress:
        found = find(recipe.data, root, progress, most)
    if as_json:
        print_json(found)
        return
    if found.doubts:
        tabulate(
            ["row", "label", "rather", "sure", "text"],
            [
                [str(one.row), one.label, one.said, percent(one.probability), cut(on_one_line(one.text), WIDEST)]
                for one in found.doubts
            ],
        )
    say(["", *about(found)])
    if found.doubts:
        row, said = found.doubts[0].row, found.doubts[0].said
        say([f"Mend a row with: workbench mend {_quoted(recipe.data.path)} --relabel {row} {_quoted(said)}"])


def about(found: DoubtsFound) -> list[str]:
    """How many there are, how they were found, and what could not be judged."""
    if not found.judged:
        return ["No row can be judged: that takes two labels, each with two different texts."]
    said = f"{plural(found.total, 'row')} of {found.rows:,} {'looks' if found.total == 1 else 'look'} mislabelled."
    if not found.total:
        said = f"No row of {found.rows:,} looks mislabelled."
    if not found.alone:
        return [f"{said} {RULE}"]
    names = ", ".join(on_one_line(name) for name in found.alone[:5]) + (", …" if len(found.alone) > 5 else "")
    return [f"{said} {RULE}", f"Not judged, because they have one text each: {names}."]


def show_doubts_of(run: RunFolder, most: int, as_json: bool) -> None:
    """Print the training rows that a run doubts. Raises BadRun where it kept no margins."""
    margins = read_margins(run)
    found = doubted(margins)
    texts = _texts(run, {one.row for one in found[:most]})
    if as_json:
        rows = [one._asdict() | {"text": texts.get(one.row, "")} for one in found[:most]]
        print_json({"run": str(run.path), "rows": len(margins), "total": len(found), "doubts": rows})
        return
    if found:
        tabulate(
            ["row", "label", "rather", "margin", "own", "text"],
            [_line(one, texts.get(one.row, "")) for one in found[:most]],
        )
    say(["", f"{plural(len(found), 'training row')} of {len(margins):,} in doubt. {OF_A_RUN}"])


def _line(one: Margin, text: str) -> list[str]:
    figures = f"{one.margin:.2f}", percent(one.own)
    return [str(one.row), one.label, one.other, *figures, cut(on_one_line(text), WIDEST)]


def _texts(run: RunFolder, rows: set[int]) -> dict[int, str]:
    return {one.row: one.text for one in kept_rows(run) if one.row in rows} if rows else {}


def _quoted(word: str) -> str:
    from shlex import quote

    return quote(word)
