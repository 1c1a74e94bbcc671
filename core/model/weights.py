"""Weights from and to files: safetensors with the published names, from the hub, a folder, or drawn at random."""

import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from core import assets, files
from core.architectures.architecture import Architecture, Published
from core.architectures.file_names import BASE_WEIGHTS, WEIGHTS
from core.architectures.lookup import HUB, check_folder, check_weights
from core.architectures.preset import BuiltIn, ModelPreset, OwnFolder, Source
from core.errors import BadModel
from core.files import Progress, sha256, unwatched
from core.model.backbone import Backbone
from core.model.families import backbone_for
from core.model_files.fetch import fetch, fetch_again
from core.runs.origin import Base, weights_of


class WeightsFile:
    """A safetensors file of published weights, read a tensor at a time."""

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
        self._names = frozenset(names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def tensor(self, published: Published) -> Tensor:
        """A tensor of the backbone in our layout, fp32. Raises KeyError where the file holds none of that name."""
        names = published.among(self)
        if names is None:
            raise KeyError(published.names[0])
        # opened for each: what was read of a mapped file counts as this process's memory until it is closed
        with safe_open(self.path, framework="pt") as file:
            parts = [file.get_tensor(name) for name in names]
        tensor = torch.cat(parts) if len(parts) > 1 else parts[0]
        return (tensor.T if published.transposed else tensor).float()

    def load_dense(self, head: nn.Sequential, arch: Architecture) -> bool:
        """Copy what the family's own head has before its last layer, where it was pretrained and the file holds it.

        Whether so.

        Raises BadModel where it is of another shape.
        """
        if arch.own_dense is None or arch.own_dense.pretrained is None:
            return False
        layers = {arch.own_dense.pretrained: head[0]} | ({arch.own_dense.norm: head[2]} if arch.own_dense.norm else {})
        there = {f"{name}.{kind}": p for name, layer in layers.items() for kind, p in layer.named_parameters()}
        try:
            found = {name: self.tensor(Published((name,), arch.prefix)) for name in there}
        except KeyError:
            return False
        with torch.no_grad():
            for name, parameter in there.items():
                demand_shape(self.path, name, found[name], parameter)
                parameter.copy_(found[name])
        return True

    def load_into(self, backbone: Backbone) -> None:
        """Copy every weight of the backbone. Raises BadModel where one is missing or of another shape."""
        arch = backbone.arch
        with torch.no_grad():
            for name, parameter in backbone.named_parameters():
                try:
                    tensor = self.tensor(arch.published[name])
                except KeyError as error:
                    raise BadModel(
                        f"{self.path} holds no {name}.", f"It is not a {arch.title} of this size."
                    ) from error
                demand_shape(self.path, name, tensor, parameter)
                parameter.copy_(tensor)


def demand_shape(path: Path, name: str, tensor: Tensor, parameter: Tensor) -> None:
    """Raises BadModel where a tensor of a file is not of the shape of what it is to be copied into."""
    if tensor.shape != parameter.shape:
        raise BadModel(
            f"{name} in {path} is {tuple(tensor.shape)}, not {tuple(parameter.shape)}.",
            "Choose the model that they belong to. A run from an earlier version's nano can only be trained again.",
        )


def published(backbone: Backbone, prefixed: bool = False) -> dict[str, Tensor]:
    """The backbone's weights under the published names and layouts, ready for `save_file`."""
    found = {}
    for name, p in backbone.named_parameters():
        theirs = backbone.arch.published[name]
        parts = (p.T if theirs.transposed else p).detach().cpu().chunk(len(theirs.names))
        for published_name, part in zip(theirs.names, parts, strict=True):
            found[theirs.prefix * prefixed + published_name] = part.contiguous()
    return found


def find_base(preset: ModelPreset, weights: str, run: Path, seed: int, progress: Progress) -> Base:
    """Find, fetch or draw the weights that a run starts from, and verify them.

    `weights` is `pretrained`, `random` or a folder; random ones are written to the run's folder.
    Raises BadModel with what to do.
    """
    source = preset.source
    if weights == "random":
        backbone = backbone_for(preset.architecture)
        backbone.initialize(torch.Generator().manual_seed(seed))
        files.write(run / BASE_WEIGHTS, lambda path: save_file(published(backbone), path))
        return Base("random", f"seed {seed}", BASE_WEIGHTS, sha256(run / BASE_WEIGHTS))
    if weights == "pretrained":
        if isinstance(source, Source):
            found = fetch(preset, progress)
            if preset.name.startswith(HUB):  # of a model by name it is known what they are
                check_weights(found.weights, preset.architecture)
            return Base("pretrained", source.repo, str(found.weights), found.sha256, found.revision)
        if isinstance(source, BuiltIn):
            return _built_in(source, preset.name, run)
    own = isinstance(source, OwnFolder) and weights == "pretrained"
    folder = files.absolute(preset.name if own else weights)
    file = folder / WEIGHTS
    check_folder(folder, preset.architecture)
    WeightsFile(file)  # as in `open_base`
    try:
        # the folder may be deleted, as a run that made it can be; the hub's cache holds links to its files
        os.link(file.resolve(), run / BASE_WEIGHTS)
        kept = BASE_WEIGHTS
    except OSError:  # on another disk
        kept = str(file)
    return Base("folder", str(folder), kept, sha256(file, progress))


def _built_in(source: BuiltIn, name: str, run: Path) -> Base:
    # kept with the run, because the next version of the program may bring other weights
    files.write(run / BASE_WEIGHTS, (assets.FOLDER / source.folder / WEIGHTS).read_bytes())
    if sha256(run / BASE_WEIGHTS) != source.sha256:
        raise BadModel(f"The weights of {name} that came with the program are damaged.", "Reinstall it.")
    return Base("built in", name, BASE_WEIGHTS, source.sha256)


def open_base(base: Base, run: Path, progress: Progress = unwatched) -> WeightsFile:
    """The weights of a run's base; published ones that are gone are fetched again.

    Raises BadModel where they cannot be had any more, or have changed since the run began.
    """
    path = weights_of(base, run)
    if not path.is_file():
        path = _again(base, path, progress)
    changed = BadModel(f"{path} has changed since this run began.", f"Put back the file from {base.source}.")
    try:
        found = WeightsFile(path)  # first: whether a file is whole is seen at once, its hash takes as long as it is
    except BadModel as error:
        raise changed from error
    if sha256(path, progress) != base.sha256:
        raise changed
    return found


def _again(base: Base, gone: Path, progress: Progress) -> Path:
    """Bring published weights here once more. Raises BadModel where that cannot be, or they were never published."""
    what = f"The weights that this run started from, {gone}, are gone."
    if base.kind == "folder":
        raise BadModel(what, f"Put them back into {base.source}, or connect the disk that they are on.")
    if base.kind != "pretrained":  # what the run's own folder kept
        raise BadModel(what, "Put the file back, or train again from the recipe.")
    try:
        return fetch_again(base.source, base.revision, base.sha256, progress)
    except BadModel as error:
        raise BadModel(f"{what} {error.what}", error.do) from error
