"""A table with one more column: the text that a template makes of the others."""

from collections.abc import Callable, Iterator, Sequence

from core.data.sources.source import Again, Cells, Damaged, Row, Valued
from core.template import Template, fault
from core.text.tokenizer import well_formed


def templated(cells: Cells, said: str) -> Cells:
    """A table with the text that `said` describes as its last column, of that name.

    Unchanged where `said` is no template or a faulty one, is a column's own name, or names a column that the table
    lacks: whoever looks the column up then says so.
    """
    template = None if said in cells.names else Template.parse(said)
    if template is None or fault(said) or missing(cells.names, template):
        return cells
    n, needed = len(cells.names), max(number(cells.names, part.column) for part in template.parts)
    text_of = renderer(cells.names, template)

    def with_text(row: list[str]) -> list[str]:
        if len(row) <= needed:  # it has too few columns, which stays to be seen
            return row
        text = text_of(row)
        longer = [*row[:n], *[""] * (n - len(row)), text, *row[n:]]
        return Valued(longer, row.values) if isinstance(row, Valued) else longer

    def rows() -> Iterator[Row]:
        for row in cells.rows:
            yield row if isinstance(row, Damaged) else with_text(row)

    return Cells(
        [*cells.names, said],
        Again(rows),
        [with_text(row) for row in cells.sample],
        cells.format,
        cells.encoding,
        cells.options,
        cells.notes,
    )


def renderer(names: Sequence[str], template: Template) -> Callable[[list[str]], str]:
    """What makes the text of a row that has these columns at least."""
    at = {part.column: number(names, part.column) for part in template.parts}
    # what JSON escapes is seen only as its lists are unfolded
    return lambda row: well_formed(template.render({column: row[i] for column, i in at.items()}))


def missing(names: Sequence[str], template: Template) -> list[str]:
    """The columns that a template names and a table lacks."""
    return [part.column for part in template.parts if number(names, part.column) < 0]


def number(names: Sequence[str], wanted: str) -> int:
    """The number of a column that is named, or numbered from 0; -1 where there is none.

    Blanks around a name count only where a column has them itself.
    """
    wanted = wanted if wanted in names else wanted.strip()
    if wanted in names:
        return names.index(wanted)
    return int(wanted) if wanted.isdecimal() and int(wanted) < len(names) else -1
