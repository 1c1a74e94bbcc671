"""Single files from the Hugging Face hub, with progress as calls, offline switches honoured, refusals as sentences."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from core import files
from core.architectures.models import Source
from core.errors import BadModel
from core.files import Progress
from core.wording import size

TIMEOUT = 10  # seconds without a word from the hub
STALE = 3600  # seconds after its last byte until a part of a download is nobody's
DOWNLOADING = "download"  # the phase in which bytes arrive


class Entry(NamedTuple):
    """What the hub says of a file: the commit that it is of, its bytes, and its SHA-256, "" where it keeps none."""

    commit: str
    size: int
    sha256: str


def is_commit(revision: str) -> bool:
    """Whether a revision names one state of a repository for ever, as a branch does not."""
    return re.fullmatch(r"[0-9a-f]{40}", revision) is not None


def cached(source: Source, name: str) -> Path | None:
    """A file in the hub's cache on this machine, or None. No network."""
    from huggingface_hub import try_to_load_from_cache  # slow to import, and most runs need no hub

    found = try_to_load_from_cache(source.repo, name, revision=source.revision)
    return Path(found) if isinstance(found, str) else None


def recorded(file: Path) -> str:
    """The SHA-256 that the hub published for a file in its cache, which names a large one after it; else ""."""
    name = file.resolve().name
    return name if _is_sha256(name) else ""


def ask(source: Source, name: str) -> Entry | None:
    """What the hub says of a file; None where the repository has no such file. Raises BadModel."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import (
        EntryNotFoundError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    with _in_sentences(source):
        try:
            found = get_hf_file_metadata(hf_hub_url(source.repo, name, revision=_revision(source)), timeout=TIMEOUT)
        except (RepositoryNotFoundError, RevisionNotFoundError, LocalEntryNotFoundError):
            raise
        except EntryNotFoundError:
            return None
        except HfHubHTTPError as error:
            if error.response.status_code == 404:
                return None
            raise
    if not found.commit_hash or not is_commit(found.commit_hash):
        raise BadModel(f"What answers for {source.repo} is not the hub: it names no commit.", "Check HF_ENDPOINT.")
    etag = found.etag or ""
    return Entry(found.commit_hash, found.size or 0, etag if _is_sha256(etag) else "")


def download(source: Source, name: str, progress: Progress) -> Path:
    """A file from the hub, or from its cache, whose revision is a commit. What came of it in vain is removed.

    Raises BadModel.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import tqdm as hub_tqdm

    class Bar(hub_tqdm):
        """The hub reports its bytes to a progress bar; this one passes them on."""

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs | {"disable": False, "file": _Nowhere()})

        def update(self, n=1):
            shown = super().update(n)
            progress(DOWNLOADING, int(self.n), int(self.total or self.n), "bytes")
            return shown

    _sweep(source)
    with _in_sentences(source):
        return Path(hf_hub_download(source.repo, name, revision=_revision(source), tqdm_class=Bar))


def _sweep(source: Source) -> None:
    """Remove from the hub's cache what downloads of a repository left there that were killed.

    The client itself never goes on with such a part, whose name is of one process.
    """
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    blobs = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=source.repo, repo_type="model") / "blobs"
    for part in blobs.glob("*.????????.incomplete"):
        if time.time() - files.modified_at(part) > STALE:
            part.unlink(missing_ok=True)


def _revision(source: Source) -> str | None:
    return source.revision or None  # None is the main branch


def _is_sha256(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


@contextmanager
def _in_sentences(source: Source) -> Iterator[None]:
    """Raises BadModel for whatever the hub's client raises, which lets through what its HTTP library does."""
    try:
        yield
    except Exception as error:
        raise _refusal(source, error) from error


def _refusal(source: Source, error: Exception) -> BadModel:
    from huggingface_hub import constants
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    repo, page = source.repo, f"{constants.ENDPOINT}/{source.repo}"
    if isinstance(error, GatedRepoError):
        what = f"{repo} is gated: its owners let only those download it who accepted their licence."
        return BadModel(what, f"Accept it on {page}, log in with: hf auth login, and try again.")
    if isinstance(error, RevisionNotFoundError):
        return BadModel(f"{repo} has no revision {source.revision}.", f"Name one that is listed on {page}.")
    if isinstance(error, (RepositoryNotFoundError, HFValidationError)):
        what = f"There is no {repo} on the hub, or it is private."
        return BadModel(what, "Check the address; for a private one, log in with: hf auth login")
    if isinstance(error, OfflineModeIsEnabled):
        return BadModel(f"{repo} is not on this machine, and HF_HUB_OFFLINE forbids asking the hub.")
    if files.disk_full(error):
        needed = f"{size(source.size)} are needed in" if source.size else "It is kept in"
        return BadModel(f"The disk is full: {repo} does not fit.", f"{needed} {constants.HF_HUB_CACHE}.")
    if isinstance(error, HfHubHTTPError):
        return BadModel(f"{repo} could not be downloaded: the hub answers {error.response.status_code}.")
    if isinstance(error, OSError) and error.filename:
        return BadModel(f"{repo} cannot be kept at {error.filename}: {error.strerror}.")
    said = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    what = f"{repo} could not be downloaded, for the hub cannot be reached: {said}."
    return BadModel(what, "Try again with a network, or choose a folder that holds the model.")


class _Nowhere:
    """A progress bar's text goes nowhere; the engine never prints."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None: ...
