"""Label Studio's exports: JSON with all that each person did, and JSON-MIN."""

from collections.abc import Iterator, Sequence
from typing import Any

from core.data.sources.export import UNDECIDED, Export, Record, Voted

KEPT_BY_MIN = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"}


class LabelStudio(Voted):
    """Label Studio's full export: a task with its data, and what each person made of it."""

    form = "Label Studio"

    def __init__(self, items: Sequence[dict[str, Any]]):
        super().__init__(items)
        self._only = len({name for item in items for one in judged(item) for name in choices(one)}) < 2

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """A task has its data in an object, and a list of annotations, which were called completions."""
        return isinstance(item.get("data"), dict) and any(
            isinstance(item.get(key), list) for key in ("annotations", "completions")
        )

    def records(self, item: dict[str, Any]) -> Iterator[Record]:
        """The data with a column for each question, `label` where there is one; cancelled annotations are left out."""
        answers = [choices(one) for one in judged(item)]
        record = dict(item["data"])
        for name in dict.fromkeys(name for one in answers for name in one):
            chosen = self.most([one.get(name, []) for one in answers], f"{item.get('id', record)} {name}")
            if chosen is None:
                yield UNDECIDED
                return
            column = "label" if self._only else name
            record = {(f"data.{key}" if key == column else key): value for key, value in record.items()}
            record[column] = chosen
        yield record


def judged(item: dict[str, Any]) -> list[dict[str, Any]]:
    """The annotations of a task that nobody took back."""
    found = item.get("annotations") or item.get("completions")
    return [one for one in _listed(found) if isinstance(one, dict) and not one.get("was_cancelled")]


def choices(annotation: dict[str, Any]) -> dict[str, list[str]]:
    """What an annotation says of the whole text, by question."""
    chosen: dict[str, list[str]] = {}
    for result in _listed(annotation.get("result")):
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict) or "start" in value:  # that begins somewhere in the text
            continue
        paths = [path if isinstance(path, list) else [path] for path in _listed(value.get("taxonomy"))]
        found = _listed(value.get("choices")) or ["/".join(map(str, path)) for path in paths]
        if not found and isinstance(value.get("rating"), int):
            found = [str(value["rating"])]
        if found:
            chosen.setdefault(str(result.get("from_name")), []).extend(map(str, found))
    return chosen


def _listed(value: Any) -> list[Any]:
    """What is usually a list, and may be one of its items alone."""
    return value if isinstance(value, list) else [] if value is None else [value]


class MinimalLabelStudio(Export):
    """Label Studio's JSON-MIN: a record for each annotation, with what the tool keeps beside it, which is left out."""

    form = "Label Studio (JSON-MIN)"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """It has the number of its annotation, and the seconds that it took."""
        return {"annotation_id", "lead_time"} <= item.keys()

    def records(self, item: dict[str, Any]) -> Iterator[Record]:
        """The fields of the task, and the answers; several choices stand in an object."""
        record = {key: value for key, value in item.items() if key not in KEPT_BY_MIN}
        for key, value in record.items():
            if isinstance(value, dict) and isinstance(value.get("choices"), list):
                record[key] = value["choices"]
        yield record
