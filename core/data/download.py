"""Downloading a file: resumed where a part of it is here, broken off without harm."""

import http.client
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from core.datasets import DataSet
from core.errors import BadData
from core.files import Progress, size

FETCHING = "fetch"  # the phase in which an archive is downloaded
TIMEOUT = 20  # seconds without a word from the server
CHUNK = 1 << 17  # bytes
MOST = 10  # times the size that is expected; what is longer is something else
WHOLE = 416  # the server's answer to a wish for what comes after the end


def download(dataset: DataSet, part: Path, progress: Progress) -> None:
    """Bring a data set's archive to `part`, from where that ends if it is there; nothing of it is verified yet.

    Raises BadData where the server cannot be reached or breaks off, and then the part stays for the next time.
    """
    here = size(part)
    headers = {"User-Agent": "workbench", **({"Range": f"bytes={here}-"} if here else {})}
    try:
        response = urlopen(Request(dataset.url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == WHOLE and here:
            return  # only what was to be done with it is missing
        raise BadData(
            f"{dataset.name} could not be downloaded: the server answers {error.code} {error.reason}.", dataset.way_out
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise BadData(f"{dataset.name} could not be downloaded: {_why(error)}.", dataset.way_out) from error
    with response:
        done = here if response.status == http.HTTPStatus.PARTIAL_CONTENT else 0
        rest = response.headers.get("Content-Length", "")
        total = done + int(rest) if rest.isdigit() else 0
        with open(part, "ab" if done else "wb") as file:
            while chunk := _read(response, dataset, done):
                file.write(chunk)
                done += len(chunk)
                if done > MOST * dataset.size:
                    break
                progress(FETCHING, done, total or dataset.size, "bytes")
    if done > MOST * dataset.size:
        part.unlink()
        raise BadData(
            f"What comes from {dataset.url} is much longer than {dataset.name} is, and was deleted.", dataset.way_out
        )
    if done < total:
        raise BadData(_broken(dataset, done), dataset.way_out)
    progress(FETCHING, done, done, "bytes")


def _read(response: http.client.HTTPResponse, dataset: DataSet, done: int) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise BadData(_broken(dataset, done), dataset.way_out) from error


def _broken(dataset: DataSet, done: int) -> str:
    return f"The download of {dataset.name} broke off after {done / 1e6:.1f} MB; it goes on from there."


def _why(error: Exception) -> str:
    """What a library says of a server that cannot be reached, in a few words."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"there was no answer within {TIMEOUT} s"
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
