"""A trained run as a folder that transformers opens as a sequence classifier of its family."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from core.architectures.architecture import Architecture
from core.architectures.file_names import WEIGHTS
from core.architectures.lookup import architecture_for
from core.errors import BadModel
from core.export.expressible import refusal
from core.export.folder import write
from core.model.classifier import Classifier
from core.model.weights import published
from core.options import resolved
from core.recipe import Recipe
from core.text.tokenizer import Tokenizer
from core.text.tokenizer_json import JsonTokenizer

CARD = "README.md"
ELSEWHERE = "ONNX takes every kind of run: export it with --format onnx."


def export(
    model: Classifier, recipe: Recipe, labels: Sequence[str], tokenizer: Tokenizer, folder: Path, card: str
) -> list[Path]:
    """Write config, weights, tokenizer and card; returns the files. Their logits equal the model's within 1e-4.

    Raises BadModel for what transformers' classifier cannot express, or where a file of another kind would be lost.
    """
    if why := refusal(recipe):
        raise BadModel(why, ELSEWHERE)
    tokens = as_published(tokenizer)
    arch, (_, after) = model.backbone.arch, tokens.around
    if arch.causal and (arch.pad not in tokens.specials.values() or arch.pad in after):
        what = (
            f"The pad of this model, id {arch.pad}, is a token of texts too: transformers cannot tell where one ends."
        )
        raise BadModel(what, ELSEWHERE)
    always = arch.classifier.normalizer if arch.classifier else ""
    if always and always not in tokens.normalizers:
        what = f"transformers puts {always} before every tokenizer of a {arch.title}, and this one is without it."
        raise BadModel(what, ELSEWHERE)
    model = with_room_for(resolved(recipe.model.context), model, recipe, labels)  # a longer text is no other answer
    tensors = published(model.backbone, prefixed=True) | head(model)
    weights = {WEIGHTS: lambda path: save_file(tensors, path, metadata={"format": "pt"})}
    return write(folder, weights | beside(recipe, labels, tokens, inputs(arch)) | {CARD: card})


def with_room_for(
    n_tokens: int, model: Classifier, recipe: Recipe, labels: Sequence[str], rows: str = "needed"
) -> Classifier:
    """The same classifier with a table of positions for so many tokens: cut, or with zeros after what it learned."""
    with torch.device("meta"):
        made = Classifier(replace(model.backbone.arch, max_tokens=n_tokens), len(labels), recipe.kind, rows=rows)
    lengths = {name: len(tensor) for name, tensor in made.state_dict().items()}
    weights = {
        name: tensor if len(tensor) == lengths[name] else F.pad(tensor, (0, 0, 0, lengths[name] - len(tensor)))
        for name, tensor in model.state_dict().items()
    }
    made.load_state_dict(weights, assign=True)
    return made


def head(model: Classifier) -> dict[str, Tensor]:
    """The head's weights, and the norm's where that carries a bias, under the names of transformers' classifier.

    The model's head has the layers of that one, as `refusal` finds out.
    """
    arch = model.backbone.arch
    assert arch.classifier is not None
    *between, last = (layer for layer in model.head.modules() if isinstance(layer, nn.Linear))
    weights = {kind: p.detach().cpu() for kind, p in last.named_parameters()}
    if model.outputs == "sigmoid":  # one logit z against nothing: (0, z)
        weights = {kind: torch.cat([torch.zeros_like(p), p]) for kind, p in weights.items()}
    found = {}
    if arch.own_dense:
        norms = [layer for layer in model.head.modules() if isinstance(layer, nn.LayerNorm)]
        names = (arch.own_dense.exported, arch.own_dense.norm)
        found = {
            f"{name}.{kind}": p.detach().cpu()
            for name, layer in zip(names, [*between, *norms], strict=False)
            for kind, p in layer.named_parameters()
        }
    if not (norm := arch.classifier.norm):
        return found | {f"{arch.classifier.last}.{kind}": p for kind, p in weights.items()}
    places = {kind: arch.prefix + arch.published[f"{norm}.{kind}"].names[0] for kind in ("weight", "bias")}
    gain, shift = (model.backbone.get_parameter(f"{norm}.{kind}").detach().cpu() for kind in places)
    folded = without_bias(weights["weight"], weights["bias"], gain, shift)
    return (
        found
        | {places["weight"]: torch.ones_like(gain), places["bias"]: torch.ones_like(gain)}
        | {f"{arch.classifier.last}.weight": folded}
    )


def without_bias(weight: Tensor, bias: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    """The weight (C, D) of a last layer without bias that says the same after a norm whose gain and shift are 1.

    `weight` (C, D) and `bias` (C,) are those of a last layer after a norm with `gain` (D,) and `shift` (D,). What a
    norm gives before both, n, has the mean 0. So with u (C,) in every column, (W gain + u 1') (n + 1) =
    W gain n + W gain + D u, and there is one u with which that is W (gain n + shift) + bias.
    """
    weight, bias, gain, shift = (p.double() for p in (weight, bias, gain, shift))
    u = (weight @ (shift - gain) + bias) / len(gain)
    return (weight * gain + u[:, None]).float()


def inputs(arch: Architecture) -> list[str]:
    """What transformers' classifier of a family takes.

    Where a token sees only those before it, the pads at the end need no mask. With one, an empty text beside others
    would see nothing at all; without, it is one end-of-text token, which the pad is.
    """
    return [
        "input_ids",
        *(["token_type_ids"] if "segments.weight" in arch.published else []),
        *([] if arch.causal else ["attention_mask"]),
    ]


def beside(recipe: Recipe, labels: Sequence[str], tokenizer: JsonTokenizer, inputs: Sequence[str]) -> dict[str, str]:
    """The files beside the weights: what the model is, and its tokenizer, which gives these `inputs`."""
    context = resolved(recipe.model.context)
    arch = replace(architecture_for(recipe), max_tokens=context)
    classifier = arch.classifier
    config = arch.to_config() | {
        "architectures": [classifier.name] if classifier else [],
        **(classifier.readouts.get(recipe.readout.name, {}) if classifier else {}),
        "problem_type": "single_label_classification",
        "pad_token_id": arch.pad,
        **named(labels),
        # texts longer than this were cut in training; the tokenizer's model_max_length is the same
        "task_specific_params": {"text-classification": {"max_length": context}},
    }
    return {"config.json": as_json(config), **tokenizer.exported(context, inputs)}


def named(labels: Sequence[str]) -> dict[str, object]:
    """The labels as a config.json has them."""
    return {
        "id2label": {str(i): name for i, name in enumerate(labels)},
        "label2id": {name: i for i, name in enumerate(labels)},
    }


def as_published(tokenizer: Tokenizer) -> JsonTokenizer:
    """A tokenizer of any kind as one that other software knows. Raises BadModel where that is not possible."""
    return JsonTokenizer(tokenizer.id, tokenizer.as_json(), tokenizer.pad)


def as_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
