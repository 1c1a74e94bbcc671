"""A first look at a file: what it is taken for, and its first rows, before anything is read whole."""

from itertools import islice

from core.data.choose import choose
from core.data.sources.input import Input
from core.data.sources.registry import source_of
from core.data.sources.source import Damaged, Options
from core.data.templated import templated
from core.errors import BadData
from core.files import unwatched
from core.rows import Glimpse

FIRST = 5  # rows
SHORT = 200  # characters of a cell


def glimpse(path: str, options: Options) -> Glimpse:
    """What a file is taken for under what a person says of it. Raises BadData where its beginning cannot be read."""
    given = Input(path, encoding=options.encoding).cut_short()
    own = source_of(given, options).read(given, options, unwatched)
    cells = templated(own, options.text)
    rows = [row for row in islice(cells.rows, FIRST) if not isinstance(row, Damaged)]
    text = label = problem = ""
    notes = list(cells.notes)
    try:
        chosen = choose(cells.names, cells.sample, given.name, options)
    except BadData as error:
        problem = str(error)
    else:
        text, label = cells.names[chosen.text], ", ".join(cells.names[i] for i in chosen.label)
        notes += [*chosen.notes, *(doubt.text for doubt in chosen.doubts)]
        whole = [row for row in rows if len(row) > max(chosen.text, *chosen.label)]
        rows = [[", ".join(row[i] for i in chosen.label), row[chosen.text]] for row in whole]
    return Glimpse(
        format=cells.format,
        encoding=cells.encoding,
        columns=own.names,
        text=text,
        label=label,
        rows=[[cell[:SHORT] for cell in row] for row in rows],
        notes=notes,
        problem=problem,
    )
