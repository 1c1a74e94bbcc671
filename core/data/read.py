"""A file of labelled texts to rows: what was read, what was skipped, and why."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from sys import intern

from core.data.columns import columns
from core.data.sources.input import Input
from core.data.sources.registry import source_of
from core.data.sources.source import Cells, Damaged, Options, misfit
from core.errors import BadData
from core.files import Progress, unwatched
from core.template import Template

ANY = Options()


@dataclass(frozen=True)
class Table:
    """The rows of a file that have a text and a label.

    `rows` are their numbers in the file as read, from 0: skipped rows count, header and blank lines do not.
    """

    path: str
    texts: list[str]
    labels: list[str]
    rows: list[int]
    n_rows: int  # rows in the file, skipped ones included
    columns: dict[str, str]  # "text" and "label" -> the column's name, or its number where there is no header
    all_columns: list[str]
    format: str  # "tab-separated, no header"
    encoding: str  # "UTF-8", "Windows-1252", ...
    options: Options  # as found; left open where the format has no such thing
    skipped: dict[str, int]  # reason -> rows
    notes: list[str]  # what was unsure, in sentences
    origin: str = ""  # where a data set that was fetched came from, in a sentence


def read(path: str | Path, options: Options = ANY, progress: Progress = unwatched) -> Table:
    """Read a file of a format that `sources.registry` lists, compressed with gzip or not; or a data set by its name.

    `progress("look" or "read", done, total, "bytes")` may raise to cancel, and so may those of `fetch.fetch`. Raises
    BadData where there is no such file or nothing in it reads as labelled texts.
    """
    given = Input(str(path), progress)
    cells = source_of(given).read(given, options, progress)
    try:
        text_i, label_i, notes = columns(cells.names, cells.sample, options.text, options.label, given.name)
    except BadData as error:
        raise BadData(error.what, error.do, cells.names) from error
    if text_i == label_i:
        what = f"Column {cells.names[text_i]} cannot be both text and label."
        raise BadData(what, "Name two different columns.", cells.names)
    template = Template.of_column(cells.names[text_i])
    texts, labels, rows, n_rows, skipped = _usable(cells, template, {cells.names[text_i]: text_i}, label_i)
    return Table(
        path=str(given.path),
        texts=texts,
        labels=labels,
        rows=rows,
        n_rows=n_rows,
        columns={"text": cells.names[text_i], "label": cells.names[label_i]},
        all_columns=cells.names,
        format=cells.format,
        encoding=cells.encoding,
        options=cells.options._replace(text=cells.names[text_i], label=cells.names[label_i]),
        skipped=skipped,
        notes=[given.doubt, *notes] if given.doubt else notes,
        origin=given.origin,
    )


def _usable(
    cells: Cells, template: Template, at: dict[str, int], label_i: int
) -> tuple[list[str], list[str], list[int], int, dict[str, int]]:
    """Texts, labels and numbers of the rows that have both, how many rows there are, and how many have not.

    `at` numbers the columns of the template.
    """
    texts, labels, rows = [], [], []
    skipped: Counter[str] = Counter()
    n, most = len(cells.names), max(label_i, *at.values())
    number = -1
    for number, row in enumerate(cells.rows):
        if isinstance(row, Damaged):
            skipped[row.reason] += 1
        elif reason := misfit(row, n, most):
            skipped[reason] += 1
        elif not row[label_i].strip():
            skipped["no label"] += 1
        else:
            (text,) = template.render({name: row[i] for name, i in at.items()})
            if not text.strip():
                skipped["no text"] += 1
                continue
            texts.append(text)
            labels.append(intern(row[label_i].strip()))  # a label is held once, however many rows say it
            rows.append(number)
    return texts, labels, rows, number + 1, dict(skipped)
