"""What the columns of a table hold: whether a row names them, and which are the text and the label."""

import re
from collections import Counter
from collections.abc import Sequence

from core.errors import BadData
from core.options import AUTO

Rows = Sequence[list[str]]

LOOK = 2000  # rows that decide what a column holds
LABEL_NAMES = {"label", "class", "category", "target", "sentiment", "intent", "topic", "v1", "标签", "类别"}
LABEL_MAYBE = {"rating", "star", "score", "feedback", "type", "tag"}
TEXT_NAMES = {"text", "sentence", "message", "review", "content", "comment", "tweet", "v2", "sms"}
TEXT_NAMES |= {"文本", "内容", "评论"}
TEXT_MAYBE = {"body", "description", "question", "prompt", "title"}
_NUMBER = re.compile(r"(?=\D*\d)[\d\s.,:/%$€£eE+-]+")


def has_header(first: Sequence[str], rest: Rows, named: Sequence[str]) -> bool:
    """Whether the first row names the columns; `rest` are some others. `named` are names that someone has given."""
    first = [cell.strip() for cell in first]
    if any(name in first and not name.isdecimal() for name in named):
        return True
    if any(len(cell) > 60 or _NUMBER.fullmatch(cell) for cell in first):
        return False
    below = [{row[i].strip() for row in rest if i < len(row)} for i in range(len(first))]
    alone = [not cell or cell not in values for cell, values in zip(first, below, strict=True)]
    usual = LABEL_NAMES | LABEL_MAYBE | TEXT_NAMES | TEXT_MAYBE
    if any(is_alone and _hint(cell, usual, set()) == 4 for cell, is_alone in zip(first, alone, strict=True)):
        return True
    repeating = [is_alone for values, is_alone in zip(below, alone, strict=True) if len(values) <= _few(len(rest))]
    return bool(repeating) and all(repeating)


def columns(names: list[str], rows: Rows, text: str, label: str, file: str) -> tuple[int, int, list[str]]:
    """The numbers of the text's and the label's column, found where they are `auto`, and what was unsure.

    `rows` are some of the table's, or all.

    Raises BadData where a named column does not exist, or none looks right.
    """
    looked_at = [_Column(i, name, rows) for i, name in enumerate(names)]
    given = {_named(name, names, file) for name in (text, label) if name != "auto"}
    notes: list[str] = []
    if label == "auto":
        candidates = [column for column in looked_at if column.i not in given]
        label_column = _label(candidates, rows, file, text_given=text != "auto", notes=notes)
    else:
        label_column = looked_at[_named(label, names, file)]
    if text == "auto":
        text_column = _text([column for column in looked_at if column.i != label_column.i], file, notes)
    else:
        text_column = looked_at[_named(text, names, file)]
    return text_column.i, label_column.i, notes


def text_column(names: list[str], rows: Rows, text: str, file: str, learned: str = AUTO) -> tuple[int, list[str]]:
    """The number of the text's column where there need be no label, and what was unsure.

    It is `text` where that is no `auto`, else `learned`, the one that a classifier has learned from, where there is
    one, else the one that looks most like it. Raises BadData as `columns` does.
    """
    if text != AUTO:
        return _named(text, names, file), []
    looked_at = [_Column(i, name, rows) for i, name in enumerate(names)]
    for column in looked_at:
        # a number says where the text stood in another file: here it may be something else
        if len(names) == 1 or (column.name == learned and (column.wordy or not learned.isdecimal())):
            return column.i, []
    notes: list[str] = []
    return _text(looked_at, file, notes).i, notes


def names_text(name: str) -> bool:
    """Whether a column's name says outright that it holds texts."""
    return _hint(name, TEXT_NAMES, set()) == 4


class _Column:
    def __init__(self, i: int, name: str, rows: Rows):
        self.i, self.name = i, name
        values = [row[i].strip() for row in rows if i < len(row) and row[i].strip()]
        self.values = Counter(values)
        self.filled = len(values) / max(1, len(rows))
        self.length = sum(map(len, values)) / max(1, len(values))  # characters, mean
        numbers = sum(count for value, count in self.values.items() if _NUMBER.fullmatch(value))
        self.wordy = bool(values) and numbers < len(values) / 2
        self.label_hint = _hint(name, LABEL_NAMES, LABEL_MAYBE)
        self.text_hint = _hint(name, TEXT_NAMES, TEXT_MAYBE)
        few = self.filled >= 0.5 and self.length <= 50 and len(self.values) <= _few(len(values))
        self.labels = few or self.label_hint == 4


def _label(columns: list[_Column], rows: Rows, file: str, text_given: bool, notes: list[str]) -> _Column:
    likely = [column for column in columns if column.labels and (text_given or len(columns) > 1)]
    if not likely:
        raise BadData(
            f"No column of {file} looks like a label: a few short values that repeat.",
            f"Name it with --label. {_listed([column.name for column in columns])}",
        )
    # a column that says one thing throughout is the label only if no other can be
    likely.sort(key=lambda c: (-c.label_hint, len(c.values) < 2, len(c.values), c.length))
    best = likely[0]
    flags = [column for column in likely if set(column.values) == {"0", "1"}]
    if not best.label_hint and _one_hot(flags, rows):
        names = ", ".join(flag.name for flag in flags)
        raise BadData(
            f"The label of {file} is spread over {len(flags)} columns: {names}.",
            "Make one column of them, or name one of them with --label.",
        )
    others = [column for column in likely[1:] if len(column.values) > 1]
    rivals = [c.name for c in others if best.label_hint - c.label_hint <= min(1, c.label_hint)]
    if rivals:
        notes.append(_unsure(best.name, "label", rivals))
    return best


def _one_hot(flags: list[_Column], rows: Rows) -> bool:
    # columns of 0 and 1 of which each row sets exactly one
    at = [flag.i for flag in flags]
    return len(at) > 1 and all(sum(row[i] == "1" for i in at if i < len(row)) == 1 for row in rows)


def _text(columns: list[_Column], file: str, notes: list[str]) -> _Column:
    def weight(column: _Column) -> float:
        return column.length * (1 + column.text_hint)

    texts = [c for c in columns if c.text_hint >= 3 or (c.wordy and c.length >= 4 and len(c.values) > 1)]
    if not texts:
        longest = max(columns, key=lambda c: c.length, default=None)
        what = f": the longest, {longest.name}, has a mean length of {longest.length:.0f}" if longest else ""
        raise BadData(
            f"{file} has no column of text{what}.",
            "This program learns from sentences, not from tables of codes. If there is a text, name its column "
            "with --text.",
        )
    texts.sort(key=weight, reverse=True)
    rivals = [column.name for column in texts[1:] if weight(column) > weight(texts[0]) / 2]
    if rivals:
        notes.append(_unsure(texts[0].name, "text", rivals))
    return texts[0]


def _named(wanted: str, names: list[str], file: str) -> int:
    if wanted in names:
        return names.index(wanted)
    if wanted.isdecimal() and int(wanted) < len(names):
        return int(wanted)
    raise BadData(f"{file} has no column {wanted}.", _listed(names))


def _hint(name: str, sure: set[str], maybe: set[str]) -> int:
    """4 for a name that says it, 3 where its last word does, 2 and 1 for names that may mean it, else 0."""
    words = [word.removesuffix("s") for word in re.split(r"[\W_]+", name.lower()) if word] or [""]
    for points, names in ((4, sure), (2, maybe)):
        if words[-1] in {word.removesuffix("s") for word in names}:
            return points if len(words) == 1 else points - 1
    return 0


def _few(n: int) -> int:
    return max(2, min(n // 2, 200))


def _listed(names: list[str]) -> str:
    return f"Its columns are {', '.join(names)}."


def _unsure(chosen: str, role: str, rivals: list[str]) -> str:
    others = rivals[0] if len(rivals) == 1 else f"{', '.join(rivals[:-1])} or {rivals[-1]}"
    return f"Column {chosen} is read as the {role}. It could also be {others}: choose with --{role}."
