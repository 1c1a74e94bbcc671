"""The filters of the rows that combine: what each is called, and which of them exclude one another."""

from collections.abc import Iterable

from core.rows import NO_LETTERS, NOT_SURE, Note, Profile
from core.wording import on_one_line

KINDS = (
    "label",
    "split",
    "longer",
    "script",
    "language",
)  # of which a row is one, or each of which says all of the one before
COPIES = {
    "exact copies": "duplicate",
    "near copies": "near",
    "same text, different labels": "conflict",
    "also in training": "leak",
    "nearly in training": "near_leak",
}
SIZES = {"tiny": "tiny", "huge": "huge"}
LEFT_OUT = "left out"


def kind(filter: str) -> str:
    return filter.partition(" ")[0]


def plus(filters: Iterable[str], more: str) -> tuple[str, ...]:
    """Filters with one more, which takes the place of another of its kind where a row cannot be both."""
    others = [each for each in filters if each != more and not (kind(more) in KINDS and kind(each) == kind(more))]
    return (*others, more)


def in_words(filter: str, notes: Iterable[Note]) -> str:
    """'negative', 'test', 'longer than 64 tokens', 'Han script', 'in French'; of any other what its note says."""
    first, _, name = filter.partition(" ")
    match first:
        case "label":
            return on_one_line(name)
        case "split":
            return name or LEFT_OUT
        case "longer":
            return f"longer than {int(name):,}"
        case "script":
            return name if name == NO_LETTERS else f"{name} script"
        case "language":
            return "language not sure" if name == NOT_SURE else f"in {name}"
    said = next((note.text for note in notes if note.filter == filter), "")
    return said or next((words for words, each in COPIES.items() if each == filter), filter)


def cut_at(profile: Profile) -> dict[str, str]:
    """The words for each context that cuts something, and its filter."""
    return {f"over {context:,} tokens": f"longer {context}" for context, rows in profile.cuts.items() if rows}
