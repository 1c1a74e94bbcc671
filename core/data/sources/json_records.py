"""JSON: lines, lists, objects in a row, and one object that holds a table."""

from collections.abc import Iterator
from typing import Any

from core.data.sources import json_values, lists, records
from core.data.sources.input import Input
from core.data.sources.json_shapes import Shape, shape
from core.data.sources.json_values import BROKEN, LINES, LIST, OBJECTS, WHOLE
from core.data.sources.source import Cells, Damaged, Options
from core.files import Progress, unwatched

FORMS = {LINES: "JSON lines", LIST: "JSON list", OBJECTS: "JSON objects in a row"}


def recognises(given: Input) -> float:
    """1 where the text begins as JSON does, else 0."""
    return float(bool(json_values.layout(given)))


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """A row for each object, and a column for each of their keys; or rows of lists. Raises BadData."""
    layout, held = json_values.layout(given), None
    if layout == WHOLE:
        value, is_first = json_values.whole(given, progress, "columns")
        if is_first:
            layout = OBJECTS
        else:
            held = shape(value)
    found = held or Shape([], FORMS[layout])

    def items(phase: str = "columns", progress: Progress = unwatched) -> Iterator[Any]:
        rows = json_values.items(given, layout, progress, phase) if held is None else iter(held.rows)
        return (row for item in rows for row in _rows(item))

    kinds = [isinstance(item, dict) for item in records.first(items())]
    if sum(kinds) < len(kinds) / 2:
        return lists.read(given, lambda phase: items(phase, progress), found.form, options)

    def objects(phase: str) -> Iterator[dict[str, Any] | Damaged]:
        return (item if isinstance(item, dict | Damaged) else BROKEN for item in items(phase, progress))

    return records.read(given.name, objects, found.form, given.encoding, options, found.class_names)


def _rows(item: Any) -> Iterator[Any]:
    """What one value of several holds: itself, or a page of rows, or spaCy's pair of a text and what is said of it."""
    if isinstance(item, list) and item and all(isinstance(row, dict) for row in item):
        yield from item
    elif isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], dict):
        yield {"text": item[0], **item[1]}
    else:
        yield item
