"""A classifier that the book's chapter saved (`review_classifier.pth`), brought in as a run that is done."""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from core import files
from core.architectures.file_names import BASE_WEIGHTS
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS
from core.errors import BadModel, BadRun, WorkbenchError
from core.files import sha256
from core.model.backbone import Backbone
from core.model.families import backbone_for
from core.model.weights import published
from core.readout import READOUTS
from core.recipe import Recipe, load
from core.runs.events import Ended
from core.runs.folder import RunFolder
from core.runs.listing import bring_back, hide
from core.runs.log import EventLog
from core.runs.origin import Base, Origin, write_origin
from core.runs.result import NoResult
from core.runs.root import create_run
from core.train import checkpoint
from core.train.loop import State
from core.train.restore import run_tokenizer
from core.worker import book_file


def import_book(
    root: Path,
    file: Path,
    model: str | None = None,
    labels: Sequence[str] | None = None,
    context: int = 120,
    readout: str = "last_pad",
) -> RunFolder:
    """Make a run of the classifier in a file; it can be asked and exported, and knows no data and no test.

    Without `model`, the size is found out; `labels` are ham and spam, or numbers where there are not two. `context` and
    `readout` are how it was trained: the chapter pads to its longest message, 120 tokens, and reads the last position.
    Raises BadModel where the file is something else, BadRecipe and BadRun as `create_run` does.
    """
    found = book_file.read(file)
    name, arch = _size(found, file, model)
    backbone, head = _mapped(found, arch, file)
    labels = _labels(labels, len(head["head.weight"]), file)
    recipe = load(
        {
            "data": {"path": str(file)},
            "model": {"name": name, "readout": readout, "context": context},
            "train": {"padding": "fixed"} if READOUTS[readout].reads_pads else {},
        }
    )
    run = create_run(root, recipe)
    hidden = RunFolder(hide(run))  # until it is whole: killed in between, it is cleaned away as what was deleted is
    try:
        _fill(hidden, recipe, backbone, head, labels, file)
    except (OSError, SafetensorError, WorkbenchError) as error:
        shutil.rmtree(hidden.path, ignore_errors=True)
        cause = error.__cause__ or error
        why = "the disk is full" if files.disk_full(cause) else cause
        raise BadRun(
            f"{run.path} cannot be written: {why}.", "Free some space, or name another folder with --runs."
        ) from error
    return bring_back(hidden.path)


def _size(found: Mapping[str, Tensor], file: Path, model: str | None) -> tuple[str, GPT2Architecture]:
    """The model that these weights are of. Raises BadModel where they are no chapter's, or not of the one named."""
    if any(re.search(r"\.lora(\.|_)|\.linear\.weight$", name) for name in found):
        raise BadModel(
            f"{file.name} holds LoRA's adapters, and not how strongly they count (alpha).",
            "Add (alpha * A @ B).T to each linear weight, put the plain layers back, and save again.",
        )
    matrices = {name for name, tensor in found.items() if tensor.ndim == 2}
    if missing := [name for name in ("tok_emb.weight", "pos_emb.weight", "out_head.weight") if name not in matrices]:
        names = ", ".join(name[:80] for name in list(found)[:3])
        raise BadModel(
            f"{file.name} is not of the chapter's GPTModel: it holds {names}, and no {' or '.join(missing)}.",
            "It needs tok_emb, pos_emb, trf_blocks, out_head.",
        )
    tokens, positions = found["tok_emb.weight"], found["pos_emb.weight"]
    numbers = [int(match[1]) for name in found if (match := re.match(r"trf_blocks\.(\d{1,9})\.", name))]
    n_blocks, (vocab, width), context = 1 + max(numbers, default=-1), tokens.shape, len(positions)
    fits = {
        name: arch
        for name, preset in MODELS.items()
        if isinstance(arch := preset.architecture, GPT2Architecture)
        and (n_blocks, width, context, vocab) == (arch.n_blocks, arch.width, arch.max_tokens, arch.vocab)
    }
    sizes = f"{n_blocks} blocks of width {width}, context {context:,}, {vocab:,} tokens"
    if not fits:
        raise BadModel(f"{file.name} holds {sizes}: no model of this program.", f"It knows {', '.join(MODELS)}.")
    if model and model not in fits:
        found_as = next(iter(fits))
        raise BadModel(
            f"{file.name} holds {found_as} ({sizes}), not {model}.", f"Say --model {found_as}, or leave it out."
        )
    n_classes = len(found["out_head.weight"])
    if n_classes in (1, vocab):
        what = "one output" if n_classes == 1 else f"an output for each of {vocab:,} tokens: it is a language model"
        raise BadModel(
            f"The out_head of {file.name} has {what}.", "A classifier has one for each of two labels or more."
        )
    chosen = model or next(iter(fits))
    return chosen, fits[chosen]


def _mapped(found: Mapping[str, Tensor], arch: GPT2Architecture, file: Path) -> tuple[Backbone, dict[str, Tensor]]:
    """The chapter's tensors as a backbone and a head of ours. Raises BadModel where any is missing or unknown."""
    D, n_classes = arch.width, len(found["out_head.weight"])
    with torch.device("meta"):
        backbone = backbone_for(arch)
    shapes = {
        theirs: (p.shape[0] // len(names), *p.shape[1:])
        for name, p in backbone.named_parameters()
        for names in [arch.book_names[name]]
        for theirs in names
    }
    shapes |= {"out_head.weight": (n_classes, D), "out_head.bias": (n_classes,)}
    # a layer without a bias, as those of W_query are with qkv_bias False, adds nothing
    found = {name: torch.zeros(size) for name, size in shapes.items() if name.endswith("bias")} | dict(found)
    for name, size in shapes.items():
        if name not in found:
            raise BadModel(f"{file.name} holds no {name}.", "It is not a whole GPTModel of the chapter's.")
        if found[name].shape != size:
            there = tuple(found[name].shape)
            raise BadModel(f"{name} in {file.name} is {there}, not {size}.", "It is not of the chapter's GPTModel.")
    for name in found:
        if name not in shapes:
            raise BadModel(
                f"{file.name} holds {name}, which the chapter's GPTModel has not.", "It cannot be brought in."
            )
    tensors = {name: torch.cat([found[theirs] for theirs in names]) for name, names in arch.book_names.items()}
    backbone.load_state_dict(tensors, assign=True)
    return backbone, {f"head.{kind}": found[f"out_head.{kind}"] for kind in ("weight", "bias")}


def _labels(given: Sequence[str] | None, n: int, file: Path) -> list[str]:
    labels = list(given) if given else ["ham", "spam"] if n == 2 else [str(i) for i in range(n)]
    if len(labels) != n or len(set(labels)) != n or not all(labels):
        raise BadModel(
            f"{file.name} has {n} classes; --labels names {', '.join(map(repr, labels))}.",
            f"Name {n} different ones, in the order of the outputs, with commas between.",
        )
    return labels


def _fill(
    run: RunFolder, recipe: Recipe, backbone: Backbone, head: dict[str, Tensor], labels: list[str], file: Path
) -> None:
    """What a worker would have left: tokenizer, base, one checkpoint, and the end."""
    run_tokenizer(run, recipe)
    files.write(run.path / BASE_WEIGHTS, lambda path: save_file(published(backbone), path))
    base = Base("brought in", str(file), BASE_WEIGHTS, sha256(run.path / BASE_WEIGHTS))
    write_origin(run, Origin(base, labels))
    checkpoint.write(run, State(), head, {}, best=True)
    why = f"Brought in from {file.name}: it was trained elsewhere, and not tested here."
    EventLog(run).last(Ended(state="done", why=why, result=NoResult()))
