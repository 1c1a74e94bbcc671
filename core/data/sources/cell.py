"""How a value of a record is given as the text of a cell, and a record with records in it as one row."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from core.text.tokenizer import well_formed

DEPTH = 5  # of records within records, each of which gives columns of its own
MOST = 1000  # columns of one record
OWN_NAME = "name"  # in a record within a record: what it is called
ONLY = (OWN_NAME, "value", "label")  # what it is called where it holds nothing else


def cell(value: Any) -> str:
    """Nothing for null and for an empty list; a list of one value as that value; several as JSON; text as it is.

    A record is given by its name, where it has one: `[{"name": "spam"}]` reads `spam`.
    """
    match value:
        case None:
            return ""
        case str():
            return well_formed(value)
        case float() if math.isnan(value):
            return ""
        case bytes():
            return value.decode("utf-8", "replace")
        case list() | tuple():
            named = [_called(one) for one in value]
            if len(named) == 1 and not isinstance(named[0], list | tuple | dict):
                return cell(named[0])
            return well_formed(json.dumps(named, ensure_ascii=False, default=str)) if named else ""
        case dict():
            return well_formed(json.dumps(value, ensure_ascii=False, default=str)) if value else ""
        case bool() | int() | float():
            return json.dumps(value)
    return well_formed(str(value))


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record whose records stand in it under dotted names, to a bound of depth and number.

    Where one says what it is called, that stands for it: `{"label": {"name": "spam", "id": 1}}` reads `label: spam`,
    `label.id: 1`.
    """
    if not any(isinstance(value, dict) for value in record.values()):
        return dict(record)
    found: dict[str, Any] = {}
    for name, value in _leaves("", record, DEPTH):
        found.setdefault(name, value)
        if len(found) == MOST:
            break
    return found


def _leaves(prefix: str, record: Mapping[str, Any], depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        name = prefix + key
        if not isinstance(value, dict) or not value or depth == 0:
            yield name, value
            continue
        own = _called(value)
        if not isinstance(own, dict):
            yield name, own
            value = {other: one for other, one in value.items() if one is not own}
        yield from _leaves(f"{name}.", value, depth - 1)


def _called(value: Any) -> Any:
    """What a record within a record is called, where it says so; anything else as it is."""
    if not isinstance(value, dict):
        return value
    own = next((value.get(name) for name in (ONLY if len(value) == 1 else (OWN_NAME,)) if name in value), None)
    return value if own is None or isinstance(own, dict | list) else own
