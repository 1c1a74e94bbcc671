"""The one way to a text's probabilities: fp32, whatever it is batched or padded with, and from no cache on disk."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from core.architectures.lookup import preset_for
from core.counting.tfidf import Tfidf
from core.data import batches
from core.files import Progress, unwatched
from core.model.classifier import Classifier
from core.model.linear import multiply_in
from core.model.padding import pad, pad_segments
from core.options import resolved
from core.recipe import Recipe
from core.runs.folder import RunFolder, step_of
from core.runs.origin import demand_origin
from core.runs.predictions import Prediction
from core.text.tokenizer import Tokenizer, well_formed
from core.train import checkpoint
from core.train.inputs import Inputs
from core.train.restore import run_tokenizer, trained_model

TFIDF = "tfidf.safetensors"  # in the checkpoint of a model that counts


def probabilities(
    model: Classifier,
    ids: Sequence[np.ndarray],
    recipe: Recipe,
    progress: Callable[[int], None] = lambda done: None,
    precision: str = "fp32",
    segments: Sequence[np.ndarray | None] = (),
    inputs: Inputs | None = None,
) -> Tensor:
    """N encoded texts, as `Tokenizer.shorten` gives them -> probabilities (N, C), fp32 on the CPU.

    `segments` are theirs, where some of them are pairs. Where they are the test split of `inputs`, these may know
    already what the frozen layers make of them, in the same precision; the answers are the same to the last bit.

    Readouts that read pads depend on them, so their texts are always padded to the recipe's context. From
    here on the model multiplies in `precision`, which is fp32 for every figure that is reported.
    """
    context = resolved(recipe.model.context)
    lengths = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
    width = model.readout.padded(context)
    found = torch.empty(len(ids), model.n_classes)
    device = next(model.parameters()).device
    multiply_in(model, precision)

    def logits_of(batch: batches.Batch) -> Tensor:
        if inputs is not None:
            h, n, _ = inputs.batch("test", batch)
            return model.suffix(h, n, inputs.depth)
        x, n = pad([ids[i] for i in batch.rows], batch.width, model.backbone.arch.pad, device)
        second = pad_segments([segments[i] for i in batch.rows], batch.width, device) if segments else None
        return model(x, n, second)

    done = 0
    with torch.no_grad():
        for batch in batches.filled(lengths, width):
            found[torch.from_numpy(batch.rows)] = logits_of(batch).float().softmax(dim=1).cpu()
            done += len(batch.rows)
            progress(done)
    return found


class Predictor(Protocol):
    """A run's classifier, ready to be asked. `names` are those of its classes, `step` that of its checkpoint."""

    recipe: Recipe
    names: list[str]
    step: int

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One answer a text."""


class Network:
    """A fine-tuned one. `precision` is that of its matrix products, fp32 unless somebody asks for faster ones."""

    def __init__(self, model: Classifier, tokenizer: Tokenizer, recipe: Recipe, names: Sequence[str], step: int):
        self.model, self.tokenizer, self.recipe = model, tokenizer, recipe
        self.names, self.step, self.context = list(names), step, resolved(recipe.model.context)
        self.precision = "fp32"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One answer a text. An empty text is read as the special tokens alone."""
        texts = [well_formed(text) for text in texts]
        encoded = [self.tokenizer.encode(text) for text in texts]
        shortened = [self.tokenizer.shorten(one, self.context) for one in encoded]
        ids, segments = [one.ids for one in shortened], [one.segments for one in shortened]
        found = probabilities(self.model, ids, self.recipe, precision=self.precision, segments=segments).tolist()
        cut = [len(one.ids) > self.context for one in encoded]
        return [_answer(self.names, *one) for one in zip(texts, found, cut, strict=True)]


class Counter:
    """A model that counts. It reads all of a text."""

    def __init__(self, model: Tfidf, recipe: Recipe, names: Sequence[str], step: int):
        self.model, self.recipe, self.names, self.step = model, recipe, list(names), step

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One answer a text."""
        texts = [well_formed(text) for text in texts]
        found = self.model.probabilities(texts).tolist()
        return [_answer(self.names, text, p, cut=False) for text, p in zip(texts, found, strict=True)]


def open_predictor(run: RunFolder, name: str | None = None, progress: Progress = unwatched) -> Network | Counter:
    """Load a run's checkpoint: `best`, `last` or a step; by default what the recipe keeps. Published weights that it
    started from, and that are gone, are fetched again.

    Raises BadRun or BadModel where there is none, or a file of it is damaged.
    """
    recipe, _ = run.recipe_as_known()
    folder = run.checkpoint(name or kept_checkpoint(run, recipe))
    if preset_for(recipe).counts:
        checkpoint.demand_same(run, folder, rows=False)
        checkpoint.verify(folder, TFIDF)
        return Counter(Tfidf.open(folder / TFIDF), recipe, demand_origin(run).labels, step_of(folder))
    model, labels = trained_model(run, recipe, folder, progress)
    return Network(model, run_tokenizer(run, recipe), recipe, labels, step_of(folder))


def _answer(names: Sequence[str], text: str, p: Sequence[float], cut: bool) -> Prediction:
    return Prediction(text, names[int(np.argmax(p))], dict(zip(names, p, strict=True)), cut)


def kept_checkpoint(run: RunFolder, recipe: Recipe) -> str:
    """The pointer to the weights that the recipe keeps; `last` while there is no best yet."""
    return "best" if recipe.keep == "best" and run.pointed("best") else "last"
