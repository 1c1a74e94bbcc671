"""The book's model as people save it: which of a file's tensors are its weights, under the names of the chapter."""

import os
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from core import files, inside
from core.errors import BadModel

SAVE = 'torch.save(model.state_dict(), "review_classifier.pth")'
AGAIN = f"Save its weights: {SAVE}."
MARK = "tok_emb.weight"  # the name by which a GPTModel's weights are known
# what DataParallel and torch.compile put before names, also within them where a part of the model was wrapped
WRAPPED = re.compile(r"\b(?:module|_orig_mod)\.")
# the book's fast variant computes the same with PyTorch's own layers: its names -> those of the chapter
FAST = [
    (re.compile(r"((?:.*\.)?(?:norm[12]|final_norm))\.weight"), r"\1.scale"),
    (re.compile(r"((?:.*\.)?(?:norm[12]|final_norm))\.bias"), r"\1.shift"),
    (re.compile(r"(.*\.att)\.proj\.(weight|bias)"), r"\1.out_proj.\2"),
]
STACKED = re.compile(r"(.*\.att)\.qkv\.(weight|bias)")  # query, key and value, one above the other
MOST = 2_000_000_000  # numbers of a model; the largest of the chapter's has 1.6 billion
MOST_PICKLED = 1 << 25  # bytes that say what is where, without the numbers themselves
BUFFERS = re.compile(r"(.*\.)?(mask|cache_[kv])")  # they hold nothing that was learned


class NotKept:
    """Stands in for what is often saved beside weights while a file is read: it is none of them, and is not made."""

    def __init__(self, *_: Any): ...

    def __setstate__(self, _: Any) -> None: ...


# of losses, rates and arguments beside the weights; torch's reader refuses these, and none of them is ever called
BESIDE: list[tuple[type, str]] = [
    (NotKept, name)
    for name in (
        "numpy.dtype",
        "numpy.ndarray",
        "numpy.core.multiarray.scalar",
        "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray.scalar",  # since NumPy 2
        "numpy._core.multiarray._reconstruct",
        "argparse.Namespace",
        "pathlib.PosixPath",
        "pathlib.WindowsPath",
    )
]


def read(file: Path) -> dict[str, Tensor]:
    """The weights of a GPTModel in a file of torch.save's or of safetensors, by the chapter's names, fp32.

    No code in it is ever run. Raises BadModel where it cannot be read, or holds nothing of the kind.
    """
    found = list(_dictionaries(_content(file)))
    models = [(where, tensors) for where, tensors in found if any(_is_mark(name) for name in tensors)]
    if len(models) > 1:
        wheres = " and ".join(repr(where) for where, _ in models)
        raise BadModel(
            f"{file.name} holds the weights of {len(models)} models, under {wheres}.",
            f"Save those that you mean alone: torch.save(checkpoint[{models[0][0]!r}], FILE).",
        )
    if not found:
        raise BadModel(f"{file.name} holds no weights by name.", AGAIN)
    _, tensors = models[0] if models else max(found, key=lambda one: len(one[1]))
    named = _named(tensors)
    if (n := sum(tensor.numel() for tensor in named.values())) > MOST:  # a view or a sparse one may say any number
        raise BadModel(f"{file.name} holds {n:,} numbers, more than any model of the chapter's.", AGAIN)
    try:
        return {name: _dense(tensor).float() for name, tensor in named.items()}
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise BadModel(
            f"{file.name} holds numbers that cannot be read: {reason}.", f"Save the model's numbers in fp32: {SAVE}."
        ) from error


def _content(file: Path) -> object:
    """What was saved, without what is `BESIDE`."""
    if file.is_dir():
        raise BadModel(f"{file} is a folder.", "Name the file in it; train takes a whole model: --model FOLDER.")
    if file.exists() and not file.is_file():
        raise BadModel(f"{file} is {inside.kind(file.stat().st_mode)}, not a file.", AGAIN)
    try:
        with files.reading(file) as opened:
            start = opened.read(9)
            opened.seek(0)
            if start[8:] == b"{":  # after the length of safetensors' head
                with safe_open(file, framework="pt") as tensors:
                    return {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
            _demand_unpacked(opened)
            with warnings.catch_warnings(), torch.serialization.safe_globals([*BESIDE]):
                warnings.simplefilter("ignore")
                return torch.load(opened, weights_only=True, map_location="cpu")
    except OSError as error:
        raise BadModel(f"{file} cannot be read: {error.strerror}.", "Check the path.") from error
    except SafetensorError as error:
        raise BadModel(f"{file.name} is not a whole safetensors file: {error}.", "Copy it again.") from error
    except Exception as error:  # torch's reader of pickles lets through what it stumbles over
        raise _refusal(file, str(error)) from error


def _demand_unpacked(opened: BinaryIO) -> None:
    """Raises ValueError for an archive that is no archive of torch.save's: that packs nothing, and says little."""
    size = opened.seek(0, os.SEEK_END)
    if zipfile.is_zipfile(opened):
        with zipfile.ZipFile(opened) as archive:
            members = archive.infolist()
        if sum(one.file_size for one in members) > size:
            raise ValueError("a file that is packed")
        if any(one.filename.endswith("data.pkl") and one.file_size > MOST_PICKLED for one in members):
            raise ValueError("too much beside the numbers")
    opened.seek(0)


def _refusal(file: Path, said: str) -> BadModel:
    """Why a file cannot be read, from what torch's reader says."""
    if code := re.search(r"Unsupported global: GLOBAL (\S+)", said):
        return BadModel(f"{file.name} holds code ({code[1]}), which is not run here, and not weights alone.", AGAIN)
    if "TorchScript" in said:
        return BadModel(f"{file.name} is a TorchScript program, which is not run here.", AGAIN)
    return BadModel(f"{file.name} is not a whole file of torch.save's.", f"Copy it again, or save it again: {SAVE}.")


def _dictionaries(content: object) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Every dictionary with tensors in it, those alone, and the key that it stands under."""
    places, seen = [("", content)], set[int]()
    for where, found in places:  # which grows on the way
        if not isinstance(found, Mapping) or id(found) in seen:
            continue
        seen.add(id(found))
        if tensors := {str(name): value for name, value in found.items() if isinstance(value, Tensor)}:
            yield where, tensors
        places += [(str(name), value) for name, value in found.items()]


def _dense(tensor: Tensor) -> Tensor:
    """A tensor with a number in every place. Raises RuntimeError for one that is a shape alone."""
    if tensor.is_meta:
        raise RuntimeError("a shape without numbers, as on the device meta")
    return tensor if tensor.layout == torch.strided else tensor.to_dense()


def _is_mark(name: str) -> bool:
    return f".{WRAPPED.sub('', name)}".endswith(f".{MARK}")


def _named(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors by the chapter's names, without prefixes and buffers; what has no such name keeps its own."""
    bare = {WRAPPED.sub("", name): tensor for name, tensor in tensors.items()}
    # what a class that has the model in it puts before
    prefix = next((name.removesuffix(MARK) for name in bare if _is_mark(name)), "")
    found: dict[str, Tensor] = {}
    for name, tensor in bare.items():
        name = name.removeprefix(prefix)
        if BUFFERS.fullmatch(name):
            continue
        if (match := STACKED.fullmatch(name)) and tensor.ndim and len(tensor) % 3 == 0:
            layers = ("W_query", "W_key", "W_value")
            found |= {f"{match[1]}.{of}.{match[2]}": part for of, part in zip(layers, tensor.chunk(3), strict=True)}
            continue
        for fast, chapters in FAST:
            name = fast.sub(chapters, name) if fast.fullmatch(name) else name
        found[name] = tensor
    return found
