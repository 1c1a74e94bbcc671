"""JSON lines, or one JSON list of objects."""

import json
from collections.abc import Iterator
from typing import Any

from core.data.sources.input import Input
from core.data.sources.source import Again, Cells, Damaged, Options, Row, sampled
from core.files import Progress, unwatched
from core.text.tokenizer import well_formed


def recognises(given: Input) -> float:
    """1 where the text begins as JSON does and holds an object, else 0."""
    start = given.start.lstrip()
    return float(start[:1] in ("{", "[") and any(isinstance(record, dict) for record in _records(given)))


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """A row for each object, and a column for each of their keys."""
    names: dict[str, None] = {}
    is_list = _is_list(given)
    kept = list(_records(given, progress, "look")) if is_list else None  # only a list has to be held

    def records(phase: str) -> Iterator[Any]:
        return iter(kept) if kept is not None else _records(given, progress, phase)

    for record in records("look"):
        if isinstance(record, dict):
            names.update(dict.fromkeys(record))

    def rows(phase: str = "read") -> Iterator[Row]:
        for record in records(phase):
            is_row = isinstance(record, dict)
            yield [_plain(record.get(name)) for name in names] if is_row else Damaged("not a JSON object")

    form = "JSON list" if is_list else "JSON lines"
    columns = [well_formed(name) for name in names]
    return Cells(columns, Again(rows), sampled(rows("look")), form, given.encoding, options)


def _is_list(given: Input) -> bool:
    return given.start.lstrip().startswith("[")


def _records(given: Input, progress: Progress = unwatched, phase: str = "read") -> Iterator[Any]:
    if _is_list(given):
        found = _loaded(given.whole(progress, phase))
        yield from found if isinstance(found, list) else ()
    else:
        yield from (_loaded(line) for line in given.lines(progress, phase) if line.strip())


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return well_formed(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
