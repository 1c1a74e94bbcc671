"""The formats that can be read."""

from core.data.sources import (
    arrow,
    arrow_folder,
    class_folders,
    excel,
    fasttext,
    first_word,
    json_records,
    no_texts,
    one_column,
    separated,
)
from core.data.sources.input import Input
from core.data.sources.signatures import refuse_answer
from core.data.sources.source import Options, Source
from core.data.sources.tables import Tables
from core.errors import BadData
from core.options import AUTO

ANY = Options()
TRIED = ", ".join(["tab", *(mark for mark in separated.SEPARATORS if mark.strip())])  # between columns

TABLES = Tables(lambda given, options: _of_a_table(given, options))
# Asked in turn: formats with a signature first, because to recognise any other takes the whole text.
# The first three take many files, and nothing else takes those.
SOURCES: list[Source] = [
    arrow_folder,
    TABLES,
    class_folders,
    arrow,
    excel,
    json_records,
    fasttext,
    no_texts,
    separated,
    first_word,
]


def surest(given: Input, options: Options = ANY) -> Source | None:
    """The format that is surest of an input; one that is wholly sure ends the asking. None where no format is.

    Where a separator is named there is nothing to ask.
    """
    if options.separator != AUTO:
        return TABLES if given.is_tree else separated
    best, most = None, 0.0
    for source in SOURCES:
        sure = source.recognises(given)
        if sure > most:
            best, most = source, sure
        if sure >= 1:
            break
    return best


def source_of(given: Input, options: Options = ANY) -> Source:
    """The format that an input is of. Raises BadData for no format."""
    found = surest(given, options)
    if given.codec != AUTO:  # it is text
        refuse_answer(given.start, given.is_longer, given.name)
    if found is None:
        raise BadData(
            f"{given.name} has no columns: none of {TRIED} cuts its lines into equally many.",
            "Each row needs a text and a label, for example label, tab, text. Quotes around a text keep its commas.",
        )
    return found


def _of_a_table(given: Input, options: Options) -> Source:
    """The format of one table of several, which may be one column of texts: their labels stand elsewhere."""
    found = surest(given, options)
    is_open = found in (None, separated, first_word) and options.separator == AUTO
    return one_column if is_open and one_column.recognises(given) else source_of(given, options)
