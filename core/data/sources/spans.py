"""Rows that mark places in texts, or tag their words, and give no class to a whole text."""

from collections.abc import Sequence
from typing import Any

from core.data.sources.label_studio import LabelStudio, choices, judged
from core.errors import BadData

SPAN_FIELDS = ("label", "labels", "spans", "entities", "annotations")
TAG_FIELDS = ("ner_tags", "pos_tags", "tags", "ner", "chunk_tags")


def refuse_spans(items: Sequence[dict[str, Any]], name: str) -> None:
    """Raises BadData where rows mark places in texts, or tag single words, and say no class of a whole text."""
    first = items[:100]
    if any(isinstance(item.get("tokens"), list) and any(key in item for key in TAG_FIELDS) for item in first):
        what = f"{name} tags each word of its texts, as for named entities: those are no classes of texts."
        raise BadData(what, "Name a file with one label for each text.")
    if any(map(LabelStudio.recognises, first)):
        marked = any(choices(one) for item in first for one in judged(item))
        spans = not marked and any(one.get("result") for item in first for one in judged(item))
    else:
        fields = [[item.get(key) for item in first if item.get(key)] for key in SPAN_FIELDS]
        marking = [key for key, found in zip(SPAN_FIELDS, fields, strict=True) if found and all(map(_are_spans, found))]
        spans = bool({"label", "labels"} & {*marking}) or (
            bool(marking) and not any(_says_more(item, marking) for item in first)
        )
    if spans:
        what = f"{name} marks places in its texts, as for named entities: those are no classes of texts."
        do = "Export the project's text classification, with a label for each whole text, as JSON or CSV."
        raise BadData(what, do)


def _says_more(item: dict[str, Any], marking: list[str]) -> bool:
    """Whether a row has short text or a number beside its text and what is marked in it."""
    beside = {"id", "text", "data", "answer", "tokens", "meta", *marking}
    fields = {key for key, value in item.items() if value is not None and not key.startswith("_")}
    return bool(fields - beside)


def _are_spans(value: Any) -> bool:
    """Whether each of some values begins and ends somewhere."""
    return isinstance(value, list) and all(
        bool({"start", "start_offset", "startOffset", "points"} & one.keys())
        if isinstance(one, dict)
        else isinstance(one, list) and len(one) == 3 and all(isinstance(place, int) for place in one[:2])
        for one in value
    )
