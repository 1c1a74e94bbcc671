"""Exports of Prodigy, doccano and spaCy, and the texts that chatbots learn from."""

from collections.abc import Iterator
from typing import Any

from core.data.sources.export import UNDECIDED, Export, Record, Voted
from core.data.sources.source import Damaged

LEFT_OUT = ("reject", "ignore")  # what Prodigy says of a text that was not accepted
TEXTS_OF_INTENT = ("patterns", "examples", "utterances", "texts", "sentences", "phrases")
NAMES_OF_INTENT = ("tag", "intent", "label", "class", "category", "name")


class Prodigy(Export):
    """Prodigy's tasks, each with the answer that it was given."""

    form = "Prodigy"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """A task has an answer, which is one of three."""
        return item.get("answer") in ("accept", *LEFT_OUT) and ("label" in item or "accept" in item or "spans" in item)

    def records(self, item: dict[str, Any]) -> Iterator[Record]:
        """The text and the label, or the options that were chosen; what was not accepted is left out."""
        if item.get("answer") in LEFT_OUT:
            yield Damaged(f"answer: {item['answer']}")
            return
        chosen = item.get("label")
        if isinstance(item.get("accept"), list):
            options = {one.get("id"): one.get("text") for one in item.get("options") or [] if isinstance(one, dict)}
            chosen = [options.get(one) or one for one in item["accept"]]
        meta = item["meta"] if isinstance(item.get("meta"), dict) else {}
        yield {"text": item.get("text"), "label": chosen, **{f"meta.{key}": value for key, value in meta.items()}}


class Doccano(Voted):
    """doccano's former export: a text with the annotations of several people, each with a label."""

    form = "doccano"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """Its annotations are objects with a label, and mark no place in the text."""
        found = item.get("annotations")
        return (
            isinstance(found, list) and bool(found) and all(isinstance(one, dict) and "label" in one for one in found)
        )

    def records(self, item: dict[str, Any]) -> Iterator[Record]:
        """The other fields, and the label that most gave; those of one person are several labels."""
        by_person: dict[Any, list[str]] = {}
        for one in item["annotations"] if self.recognises(item) else []:
            by_person.setdefault(str(one.get("user")), []).append(str(one["label"]))
        chosen = self.most([*by_person.values()], str(item.get("id", item.get("text"))))
        others = {key: value for key, value in item.items() if key != "annotations"}
        yield UNDECIDED if chosen is None else {**others, **({"label": chosen} if by_person else {})}


class Intents(Export):
    """What chatbots learn from: the name of an intent with a list of texts."""

    form = "texts listed for each intent"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """It has a name and a list of texts."""
        texts, names = _intent(item)
        return bool(names) and isinstance(texts, list) and all(isinstance(text, str) for text in texts)

    def records(self, item: dict[str, Any]) -> Iterator[Record]:
        """A record for each text."""
        texts, names = _intent(item)
        yield from ({"text": text, "label": names[0]} for text in texts or []) if names else ()


def _intent(item: dict[str, Any]) -> tuple[list[str] | None, list[str]]:
    texts = next((item[key] for key in TEXTS_OF_INTENT if isinstance(item.get(key), list)), None)
    return texts, [item[key] for key in NAMES_OF_INTENT if isinstance(item.get(key), str)]


class Cats(Export):
    """spaCy's texts, each with a share for each class."""

    form = "spaCy"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """Its classes are called cats."""
        return isinstance(item.get("cats"), dict)

    def records(self, item: dict[str, Any]) -> Iterator[Record]:
        """The classes that are more likely than not."""
        cats = item.get("cats")
        chosen = [key for key, share in cats.items() if share and share > 0.5] if isinstance(cats, dict) else []
        yield {**{key: value for key, value in item.items() if key != "cats"}, "label": chosen}
