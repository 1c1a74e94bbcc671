"""A trained run as a folder that transformers opens as a sequence classifier of its family."""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from core import files
from core.architectures.lookup import architecture_for
from core.architectures.models import WEIGHTS
from core.errors import BadModel
from core.model.classifier import Classifier
from core.model.weights import published
from core.readout import READOUTS
from core.recipe import Recipe
from core.text.byte_bpe import BPE, END_OF_TEXT, spelling
from core.text.tokenizer import Tokenizer

CARD = "README.md"
ELSEWHERE = "ONNX takes every kind of run: export it with --format onnx."


def export(
    model: Classifier, recipe: Recipe, labels: Sequence[str], tokenizer: Tokenizer, folder: Path, card: str
) -> list[Path]:
    """Write config, weights, tokenizer and card; returns the files. Their logits equal the model's within 1e-4.

    Raises BadModel for what transformers' classifier cannot express, or where a file of another kind would be lost.
    """
    arch = architecture_for(recipe)
    if why := refusal(recipe):
        raise BadModel(why, ELSEWHERE)
    assert arch.classifier is not None  # `refusal` takes no other
    bpe = byte_level(tokenizer)
    new_folder(folder)
    tensors = published(model.backbone, prefixed=True)
    assert isinstance(model.head, nn.Linear)  # `refusal` takes no other
    weight, bias = (p.detach().cpu() for p in (model.head.weight, model.head.bias))
    if recipe.model.outputs == "sigmoid":  # one logit z against nothing: (0, z)
        weight, bias = (torch.cat([torch.zeros_like(p), p]) for p in (weight, bias))
    theirs = arch.published[arch.classifier.norm_bias]
    norm_bias = theirs.prefix + theirs.names[0]
    tensors[norm_bias] = folded(tensors[norm_bias], weight, bias)
    tensors["score.weight"] = weight.contiguous()
    weights = {WEIGHTS: lambda path: save_file(tensors, path, metadata={"format": "pt"})}
    return write(folder, weights | beside(recipe, labels, bpe) | {CARD: card})


def refusal(recipe: Recipe) -> str | None:
    """Why transformers' classifier of the family cannot say what a run of this recipe says; None where it can."""
    arch, kind = architecture_for(recipe), recipe.model
    if arch.classifier is None:
        return f"transformers has no classifier of {arch.title}."
    if recipe.readout.name != arch.classifier.readout:
        theirs, ours = READOUTS[arch.classifier.readout].words, recipe.readout.words
        return f"transformers reads {arch.title} classifiers out at {theirs}; this run reads {ours}."
    if arch.causal and not kind.causal:
        return f"In transformers' {arch.title} a token sees only those before it; in this run it sees all of the text."
    if arch.dense_of(recipe.head):
        return (
            f"The head of transformers' {arch.title} classifier is one linear layer; this run's has two, "
            "with tanh between them."
        )
    return None


def new_folder(folder: Path) -> None:
    """Make a folder to export into. Raises BadModel where there is something already, or it cannot be made."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise BadModel(f"{folder} is there already.", "Name a new or empty folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadModel(f"{folder} cannot be made: {error.strerror}.", "Name another folder.") from error


def write(folder: Path, written: Mapping[str, str | Callable[[Path], None]]) -> list[Path]:
    """Fill a new folder, each file with a text or by a function of its path. Raises BadModel, and leaves none."""
    try:
        for name, content in written.items():
            files.write(folder / name, content)
            (folder / name).chmod(0o644)  # safetensors keeps what it writes to its owner
    except (OSError, SafetensorError) as error:
        for name in written:
            (folder / name).unlink(missing_ok=True)
        why = "the disk is full" if files.disk_full(error) else error
        raise BadModel(f"{folder} cannot be written: {why}.", "Nothing was left there. Name another folder.") from error
    return [folder / name for name in written]


def beside(recipe: Recipe, labels: Sequence[str], tokenizer: BPE) -> dict[str, str]:
    """The files beside the weights: what the model is, and its tokenizer."""
    context = recipe.model.context
    arch = architecture_for(recipe)
    config = arch.to_config() | {
        "architectures": [arch.classifier.name] if arch.classifier else [],
        "problem_type": "single_label_classification",
        "pad_token_id": arch.pad,
        "id2label": {str(i): name for i, name in enumerate(labels)},
        "label2id": {name: i for i, name in enumerate(labels)},
        # texts longer than this were cut in training; the tokenizer's model_max_length is the same
        "task_specific_params": {"text-classification": {"max_length": context}},
    }
    settings = {
        "tokenizer_class": "GPT2Tokenizer",
        "model_max_length": context,
        **dict.fromkeys(("bos_token", "eos_token", "unk_token", "pad_token"), END_OF_TEXT),
        "padding_side": "right",
    }
    return {
        "config.json": _json(config),
        "vocab.json": _json(vocabulary(tokenizer)),
        "merges.txt": "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges(tokenizer.ranks)),
        "tokenizer_config.json": _json(settings),
    }


def folded(norm_bias: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The final norm's bias (D,) that makes a head without bias say what `weight` (C, D) and `bias` (C,) say.

    transformers' score layer has no bias: W (x + pinv(W) c) = W x + c wherever c lies in the range of W.
    Raises BadModel where it does not.
    """
    shift = torch.linalg.pinv(weight.double()) @ bias.double()
    if not torch.allclose(weight.double() @ shift, bias.double(), atol=1e-6):
        raise BadModel(
            "The head's bias cannot be folded into the final norm: its rows are linearly dependent.",
            "Train a little longer, so that they differ.",
        )
    return (norm_bias.double() + shift).float()


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def byte_level(tokenizer: Tokenizer) -> BPE:
    """The tokenizer, which is a byte-level BPE. Raises BadModel for one of another kind."""
    if not isinstance(tokenizer, BPE):
        raise BadModel(
            f"The tokenizer {tokenizer.id} is no byte-level BPE, and no other kind can be exported.",
            "Ask the run here: workbench predict.",
        )
    return tokenizer


def vocabulary(tokenizer: BPE) -> dict[str, int]:
    """`vocab.json`: each token as GPT-2 spells it, with its id."""
    spell = spelling()
    spelled = {"".join(spell[b] for b in token): rank for token, rank in tokenizer.ranks.items()}
    return spelled | {END_OF_TEXT: tokenizer.pad}


def merges(ranks: Mapping[bytes, int]) -> list[tuple[str, str]]:
    """`merges.txt`: which two tokens each longer one is made of, in the order they were learned."""
    spell = spelling()
    pairs = (_halves(token, ranks) for token in sorted(ranks, key=ranks.__getitem__) if len(token) > 1)
    return [("".join(spell[b] for b in left), "".join(spell[b] for b in right)) for left, right in pairs]


def _halves(token: bytes, ranks: Mapping[bytes, int]) -> list[bytes]:
    """The last merge that yields a token: BPE on its bytes with only the merges learned before it."""
    parts, limit = [bytes([b]) for b in token], ranks[token]
    while len(parts) > 2:
        candidates = ((ranks.get(a + b, limit), i) for i, (a, b) in enumerate(pairwise(parts)))
        _, i = min(candidates)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return parts
