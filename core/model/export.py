"""A trained run as a folder that transformers opens as `GPT2ForSequenceClassification`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from core import files
from core.data.tokens import BPE, END_OF_TEXT, spelling
from core.errors import BadModel
from core.model.classifier import Classifier
from core.model.weights import config_of, published
from core.presets import WEIGHTS, ModelPreset


def export(
    model: Classifier, preset: ModelPreset, context: int, labels: Sequence[str], words: BPE, folder: Path
) -> list[Path]:
    """Write config, weights and tokenizer; returns the files. Their logits equal the model's within 1e-4.

    Raises BadModel for a readout that transformers does not have, or where a file of another kind would be lost.
    """
    if model.readout != "last_real":
        raise BadModel(
            f"transformers reads GPT-2 classifiers out at the last real token; this run reads {model.readout}.",
            "Train with --readout last_real to export.",
        )
    if folder.exists() and not folder.is_dir() or folder.is_dir() and any(folder.iterdir()):
        raise BadModel(f"{folder} is there already.", "Name a new or empty folder.")
    tensors = published(model.backbone, "transformer.")
    weight, bias = (p.detach().cpu() for p in (model.head.weight, model.head.bias))
    tensors["transformer.ln_f.bias"] = folded(tensors["transformer.ln_f.bias"], weight, bias)
    tensors["score.weight"] = weight.contiguous()
    written = {
        "config.json": _json(_config(preset, context, labels)),
        WEIGHTS: lambda path: save_file(tensors, path, metadata={"format": "pt"}),
        "vocab.json": _json(vocabulary(words)),
        "merges.txt": "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges(words.ranks)),
        "tokenizer_config.json": _json(
            {
                "tokenizer_class": "GPT2Tokenizer",
                "model_max_length": context,
                **dict.fromkeys(("bos_token", "eos_token", "unk_token", "pad_token"), END_OF_TEXT),
                "padding_side": "right",
            }
        ),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in written.items():
            files.write(folder / name, content)
            (folder / name).chmod(0o644)  # safetensors keeps what it writes to its owner
    except (OSError, SafetensorError) as error:
        for name in written:
            (folder / name).unlink(missing_ok=True)
        why = "the disk is full" if files.disk_full(error) else error
        raise BadModel(f"{folder} cannot be written: {why}.", "Nothing was left there. Name another folder.") from error
    return [folder / name for name in written]


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


def _config(preset: ModelPreset, context: int, labels: Sequence[str]) -> dict:
    return config_of(preset.shape) | {
        "architectures": ["GPT2ForSequenceClassification"],
        "problem_type": "single_label_classification",
        "pad_token_id": preset.pad,
        "id2label": {str(i): name for i, name in enumerate(labels)},
        "label2id": {name: i for i, name in enumerate(labels)},
        # texts longer than this were cut in training; the tokenizer's model_max_length is the same
        "task_specific_params": {"text-classification": {"max_length": context}},
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def vocabulary(words: BPE) -> dict[str, int]:
    """`vocab.json`: each token as GPT-2 spells it, with its id."""
    spell = spelling()
    return {"".join(spell[b] for b in token): rank for token, rank in words.ranks.items()} | {END_OF_TEXT: words.pad}


def merges(ranks: Mapping[bytes, int]) -> list[tuple[str, str]]:
    """`merges.txt`: which two tokens each longer one is made of, in the order they were learned."""
    spell = spelling()
    pairs = (_halves(token, ranks) for token in sorted(ranks, key=ranks.__getitem__) if len(token) > 1)
    return [("".join(spell[b] for b in left), "".join(spell[b] for b in right)) for left, right in pairs]


def _halves(token: bytes, ranks: Mapping[bytes, int]) -> list[bytes]:
    """The last merge that yields a token: BPE on its bytes with only the merges learned before it."""
    parts, limit = [bytes([b]) for b in token], ranks[token]
    while len(parts) > 2:
        candidates = ((ranks.get(a + b, limit), i) for i, (a, b) in enumerate(zip(parts, parts[1:], strict=False)))
        _, i = min(candidates)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return parts
