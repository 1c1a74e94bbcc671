"""A model card: what an exported classifier is, what its figures are worth, where it ends, and how to use it."""

import re
from collections.abc import Iterator
from json import dumps
from pathlib import Path

import tomli_w

from core import inside
from core.architectures.lookup import is_own_folder, preset_for, short_name
from core.architectures.preset import is_folder
from core.data import kept, prepare
from core.datasets import NAMED
from core.evaluate.predict import Counter, Network
from core.export.expressible import EMPTY_TEXT, Format
from core.export.findings import findings
from core.export.markdown import span, table, words
from core.runs import edits
from core.runs.events import Noted
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.origin import Base, demand_origin
from core.runs.result import ClassifierResult
from core.template import Template
from core.text.lookup import reads_pairs
from core.wording import in_json

FOLDER = re.compile(r"(?<!\S)/\S*/")  # of this machine, which nobody else needs to know

TRANSFORMERS = """\
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

folder = "."  # where this file lies
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForSequenceClassification.from_pretrained(folder).eval()

texts = ["You have won a prize!", "see you at seven"]
batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
with torch.no_grad():
    probabilities = model(**batch).logits.softmax(dim=1)
for text, row in zip(texts, probabilities):
    print(model.config.id2label[int(row.argmax())], f"{row.max():.3f}", text)
"""
ONNX = """\
import json

import numpy as np
from onnxruntime import InferenceSession
from tokenizers import Tokenizer

folder = "."  # where this file lies
tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
session = InferenceSession(f"{folder}/model.onnx")
labels = json.loads(session.get_modelmeta().custom_metadata_map["labels"])

texts = ["You have won a prize!", "see you at seven"]
batch = tokenizer.encode_batch(texts)
(logits,) = session.run(["logits"], {
    "input_ids": np.array([text.ids for text in batch], dtype=np.int64),
    "attention_mask": np.array([text.attention_mask for text in batch], dtype=np.int64),
})
probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
probabilities /= probabilities.sum(axis=1, keepdims=True)
for text, row in zip(texts, probabilities):
    print(labels[row.argmax()], f"{row.max():.3f}", text)
"""
ONNX_INPUTS = (
    "`model.onnx` takes `input_ids` and `attention_mask`, both int64 (texts, tokens) and padded on the right, and "
    "gives `logits` (texts, labels); the labels are in its metadata and in `config.json`. It was checked with "
    "onnxruntime when it was written: its logits are those of the network."
)
ONNX_COUNTED = """\
import json
import re

import numpy as np
from onnxruntime import InferenceSession

folder = "."  # where this file lies
session = InferenceSession(f"{folder}/model.onnx")
labels = json.loads(session.get_modelmeta().custom_metadata_map["labels"])


def padded(rows):
    width = max(1, *map(len, rows))
    return np.array([row + [""] * (width - len(row)) for row in rows], dtype=object)


texts = ["You have won a prize!", "see you at seven"]
plain = [" ".join(text.lower().split()) for text in texts]
units = {
    "words": padded([re.findall(r"\\w+", text) for text in plain]),
    "characters": padded([list(text) for text in plain]),
}
taken = {each.name: units[each.name] for each in session.get_inputs()}
(probabilities,) = session.run(["probabilities"], taken)
for text, row in zip(texts, probabilities):
    print(labels[row.argmax()], f"{row.max():.3f}", text)
"""
ONNX_COUNTED_INPUTS = (
    "`model.onnx` takes `words` and, unless it was trained on long texts, `characters`: strings (texts, words) and "
    '(texts, characters) of texts in lower case with single spaces, padded on the right with `""`. It gives '
    "`probabilities` (texts, labels); the labels are in its metadata and in `config.json`. It was checked with "
    "onnxruntime when it was written: its probabilities are those of the classifier."
)
PIPELINE = (
    '`pipeline("text-classification", ".", truncation=True)` gives the same; without `truncation=True` transformers '
    "does not shorten a text that is too long for the model, and no file here can make it do so: {then}. A word such "
    "as `[SEP]` or `<|endoftext|>` is plain text, as it was to the run, unless `split_special_tokens=False` is asked "
    "for."
)
PAIRS = (
    "Each text is a pair, what stands before [SEP] in the form below and what stands behind it, read with the model's "
    "own special tokens between; of one that is too long, the longer part is shortened first."
)
SEES_NO_OTHER = "That token sees no other: the rest of a text changes nothing."


def _for_pairs(code: str, tells_parts: bool) -> str:
    """The code that asks, for texts that are pairs."""
    code = code.replace(
        'texts = ["You have won a prize!", "see you at seven"]',
        'texts = [("What have I won?", "A prize!"), ("When do we meet?", "see you at seven")]',
    )
    code = code.replace("tokenizer(texts, ", "tokenizer([a for a, b in texts], [b for a, b in texts], ")
    if tells_parts:
        mask = '    "attention_mask": np.array([text.attention_mask for text in batch], dtype=np.int64),\n'
        parts = '    "token_type_ids": np.array([text.type_ids for text in batch], dtype=np.int64),\n'
        code = code.replace(mask, mask + parts)
    return code


def card(run: RunFolder, asked: Network | Counter, format: Format) -> str:
    """The card of a run's classifier as Markdown, with a result or without. Raises BadRun for a damaged run."""
    base = demand_origin(run).base
    code, about = (TRANSFORMERS, PIPELINE) if format == "transformers" else (ONNX, ONNX_INPUTS)
    if isinstance(asked, Counter):
        code, about = ONNX_COUNTED, ONNX_COUNTED_INPUTS
    elif format == "transformers":
        ends = preset_for(asked.recipe).architecture.position_table
        about = about.format(then="it fails" if ends else "it reads all of the text, to another answer")
        about = about if len(asked.tokenizer.encode("").ids) else f"{about} {EMPTY_TEXT}"
    if not isinstance(asked, Counter) and reads_pairs(asked.tokenizer):
        tells_parts = asked.model.backbone.arch.tells_parts
        code, about = _for_pairs(code, tells_parts), f"{about} {PAIRS}"
        if tells_parts and format == "onnx":
            about = about.replace(
                "`input_ids` and `attention_mask`, both", "`input_ids`, `attention_mask` and `token_type_ids`, all"
            )
    parts = [
        *_front(base, format),
        f"# A classifier of texts: {words(', '.join(asked.names))}",
        "",
        *_what(run, asked, base),
        "## Use",
        "",
        "```python",
        code.rstrip(),
        "```",
        "",
        about,
        "",
        "## How good it is",
        "",
        *_test(run, asked, base),
        "## Data",
        "",
        *_data(run, asked, base),
        "## Limits",
        "",
        *(f"- {limit}" for limit in _limits(asked, base)),
        "",
        "## Recipe",
        "",
        *_recipe(asked, base),
    ]
    return "\n".join(parts)


def _front(base: Base, format: Format) -> list[str]:
    """What a model hub reads."""
    known = [f"base_model: {_scalar(base.source)}"] if base.kind == "pretrained" else []
    return ["---", "pipeline_tag: text-classification", f"library_name: {format}", *known, "---", ""]


def _scalar(text: str) -> str:
    """A text as YAML has it: JSON's strings are YAML's, too."""
    return text if re.fullmatch(r"[\w.-]+/[\w.-]+", text, re.ASCII) else in_json(dumps(text))


def _what(run: RunFolder, asked: Network | Counter, base: Base) -> list[str]:
    preset = preset_for(asked.recipe)
    if isinstance(asked, Counter):
        kinds = " and ".join(kind.units.kind for kind in asked.model.kinds)
        made = f"Trained with workbench. It counts {kinds}: TF-IDF and logistic regression. Run {words(run.name)}."
    elif base.kind == "brought in":
        made = f"Brought into workbench from {span(Path(base.source).name)}, which another program trained."
    else:
        began = {
            "built in": f"the {words(base.source)} that is built into it",
            "pretrained": words(f"{base.source} at revision {base.revision[:7]}" if base.revision else base.source),
            "folder": f"the weights in {words(Path(base.source).name)}",
            "random": "random weights",
        }[base.kind]
        made = (
            f"Fine-tuned with workbench from {began}; what learned: {asked.recipe.plan.in_words}. "
            f"Run {words(run.name)}, weights of step {asked.step:,}."
        )
        if changes := History.of(run.log()).changes_in_words(asked.step):
            made += f" On its way it was changed: {words('; '.join(changes))}."
    if base.kind in ("built in", "pretrained") and preset.licence:
        made += f" The weights that it began with are under the {preset.licence} licence."
    head = "" if isinstance(asked, Counter) else ", with a head"
    return [f"{words(preset.title)}{head} for {len(asked.names)} labels. {made}", ""]


def _tested(run: RunFolder, asked: Network | Counter) -> ClassifierResult | None:
    """The result, where it is of the weights that are asked."""
    result = run.classifier_result()
    return result if result and result.checkpoint == asked.step else None


def _test(run: RunFolder, asked: Network | Counter, base: Base) -> Iterator[str]:
    result = _tested(run, asked)
    if result is None:
        why = "the test was of other weights" if run.result() else f"the run is {run.status().state}"
        why = "what it was trained and tested on is not known here" if base.kind == "brought in" else why
        yield from (f"**Untested**: {why}.", "")
        return
    yield from findings(result)


def _data(run: RunFolder, asked: Network | Counter, base: Base) -> Iterator[str]:
    if base.kind == "brought in" or not inside.holds(run.data_file, run.path):
        yield from ("Not known.", "")
        return
    path, prepared = asked.recipe.data.path, kept.load(run, asked.recipe.data.text)
    named = NAMED.get(path)
    yield from (f"{named.title}, {named.licence}." if named else f"{span(Path(path).name)}.", "")
    if Template.parse(asked.recipe.data.text):
        yield from (f"Columns of a table make each text, in this form: {span(asked.recipe.data.text)}.", "")
    counts = {split: prepared.counts(split) for split in prepare.SPLITS}
    rows = [[name, *(f"{counts[split][name]:,}" for split in prepare.SPLITS)] for name in prepared.names]
    rows.append(["in all", *(f"{sum(count.values()):,}" for count in counts.values())])
    yield from table(["label", *prepare.SPLITS], rows)
    leaks = int(prepared.leaks[prepared.indices("test")].sum())
    notes = [event.text for event in run.events()[0] if isinstance(event, Noted)]
    mended = edits.of_run(run)
    notes += mended.applied.sentences if mended and mended.applied else []  # once more, if the log has lost them
    if not leaks:
        notes.append("No test text also stands, word for word, in training.")
    yield from (f"- {words(FOLDER.sub('', note))}" for note in dict.fromkeys(notes))
    yield ""


def _limits(asked: Network | Counter, base: Base) -> Iterator[str]:
    if isinstance(asked, Counter):
        kinds = " and ".join(kind.units.kind for kind in asked.model.kinds)
        yield f"It knows short sequences of {kinds} from its training texts only, not the order in which these stand."
        yield "It does not tell upper from lower case."
    else:
        yield from _limits_of_reading(asked, base)
    yield (
        "It knows these labels only: any text gets one of them, however little it has in common with what was learned."
    )
    if base.kind == "random":
        yield "It began with random weights: all that it knows is from its training texts."


def _limits_of_reading(asked: Network, base: Base) -> Iterator[str]:
    kind = asked.recipe.model
    yield f"Only the first {kind.context:,} tokens of a text are read."
    yield _languages(asked, base)
    if asked.tokenizer.encode("A").ids.tolist() == asked.tokenizer.encode("a").ids.tolist():
        yield "It does not tell upper from lower case."
    readout = asked.model.readout
    alone = f" {SEES_NO_OTHER}" if readout.sees_only_first(asked.model.causal) else ""
    where = readout.sentence.format(context=kind.context)
    arch = asked.model.backbone.arch
    sees_all = "" if asked.model.causal else " Every token sees all of the text."
    if arch.causal and not asked.model.causal:
        sees_all = f" Every token sees all of the text, which {arch.title}'s pretraining did not teach."
    yield where + alone + sees_all


def _languages(asked: Network | Counter, base: Base) -> str:
    """What texts its tokenizer was made for, and its weights where they were pretrained."""
    languages = "" if base.kind == "folder" else preset_for(asked.recipe).languages
    if not languages:
        return "Which languages its tokenizer was made for is not known here."
    also = "" if base.kind == "random" else f", and it was pretrained on {languages}"
    others = ": of other languages it knows little, and their scripts cost several tokens a character or are unknown"
    return f"Its tokenizer was made for {languages}{also}{others if languages == 'English' else ''}."


def _recipe(asked: Network | Counter, base: Base) -> list[str]:
    """Every option, folders of this machine left out; of a model from elsewhere, how it is read."""
    layers = asked.recipe.model_dump()
    for name in ("path", "edits"):
        layers["data"][name] = Path(layers["data"][name]).name
    if is_folder(layers["model"]["weights"]):
        layers["model"]["weights"] = Path(layers["model"]["weights"]).name
    if is_own_folder(layers["model"]["name"]):
        layers["model"]["name"] = short_name(layers["model"]["name"])
    if base.kind == "brought in":
        del layers["model"]["weights"]
        layers = {"model": layers["model"]}
    if isinstance(asked, Counter):  # which reads no other
        layers = {"data": layers["data"], "model": {"name": layers["model"]["name"]}}
    return ["```toml", tomli_w.dumps(layers).rstrip(), "```", ""]
