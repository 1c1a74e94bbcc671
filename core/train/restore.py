"""The model of a run: built from its base, then set to a checkpoint."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from core import inside
from core.architectures.file_names import BASE_WEIGHTS
from core.architectures.lookup import architecture_for, preset_for, short_name
from core.errors import BadData, BadRun
from core.freeze import FreezePlan
from core.model.backbone import to_memory
from core.model.classifier import Classifier
from core.model.weights import Progress, WeightsFile, find_base, open_base
from core.recipe import Recipe
from core.runs.folder import RunFolder
from core.runs.origin import Base, Origin, demand_origin, read_origin, write_origin
from core.text.lookup import PUBLISHED, for_texts, kept_tokenizer, lacks_tokenizer, tokenizer_of
from core.text.tokenizer import Tokenizer
from core.train import checkpoint


def find_origin(run: RunFolder, recipe: Recipe, labels: list[str], progress: Progress) -> Origin:
    """The origin of a run, found (downloaded, drawn at random) and written down the first time."""
    known = read_origin(run)
    if known is None:
        base = find_base(preset_for(recipe), recipe.model.weights, run.path, recipe.train.seed, progress)
        known = Origin(base, labels)
        write_origin(run, known)
    return known


def cautions(base: Base, recipe: Recipe) -> Iterator[str]:
    """What who starts a run should know of the weights that it starts from."""
    if base.kind == "random":
        yield f"{short_name(recipe.model.name)} starts from random weights: nothing was learned before this run."
    if base.kind == "folder" and base.file != BASE_WEIGHTS:
        yield f"The weights stay in {base.source}, on another disk. Without it, this run cannot go on or be asked."
    if lacks_tokenizer(recipe.model.weights):
        yield f"{base.source} holds no tokenizer: texts are read with that of {recipe.model.name}."


def run_tokenizer(run: RunFolder, recipe: Recipe) -> Tokenizer:
    """The tokenizer of a run's texts: once the origin is written down, the one that it keeps, or else a published one.

    A folder's tokenizer may change, and so may that of a model that is built in. Raises BadModel.
    """
    preset = preset_for(recipe)
    if inside.holds(run.base_file, run.path):
        return for_texts(kept_tokenizer(preset, run.path), preset, recipe.data.text)
    tokenizer = tokenizer_of(preset, recipe.model.weights)
    if tokenizer.id in PUBLISHED:
        run.tokens_file.unlink(missing_ok=True)
    else:
        tokenizer.save(run.path)
    return for_texts(tokenizer, preset, recipe.data.text)


def new_model(recipe: Recipe, n_classes: int, base: WeightsFile) -> Classifier:
    """The classifier before its first step, on the recipe's device. Raises BadData where one logit is too few."""
    if recipe.model.outputs == "sigmoid" and n_classes != 2:
        raise BadData(
            f"A sigmoid's one logit tells two classes apart; here are {n_classes}.", "Train with --outputs softmax."
        )
    with torch.device("meta"):
        model = Classifier(architecture_for(recipe), n_classes, recipe.kind, recipe.speed.rows)
    to_memory(model)
    base.load_into(model.backbone)
    model.new_head(recipe.train.seed)
    if recipe.head == "own" and isinstance(model.head, nn.Sequential):
        base.load_dense(model.head, model.backbone.arch)
    model.adapt(recipe.plan, recipe.lora, recipe.train.seed)
    model.freeze(recipe.plan)
    return model.to(recipe.speed.device).eval()


def before_training(model: Classifier, base: WeightsFile) -> Callable[[str], Tensor]:
    """A function that gives a parameter of a new model, by name, as it is before the first step."""
    head = {f"head.{name}": p.detach().clone() for name, p in model.head.named_parameters()}
    published = model.backbone.arch.published
    return lambda name: head[name] if name in head else base.tensor(published[name.removeprefix("backbone.")])


def set_weights(model: Classifier, recipe: Recipe, tensors: dict[str, Tensor], before: Callable[[str], Tensor]) -> None:
    """Put a checkpoint's weights in place; what has learned since then is as it was `before` training again.

    Raises BadRun where they belong to another model.
    """
    parts = frozenset(map(model.part_of, tensors))
    adapters = frozenset(part for part in parts if part.startswith("lora."))
    model.adapt(FreezePlan(recipe.plan.n_blocks, adapters), recipe.lora, recipe.train.seed)
    model.ever_trained |= parts
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, p in model.ever_trained_parameters():
            if name not in tensors:
                p.zero_() if ".lora." in name else p.copy_(before(name))
        for name, tensor in tensors.items():
            if name not in parameters or parameters[name].shape != tensor.shape:
                raise BadRun(f"The checkpoint's {name} does not fit this run's model.", "Train again from the recipe.")
            parameters[name].copy_(tensor)


def trained_model(run: RunFolder, recipe: Recipe, folder: Path, progress: Progress) -> tuple[Classifier, list[str]]:
    """A run's model at a checkpoint, adapters merged, on this machine's CPU, and the names of its classes."""
    known = demand_origin(run)
    checkpoint.demand_same(run, folder, rows=False)
    recipe = recipe.model_copy(update={"speed": recipe.speed.model_copy(update={"device": "cpu"})})
    base = open_base(known.base, run.path, progress)
    model = new_model(recipe, len(known.labels), base)
    set_weights(model, recipe, checkpoint.read(folder, checkpoint.WEIGHTS), before_training(model, base))
    model.merge()
    return model, known.labels
