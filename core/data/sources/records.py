"""Rows that are records, with keys and values, to rows of cells: what JSON and Parquet have in common."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from core.data.columns import LOOK
from core.data.sources.annotated import Cats, Doccano, Intents, Prodigy
from core.data.sources.cell import cell, flat
from core.data.sources.chats import Chats, Instructions
from core.data.sources.export import ClassNames, Export, Record
from core.data.sources.label_studio import LabelStudio, MinimalLabelStudio
from core.data.sources.platforms import Argilla, Labelbox, LightTag, OldArgilla, SpacyDocs
from core.data.sources.source import Again, Cells, Damaged, Options, Row, Valued, sampled
from core.data.sources.spans import refuse_spans
from core.errors import BadData
from core.text.tokenizer import well_formed

MOST = 1000  # columns: more are keys that only some records have
EXPORTS: list[type[Export]] = [
    *(LabelStudio, MinimalLabelStudio, Argilla, OldArgilla, Labelbox, LightTag, SpacyDocs),
    *(Prodigy, Doccano, Cats, Chats, Instructions, Intents, Export),
]


def first(items: Iterable[Any]) -> list[Any]:
    """The rows that decide what all of them are."""
    return [item for item in islice(items, LOOK) if not isinstance(item, Damaged)]


def read(
    name: str,
    items: Callable[[str], Iterator[Record]],
    form: str,
    encoding: str,
    options: Options,
    class_names: ClassNames,
) -> Cells:
    """A row for each record, and a column for each of their keys; `items(phase)` begins anew.

    `class_names` say, by column, what the numbers of classes mean. Raises BadData where there is no record, and where
    records mark places in texts.
    """
    export = _export_of(first(items("columns")), name)
    seen: Counter[str] = Counter()

    def records(phase: str) -> Iterator[Record]:
        for item in items(phase):
            if isinstance(item, Damaged):
                yield item
            else:
                try:
                    found = list(export.records(item))
                except (
                    TypeError,
                    ValueError,
                    AttributeError,
                    KeyError,
                ):  # anything may stand where a tool writes a list
                    found = [Damaged(f"not as {export.form} writes it")]
                yield from found

    def counted() -> Iterator[Record]:
        for record in records("columns"):
            if isinstance(record, Damaged):
                yield record
            else:
                columns = flat(record)
                seen.update(columns.keys())
                yield columns

    try:
        sample = sampled(counted())
    except RecursionError as error:
        raise BadData(f"{name} is nested too deeply to be read.", "Write one object for each text.") from error
    notes = export.notes()
    names = list(seen)
    if not names:
        raise BadData(f"{name} holds no rows.", "Name a file with one row for each text.")
    if len(names) > MOST:
        notes.append(f"The {MOST:,} most frequent of {len(names):,} columns are read.")
        kept = {key for key, _ in seen.most_common(MOST)}
        names = [key for key in names if key in kept]
    at = {key: i for i, key in enumerate(names)}

    def row(columns: dict[str, Any]) -> list[str]:
        cells = [""] * len(names)
        for key, value in columns.items():  # few, where there are many columns
            if (i := at.get(key)) is not None:
                cells[i] = cell(_named(value, class_names.get(key)))
        return cells

    def rows() -> Iterator[Row]:
        for record in records("read"):
            yield record if isinstance(record, Damaged) else Valued(row(flat(record)), record)

    said = f"{form}, {export.form}" if export.form else form
    columns = [well_formed(key) for key in names]
    return Cells(columns, Again(rows), list(map(row, sample)), said, encoding, options, notes)


def _export_of(items: list[dict[str, Any]], name: str) -> Export:
    """What kind most of the first records are. Raises BadData for those that mark parts of texts."""
    refuse_spans(items, name)
    kind = next(kind for kind in EXPORTS if sum(map(kind.recognises, items)) > len(items) / 2 or kind is Export)
    return kind([item for item in items if kind.recognises(item)])


def _named(value: Any, classes: Mapping[int, str] | None) -> Any:
    """A number of a class, or a list of them, as its name; -1, which stands for no class, as none."""
    if classes is None:
        return value
    if isinstance(value, list):
        return [_named(one, classes) for one in value]
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    return None if value == -1 and value not in classes else classes.get(value, value)
