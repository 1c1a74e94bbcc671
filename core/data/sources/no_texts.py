"""Lines of known forms that hold no text with a class: words with a tag each, and numbered features."""

import re
from typing import NoReturn

from core.data.sources.input import Input
from core.data.sources.source import Options
from core.errors import BadData
from core.files import Progress

# a word first, then what is said of it, last its tag: inside, outside or at the beginning of a name
_TAGGED = re.compile(r"(?:(?:\S+ )+|(?:\S+\t)+)(?:O|[BIESLUM]-\S+)")
_UNIVERSAL = re.compile(r"\d+(?:[-.]\d+)?(?:\t[^\t]*){9}|# ?[\w:]+( ?=.*)?")  # CoNLL-U, and its comments
_NUMBERED = re.compile(r"[+-]?\d+(?:\.\d+)?(?:,\d+)*(?:\s+(?:qid|\d+):[-+\d.eE]+)+(?:\s*#.*)?")
NEARLY = 0.95  # of the lines
FEWEST = 5  # lines


def recognises(given: Input) -> float:
    """1 where nearly all lines are of one of the forms, else 0."""
    return float(bool(_form(given)))


def read(given: Input, options: Options, progress: Progress) -> NoReturn:
    """Raises BadData, which says what it is."""
    if _form(given) == "tags":
        what = f"{given.name} has a word and its tag on each line (CoNLL): tags of words are no classes of texts."
    else:
        what = f"{given.name} holds numbered features (LIBSVM), not texts."
    raise BadData(what, "Name a file with one row for each text: the text and its label.")


def _form(given: Input) -> str:
    """The form of nearly all first lines, or nothing. Words with tags have blank lines between their sentences."""
    whole = [line.strip() for line in given.first_lines()]
    lines = [line for line in whole if line]
    enough = max(FEWEST, NEARLY * len(lines))
    has_gaps = any(not line for line in whole[:-1])
    if has_gaps and any(sum(map(bool, map(form.fullmatch, lines))) >= enough for form in (_TAGGED, _UNIVERSAL)):
        return "tags"
    return "features" if sum(map(bool, map(_NUMBERED.fullmatch, lines))) >= enough else ""
