"""JSON lines, or one JSON list of objects."""

import json
from collections.abc import Iterator
from typing import Any

from core.data.sources.input import Input
from core.data.sources.source import Cells, Options
from core.files import Progress, unwatched
from core.text.tokenizer import well_formed


def recognises(given: Input) -> float:
    """1 where the text begins as JSON does and holds an object, else 0."""
    return float(any(isinstance(record, dict) for record in _records(given)))


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """A row for each object, and a column for each of their keys."""
    records = list(_records(given, progress))
    names = list(dict.fromkeys(key for record in records if isinstance(record, dict) for key in record))
    return Cells(
        [well_formed(name) for name in names],
        [[_plain(record.get(name)) for name in names] if isinstance(record, dict) else [] for record in records],
        "JSON list" if _is_list(given) else "JSON lines",
        given.encoding,
        damaged={i: "not a JSON object" for i, record in enumerate(records) if not isinstance(record, dict)},
    )


def _is_list(given: Input) -> bool:
    return given.text.lstrip().startswith("[")


def _records(given: Input, progress: Progress = unwatched) -> Iterator[Any]:
    if _is_list(given):
        found = _loaded(given.text)
        yield from found if isinstance(found, list) else ()
    elif given.text.lstrip().startswith("{"):
        yield from (_loaded(line) for line in given.lines(progress) if line.strip())


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return well_formed(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
