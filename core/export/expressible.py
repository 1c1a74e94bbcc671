"""Which runs the classifiers of transformers can express: by family, the readout and heads that they have. No torch."""

from typing import Literal

from core.architectures.architecture import Architecture
from core.architectures.lookup import architecture_for
from core.readout import READOUTS
from core.recipe import Recipe
from core.recipe_parts import HEADS

Format = Literal["transformers", "onnx"]
Departure = Literal["family", "readout", "mask", "head"]
NAMES = {"tanh": "tanh", "relu": "ReLU", "gelu": "GELU"}

# said of a tokenizer without special tokens, before an export for transformers and in its card
EMPTY_TEXT = (
    "An empty text has no token in transformers, where the run reads one end-of-text token. Beside other texts it is "
    'read as that; alone it needs padding="max_length", and fails without.'
)


def heads(arch: Architecture) -> list[str]:
    """The heads, by their names in a recipe, that compute what the head of transformers' classifier does."""
    return [head for head in HEADS if _layers(arch, head) == _layers(arch, "own")]


def _layers(arch: Architecture, head: str) -> str:
    """What a head is made of."""
    dense, bias = arch.dense_of(head), "" if arch.biased(head) else " without a bias"
    if dense is None:
        return f"one linear layer{bias}"
    return f"two layers with {NAMES[dense.activation]}{' and a norm' if dense.norm else ''} between them{bias}"


def departure(recipe: Recipe) -> Departure | None:
    """In what a run of this recipe is otherwise than transformers' classifier of the family; None where it is equal.

    Raises BadModel for a model that is not known.
    """
    arch = architecture_for(recipe)
    if arch.classifier is None:
        return "family"
    if recipe.readout.name not in arch.classifier.readouts:
        return "readout"
    if arch.causal and not recipe.model.causal:
        return "mask"
    return None if recipe.head in heads(arch) else "head"


def refusal(recipe: Recipe) -> str | None:
    """Why transformers' classifier of the family cannot say what a run of this recipe says; None where it can."""
    arch = architecture_for(recipe)
    match departure(recipe):
        case "family":
            return arch.without_classifier or f"transformers has no classifier of {arch.title}."
        case "readout":
            assert arch.classifier is not None
            theirs = " or ".join(READOUTS[readout].words for readout in arch.classifier.readouts)
            return (
                f"transformers reads {arch.title} classifiers out at {theirs}; this run reads {recipe.readout.words}. "
                f"Train with --readout {' or '.join(arch.classifier.readouts)} for it."
            )
        case "mask":
            title = f"transformers' {arch.title}"
            return f"In {title} a token sees only those before it; in this run it sees all of the text."
        case "head":
            own, ours = _layers(arch, "own"), _layers(arch, recipe.head)
            return (
                f"The head of transformers' {arch.title} classifier is {own}; this run's is {ours}. "
                "Train with --head own for it."
            )
    return None


def formats(recipe: Recipe) -> list[Format]:
    """What a run of this recipe can be exported to, as `export --format` names it."""
    return ["onnx"] if departure(recipe) else ["transformers", "onnx"]
