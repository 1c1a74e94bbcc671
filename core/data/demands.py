"""What rows and their splits must have before anything can be learned from them, and what is said otherwise."""

from collections.abc import Mapping
from pathlib import Path

from core.data.named import some
from core.data.read import Table
from core.data.splits import SPLITS, TRAIN
from core.errors import BadData
from core.recipe_data import Data
from core.wording import on_one_line


def demand_labels(names: list[str], n_rows: int, table: Table, data: Data) -> None:
    """Raises BadData unless `n_rows` rows, of the labels `names`, can teach a classifier."""
    column = table.columns["label"]
    near = data.duplicates == "drop_near"
    copied = "near copies" if near else "copied texts"
    if not table.texts and table.skipped.get("no text") == table.n_rows:
        what = f"Every text is empty: {on_one_line(table.columns['text'])} holds nothing in any row."
        raise BadData(what, "Name another column with --text, or a text made of several.")
    if not table.texts:
        raise BadData(
            "No row has both a text and a label.", f"Is the label really column {column}? Choose with --label."
        )
    if not names:
        do = "Leave out exact copies only: data.duplicates drop." if near else "Keep them all: data.duplicates keep."
        raise BadData(
            f"Every text{', or nearly the same one,' if near else ''} occurs with different labels.",
            f"{do} Or fix the labels.",
        )
    if len(names) == 1:
        everywhere = len(set(table.labels)) == 1
        skipped = ", ".join(f"{reason} ({rows:,})" for reason, rows in table.skipped.items())
        raise BadData(
            (f"Every row says {names[0]}." if everywhere else f"Without {copied} every row says {names[0]}.")
            + (
                f" {sum(table.skipped.values()):,} of the {table.n_rows:,} rows were skipped: {skipped}."
                * bool(skipped)
            ),
            f"A classifier needs two labels. Is the label really column {column}? Choose with --label.",
        )
    if len(names) > 10 and len(names) > n_rows / 2:
        raise BadData(
            f"There are {len(names):,} labels in {n_rows:,} rows, too many to learn.",
            f"Is the label really column {column}? Choose with --label.",
        )


def demand_split(counts: Mapping[str, Mapping[str, int]], table: Table) -> None:
    """Raises BadData unless each split has rows, training several labels, and the others some of those.

    `counts` are the rows of every label in each split.
    """
    uncut = ""
    if table.groups:
        uncut = "A group is never cut: name another column with --group, or leave that out."
    elif table.times is not None:
        uncut = "Rows of one moment are never cut: name another column with --time, or leave that out."
    for split in SPLITS:
        if not sum(counts[split].values()):
            n = sum(sum(each.values()) for each in counts.values())
            raise BadData(
                f"The split leaves no row for {split}: there are {n:,} in all.",
                uncut or "Add rows, or change data.train and data.validation.",
            )
    learned = [name for name, count in counts[TRAIN].items() if count]
    for split in SPLITS[1:]:
        asked = [name for name, count in counts[split].items() if count]
        if not set(learned) & set(asked):
            where = f" ({on_one_line(Path(table.files[split]).name)})" if table.files.get(split) else ""
            raise BadData(
                f"No label of {split}{where} is learned: it has {some(asked)}, and training has {some(learned)}.",
                uncut or "Is it of the same data? Spell its labels as the training rows do.",
            )
    if len(learned) == 1:
        raise BadData(f"Every row to learn from says {learned[0]}.", uncut or "Turn data.stratify on, or add rows.")
