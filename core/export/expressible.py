"""Which runs the classifiers of transformers can express: by family, the readout and heads that they have. No torch."""

from core.architectures.architecture import Architecture
from core.architectures.lookup import architecture_for
from core.readout import READOUTS
from core.recipe import HEADS, Recipe

LAYERS = {
    None: "one linear layer",
    "tanh": "two layers with tanh between them",
    "relu": "two layers with ReLU between them",
}


def heads(arch: Architecture) -> list[str]:
    """The heads, by their names in a recipe, that compute what the head of transformers' classifier does."""
    return [head for head in HEADS if arch.dense_of(head) == arch.dense_of("own")]


def refusal(recipe: Recipe) -> str | None:
    """Why transformers' classifier of the family cannot say what a run of this recipe says; None where it can."""
    arch, theirs = architecture_for(recipe), architecture_for(recipe).classifier
    if theirs is None:
        return f"transformers has no classifier of {arch.title}."
    if recipe.readout.name != theirs.readout:
        words = READOUTS[theirs.readout].words
        return f"transformers reads {arch.title} classifiers out at {words}; this run reads {recipe.readout.words}."
    if arch.causal and not recipe.model.causal:
        return f"In transformers' {arch.title} a token sees only those before it; in this run it sees all of the text."
    if recipe.head not in heads(arch):
        own, ours = LAYERS[arch.dense_of("own")], LAYERS[arch.dense_of(recipe.head)]
        return f"The head of transformers' {arch.title} classifier is {own}; this run's is {ours}."
    return None


def formats(recipe: Recipe) -> list[str]:
    """What a run of this recipe can be exported to. Raises BadModel for a model that is not known."""
    return ["ONNX"] if refusal(recipe) else ["transformers", "ONNX"]
