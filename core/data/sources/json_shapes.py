"""The shapes in which one JSON value holds a table: columns, splits, classes with their texts, a list within."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.data.columns import LABEL_AFFIXES, LABEL_NAMES, TEXT_NAMES, hint
from core.data.sources.export import ClassNames
from core.data.splits import COLUMN, is_unlabelled, split_called, split_in

DEPTH = 3  # of objects around the list of rows
NAME_LISTS = {"label_names", "labels", "label_list", "target_names", "class_names", "classes", "names", "id2label"}


@dataclass(frozen=True)
class Shape:
    """The rows that a value holds, each a record or a list of cells, and what its shape is, in words."""

    rows: list[Any]
    form: str
    class_names: ClassNames = field(default_factory=dict)


def shape(value: dict[str, Any]) -> Shape:
    """The rows in an object: the object itself where nothing in it looks like several."""
    return _table(value, DEPTH) or Shape([value], "JSON, one object")


def _table(value: Any, depth: int) -> Shape | None:
    if isinstance(value, list):
        return Shape(value, "JSON list") if any(isinstance(row, dict | list) for row in value) else None
    if not isinstance(value, dict) or not value:
        return None
    return _by_pandas(value) or _splits(value, depth) or _columns(value) or _classes(value) or _within(value, depth)


def _by_pandas(value: dict[str, Any]) -> Shape | None:
    """What DataFrame.to_json writes: split, table, columns, index."""
    data, columns = value.get("data"), value.get("columns")
    if isinstance(columns, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        names = [str(name) for name in columns]
        return Shape([dict(zip(names, row, strict=False)) for row in data], "JSON, split as pandas writes it")
    schema = value.get("schema")
    if isinstance(schema, dict) and isinstance(data, list) and "fields" in schema:
        index = {*_listed(schema.get("primaryKey"))}
        rows = [{key: one for key, one in row.items() if key not in index} for row in data if isinstance(row, dict)]
        return Shape(rows, "JSON, a table as pandas writes it")
    inner = list(value.values())
    if not all(isinstance(one, dict) for one in inner) or len(inner) < 2 or _are_splits(value):
        return None
    keys = [tuple(one) for one in inner]
    numbered = _are_numbers(value), _are_numbers(keys[0])
    if numbered == (True, False) or (numbered != (False, True) and len(keys) > len(keys[0])):
        shared = {*keys[0]}.intersection(*keys[1:])  # none: one object whose fields are objects
        return Shape(inner, "JSON, an object for each row's name") if shared else None
    if len(set(map(frozenset, keys))) > 1 or not (_are_numbers(keys[0]) or len(keys[0]) > 2):
        return None
    return Shape([{name: column[key] for name, column in value.items()} for key in keys[0]], "JSON columns")


def _splits(value: dict[str, Any], depth: int) -> Shape | None:
    """Lists, or tables of any shape, each under the name of a split."""
    parts = {name: one for name, one in value.items() if isinstance(one, list | dict)}
    if not parts or depth == 0 or not _are_splits(parts):
        return None
    found = {name: _table(part, depth - 1) for name, part in parts.items()}
    rows = [
        _with_split(row, name if split_called(name) else split_in(name) or name)
        for name, part in found.items()
        if part is not None
        for row in part.rows
    ]
    if not rows:
        return None
    names = {column: names for part in found.values() if part for column, names in part.class_names.items()}
    return Shape(rows, f"JSON, {', '.join(parts)}", names)


def _with_split(row: Any, split: str) -> Any:
    if isinstance(row, dict):
        return {**row, COLUMN: row.get(COLUMN, split)}
    return [*row, split] if isinstance(row, list) else row


def _columns(value: dict[str, Any]) -> Shape | None:
    """A list for each column, all of the same length."""
    lists = {name: one for name, one in value.items() if isinstance(one, list) and one}
    longest = max(map(len, lists.values()), default=0)
    lists = {name: one for name, one in lists.items() if len(one) == longest or name not in NAME_LISTS}
    lengths = {len(one) for one in lists.values()}
    if len(lists) < 2 or len(lengths) > 1 or any(isinstance(one, dict) for column in lists.values() for one in column):
        return None
    names = [name.lower().removesuffix("s") for name in lists]
    repeats = [len({str(one) for one in column}) <= max(2, len(column) / 2) for column in lists.values()]
    # lists of the same length may also be the texts of classes: those do not repeat, and are all text
    if not any(name in LABEL_NAMES | TEXT_NAMES for name in names) and (all(repeats) or not any(repeats)):
        return None
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    beside = {name: one for name, one in value.items() if name not in lists}
    classes = _names_beside(beside, "").get("label")
    named = {name: classes for name in lists if classes and hint(name, LABEL_NAMES, set(), LABEL_AFFIXES)}
    return Shape(rows, "JSON columns", named)


def _classes(value: dict[str, Any]) -> Shape | None:
    """The texts of each class, as `{"spam": ["win", ...]}`, or the class of each text, as `{"win": "spam"}`."""
    if len(value) > 1 and all(isinstance(one, list) and _are_texts(one) for one in value.values()):
        rows = [{"text": text, "label": label} for label, texts in value.items() for text in texts]
        return Shape(rows, "JSON, the texts of each class") if len(rows) > len(value) else None
    if len(value) > 1 and all(isinstance(one, list) and one and _are_unlabelled(one) for one in value.values()):
        rows = [{**row, "label": label} for label, records in value.items() for row in records]
        return Shape(rows, "JSON, the texts of each class")
    if len(value) < 4 or not all(isinstance(one, str | int) for one in value.values()):
        return None
    classes, n = {*value.values()}, len(value)
    is_longer = sum(map(len, value)) > 2 * sum(len(str(one)) for one in value.values())
    if len(classes) > n / 2 or not (is_longer or sum(" " in text for text in value) > n / 2):
        return None
    return Shape([{"text": text, "label": label} for text, label in value.items()], "JSON, the class of each text")


def _within(value: dict[str, Any], depth: int) -> Shape | None:
    """The list of rows in one of the fields of an object, the longest where there are several."""
    if depth == 0:
        return None
    fields = {name: one for name, one in value.items() if name != "features" and isinstance(one, list | dict)}
    found = {name: _table(one, depth - 1) for name, one in fields.items()}
    tables = {name: one for name, one in found.items() if one is not None}
    if not tables:
        return None
    name, best = max(tables.items(), key=lambda item: len(item[1].rows))
    form = best.form if "," in best.form else f"JSON, the list in {name}"
    return Shape(_unwrapped(best.rows), form, {**_names_beside(value, name), **best.class_names})


def _unwrapped(rows: list[Any]) -> list[Any]:
    """Rows as the hub's viewer gives them, each within an object that numbers it: what is within."""
    if all(isinstance(row, dict) and isinstance(row.get("row"), dict) for row in rows):
        return [row["row"] for row in rows]
    return rows


def _names_beside(value: dict[str, Any], rows: str) -> ClassNames:
    """What the numbers of classes mean, where a field beside the rows says so."""
    found: ClassNames = {}
    for key, one in value.items():
        if key == rows:
            continue
        if key == "features" and isinstance(one, list):
            found |= features_names({str(f.get("name")): f.get("type") for f in one if isinstance(f, dict)})
        elif key == "features" and isinstance(one, dict):
            found |= features_names(one)
        elif key == "id2label" and isinstance(one, dict) and _are_numbers(one):
            found["label"] = {int(number): str(name) for number, name in one.items()}
        elif key in NAME_LISTS and isinstance(one, list) and _are_texts(one):
            found["label"] = dict(enumerate(one))
    return found


def features_names(features: Mapping[str, Any]) -> ClassNames:
    """The names of classes in the features of a data set of the hub, by column."""
    found = {}
    for column, kind in features.items():
        # of a list of classes: what is in it
        kind = (
            kind.get("feature", kind)
            if isinstance(kind, dict)
            else kind[0]
            if kind and isinstance(kind, list)
            else kind
        )
        if isinstance(kind, dict) and isinstance(kind.get("names"), list) and _are_texts(kind["names"]):
            found[column] = dict(enumerate(kind["names"]))
    return found


def _listed(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _are_splits(names: Iterable[str]) -> bool:
    return all(split_in(name) or is_unlabelled(name) for name in names)


def _are_numbers(names: Iterable[str]) -> bool:
    return all(name.isdecimal() for name in names)


def _are_unlabelled(rows: list[Any]) -> bool:
    return all(isinstance(row, dict) and "text" in row and not LABEL_NAMES & row.keys() for row in rows)


def _are_texts(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(one, str) for one in values)
