"""One life of a run that pretrains a language model: gather the text, learn, write the model's folder."""

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from core import files, inside, toml
from core.architectures.architecture import Architecture
from core.architectures.file_names import TOKENS, WEIGHTS
from core.architectures.lookup import architecture_for
from core.data import corpus
from core.data.corpus import Windows
from core.errors import BadData, BadRun
from core.files import Progress
from core.model.families import backbone_for
from core.model.language import LanguageModel
from core.model.linear import multiply_in
from core.model.weights import published
from core.options import merge, resolved
from core.pretraining import Pretraining
from core.runs.events import Ended, Event, Noted, Started, stopped
from core.runs.folder import RunFolder
from core.runs.result import HeldOut, LanguageResult, LanguageSeconds, encode_result
from core.text import byte_bpe, train_bpe
from core.text.tokenizer import Tokenizer
from core.train import checkpoint
from core.train.control_source import ControlSource
from core.train.loop import State, Stopped
from core.train.optim import load_state, state_tensors
from core.train.pretrain import LanguageLoop, Optimizers, settings_of, steps
from core.wording import plural
from core.worker.resolve import resolve_machine

FEW = 200  # steps


def pretrain(run: RunFolder, progress: Progress, control_source: ControlSource, resumed: bool) -> Iterator[Event]:
    """Every event of one attempt, an Ended last; the arguments are explained at `core.worker.finetune.attempt`."""
    state = checkpoint.take_up(run, control_source)
    recipe = run.pretraining()
    recipe = Pretraining.of(merge(recipe.model_dump(), {"speed": resolve_machine(recipe.speed)}))
    arch = architecture_for(recipe)
    tokenizer, text, held_out, notes = gather(run, recipe, arch, progress)
    yield from (Noted(text=note) for note in notes)
    files.write(run.pretraining_file, toml.text(recipe))
    model = LanguageModel(backbone_for(arch))
    model.backbone.initialize(torch.Generator().manual_seed(recipe.train.seed))
    origin = {name: p.detach().clone() for name, p in model.named_parameters()}
    model.to(recipe.speed.device)
    optimizers = Optimizers.of(model, recipe.train.lr, recipe.train.weight_decay)
    if state.step:
        restore(run, model, optimizers)
    n_parameters = sum(p.numel() for p in model.parameters())
    epochs = resolved(control_source.settings(settings_of(recipe), state.step).epochs)
    n_steps = steps(recipe, len(text), epochs)
    if n_steps < FEW:
        yield Noted(
            text=f"{n_steps:,} steps are too few to learn a language in: give it more text, or --epochs.", warn=True
        )
    yield Started(
        pid=os.getpid(),
        n_steps=n_steps,
        epochs=math.ceil(epochs),
        rows={"train": len(text), "validation": len(held_out)},
        labels=[],
        majority=0.0,
        learns=n_parameters,
        parameters=n_parameters,
        device=recipe.speed.device,
        threads=resolved(recipe.speed.threads),
    )
    multiply_in(model, recipe.speed.precision)
    save = partial(write_checkpoint, run, model, optimizers, state)
    loop = LanguageLoop(
        model,
        tokenizer,
        text,
        held_out,
        recipe,
        state,
        optimizers,
        save=save,
        control_source=control_source,
        origin=origin.__getitem__,
    )
    yield from loop.run()
    if not loop.over:
        yield stopped()
        return
    write_model(run, model)
    multiply_in(model, "fp32")
    began = time.monotonic()
    try:
        seen = loop.evaluate(progress)
    except Stopped:
        yield stopped()
        return
    yield seen
    assert seen.bits is not None  # as it is of every text
    result = LanguageResult(
        held_out=HeldOut(seen.rows, seen.loss, seen.accuracy, seen.bits),
        tokens=state.step * recipe.train.batch * arch.max_tokens,
        parameters=n_parameters,
        seconds=LanguageSeconds(state.seconds, time.monotonic() - began),
        model=str(run.model_folder),
        sha256=files.sha256(run.model_folder / WEIGHTS),
    )
    files.write(run.result_file, encode_result(result))
    why = f"Held-out text costs {seen.bits:.3f} bits a byte."
    yield Ended(state="done", why=why, do=run.fine_tune, result=result)


def gather(
    run: RunFolder, recipe: Pretraining, arch: Architecture, progress: Progress
) -> tuple[Tokenizer, Windows, Windows, list[str]]:
    """The run's tokens, its text to learn from and that held out, from the files only the first time; and notes.

    Raises BadData where there is too little text.
    """
    kept = {name: run.text_folder / f"{name}.npy" for name in ("learn", "held_out")}
    vocabulary = run.model_folder / TOKENS
    notes: list[str] = []
    if not inside.holds(kept["held_out"], run.path):  # written last
        found, notes = corpus.documents(recipe.text.paths, recipe.text.documents, progress)
        progress("vocabulary", 0, 1, "")
        ranks = train_bpe.train(found, arch.vocab - 1)
        progress("vocabulary", 1, 1, "")
        tokenizer = byte_bpe.BPE(run.name, ranks, arch.vocab)
        parts = corpus.divide(found, recipe.text.held_out, recipe.text.seed)
        rows = dict(zip(kept, (corpus.row_of_tokens(part, tokenizer, progress) for part in parts), strict=True))
        enough(rows, arch.max_tokens)
        n_bytes = sum(len(document.encode()) for document in found)
        learned, kept_back = (row.size for row in rows.values())
        notes.append(
            f"{plural(len(found), 'document')}: {learned:,} tokens to learn from and {kept_back:,} held out, "
            f"of {n_bytes / (learned + kept_back):.2f} bytes each."
        )
        for folder in (run.text_folder, run.model_folder):
            folder.mkdir(exist_ok=True)
        byte_bpe.write(ranks, vocabulary)
        for name, row in rows.items():
            files.write(kept[name], partial(_save_array, row))
    tokenizer = byte_bpe.BPE(run.name, byte_bpe.read(vocabulary), arch.vocab)
    learn, held_out = (Windows(_array(path), arch.max_tokens) for path in kept.values())
    return tokenizer, learn, held_out, notes


def enough(rows: Mapping[str, np.ndarray], context: int) -> None:
    """Raises BadData where the text to learn from, or that held out, is shorter than what a model reads at once."""
    names = {"learn": "The text to learn from", "held_out": "The text held out to check on"}
    for name, row in rows.items():
        if row.size <= context:
            raise BadData(
                f"{names[name]} is {row.size:,} tokens long; this model reads {context:,} at once.",
                "Give it more text"
                + (", or hold out a larger share with --text.held_out." if name == "held_out" else "."),
            )


def _save_array(row: np.ndarray, path: Path) -> None:
    with open(path, "wb") as file:
        np.save(file, row, allow_pickle=False)


def _array(path: Path) -> np.ndarray:
    try:
        return np.load(inside.checked(path, path.parent), mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise BadRun(f"{path} is damaged: {error}.", "Pretrain again from the text.") from error


def write_checkpoint(run: RunFolder, model: nn.Module, optimizers: Optimizers, state: State, best: bool) -> None:
    named = dict(model.named_parameters())
    moments = {key: tensor for one in optimizers for key, tensor in state_tensors(one, named.items()).items()}
    checkpoint.write(run, state, named, moments, best)


def restore(run: RunFolder, model: nn.Module, optimizers: Optimizers) -> None:
    """Put the last checkpoint's weights and optimizer state in place."""
    folder = run.checkpoint("last")
    model.load_state_dict(checkpoint.read(folder, checkpoint.WEIGHTS))
    moments = checkpoint.read(folder, checkpoint.OPTIMIZER)
    for optimizer in optimizers:
        theirs = {id(p) for group in optimizer.param_groups for p in group["params"]}
        load_state(optimizer, [(name, p) for name, p in model.named_parameters() if id(p) in theirs], moments)


def write_model(run: RunFolder, model: LanguageModel) -> None:
    """The model as a folder that `--weights` takes; from here on the model is what was written.

    Weights are written in fp16: half the size, and of no consequence that the held-out text could show.
    """
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p.half())
    tensors = {name: tensor.half() for name, tensor in published(model.backbone).items()}
    files.write(run.model_folder / WEIGHTS, lambda path: save_file(tensors, path, metadata={"format": "pt"}))
    files.write(run.model_folder / "config.json", json.dumps(model.backbone.arch.to_config(), indent=2) + "\n")
