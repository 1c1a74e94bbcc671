"""Rows that are lists of cells, as JSON may hold them; the first one may name the columns."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from core.data.sources.cell import cell
from core.data.sources.header import has_header, names
from core.data.sources.input import Input
from core.data.sources.source import Again, Cells, Damaged, Options, Row, Valued, sampled
from core.errors import BadData
from core.options import AUTO


def read(given: Input, items: Callable[[str], Iterator[Any]], form: str, options: Options) -> Cells:
    """All rows; one that is a single value has one cell. `items(phase)` begins anew. Raises BadData for no rows."""
    lengths: Counter[int] = Counter()

    def rows(phase: str) -> Iterator[list[Any] | Damaged]:
        for item in items(phase):
            if isinstance(item, dict | Damaged):
                yield Damaged("not a JSON list")
            else:
                yield item if isinstance(item, list) else [item]

    def counted() -> Iterator[Row]:
        for row in rows("columns"):
            if isinstance(row, Damaged):
                yield row
            else:
                lengths[len(row)] += 1
                yield [*map(cell, row)]

    found = counted()
    first = next((row for row in found if not isinstance(row, Damaged)), None)
    if first is None:
        raise BadData(f"{given.name} holds no rows.", "Name a file with one row for each text.")
    sample = sampled(found)
    header = options.header == "yes"
    if options.header == AUTO:
        header = len(sample) > 1 and len(first) > 1 and has_header(first, sample, options.named)
    most = lengths.most_common(1)[0][0]
    columns = names(first) if header else [str(i) for i in range(most)]

    def body() -> Iterator[Row]:
        is_header = header
        for row in rows("read"):
            if isinstance(row, Damaged):
                yield row
                continue
            cells = [*map(cell, row)]
            if is_header and cells == first:
                is_header = False
            else:
                yield Valued(cells, dict(zip(columns, row, strict=False)))

    return Cells(columns, Again(body), sample if header else [first, *sample], form, given.encoding, options)
