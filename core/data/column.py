"""One column of a table: what its name and its values say of it."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from core.data.columns import (
    CLASS_NAMES,
    LABEL_AFFIXES,
    LABEL_MAYBE,
    LABEL_NAMES,
    NUMBER,
    TEXT_AFFIXES,
    TEXT_MAYBE,
    TEXT_NAMES,
    Rows,
    few,
    hint,
    unlikely,
)
from core.data.labels import parted, parted_by, several
from core.data.splits import TRAIN, asked_by, is_unlabelled, split_of

MOST = 0.9  # of a column's values: what so many are, the column is
LABEL_LENGTH = 50  # characters, mean: longer ones are texts
FEWEST = 4  # words, mean: fewer in a column without a name are no sentences
SCALE = 20  # different values: more numbers with a fraction are a quantity, not classes

_FRACTION = re.compile(r"[+-]?\d*[.,]\d*[1-9]\d*(e[+-]?\d+)?|[+-]?\d+(\.\d+)?e[+-]?\d+", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d+(\.0+)?")
_DATE = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ](\d{1,2}|[^\W\d]{3,9})[-/. ,]+\d{2,4})([T ,]+\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}:\d{2}(:\d{2})?"
)
_ADDRESS = re.compile(
    r"(https?|ftp|file|s3)://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|\S*[\w-]\.(txt|csv|tsv|jsonl?|xml|html?|pdf|docx?|wav|mp3|png|jpe?g|gif|eml)",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?=.*\d)[\w.:+/=-]{6,}", re.ASCII)
_BOOLEAN = ({"0", "1"}, {"0.0", "1.0"}, {"false", "true"}, {"no", "yes"})
YES = {"1", "1.0", "true", "yes"}


class Column:
    """Column number `i` of some rows."""

    def __init__(self, i: int, name: str, rows: Rows):
        self.i, self.name = i, name
        values = [row[i].strip() for row in rows if i < len(row) and row[i].strip()]
        self.values = Counter(values)
        self.n = len(values)
        self.filled = len(values) / max(1, len(rows))
        self.length = sum(map(len, values)) / max(1, len(values))  # characters, mean
        self.label_hint = hint(name, LABEL_NAMES, LABEL_MAYBE | CLASS_NAMES, LABEL_AFFIXES)
        self.text_hint = hint(name, TEXT_NAMES, TEXT_MAYBE, TEXT_AFFIXES)
        self.unlikely = unlikely(name)

    def mostly(self, form: re.Pattern[str]) -> bool:
        """Whether most values, each counted as often as it occurs, are of a form."""
        found = sum(count for value, count in self.values.items() if form.fullmatch(value))
        return bool(self.n) and found >= MOST * self.n

    @cached_property
    def is_split(self) -> bool:
        """Whether it says train, validation and test."""
        found = {split_of(value, self.name) for value in self.values if not is_unlabelled(value)}
        named = asked_by(self.name) and self.is_flag
        return "" not in found and TRAIN in found and len(found) > 1 and (bool(named) or len(self.values) <= SCALE)

    @cached_property
    def is_flag(self) -> bool:
        """Whether it says yes and no."""
        return {value.lower() for value in self.values} in _BOOLEAN

    @cached_property
    def is_json(self) -> bool:
        """Whether it holds JSON objects, or lists of anything but labels."""
        found = 0
        for value, count in self.values.items():
            if value[:1] in ("{", "[") and several(value) is None:
                try:
                    found += count * isinstance(json.loads(value), list | dict)
                except (ValueError, RecursionError):
                    continue
        return bool(self.n) and found >= 0.5 * self.n

    @cached_property
    def lists(self) -> int:
        """How many rows hold a list of labels, one of one included."""
        return sum(count for value, count in self.values.items() if several(value) is not None)

    @cached_property
    def with_several(self) -> int:
        """How many rows hold several labels."""
        return sum(count for value, count in self.values.items() if len(self.labels_in(value)) > 1)

    @cached_property
    def parted_by(self) -> str:
        """The mark that parts several labels in cells that are no lists; empty where cells are one label each."""
        return "" if self.lists or self.length > LABEL_LENGTH else parted_by(self.values)

    def labels_in(self, value: str) -> list[str]:
        """The labels of one of its values: of a list, parted by its mark, or the value itself."""
        listed = several(value)
        if listed is None:
            return parted(value, self.parted_by) if self.parted_by else [value]
        return listed

    @cached_property
    def is_quantity(self) -> bool:
        """Whether it measures something: numbers with a fraction, of many different values."""
        fractions = sum(count for value, count in self.values.items() if _FRACTION.fullmatch(value))
        return len(self.values) > SCALE and fractions >= 0.5 * self.n and self.mostly(NUMBER)

    @cached_property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers only."""
        return bool(self.n) and all(_INTEGER.fullmatch(value) for value in self.values)

    @cached_property
    def is_address(self) -> bool:
        """Whether it holds dates, times, web or mail addresses, or names of files."""
        return self.mostly(_DATE) or self.mostly(_ADDRESS)

    @cached_property
    def is_code(self) -> bool:
        """Whether it holds codes, such as those of products."""
        return self.mostly(_CODE)

    @cached_property
    def is_text(self) -> bool:
        """Whether it may be the text: wordy, and neither JSON nor codes nor addresses."""
        if self.is_json or self.is_split or self.is_address or self.lists > self.n / 2 or self.is_code:
            return False
        numbers = sum(count for value, count in self.values.items() if NUMBER.fullmatch(value))
        wordy = bool(self.n) and numbers < self.n / 2 and self.length >= 4 and len(self.values) > 1
        return self.text_hint >= 3 or (wordy and not (self.unlikely == 2 and not self.text_hint))

    @cached_property
    def holds_sentences(self) -> bool:
        """Whether it is a text that hardly two rows share, by its name or, where it has none, by how many words."""
        if not self.is_text or self.filled < 0.5 or len(self.values) <= self.n / 2:
            return False
        return self.text_hint > 0 or (
            self.name.isdecimal() and sum(len(v.split()) for v in self.values) >= FEWEST * len(self.values)
        )

    @cached_property
    def is_label(self) -> bool:
        """Whether it may be the label: a few short values that repeat, or a name that says so."""
        if self.is_split or self.is_json or self.is_address or self.is_quantity or self.unlikely == 2:
            return False
        is_named = self.label_hint == 3 and len(self.values) <= self.n / 2
        return self.label_hint == 4 or (self.filled >= 0.5 and (self.has_few or is_named))

    @cached_property
    def has_few(self) -> bool:
        """Whether it holds a few short values that repeat; of lists, their labels are counted."""
        n = len(self.values)
        if self.lists or self.parted_by:
            n = len({label for value in self.values for label in self.labels_in(value)})
        return self.length <= LABEL_LENGTH and n <= few(self.n)

    def names_the_classes_of(self, other: "Column", rows: Rows) -> bool:
        """Whether each value of the other column, a number, stands beside one of this column's, a word, and back."""
        if not other.is_whole or self.is_whole or len(self.values) != len(other.values) or len(self.values) < 2:
            return False
        return one_to_one(self.i, other.i, rows)


def one_to_one(a: int, b: int, rows: Rows) -> bool:
    """Whether each value of a column always stands beside the same value of the other, and back."""
    pairs = {(row[a].strip(), row[b].strip()) for row in rows if len(row) > max(a, b) and row[a].strip()}
    return len(pairs) == len({left for left, _ in pairs}) == len({right for _, right in pairs})


def common_word(columns: Sequence[Column]) -> bool:
    """Whether the names of columns begin with the same word."""
    return len({re.split(r"[\W_]", column.name.lower(), maxsplit=1)[0] for column in columns}) == 1
