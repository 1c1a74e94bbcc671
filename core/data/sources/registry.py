"""The formats that can be read."""

from core.data.sources import first_word, json_records, separated
from core.data.sources.input import Input
from core.data.sources.source import Source
from core.errors import BadData

# Asked in turn: formats with a signature first, because to recognise any other takes the whole text.
SOURCES: list[Source] = [json_records, separated, first_word]


def surest(given: Input) -> Source | None:
    """The format that is surest of an input; one that is wholly sure ends the asking. None where no format is."""
    best, most = None, 0.0
    for source in SOURCES:
        sure = source.recognises(given)
        if sure > most:
            best, most = source, sure
        if sure >= 1:
            break
    return best


def source_of(given: Input) -> Source:
    """The format that an input is of. Raises BadData for no format."""
    found = surest(given)
    if found is None:
        raise BadData(
            f"{given.name} has no columns: no tab, comma, semicolon or bar parts its lines evenly.",
            "Each row needs a text and a label, for example label, tab, text. Quotes around a text keep its commas.",
        )
    return found
