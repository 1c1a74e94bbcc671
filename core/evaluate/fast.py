"""A network's answers in bf16 where that is faster, and what that changes, on a sample of the texts."""

from collections.abc import Sequence

from core.errors import BadRecipe, Problem
from core.evaluate.part_manifest import Difference
from core.evaluate.predict import Network, Predictor
from core.train.precision import precision

TEXTS = 500  # that are answered both ways


def demand_network(predictor: Predictor) -> Network:
    """Raises BadRecipe for a model that multiplies no matrices."""
    if not isinstance(predictor, Network):
        raise BadRecipe([Problem("--fast", "is for networks: a model that counts is fast.", "Leave it out.")])
    return predictor


def fastest(predictor: Network) -> str:
    """The precision in which this machine multiplies fastest: bf16 or fp32."""
    return precision(next(predictor.model.parameters()).device.type)


def difference(predictor: Network, texts: Sequence[str], in_precision: str) -> Difference:
    """What answers in a precision differ in from those in fp32, on some of the texts. It is left as it was."""
    some = texts[:: -(-len(texts) // TEXTS)] if texts else []
    before, labels, most = predictor.precision, 0, 0.0
    try:
        predictor.precision = "fp32"
        exact = predictor.predict(some)
        predictor.precision = in_precision
        quick = predictor.predict(some)
    finally:
        predictor.precision = before
    for one, other in zip(exact, quick, strict=True):
        labels += one.label != other.label
        most = max(most, *(abs(p - other.probabilities[name]) for name, p in one.probabilities.items()))
    return Difference(len(some), labels, most)
