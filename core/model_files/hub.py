"""Single files from the Hugging Face hub, with progress as calls, offline switches honoured, refusals as sentences."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from core import files
from core.architectures.preset import Source
from core.errors import BadModel
from core.files import Progress
from core.pace import LEAST, SPAN, Pace
from core.wording import on_one_line, size

TIMEOUT = 10  # seconds without a word from the hub
TRIES, WAIT = 5, 1.0  # connections in a row over which nothing comes, and seconds between two of them
DOWNLOADING = "download"  # the phase in which bytes arrive


class Refused(BadModel):
    """The hub cannot be asked, or does not give what is asked of it."""


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
    from huggingface_hub import constants

    if not Path(constants.HF_HUB_CACHE, f"models--{source.repo.replace('/', '--')}").is_dir():
        return None
    from huggingface_hub import try_to_load_from_cache  # takes a quarter of a second to import

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
    if found.size is None:
        raise BadModel(f"What answers for {source.repo} does not say how large {name} is.", "Check HF_ENDPOINT.")
    etag = found.etag or ""
    return Entry(found.commit_hash, found.size, etag if _is_sha256(etag) else "")


def download(source: Source, name: str, entry: Entry, part: Path, progress: Progress) -> None:
    """Bring a file of a commit to `part`, from where that ends if it is there; nothing of it is verified yet.

    Raises BadModel. What has come stays then for the next time, unless it is no part of such a file.
    """
    if entry.size - files.size(part) > shutil.disk_usage(part.parent).free:
        what = f"The disk is full: {name} of {source.repo}, {size(entry.size)}, does not fit into {part.parent}."
        raise BadModel(what, "Free some space, or name another folder with WORKBENCH_CACHE.")
    most, tries, pace = files.size(part), 0, Pace()
    while not part.is_file() or files.size(part) < entry.size:
        why = _receive(source, name, entry, part, pace, progress)
        here = files.size(part)
        tries = 0 if here > most else tries + 1
        most = max(most, here)
        if tries == TRIES:
            what = f"The download of {name} of {source.repo} broke off after {size(here)}: {why}."
            raise BadModel(what, "Try again: it goes on from there.")
        if tries:
            time.sleep(WAIT)


def _receive(source: Source, name: str, entry: Entry, part: Path, pace: Pace, progress: Progress) -> str:
    """Append to `part` what comes over one connection, and say why no more did. Raises BadModel."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers, get_session

    done, url = files.size(part), hf_hub_url(source.repo, name, revision=_revision(source))
    headers = build_hf_headers() | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with ExitStack() as stack:
        with _in_sentences(source):
            asked = get_session().stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True)
            response = stack.enter_context(asked)
        if response.status_code not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink()  # it is no part of what is there
            return f"the server answers {response.status_code}"
        _demand_file(source, name, url, response)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            return "the server sends it compressed, and nobody asked for that"  # a little may become more than memory
        chunks = response.iter_bytes()
        if response.status_code == HTTPStatus.OK:
            done = 0
        with open(part, "ab" if done else "wb") as file:
            while True:
                try:
                    chunk = next(chunks, None)
                except Exception as error:  # whatever the HTTP library says of a connection that is lost
                    return _said(error)
                if chunk is None:
                    return "the server hung up"
                file.write(chunk)
                done += len(chunk)
                if done > entry.size:
                    break
                if pace.too_slow(len(chunk)):
                    what = f"{name} of {source.repo} comes too slowly: under {size(LEAST)} in {SPAN:.0f} s."
                    raise BadModel(what, "Try again later: it goes on from there.")
                progress(DOWNLOADING, done, entry.size, "bytes")
    part.unlink()
    what = f"More comes for {name} of {source.repo} than the {size(entry.size)} that the server spoke of."
    raise BadModel(what, "It was deleted. Check HF_ENDPOINT, or try again later.")


def _demand_file(source: Source, name: str, url: str, response: Any) -> None:
    """Raises BadModel where a secured connection led to one that is not, or to a page for people."""
    hops = [each.url for each in (*response.history, response)]
    if url.startswith("https:") and (open_to_all := [str(hop) for hop in hops if hop.scheme != "https"]):
        what = f"{name} of {source.repo} was not downloaded: the server sends it over {open_to_all[0]}, unsecured."
        raise BadModel(what, "Check HF_ENDPOINT and the proxy.")
    if response.headers.get("Content-Type", "").startswith("text/html"):
        what = f"A web page comes in place of {name} of {source.repo}."
        raise BadModel(what, f"Open {url} in a browser: a network may want a log-in first.")


def _revision(source: Source) -> str | None:
    return source.revision or None  # None is the main branch


def _is_sha256(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


@contextmanager
def _in_sentences(source: Source) -> Iterator[None]:
    """Raises Refused for whatever the hub's client raises, which lets through what its HTTP library does."""
    try:
        yield
    except Exception as error:
        raise _refusal(source, error) from error


def _refusal(source: Source, error: Exception) -> Refused:
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
        return Refused(what, f"Accept it on {page}, log in with: hf auth login, and try again.")
    if isinstance(error, RevisionNotFoundError):
        return Refused(f"{repo} has no revision {source.revision}.", f"Name one that is listed on {page}.")
    if isinstance(error, (RepositoryNotFoundError, HFValidationError)):
        what = f"There is no {repo} on the hub, or it is private."
        return Refused(what, "Check the address; for a private one, log in with: hf auth login")
    if isinstance(error, OfflineModeIsEnabled):
        return Refused(f"{repo} is not on this machine, and HF_HUB_OFFLINE forbids asking the hub.")
    if isinstance(error, HfHubHTTPError):
        return Refused(f"{repo} could not be downloaded: the hub answers {error.response.status_code}.")
    if isinstance(error, OSError) and error.filename:
        return Refused(f"{repo} cannot be kept at {error.filename}: {error.strerror}.")
    what = f"{repo} could not be downloaded, for the hub cannot be reached: {_said(error)}."
    return Refused(what, "Try again with a network, or choose a folder that holds the model.")


def _said(error: Exception) -> str:
    """What a library says of a connection, in a few words."""
    return on_one_line((str(error).strip() or type(error).__name__).splitlines()[0])[:300].rstrip(".")
