"""A classifier that counts as an ONNX file, with the same probabilities in onnxruntime."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.counting.ngrams import WORD, Characters, Ngrams, Words, normalized
from core.counting.tfidf import Tfidf
from core.export.folder import write
from core.export.onnx import FILE, compare, demand_packages
from core.export.transformers import CARD, as_json, named
from core.text.tokenizer import well_formed

OUTPUT = "probabilities"
OPSET, FORMAT = 17, 8  # the versions of ONNX's operators and of its files: of 2022, so that old programs read them
SPLITS: dict[type, Callable[[str], list[str]]] = {Words: WORD.findall, Characters: list}
NEVER = ["no unit"]  # an n-gram that no text holds: neither a word nor a character
SHORTEST = 1e-6  # what a row is divided by at least, so that one of zeros stays one; all others are 1 or longer
TOLERANCE = 1e-5
TEXTS = ["", "You have won a prize! Call now to claim it.", "naïve 日本語 😀😀 \0 \ufffd", "zzz " * 2_000]
KNOWN = 20  # texts of n-grams that the model knows, which are compared too
AT_ONCE = 40  # n-grams in each


def export(model: Tfidf, labels: Sequence[str], folder: Path, card: str) -> list[Path]:
    """Write model, labels and card; returns the files.

    The file's probabilities have been compared with the model's. Raises BadModel where they differ, where packages are
    missing, or a file of another kind would be lost.
    """
    demand_packages()
    made = as_onnx(model, labels)
    check(made, model)
    model_file = {FILE: lambda path: path.write_bytes(made)}
    return write(folder, model_file | {"config.json": as_json(named(labels)), CARD: card})


def as_onnx(model: Tfidf, labels: Sequence[str]) -> bytes:
    """The content of an ONNX file: units as strings (N, T) of each kind, padded with "" -> probabilities (N, C)."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, tensors, texts, logits = [], [], [], []

    def tensor(name: str, value: np.ndarray | float) -> str:
        tensors.append(numpy_helper.from_array(np.asarray(value, dtype=np.float32), name))
        return name

    def node(operator: str, *given: str, to: str, **options: Any) -> str:
        nodes.append(helper.make_node(operator, given, [to], **options))
        return to

    weight, bias = model.weight, model.bias
    if model.n_classes == 2:  # the first class is the opposite of the second
        weight, bias = np.concatenate([-weight, weight]), np.concatenate([-bias, bias])
    one, shortest = tensor("one", 1), tensor("shortest", SHORTEST)
    begin = 0
    for kind in model.kinds:
        name, end = _name(kind), begin + len(kind.keys)
        idf, part = kind.idf, weight[:, begin:end].T
        if begin == end:  # nothing was learned, but operators take no empty vocabulary
            idf, part = np.ones(1), np.zeros((1, len(bias)))
        texts.append(helper.make_tensor_value_info(name, TensorProto.STRING, ["texts", name]))
        count = node("TfIdfVectorizer", name, to=f"{name}.count", mode="TF", max_skip_count=0, **_vocabulary(kind))
        log = node("Log", node("Max", count, one, to=f"{name}.positive"), to=f"{name}.log")
        known = node("Min", count, one, to=f"{name}.known")
        scaled = node("Add", known, log, to=f"{name}.scaled")  # 1 + ln of the count, or 0
        weighted = node("Mul", scaled, tensor(f"{name}.idf", idf), to=f"{name}.weighted")
        length = node("ReduceL2", weighted, to=f"{name}.length", axes=[1], keepdims=1)
        vector = node("Div", weighted, node("Max", length, shortest, to=f"{name}.divisor"), to=f"{name}.vector")
        logits.append(node("MatMul", vector, tensor(f"{name}.weight", part), to=f"{name}.logits"))
        begin = end
    negative = node("Neg", node("Sum", *logits, tensor("bias", bias), to="logits"), to="negative")
    # the softmax of ln(sigmoid) = -softplus(-logit): sigmoids that add up to 1, exact where all of them are tiny
    sigmoid = node("Neg", node("Softplus", negative, to="softplus"), to="ln_sigmoid")
    node("Softmax", sigmoid, to=OUTPUT, axis=1)
    gives = [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["texts", len(bias)])]
    graph = helper.make_graph(nodes, "tfidf", texts, gives, tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=FORMAT)
    helper.set_model_props(made, {"labels": json.dumps(list(labels), ensure_ascii=False)})
    return made.SerializeToString()


def check(made: bytes, model: Tfidf) -> None:
    """Compare what onnxruntime makes of a file with the model, for texts alone and together. Raises BadModel."""
    texts = [well_formed(text) for text in TEXTS + [text for kind in model.kinds for text in _known(kind)]]
    every = list(range(len(texts)))
    batches = [*([i] for i in every), [0, 1], every, every[::-1]]

    def units(rows: Sequence[int]) -> dict[str, np.ndarray]:
        return inputs(model, [texts[i] for i in rows])

    compare(made, units, model.probabilities(texts), batches, OUTPUT, TOLERANCE)


def inputs(model: Tfidf, texts: Sequence[str]) -> dict[str, np.ndarray]:
    """The units of well-formed texts as strings (N, T) of each kind, padded with ""."""
    found = {}
    for kind in model.kinds:
        rows = [SPLITS[type(kind.units)](normalized(text)) for text in texts]
        width = max(1, *map(len, rows))
        found[_name(kind)] = np.array([row + [""] * (width - len(row)) for row in rows], dtype=object)
    return found


def _name(kind: Ngrams) -> str:
    return type(kind.units).__name__.lower()


def _vocabulary(kind: Ngrams) -> dict[str, Any]:
    """Its n-grams in the order of their columns, the shorter ones first, as TfIdfVectorizer has them."""
    spelled = kind.spelled() or [NEVER]
    starts: list[int] = []
    pool: list[str] = []
    for order in kind.units.orders:
        starts.append(len(pool))
        pool += [_unit(unit) for units in spelled if len(units) == order for unit in units]
    return {
        "min_gram_length": min(kind.units.orders),
        "max_gram_length": max(kind.units.orders),
        "ngram_counts": starts,
        "ngram_indexes": list(range(len(spelled))),
        "pool_strings": pool,
    }


def _unit(unit: str) -> str:
    """A lone surrogate, which ONNX's strings cannot hold, as a unit of its own that no text has."""
    return f"U+{ord(unit):X}" if "\ud800" <= unit <= "\udfff" else unit


def _known(kind: Ngrams) -> list[str]:
    """Texts of n-grams that it knows, evenly from all of them, some often in a text."""
    between = " " if isinstance(kind.units, Words) else ""
    spelled = [between.join(units) for units in kind.spelled()]
    some = spelled[:: max(1, len(spelled) // (KNOWN * AT_ONCE))]
    return [" ".join(some[i::KNOWN] + some[i::KNOWN][:i]) for i in range(KNOWN)]
