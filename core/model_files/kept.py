"""Which files of a model are on this machine, and what is known of them. No network."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from core import assets, files
from core.architectures.file_names import SETTINGS, SMALL_FILES, TOKENIZER, TOKENIZERS, WEIGHTS
from core.architectures.lookup import are_there, model_folder
from core.architectures.preset import BuiltIn, ModelPreset, Source
from core.errors import BadModel
from core.model_files import hub

SOURCE = "source.json"  # in a model's folder, written after the files that it lists

# what the hash of the weights was compared with: one that this program knows, the hub's own, or none
Verified = Literal["pinned", "hub", "word"]


class Record(msgspec.Struct, frozen=True, rename={"origin": "from"}, omit_defaults=True):
    """Where the files of a model's folder come from. The folder is whole where the weights are among them."""

    repo: str
    revision: str  # a commit
    files: dict[str, str]  # name -> SHA-256
    origin: str  # hub, hand, or package NAME VERSION
    verified: Verified
    without: list[str] = []  # names of files that the repository does not have, and is not asked for again


class ModelFiles(NamedTuple):
    """A model's weights on this machine, with their SHA-256 as it was when they came, and where they come from."""

    weights: Path
    sha256: str
    revision: str
    origin: str
    verified: Verified


def where(preset: ModelPreset) -> Literal["built in", "on disk", "download"]:
    """Where a model's pretrained weights are."""
    if isinstance(preset.source, BuiltIn):
        return "built in"
    return "on disk" if not isinstance(preset.source, Source) or files_of(preset) else "download"


def files_of(preset: ModelPreset) -> ModelFiles | None:
    """What is here of a model that comes with the program or from the hub; None where weights or tokenizer are missing.

    They are not read: whether they are still what they were is not asked.
    """
    source = preset.source
    if isinstance(source, BuiltIn):
        return ModelFiles(assets.FOLDER / source.folder / WEIGHTS, source.sha256, "", "this program", "pinned")
    if not isinstance(source, Source):
        return None
    folder = folder_of(source)
    record = read_record(folder)
    if (
        record
        and has_all(record, preset)
        and _agrees(record, source)
        and all((folder / name).is_file() for name in record.files)
    ):
        verified: Verified = "pinned" if source.sha256 else record.verified
        return ModelFiles(folder / WEIGHTS, record.files[WEIGHTS], record.revision, record.origin, verified)
    return _in_hub_cache(preset, source)


def _in_hub_cache(preset: ModelPreset, source: Source) -> ModelFiles | None:
    if not hub.is_commit(source.revision):  # what a name stood for once, it may stand for no more
        return None
    weights = hub.cached(source, WEIGHTS)
    if weights is None or not _reads(preset, lambda name: hub.cached(source, name) is not None):
        return None
    digest = source.sha256 or hub.recorded(weights)
    verified: Verified = "pinned" if source.sha256 else "hub"
    return ModelFiles(weights, digest, source.revision, "hub", verified) if digest else None


def copy_of(repo: str, revision: str, sha256: str) -> Path | None:
    """The weights of a repository's commit in a folder that this program keeps, by their hash; None without them."""
    for folder in (model_folder(repo, revision), model_folder(repo)):
        record = read_record(folder)
        if record and record.files.get(WEIGHTS) == sha256 and (folder / WEIGHTS).is_file():
            return folder / WEIGHTS
    return None


def has_all(record: Record, preset: ModelPreset) -> bool:
    """Whether a folder's record lists all that a model needs of it."""
    return WEIGHTS in record.files and _reads(preset, record.files.__contains__)


def _reads(preset: ModelPreset, has: Callable[[str], bool]) -> bool:
    """Whether a model has its tokenizer, where `has` says which files there are."""
    return bool(preset.tokenizer) or are_there((TOKENIZERS,), has)


def _agrees(record: Record, source: Source) -> bool:
    """Whether a folder's record has the hashes that this program knows: it is a file that anything can have written."""
    known = {WEIGHTS: source.sha256, TOKENIZER: source.tokenizer_sha256}
    return all(record.files.get(name, digest) == digest for name, digest in known.items() if digest)


def folder_of(source: Source) -> Path:
    """The folder that this program keeps a model's files in; it may not be there yet."""
    return model_folder(source.repo, source.revision)


def demand_as_recorded(folder: Path) -> None:
    """Raises BadModel where a file that says what a model is, or how it reads a text, has changed since it came.

    That the settings of a tokenizer are gone is such a change: without them it would read other letters.
    """
    record = read_record(folder)
    again = "etch the model again: workbench fetch MODEL"
    for name in SMALL_FILES:
        known, file = record.files.get(name) if record else None, folder / name
        if known and name == SETTINGS and not file.is_file():
            raise BadModel(f"{file} came here once, and is gone.", f"F{again}")
        if known and file.is_file() and files.sha256(file) != known:
            raise BadModel(f"{file} is not what it was when it came here.", f"Delete it, and f{again}")


def read_record(folder: Path) -> Record | None:
    """What a model's folder says of itself; None where it says nothing that can be read, and is fetched again."""
    try:
        return msgspec.json.decode(files.content(folder / SOURCE), type=Record)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def write_record(folder: Path, record: Record) -> None:
    """Raises OSError where the folder cannot be written."""
    files.write(folder / SOURCE, msgspec.json.format(msgspec.json.encode(record), indent=2))
