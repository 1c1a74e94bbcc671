"""What is said of the columns that were chosen: which else they could be, and how to have them otherwise."""

from collections.abc import Sequence
from shlex import quote

from core.data.named import LISTED, some
from core.options import AUTO
from core.rows import Note
from core.template import template_of


def together(names: Sequence[str]) -> str:
    """How several columns are read as one text, in a sentence; empty where a name of theirs has braces."""
    said = template_of(names)
    return f"--text {quote(said)} takes {'both' if len(names) == 2 else 'all of them'}." if said else ""


def split_seen(column: str) -> Note:
    """What is said of a column that says which split a row belongs to, where it is not kept to."""
    text = f"Column {column} is a split into training, validation and test. Even so, the rows are split again."
    return Note(0, text, warn=True, offers={"data.split": column}, do=f"--split {column} keeps to it.")


def split_kept(column: str) -> Note:
    """What is said of such a column where it is kept to."""
    text = f"Kept to the split of column {column}."
    return Note(0, text, offers={"data.split": AUTO}, do=f"--split {AUTO} makes a new split.")


def alone(chosen: str, others: list[str], how: str) -> Note:
    """What is said of a column that is read as the text where others hold text too, but are hardly the text."""
    besides = f"Column {others[0]} holds" if len(others) == 1 else f"Columns {some(others)} hold"
    text = f"Column {chosen} alone is read as the text. {besides} text too."
    return Note(0, text, asks="text", do=how or "Choose with --text NAME.")


def unsure(chosen: str, role: str, rivals: list[str], how: str = "") -> Note:
    """What is said of a column that is one of several that could be the text, or the label; `how` takes all of them."""
    either = some(rivals) if len(rivals) > LISTED else " or ".join(filter(None, [", ".join(rivals[:-1]), rivals[-1]]))
    text = f"Column {chosen} is read as the {role}. It could also be {either}."
    return Note(0, text, warn=True, asks=role, do=f"Choose with --{role} NAME. {how}".rstrip())
