"""Weights from and to files: safetensors with the published names, from the hub, a folder, or drawn at random."""

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from core import assets, files
from core.errors import BadModel
from core.files import Progress, sha256
from core.model.gpt2 import GPT2
from core.model.hub import fetch
from core.presets import KEPT, MODELS, WEIGHTS, BuiltIn, Shape
from core.runs.origin import Base

# the published checkpoints keep these matrices as (in, out), PyTorch's Linear as (out, in)
TRANSPOSED = ("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")


# what changes what a model of the same shape computes, with GPT-2's own choice
COMPUTED = {
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
}


class WeightsFile:
    """A safetensors file of GPT-2 weights, read a tensor at a time under this project's names and layouts."""

    def __init__(self, path: Path):
        """Raises BadModel where this is no whole safetensors file."""
        self.path = path
        try:
            with safe_open(path, framework="pt") as file:
                names = list(file.keys())
        except FileNotFoundError as error:
            raise BadModel(f"There is no {path}.", "Name a folder that holds model.safetensors.") from error
        except (SafetensorError, OSError) as error:
            raise BadModel(f"{path} is not a whole safetensors file: {error}.", "Download or copy it again.") from error
        # saved with or without a language-model head: the names then carry a prefix, or not
        self._names = {name.removeprefix("transformer."): name for name in names}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def tensor(self, name: str) -> Tensor:
        """A backbone tensor by its name in `GPT2`, in that module's layout, fp32."""
        # opened for each: what was read of a mapped file counts as this process's memory until it is closed
        with safe_open(self.path, framework="pt") as file:
            tensor = file.get_tensor(self._names[name])
        return (tensor.T if name.endswith(TRANSPOSED) else tensor).float()

    def load_into(self, backbone: GPT2) -> None:
        """Copy every weight of the backbone. Raises BadModel where one is missing or of another shape."""
        with torch.no_grad():
            for name, parameter in backbone.named_parameters():
                if name not in self:
                    raise BadModel(f"{self.path} holds no {name}.", "It is not a GPT-2 of this size.")
                tensor = self.tensor(name)
                if tensor.shape != parameter.shape:
                    raise BadModel(
                        f"{name} in {self.path} is {tuple(tensor.shape)}, not {tuple(parameter.shape)}.",
                        "Choose the model that they belong to. A run from an earlier version's nano can only be trained anew.",
                    )
                parameter.copy_(tensor)


def published(backbone: GPT2, prefix: str = "") -> dict[str, Tensor]:
    """The backbone's weights under the published names and layouts, ready for `save_file`."""
    return {
        prefix + name: (p.T if name.endswith(TRANSPOSED) else p).detach().cpu().contiguous()
        for name, p in backbone.named_parameters()
    }


def config_of(shape: Shape) -> dict:
    """The `config.json` that other GPT-2 software reads for this shape."""
    return {
        "model_type": "gpt2",
        "n_layer": shape.n_blocks,
        "n_embd": shape.width,
        "n_head": shape.n_heads,
        "n_positions": shape.context,
        "vocab_size": shape.vocab,
        "layer_norm_epsilon": 1e-5,
        "activation_function": "gelu_new",
        "bos_token_id": shape.vocab - 1,
        "eos_token_id": shape.vocab - 1,
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "attn_pdrop": 0.0,
    }


def find_base(model: str, weights: str, run: Path, seed: int, progress: Progress) -> Base:
    """Find, fetch or draw the weights that a run starts from, and verify them.

    `weights` is `pretrained`, `random` or a folder; random ones are written to the run's folder.
    Raises BadModel with what to do.
    """
    preset = MODELS[model]
    if weights == "random":
        backbone = GPT2(preset.shape)
        backbone.initialize(torch.Generator().manual_seed(seed))
        files.write(run / KEPT, lambda path: save_file(published(backbone), path))
        return Base("random", f"seed {seed}", KEPT, sha256(run / KEPT))
    if weights == "pretrained" and isinstance(preset.source, BuiltIn):
        # kept with the run, because the next version of the program may bring other weights
        files.write(run / KEPT, (assets.FOLDER / preset.source.folder / WEIGHTS).read_bytes())
        if sha256(run / KEPT) != preset.source.sha256:
            raise BadModel(f"The weights of {model} that came with the program are damaged.", "Reinstall it.")
        return Base("built in", model, KEPT, preset.source.sha256)
    if weights == "pretrained":
        file, digest = fetch(preset.source, progress)
        return Base("pretrained", preset.source.repo, str(file), digest, preset.source.revision)
    folder = files.absolute(weights)
    file = folder / WEIGHTS
    _check_folder(folder, preset.shape)
    try:
        # the folder may be deleted, as a run that made it can be; the hub's cache holds links to its files
        os.link(file.resolve(), run / KEPT)
        kept = KEPT
    except OSError:  # on another disk
        kept = str(file)
    return Base("folder", str(folder), kept, sha256(file, progress))


def _check_folder(folder: Path, shape: Shape) -> None:
    if not (folder / "config.json").is_file() or not (folder / WEIGHTS).is_file():
        there = sorted(p.name for p in folder.glob("*"))[:5] if folder.is_dir() else []
        raise BadModel(
            f"{folder} is not a model folder: "
            + (f"it holds {', '.join(there)}." if there else "there is nothing in it."),
            "It needs config.json and model.safetensors; pickled weights (.bin, .pt) are not read.",
        )
    try:
        config = json.loads((folder / "config.json").read_text())
        found = Shape(
            config["n_layer"], config["n_embd"], config["n_head"], config["n_positions"], config["vocab_size"]
        )
        other = [key for key, value in COMPUTED.items() if config.get(key, value) != value]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadModel(f"{folder / 'config.json'} does not describe a GPT-2: {error}.") from error
    if other:
        raise BadModel(
            f"The model in {folder} computes otherwise than GPT-2: {', '.join(other)}.", "It cannot be used here."
        )
    if found != shape:
        fitting = next((name for name, preset in MODELS.items() if preset.shape == found), None)
        raise BadModel(
            f"The model in {folder} has {found.n_blocks} blocks of width {found.width}, {found.n_heads} heads, "
            f"context {found.context}; another was chosen.",
            f"Choose --model {fitting}." if fitting else "No size of this program fits it.",
        )


def open_base(base: Base, run: Path, progress: Progress | None = None) -> WeightsFile:
    """The weights of a run's base. Raises BadModel where they are gone or have changed since the run began."""
    path = run / base.file
    if not path.is_file():
        raise BadModel(f"The weights that this run started from, {path}, are gone.", f"They came from {base.source}.")
    if sha256(path, progress) != base.sha256:
        raise BadModel(f"{path} has changed since this run began.", f"Put back the file from {base.source}.")
    return WeightsFile(path)
