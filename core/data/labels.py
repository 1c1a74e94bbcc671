"""What a cell says of a text's class: one label, several, or none; and labels that are one class, or look like it."""

import ast
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from core.wording import UNSAFE, escaped, on_one_line

MARKS = ",;|/、，；"  # between several labels
NO_NAME = ";|；"  # of these, what hardly stands in the name of a class
NEARLY = 0.8  # of the cells with such a mark
SOME = 0.05  # of the rows
_CHOICES = re.compile(r'\{\s*"choices"\s*:\s*(\[[^{}]*\])\s*\}')
_FRACTION = re.compile(r"[+-]?\d+,(0+|25|50?|75)")  # halves and quarters with a decimal comma

# Letters that look like a Latin one, small or capital: Cyrillic, then Greek ones.
_LOOKS = str.maketrans(
    "авекмнорстухіјѕԁԛԝһ" + "αβεζηικμνορτυχ",
    "abekmhopctyxijsdqwh" + "abezhikmvoptyx",
)


def several(cell: str) -> list[str] | None:
    """The labels of a cell that holds a list of them, as JSON or Python writes it; None where it holds no list.

    Label Studio's tables have it in an object: `{"choices": ["a", "b"]}`.
    """
    if choices := _CHOICES.fullmatch(cell):
        cell = choices[1]
    if not (cell.startswith("[") and cell.endswith("]")):
        return None
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(cell)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return None
    if not isinstance(found, list) or not all(isinstance(each, str | int | float | None) for each in found):
        return None
    labels = [each if isinstance(each, str) else json.dumps(each) for each in found if each is not None]
    return list(dict.fromkeys(label.strip() for label in labels if label.strip()))


def parted_by(cells: Mapping[str, int]) -> str:
    """The mark between several labels in cells that are no lists, such as the comma of `joy,anger`; empty for none.

    `cells` are a column's, with how often each occurs. A cell says several labels where each of them stands alone as
    often as in that cell, or in three of such cells; `Health, Beauty` is one class where the two rarely stand alone.
    Where the mark is hardly part of a name, to stand alone at all is enough.
    """
    for mark in MARKS:
        found = {cell: parts for cell in cells if mark in cell and len(parts := parted(cell, mark)) > 1}
        if not found or all(map(_FRACTION.fullmatch, found)):
            continue
        alone = Counter({cell: n for cell, n in cells.items() if mark not in cell})
        together = Counter(part for parts in found.values() for part in parts)
        known = [
            cell
            for cell, parts in found.items()
            if all(alone[p] >= (1 if mark in NO_NAME else cells[cell]) or together[p] > 2 for p in parts)
        ]
        rows, marked = sum(cells[cell] for cell in known), sum(cells[cell] for cell in found)
        if rows >= NEARLY * marked and (len(known) > 1 or rows > SOME * sum(cells.values())):
            return mark
    return ""


def parted(cell: str, mark: str) -> list[str]:
    """The different labels in a cell, between its marks."""
    return list(dict.fromkeys(filter(None, map(str.strip, cell.split(mark)))))


def spelled_alike(counts: Mapping[str, int]) -> dict[str, str]:
    """Labels that are certainly another one's class -> that one: `1.0` is `1`, `True` is `true`, and `true` may be `1`.

    The most frequent spelling stands for all. `true` is `1` only where all labels are numbers or true and false.
    """
    forms = {label: _number(label) or label.lower() for label in counts if _is_plain(label)}
    if len(forms) == len(counts) and {*forms.values()} & {"true", "false"} and {*forms.values()} & {"0", "1"}:
        forms = {label: {"true": "1", "false": "0"}.get(form, form) for label, form in forms.items()}
    return _to_most_frequent(forms, counts)


def looking_alike(counts: Mapping[str, int]) -> dict[str, str]:
    """Labels that differ from a more frequent one only in case, blanks, or letters that look alike -> that one."""
    return _to_most_frequent({label: skeleton(label) for label in counts}, counts)


def skeleton(label: str) -> str:
    """What a label looks like: without case, blanks and what is not seen, with look-alike letters as Latin ones."""
    plain = unicodedata.normalize("NFKC", label).casefold()
    return UNSAFE.sub("", "".join(plain.split())).translate(_LOOKS) or label


def told_apart(label: str) -> str:
    """A label as it may be shown, with letters that look like Latin ones escaped where others are Latin."""
    mixed = any(char.isascii() and char.isalpha() for char in label)
    return "".join(escaped(c) if mixed and _is_look_alike(c) else c for c in on_one_line(label))


def _is_look_alike(letter: str) -> bool:
    """Whether a letter of another alphabet looks like a Latin one."""
    return ord(letter.casefold()[:1] or " ") in _LOOKS


def _to_most_frequent(forms: Mapping[str, str], counts: Mapping[str, int]) -> dict[str, str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for label, form in forms.items():
        groups[form].append(label)
    found: dict[str, str] = {}
    for group in groups.values():
        if len(group) > 1:
            best = min(group, key=lambda label: (-counts[label], label))
            found |= {label: best for label in group if label != best}
    return found


def _number(label: str) -> str:
    whole, point, rest = label.partition(".")
    return whole if whole.removeprefix("-").isdecimal() and (not point or rest.strip("0") == "") else ""


def _is_plain(label: str) -> bool:
    return bool(_number(label)) or label.lower() in ("true", "false")


def renamed(labels: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Labels under other names, where there are any."""
    return [names.get(label, label) for label in labels] if names else [*labels]
