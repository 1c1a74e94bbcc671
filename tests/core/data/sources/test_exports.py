"""What tools for annotation export, chats, and chatbots' intents: the texts and their classes are found in them."""

import json
from collections import Counter

import pytest

from core.data.read import read
from core.data.sources.source import Options
from core.errors import BadData

PAIRS = [(f"see you at the station at {i} o'clock, Ana", "ham") for i in range(30)]
PAIRS += [(f"win {i} free phones, call now", "spam") for i in range(30)]
TEXTS, LABELS = [text for text, _ in PAIRS], [label for _, label in PAIRS]


def lines(rows):
    return "\n".join(map(json.dumps, rows))


def judged(*choices, by=1, cancelled=False, question="topic"):
    value = {"value": {"choices": [*choices]}, "from_name": question, "to_name": "text", "type": "choices"}
    return {"id": 7, "completed_by": by, "result": [value] if choices else [], "was_cancelled": cancelled}


def task(i, text, *annotations, **data):
    return {"id": i, "data": {"text": text, **data}, "annotations": [*annotations], "predictions": [], "meta": {}}


def test_label_studio(file):
    rows = [task(i, text, judged(label), source=f"s{i % 2}") for i, (text, label) in enumerate(PAIRS)]
    table = read(file(json.dumps(rows)))
    assert (table.texts, table.labels, table.notes) == (TEXTS, LABELS, [])
    assert table.format == "JSON list, Label Studio" and table.columns == {"text": "text", "label": "label"}


def test_label_studio_with_several_people(file):
    rows = [task(i, text, judged(label)) for i, (text, label) in enumerate(PAIRS)]
    rows += [
        task(61, "most say spam", judged("spam"), judged("ham", by=2), judged("spam", by=3)),
        task(62, "as many say ham", judged("spam"), judged("ham", by=2)),
        task(63, "cancelled by one", judged("spam"), judged("ham", by=2, cancelled=True)),
        task(64, "cancelled by all", judged("ham", cancelled=True)),
        task(65, "nobody yet"),
        task(66, "skipped", judged()),
        task(67, "two in any order", judged("spam", "urgent"), judged("urgent", "spam", by=2)),
    ]
    table = read(file(json.dumps(rows)))
    assert dict(zip(table.texts, table.labels, strict=True)) == {
        **dict(PAIRS),
        "most say spam": "spam",
        "cancelled by one": "spam",
    }
    assert table.skipped == {"people disagree on the label": 1, "no label": 3, "several labels": 1}
    assert table.notes == ["2 texts were given different classes by different people: what most of them chose counts."]


def test_label_studio_with_two_questions_and_a_label_in_the_data(file):
    rows = [task(i, t, judged(c), judged("yes", question="urgent"), label="old") for i, (t, c) in enumerate(PAIRS)]
    for row in rows:
        row["annotations"] = [{**row["annotations"][0], "result": [a["result"][0] for a in row["annotations"]]}]
    table = read(file(json.dumps(rows)), Options(label="topic"))
    assert table.labels == LABELS and {"topic", "urgent", "label"} <= {*table.all_columns}
    rows = [task(i, t, judged(c), label="old") for i, (t, c) in enumerate(PAIRS)]
    table = read(file(json.dumps(rows)))
    assert table.labels == LABELS and "data.label" in table.all_columns


def test_label_studio_minimal(file):
    rows = [
        {"text": text, "id": i, "choice": label, "annotator": i % 2, "annotation_id": i, "lead_time": 1.5}
        for i, (text, label) in enumerate(PAIRS)
    ]
    rows.append({**rows[0], "text": "both", "choice": {"choices": ["ham", "spam"]}})
    table = read(file(json.dumps(rows)))
    assert table.labels == LABELS and table.skipped == {"several labels": 1} and table.all_columns == ["text", "choice"]


def test_prodigy(file):
    rows = [
        {"text": text, "label": label, "_input_hash": i, "_task_hash": -i, "answer": "accept", "meta": {"score": i}}
        for i, (text, label) in enumerate(PAIRS)
    ]
    rows += [{"text": "rejected", "label": "spam", "answer": "reject"}, {"text": "", "label": "a", "answer": "ignore"}]
    table = read(file(lines(rows)))
    assert (table.texts, table.labels) == (TEXTS, LABELS)
    assert table.skipped == {"answer: reject": 1, "answer: ignore": 1}
    options = [{"id": "1", "text": "ham"}, {"id": "2", "text": "spam"}]
    chosen = {"ham": ["1"], "spam": ["2"]}
    rows = [{"text": t, "options": options, "accept": chosen[label], "answer": "accept"} for t, label in PAIRS]
    rows.append({"text": "both", "options": options, "accept": ["1", "2"], "answer": "accept"})
    table = read(file(lines(rows)))
    assert table.labels == LABELS and table.skipped == {"several labels": 1}


def test_doccano(file):
    rows = [{"id": i, "data": text, "label": [label]} for i, (text, label) in enumerate(PAIRS)]
    assert read(file(lines(rows))).labels == LABELS
    rows = [
        {"id": i, "text": text, "meta": {}, "annotations": [{"label": label, "user": 1}], "annotation_approver": None}
        for i, (text, label) in enumerate(PAIRS)
    ]
    rows.append({**rows[0], "annotations": [{"label": 1, "user": 1}, {"label": 2, "user": 1}]})
    rows.append({**rows[0], "annotations": []})
    table = read(file(lines(rows)))
    assert table.labels == LABELS and table.skipped == {"several labels": 1, "no label": 1}


def chat(*turns, role="role", content="content", name="messages"):
    return {name: [{role: who, content: said} for who, said in turns]}


@pytest.mark.parametrize("kind", ["messages", "sharegpt", "parts", "instructions", "without input", "completions"])
def test_chats(file, kind):
    system = ("system", "Say spam or ham.")
    rows = {
        "messages": [chat(system, ("user", text), ("assistant", label)) for text, label in PAIRS],
        "sharegpt": [
            chat(("human", text), ("gpt", label), role="from", content="value", name="conversations")
            for text, label in PAIRS
        ],
        "parts": [chat(("user", [{"type": "text", "text": t}]), ("assistant", label)) for t, label in PAIRS],
        "instructions": [
            {"instruction": "Is this message, which somebody sent me, spam or ham?", "input": t, "output": label}
            for t, label in PAIRS
        ],
        "without input": [{"instruction": text, "input": "", "output": label} for text, label in PAIRS],
        "completions": [{"prompt": text, "completion": f" {label}"} for text, label in PAIRS],
    }[kind]
    table = read(file(lines(rows)))
    assert (table.texts, table.labels) == (TEXTS, LABELS)


def test_chats_of_several_turns_and_chats_that_give_no_class(file):
    rows = [chat(("user", "hello"), ("assistant", "hi"), ("user", t), ("assistant", c)) for t, c in PAIRS]
    rows += [chat(("user", "nobody answers")), chat(("assistant", "nobody asks"))]
    table = read(file(lines(rows)))
    assert (table.texts, table.labels) == (TEXTS, LABELS)
    assert table.skipped == {"a chat without question or answer": 2}
    assert "Of each chat the last answer is read, and the question before it." in table.notes
    rows = [chat(("user", t), ("assistant", f"I cannot say for sure what {t} means to you")) for t, _ in PAIRS]
    with pytest.raises(BadData, match="looks like a label"):
        read(file(lines(rows)))


def test_intents(file):
    rows = [
        {"tag": f"intent {i}", "patterns": [f"say {j} words of {i}" for j in range(4)], "responses": ["yes"]}
        for i in range(5)
    ]
    table = read(file(json.dumps({"intents": rows})))
    assert len(table.texts) == 20 and Counter(table.labels) == {f"intent {i}": 4 for i in range(5)}


SPANS = {
    "doccano": {"id": 1, "text": "Ana lives here", "label": [[0, 3, "PERSON"]]},
    "doccano relations": {"id": 1, "text": "Ana", "entities": [{"start_offset": 0, "end_offset": 3, "label": "P"}]},
    "prodigy": {"text": "Ana", "spans": [{"start": 0, "end": 3, "label": "P"}], "answer": "accept", "_task_hash": 1},
    "label studio": task(1, "Ana", {"result": [{"value": {"start": 0, "end": 3, "labels": ["P"]}}]}),
    "minimal": {"text": "Ana", "label": [{"start": 0, "end": 3, "labels": ["P"]}], "annotation_id": 1, "lead_time": 1},
    "spaCy": ["Ana lives here", {"entities": [[0, 3, "PERSON"]]}],
    "tokens": {"tokens": ["Ana", "lives"], "ner_tags": [1, 0]},
}


@pytest.mark.parametrize("kind", SPANS)
def test_marked_places_and_tagged_words_are_no_classes(file, kind):
    with pytest.raises(BadData, match="those are no classes of texts") as error:
        read(file(json.dumps([SPANS[kind]] * 10)))
    assert "label for each" in error.value.do


def test_marked_places_beside_a_class_do_no_harm(file):
    rows = [{"text": t, "intent": c, "entities": [{"start": 0, "end": 3, "entity": "who"}]} for t, c in PAIRS]
    table = read(file(json.dumps({"rasa_nlu_data": {"common_examples": rows, "regex_features": []}})))
    assert table.labels == LABELS and table.columns["label"] == "intent"


TOOLS = {
    "Argilla": lambda i, t, c: {"id": str(i), "fields": {"text": t}, "metadata": {"source": "x"}, "suggestions": {},
                                "responses": {"topic": [{"value": c, "status": "submitted", "user_id": "u"},
                                                        {"value": "other", "status": "discarded", "user_id": "v"}]}},
    "Argilla 1": lambda i, t, c: {"fields": {"text": t}, "responses": [
        {"user_id": "u", "status": "submitted", "values": {"topic": {"value": c}}},
        {"user_id": "v", "status": "draft", "values": {"topic": {"value": "other"}}}]},
    "Rubrix": lambda i, t, c: {"text": t, "inputs": {"text": t}, "prediction": None, "annotation": c,
                               "annotation_agent": "me", "id": str(i), "status": "Validated"},
    "LightTag": lambda i, t, c: {"example_id": str(i), "content": t, "annotations": [],
                                 "classifications": [{"classname": c, "classification_id": "7"}]},
    "Labelbox": lambda i, t, c: {"data_row": {"id": str(i), "row_data": t}, "projects": {"p": {"name": "x", "labels": [
        {"annotations": {"objects": [], "classifications": [{"name": "topic", "radio_answer": {"name": c}}]}}]}}},
    "Labelbox's list": lambda i, t, c: {"data_row": {"row_data": t}, "projects": {"p": {"labels": [
        {"annotations": {"classifications": [{"name": "topic", "checklist_answers": [{"name": c}]}]}}]}}},
    "Labelbox, former": lambda i, t, c: {"ID": str(i), "Labeled Data": t, "Label": {"objects": [], "classifications": [
        {"title": "topic", "value": "topic", "answer": {"title": c, "value": c.lower()}}]}},
    "spaCy": lambda i, t, c: {"id": i, "paragraphs": [{"raw": t, "sentences": [], "cats": [
        {"label": one, "value": float(one == c)} for one in ("ham", "spam")]}]},
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("form", ["list", "lines", "within"])
def test_what_other_tools_write(file, tool, form):
    rows = [TOOLS[tool](i, text, label) for i, (text, label) in enumerate(PAIRS)]
    content = lines(rows) if form == "lines" else json.dumps(rows if form == "list" else {"examples": rows})
    table = read(file(content, "data.json"))
    assert (table.texts, table.labels, table.columns["label"]) == (TEXTS, LABELS, "label")
    assert table.format.endswith(tool.split(" ")[0].split("'")[0].strip(",").replace("Rubrix", "Argilla"))


def test_argilla_with_two_questions_and_people_who_disagree(file):
    def response(user, label):
        return {"user_id": user, "status": "submitted", "values": {"topic": {"value": label}, "tone": {"value": ["a"]}}}

    rows = [{"fields": {"text": t}, "responses": [response("u", c)]} for t, c in PAIRS]
    rows.append({"fields": {"text": "who knows"}, "responses": [response("u", "ham"), response("v", "spam")]})
    table = read(file(lines(rows)), Options(label="topic"))
    assert table.labels == LABELS and table.skipped == {"people disagree on the label": 1}
    assert table.all_columns == ["text", "topic", "tone"]


def test_label_studios_table_with_several_choices(file):
    body = [f'{i},"{t}","{{""choices"":[""{c}""]}}"' for i, (t, c) in enumerate(PAIRS)]
    table = read(file("id,text,topic\n" + "\n".join(body)))
    assert (table.texts, table.labels, table.columns["label"]) == (TEXTS, LABELS, "topic")


def test_an_empty_column_named_as_texts_are_is_not_the_text(file):
    rows = [{"id": i, "data": t, "label": [c], "Comments": []} for i, (t, c) in enumerate(PAIRS)]
    table = read(file(lines(rows)))
    assert (table.texts, table.labels) == (TEXTS, LABELS)
