"""Exports of Argilla, Labelbox, LightTag and of spaCy's own training format."""

from typing import Any

from core.data.sources.export import Asked, listed

NOT_GIVEN = ("discarded", "draft")  # what Argilla says of answers that do not count


class Argilla(Asked):
    """Argilla's records: fields, and the responses of several people to each question."""

    form = "Argilla"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """Its texts are called fields, and what people say responses."""
        return isinstance(item.get("fields"), dict) and isinstance(item.get("responses"), list | dict)

    @staticmethod
    def data(item: dict[str, Any]) -> dict[str, Any]:
        """The fields, and what else was written down."""
        return {**_object(item.get("metadata")), **item["fields"]}

    @staticmethod
    def votes(item: dict[str, Any]) -> dict[str, list[list[str]]]:
        """A list of persons with values for each question, or since version 2 questions with a list of answers."""
        found: dict[str, list[list[str]]] = {}
        responses = item["responses"]
        if isinstance(responses, dict):
            given = [(question, one) for question, answers in responses.items() for one in listed(answers)]
        else:
            given = [
                (question, {**_object(answer), "status": one.get("status")})
                for one in map(_object, responses)
                for question, answer in _object(one.get("values")).items()
            ]
        for question, answer in given:
            if _object(answer).get("status") not in NOT_GIVEN:
                found.setdefault(question, []).append([*map(str, listed(_object(answer).get("value")))])
        return found


class OldArgilla(Asked):
    """Argilla's records before its version 2, and Rubrix's: a text with one annotation."""

    form = "Argilla"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """It says who annotated it, or what was predicted."""
        return "annotation" in item and bool({"annotation_agent", "prediction", "prediction_agent"} & item.keys())

    @staticmethod
    def data(item: dict[str, Any]) -> dict[str, Any]:
        """The text, or where there is none the inputs."""
        return {"text": item["text"]} if item.get("text") else _object(item.get("inputs"))

    @staticmethod
    def votes(item: dict[str, Any]) -> dict[str, list[list[str]]]:
        """The one annotation."""
        return {"annotation": [[*map(str, listed(item["annotation"]))]]} if item.get("annotation") else {}


class LightTag(Asked):
    """LightTag's examples, each with its classifications."""

    form = "LightTag"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """It has content, and a list of classifications."""
        return isinstance(item.get("content"), str) and isinstance(item.get("classifications"), list)

    @staticmethod
    def data(item: dict[str, Any]) -> dict[str, Any]:
        """The content is the text."""
        return {"text": item["content"]}

    @staticmethod
    def votes(item: dict[str, Any]) -> dict[str, list[list[str]]]:
        """All classifications as those of one person."""
        chosen = [str(one["classname"]) for one in map(_object, item["classifications"]) if "classname" in one]
        return {"classification": [chosen]} if chosen else {}


class Labelbox(Asked):
    """Labelbox's rows, in the export of today and in the former one."""

    form = "Labelbox"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """It has a data row, or a column Labeled Data."""
        return (isinstance(item.get("data_row"), dict) and "projects" in item) or (
            "Labeled Data" in item and isinstance(item.get("Label"), dict)
        )

    @staticmethod
    def data(item: dict[str, Any]) -> dict[str, Any]:
        """What was labelled."""
        return {"text": item.get("Labeled Data", _object(item.get("data_row")).get("row_data"))}

    @staticmethod
    def votes(item: dict[str, Any]) -> dict[str, list[list[str]]]:
        """The answers to each question in each person's label."""
        projects = [*map(_object, _object(item.get("projects")).values())]
        labels = [
            _object(one.get("annotations")) for each in projects for one in map(_object, listed(each.get("labels")))
        ]
        found: dict[str, list[list[str]]] = {}
        for label in labels or [_object(item.get("Label"))]:
            for one in map(_object, listed(label.get("classifications"))):
                answers = [
                    one[key] for key in ("answer", "answers", "radio_answer", "checklist_answers") if one.get(key)
                ]
                chosen = [_called(answer) for each in answers for answer in listed(each)]
                found.setdefault(str(one.get("name", one.get("title"))), []).append(chosen)
        return found


class SpacyDocs(Asked):
    """spaCy's documents of paragraphs, each with a share for each class."""

    form = "spaCy"

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """It has paragraphs with raw text."""
        return any("raw" in _object(one) for one in listed(item.get("paragraphs")))

    @staticmethod
    def data(item: dict[str, Any]) -> dict[str, Any]:
        """All paragraphs as one text."""
        return {"text": "\n".join(str(one.get("raw") or "") for one in map(_object, listed(item["paragraphs"])))}

    @staticmethod
    def votes(item: dict[str, Any]) -> dict[str, list[list[str]]]:
        """The classes that are more likely than not, of the document or of its paragraphs."""
        paragraphs = [_object(one).get("cats") for one in listed(item["paragraphs"])]
        cats = [_object(one) for each in (item.get("cats"), *paragraphs) for one in listed(each)]
        chosen = [str(one.get("label")) for one in cats if one.get("value", 0) > 0.5]
        return {"cats": [[*dict.fromkeys(chosen)]]} if chosen else {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _called(answer: Any) -> str:
    """What an answer is called, which may stand in an object."""
    found = _object(answer)
    return str(found.get("name", found.get("title", answer)))
