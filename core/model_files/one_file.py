"""One file of a model, from the hub or its cache into the model's folder, and never another than is known of it."""

import json
import os
import shutil
from pathlib import Path

from core import files
from core.architectures.file_names import TOKENIZER
from core.architectures.preset import Source
from core.errors import BadModel
from core.files import Progress, sha256
from core.model_files import hub
from core.model_files.kept import Record
from core.wording import size

SMALL = 100_000_000  # bytes of any file but the weights


class _Another(BadModel):
    """A file has not the hash that is known of it."""


def bring_one(source: Source, name: str, folder: Path, record: Record, progress: Progress) -> str | None:
    """Put a small file into a model's folder: its SHA-256, or None where the repository has none of that name.

    Raises BadModel where it is another than the known one, or than the one that came here first.
    """
    first = record.files.get(name, "")
    known = (source.tokenizer_sha256 or "") if name == TOKENIZER else ""
    try:
        if file := hub.cached(source, name):
            digest = sha256(file)
            demand(file, digest, known or first or hub.recorded(file) or digest)
            files.write(folder / name, file.read_bytes())
            return digest
        entry = hub.ask(source, name)
        if entry is None:
            return None
        if entry.size > SMALL:
            raise BadModel(f"{name} of {source.repo} is {size(entry.size)} large, and was not downloaded.")
        return download(source, name, entry, known or first or entry.sha256, folder, progress)
    except _Another as error:
        if known or not first:
            raise
        what = f"{name} of {source.repo} is not what it was when it came here first, and was not taken."
        raise BadModel(what, f"Only if you trust the new one: delete {folder}, and fetch the model again.") from error


def download(source: Source, name: str, entry: hub.Entry, expected: str, folder: Path, progress: Progress) -> str:
    """Put a file of the hub into a model's folder: its SHA-256, which is the expected one where there is one."""
    part = folder / f".{name}.{expected[:16] or 'word'}.part"
    for other in folder.glob(f".{name}.*.part"):
        if other != part or not expected:  # nobody knows whether what comes next goes on with it
            other.unlink()
    hub.download(source, name, entry, part, progress)
    digest = sha256(part, progress)
    try:
        if expected and digest != expected:
            what = f"What came for {name} of {source.repo} is damaged, or another file: its SHA-256 is {digest[:12]}…"
            raise _Another(f"{what}, not {expected[:12]}….", "It was deleted. Check HF_ENDPOINT, and try again.")
        if name.endswith(".json"):
            _demand_json(source, name, part)
    except BadModel:
        part.unlink()
        raise
    files.write(folder / name, lambda temporary: os.replace(part, temporary))
    return digest


def _demand_json(source: Source, name: str, part: Path) -> None:
    try:
        if not isinstance(json.loads(part.read_bytes()), dict):
            raise ValueError("it holds something else")
    except (ValueError, RecursionError) as error:
        what = f"What comes for {name} of {source.repo} is no JSON object: {error}."
        raise BadModel(what, "Check HF_ENDPOINT and the network: some want a log-in first.") from error


def demand(file: Path, digest: str, expected: str) -> None:
    """Raises BadModel where a file's SHA-256 is not the expected one."""
    if digest != expected:
        raise _Another(
            f"{file} is damaged, or another file: its SHA-256 is {digest[:12]}…, not {expected[:12]}….",
            "Delete it and download it again.",
        )


def place(file: Path, at: Path) -> None:
    """Give a file of the hub's cache a second name, or copy it where that cannot be, as on another disk."""

    def link(temporary: Path) -> None:
        try:
            os.link(file.resolve(), temporary)
        except OSError:
            shutil.copyfile(file, temporary)

    files.write(at, link)
