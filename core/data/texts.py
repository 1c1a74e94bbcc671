"""Texts to classify: the rows of a file of any format, all their columns kept, or the lines of a plain one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from core.data.choose import text_column
from core.data.columns import names_text
from core.data.sources import first_word, one_column, plain_lines, registry, separated
from core.data.sources.input import Input
from core.data.sources.source import Again, Cells, Damaged, Options, Valued, misfit
from core.data.templated import templated
from core.errors import BadData
from core.files import Progress, unwatched
from core.options import AUTO
from core.template import columns_in

ANY = Options()
ENDINGS = {".csv", ".tsv", ".tab"}  # of the names of files that hold columns, or one
PACKED = {".gz", ".bz2", ".xz", ".lzma", ".zst", ".zip"}


class Row(NamedTuple):
    """A row of a file: a cell for each column, and the text in it, or the `problem` because of which there is none.

    `values` are what the file says by name, where that was more than texts: numbers, lists, objects.
    """

    cells: list[str]
    text: str
    problem: str = ""
    values: Mapping[str, Any] | None = None


class Texts(NamedTuple):
    """What there is to classify. `rows` can be gone through again and again; each row of the file is one of them."""

    names: list[str]  # of the file's columns
    text: str  # the one that holds the text, or the template that makes it of several
    rows: Iterable[Row]
    format: str
    encoding: str
    notes: list[str]  # what was guessed, in sentences
    sample: Sequence[str] = ()  # some of the texts, from everywhere in the file

    @property
    def has_columns(self) -> bool:
        """Whether it is a table, and not lines."""
        return self.format != plain_lines.FORMAT


def open_texts(
    given: Input, options: Options = ANY, learned: str = AUTO, as_lines: bool = False, progress: Progress = unwatched
) -> Texts:
    """Find the texts in a file, by lines where that is wanted or nothing says that it has columns.

    `learned` is the column that a classifier has learned from. Nothing is held but a sample; `progress` counts bytes
    and may raise to cancel. Raises BadData for a file that cannot be read, or has no such column or no text.
    """
    read = plain_lines.read(given, options, progress) if as_lines else _cells(given, options, learned, progress)
    cells = templated(read, learned if options.text == AUTO else options.text)
    try:
        column, notes = text_column(cells.names, cells.sample, options.text, given.name, learned)
    except BadData as error:
        raise BadData(error.what, error.do, cells.names) from error
    needs_words = cells.format != plain_lines.FORMAT  # a blank line is a text too, so that answers line up with lines

    def rows() -> Iterator[Row]:
        for row in cells.rows:
            yield _row(row, len(read.names), len(cells.names), column, needs_words)

    doubt = [given.doubt] if given.doubt else []
    said = [*doubt, *cells.notes, *notes]
    sample = [row[column] for row in cells.sample if len(row) > column and row[column].strip()]
    return Texts(read.names, cells.names[column], Again(rows), cells.format, cells.encoding, said, sample)


def says_of_columns(options: Options) -> bool:
    """Whether a person has said something that only a table has: lines have an encoding, too."""
    return any(value != getattr(ANY, name) for name, value in options._asdict().items() if name != "encoding")


def _cells(given: Input, options: Options, learned: str, progress: Progress) -> Cells:
    """The rows of a table, or else lines.

    Sentences with commas look like a table, too: columns are seen only where a person has said something of them, the
    file's name ends as those of tables do, tabs part the lines, or the first row names a column of texts.
    """
    source = registry.surest(given, options)
    hint = options._replace(text=learned) if options.text == AUTO else options  # by which it knows a header
    if source not in (None, first_word, separated):
        return source.read(given, hint, progress)
    is_said = says_of_columns(options)
    names = [column for said in (options.text, learned) if said != AUTO for column in columns_in(said)]
    if one_column.named(given, names):
        # the header is one that this format knows by itself, or the name that was learned from
        return one_column.read(given, options._replace(text=names[0] if names else AUTO), progress)
    is_table = is_said or _ending(given.file_name) in ENDINGS or _has_tabs(given)
    if source is None or (source is first_word and not is_said):
        return (one_column if is_table else plain_lines).read(given, options, progress)
    if is_table:
        return source.read(given, hint, progress)
    try:
        cells = source.read(given, hint, progress)
    except BadData:  # a single sentence with a comma, for example, is a header without rows
        return plain_lines.read(given, options, progress)
    if any(name in names or names_text(name) for name in cells.names if not name.isdecimal()):
        return cells
    return plain_lines.read(given, options, progress)


def _ending(name: str) -> str:
    path = PurePath(name.lower())
    return PurePath(path.stem).suffix if path.suffix in PACKED else path.suffix


def _has_tabs(given: Input) -> bool:
    lines = [line for line in given.first_lines() if line.strip()]
    return sum("\t" in line for line in lines) > 0.9 * len(lines)


def _row(row: list[str] | Damaged, n: int, width: int, column: int, needs_words: bool) -> Row:
    """A row of `n` columns of the file, and of `width` with the text that a template makes of them."""
    if isinstance(row, Damaged):
        return Row([""] * n, "", row.reason, {})
    text = row[column] if column < len(row) else ""
    problem = misfit(row, width, column) or ("no text" if needs_words and not text.strip() else "")
    cells = [*row[:n], *[""] * (n - len(row))]
    return Row(cells, text, problem, row.values if isinstance(row, Valued) else None)
