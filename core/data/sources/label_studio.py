"""Label Studio's exports: JSON with all that each person did, and JSON-MIN."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from core.data.sources.export import Asked, Export, Record, listed

KEPT_BY_MIN = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"}


class LabelStudio(Asked):
    """Label Studio's full export: a task with its data, and what each person made of it."""

    form = "Label Studio"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """A task has its data in an object, and a list of annotations, which were called completions."""
        return isinstance(item.get("data"), dict) and any(
            isinstance(item.get(key), list) for key in ("annotations", "completions")
        )

    @staticmethod
    def data(item: dict[str, Any]) -> dict[str, Any]:
        """The task's own."""
        return item["data"]

    @staticmethod
    def votes(item: dict[str, Any]) -> dict[str, list[list[str]]]:
        """What stands in the annotations that were not cancelled."""
        answers = [choices(one) for one in judged(item)]
        return {name: [one.get(name, []) for one in answers] for name in dict.fromkeys(chain(*answers))}


def judged(item: dict[str, Any]) -> list[dict[str, Any]]:
    """The annotations of a task that nobody took back."""
    found = item.get("annotations") or item.get("completions")
    return [one for one in listed(found) if isinstance(one, dict) and not one.get("was_cancelled")]


def choices(annotation: dict[str, Any]) -> dict[str, list[str]]:
    """What an annotation says of the whole text, by question."""
    chosen: dict[str, list[str]] = {}
    for result in listed(annotation.get("result")):
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict) or "start" in value:  # that begins somewhere in the text
            continue
        paths = [path if isinstance(path, list) else [path] for path in listed(value.get("taxonomy"))]
        found = listed(value.get("choices")) or ["/".join(map(str, path)) for path in paths]
        if not found and isinstance(value.get("rating"), int):
            found = [str(value["rating"])]
        if found:
            chosen.setdefault(str(result.get("from_name")), []).extend(map(str, found))
    return chosen


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
