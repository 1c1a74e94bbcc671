"""Which columns of a table are the text, the label and the split."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from core.data.column import YES, Column, common_word, one_to_one
from core.data.column_notes import alone, split_kept, split_seen, together, unsure
from core.data.columns import Rows
from core.data.labels import SOME
from core.data.named import listed, named, named_several, some
from core.data.sources.source import Options
from core.data.templated import number
from core.errors import BadData
from core.options import AUTO
from core.rows import Note
from core.template import columns_in, fault
from core.wording import percent, plural

NONE = "none"
EXAMPLE = 60  # characters
CODES = "The text is made of codes, not of sentences: a decision tree learns more from such columns, in a second."


@dataclass(frozen=True)
class Chosen:
    """Columns by their numbers. `label` are several where each row sets exactly one of them, which then is its label.

    `parted_by` is the mark between several labels in one cell, where there is one. `split` says which split a row
    belongs to; `kept_to` is whether it is to decide that.
    """

    text: int
    label: tuple[int, ...]
    split: int | None
    kept_to: bool
    parted_by: str = ""
    group: int | None = None  # whose values keep rows together
    time: int | None = None
    notes: list[str] = field(default_factory=list)  # what is worth knowing, in sentences
    doubts: list[Note] = field(default_factory=list)  # what a person may want otherwise
    others: dict[str, list[str]] = field(default_factory=dict)  # "text", "label" -> columns that it could be besides


def choose(names: Sequence[str], rows: Rows, file: str, wanted: Options) -> Chosen:
    """The columns of a table, found where they are `auto`, and what was unsure. `rows` are some of the table's, or all.

    Raises BadData where a named column does not exist, or none looks right.
    """
    text, label, split, several = wanted.text, wanted.label, wanted.split, wanted.several_labels
    columns = [Column(i, name, rows) for i, name in enumerate(names)]
    notes: list[str] = []
    doubts: list[Note] = []
    others: dict[str, list[str]] = {}
    parts = _parts(text, names, file)
    given = parts | ({named(split, names, file)} if split not in (AUTO, NONE) else set())
    group, time = (named(name, names, file) if name else None for name in (wanted.group, wanted.time))
    given |= {i for i in (group, time) if i is not None}
    split_column = _split(columns, split, names, file, doubts)
    if label == AUTO:
        free = [c for c in columns if c.i not in given and c is not split_column]
        try:
            labels = _label(free, rows, file, text != AUTO, notes, doubts, others)
        except BadData:
            if in_text := [columns[i].name for i in sorted(parts) if columns[i].is_label and columns[i].label_hint]:
                raise _label_in_text(in_text[0], text) from None
            used = (columns[i] for i in (group, time, *([split_column.i] if split_column else [])) if i is not None)
            if taken := [c.name for c in used if c.is_label and c.label_hint]:
                what = f"No column of {file} is left for the label: {taken[0]} looks like it, and is used otherwise."
                do = "Name other columns with --group, --time and --split, or the label with --label."
                raise BadData(what, do) from None
            raise
        doubts += _passed_over([columns[i] for i in sorted(given)], labels)
    else:
        labels = [columns[i] for i in named_several(label, names, file)]
        if both := [c.name for c in labels if c.i in parts]:
            raise _label_in_text(both[0], text)
        if group in {c.i for c in labels}:
            raise BadData(
                f"Column {names[group]} is the label: no class would be on two sides of the split.",
                "Name another column with --group, or leave that out.",
            )
    if len(labels) == 1:
        _check(labels[0], file, several)
    if text == AUTO:
        at = {c.i for c in labels} | ({split_column.i} if split_column else set())
        free = [c for c in columns if c.i not in at]
        text_column = _text(free, file, doubts, others)
        aside = [c for c in free if c.holds_sentences and c is not text_column]
        if aside and "text" not in others:
            others["text"] = [c.name for c in aside]
            combined = together([c.name for c in free if c in aside or c is text_column])
            doubts.append(alone(text_column.name, others["text"], combined))
    else:
        text_column = columns[named(text, names, file)]
        if len(parts) > 1 and all(columns[i].values and columns[i].has_few for i in parts - {text_column.i}):
            doubts.append(Note(0, CODES, warn=True, do="scikit-learn's DecisionTreeClassifier is one."))
    return Chosen(
        text=text_column.i,
        label=tuple(c.i for c in labels),
        split=split_column.i if split_column else None,
        kept_to=split not in (AUTO, NONE),
        parted_by=labels[0].parted_by if len(labels) == 1 else "",
        group=group,
        time=time,
        notes=notes,
        doubts=doubts,
        others=others,
    )


def text_column(names: Sequence[str], rows: Rows, text: str, file: str, learned: str = AUTO) -> tuple[int, list[str]]:
    """The number of the text's column where there need be no label, and what was unsure.

    It is `text` where that is no `auto`, else `learned`, the one that a classifier has learned from, where there is
    one, else the one that looks most like it. Raises BadData as `choose` does.
    """
    if text != AUTO:
        _parts(text, names, file)
        return named(text, names, file), []
    columns = [Column(i, name, rows) for i, name in enumerate(names)]
    for column in columns:
        # a number says where the text stood in another file: here it may be something else
        if len(names) == 1 or (column.name == learned and (column.is_text or not learned.isdecimal())):
            return column.i, []
    doubts: list[Note] = []
    found = _text(columns, file, doubts, {})
    if lacking := [part for part in columns_in(learned) if learned != part and number(names, part) < 0]:
        lacks = f"{file} lacks {some(lacking)}, of which the run's text is made. Column {found.name} is read alone."
        doubts.append(Note(0, lacks, do="Name another text with --text."))
    return found.i, [f"{doubt.text} {doubt.do}" for doubt in doubts]


def _parts(text: str, names: Sequence[str], file: str) -> set[int]:
    """The columns that the text is said to be made of, and that of the text itself."""
    if text == AUTO:
        return set()
    if text not in names and (what := fault(text)):
        raise BadData(f"The text is to be made of “{text}”, which {what}", listed(names))
    parts = columns_in(text)
    if text in names and any(number(names, part) < 0 for part in parts):
        return {names.index(text)}  # a column with braces in its own name
    return {named(part, names, file) for part in parts} | ({names.index(text)} if text in names else set())


def _passed_over(given: list[Column], labels: list[Column]) -> Iterator[Note]:
    """What is said where a column that is `given` for something else looks more like the label than those that are."""
    most = max(c.label_hint for c in labels)
    for c in given:
        if c.is_label and c.label_hint > max(2, most):
            what = f"Column {c.name} is used otherwise, so that {some([c.name for c in labels])} is read as the label."
            yield Note(0, what, warn=True, do="Choose with --label NAME.")


def _split(columns: list[Column], split: str, names: Sequence[str], file: str, doubts: list[Note]) -> Column | None:
    if split not in (AUTO, NONE):
        kept = columns[named(split, names, file)]
        doubts.append(split_kept(kept.name))
        return kept
    found = next((c for c in columns if c.is_split), None)
    if found and split == AUTO:
        doubts.append(split_seen(found.name))
    return found


def _label(
    columns: list[Column],
    rows: Rows,
    file: str,
    text_given: bool,
    notes: list[str],
    doubts: list[Note],
    others: dict[str, list[str]],
) -> list[Column]:
    likely = [c for c in columns if c.is_label and (text_given or len(columns) > 1)]
    # a column that says one thing throughout is the label only if no other can be
    likely.sort(key=lambda c: (c.unlikely, -c.label_hint, len(c.values) < 2, len(c.values), c.length))
    if flags := _flags(likely, rows, file):
        notes.append(f"Columns {some([c.name for c in flags])} are read as one label: each row sets one of them.")
        return flags
    if not likely:
        if amount := next((c for c in columns if c.is_quantity and c.label_hint), None):
            raise _of_quantity(amount, file)
        if len(columns) == 1:
            raise BadData(
                f"No column of {file} looks like a label: it has only one column, {columns[0].name}.",
                "Add a column with the label of each text, for example: label, tab, text.",
            )
        raise BadData(
            f"No column of {file} looks like a label: a few short values that repeat.",
            f"Name it with --label. {listed([c.name for c in columns])}",
        )
    best = likely[0]
    if amount := next((c for c in columns if c.is_quantity and c.label_hint >= max(3, best.label_hint + 1)), None):
        raise _of_quantity(amount, file)
    words = [c for c in likely[1:] if c.names_the_classes_of(best, rows) and (c.label_hint or common_word([c, best]))]
    if words:
        notes.append(f"Column {words[0].name} names the classes that {best.name} numbers, and is read as the label.")
        return words[:1]
    rivals = [
        c
        for c in likely[1:]
        if len(c.values) > 1
        and c.unlikely == best.unlikely
        and not (c.is_code and not best.is_code)
        and best.label_hint - c.label_hint <= min(1, c.label_hint)
        and not one_to_one(best.i, c.i, rows)
    ]
    if rivals:
        others["label"] = [c.name for c in rivals]
        doubts.append(unsure(best.name, "label", others["label"]))
    return [best]


def _flags(likely: list[Column], rows: Rows, file: str) -> list[Column]:
    """The columns of yes and no that together are one label, in the order of the file; none where there are none.

    Raises BadData where they are several labels.
    """
    flags = sorted((c for c in likely if c.is_flag and not c.unlikely), key=lambda c: c.i)
    most = max((c.label_hint for c in likely if not c.is_flag), default=0)
    hints = {c.label_hint for c in flags}
    if len(flags) < 2 or (most > 0 and most >= max(hints)) or (max(hints) > 2 and len(hints) > 1):
        return []
    for group in _groups(flags):
        if sum(_set(group, row) == 1 for row in rows) >= (1 - SOME) * len(rows):
            return group
    several = sum(_set(flags, row) > 1 for row in rows)
    if len(flags) > 2 and all(c.is_flag or c.unlikely for c in likely) and several:
        raise BadData(
            f"The label of {file} is spread over {len(flags)} columns of yes and no, "
            f"{some([c.name for c in flags])}, and {percent(several / len(rows))} of the rows set several.",
            "This program gives each text one label. Name one of the columns with --label to learn that one alone, "
            "or make one column of them.",
        )
    return []


def _groups(flags: list[Column]) -> Iterator[list[Column]]:
    """All flags, then those whose names begin with the same word, then those that stand side by side."""
    yield flags
    for begins in dict.fromkeys(c.name.split("_")[0] for c in flags):
        group = [c for c in flags if c.name.split("_")[0] == begins]
        if 1 < len(group) < len(flags):
            yield group
    side_by_side = [flags[:1]]
    for before, c in pairwise(flags):
        if c.i == before.i + 1:
            side_by_side[-1].append(c)
        else:
            side_by_side.append([c])
    yield from (group for group in side_by_side if 1 < len(group) < len(flags))


def _set(flags: Sequence[Column], row: Sequence[str]) -> int:
    return sum(c.i < len(row) and row[c.i].strip().lower() in YES for c in flags)


def _check(label: Column, file: str, several: str) -> None:
    """Raises BadData where a column holds no classes, or several for a text."""
    if label.is_quantity:
        raise _of_quantity(label, file)
    if label.is_json:
        example = next(iter(label.values))
        raise BadData(
            f"Column {label.name} of {file} holds JSON, not classes: {_cut(example)}.",
            "Export a table with the class in a column of its own, or name another column with --label.",
        )
    if several == "refuse" and label.with_several > SOME * label.n:
        example = next(value for value in label.values if len(label.labels_in(value)) > 1)
        raise BadData(
            f"{percent(label.with_several / label.n)} of the rows of {file} have several labels, "
            f"such as {_cut(example)}.",
            "This program gives each text one label. --several-labels leave_out learns from the rows that have one, "
            "and join takes several for a class of their own; or make a column of yes and no of one label, and name it "
            "with --label.",
        )


def _label_in_text(label: str, text: str) -> BadData:
    if text == label:
        return BadData(f"Column {label} cannot be both text and label.", "Name two different columns.")
    what = f"The label, column {label}, stands in the text: the model would only have to read it there."
    return BadData(what, f"Take {label} out of {text!r}, or name another label with --label.")


def _cut(example: str) -> str:
    return example if len(example) <= EXAMPLE else f"{example[:EXAMPLE]}…"


def _of_quantity(column: Column, file: str) -> BadData:
    return BadData(
        f"Column {column.name} of {file} holds {plural(len(column.values), 'different number')}: a quantity, no class.",
        "This program sorts texts into classes. Make ranges of the numbers, such as low and high, in a column of "
        "their own, or name another column with --label.",
    )


def _text(columns: list[Column], file: str, doubts: list[Note], others: dict[str, list[str]]) -> Column:
    def weight(column: Column) -> float:
        return column.length * (1 + column.text_hint)

    texts = [c for c in columns if c.is_text]
    if not texts:
        longest = max(columns, key=lambda c: c.length, default=None)
        what = f": the longest, {longest.name}, has a mean length of {longest.length:.0f}" if longest else ""
        if longest and (longest.is_json or longest.lists):
            what = f": the longest, {longest.name}, holds lists or objects in JSON"
        raise BadData(
            f"{file} has no column of text{what}.",
            "This program learns from sentences, not from tables of codes. If there is a text, name its column "
            "with --text.",
        )
    texts.sort(key=lambda c: (c.n > 0, c.text_hint >= 3, weight(c)), reverse=True)
    rivals = [c.name for c in texts[1:] if weight(c) > weight(texts[0]) / 2]
    if rivals:
        others["text"] = rivals
        all_of_them = together([c.name for c in columns if c is texts[0] or c.name in rivals])
        doubts.append(unsure(texts[0].name, "text", rivals, all_of_them))
    return texts[0]
