"""Downloading a file: resumed where a part of it is here, broken off without harm."""

import http.client
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from core.datasets import DataSet
from core.errors import BadData
from core.files import Progress, size
from core.pace import LEAST, SPAN, Pace

FETCHING = "fetch"  # the phase in which an archive is downloaded
TIMEOUT = 20  # seconds without a word from the server
CHUNK = 1 << 17  # bytes
MOST = 10  # times the size that is expected; what is longer is something else
WHOLE = 416  # the server's answer to a wish for what comes after the end


class _Redirects(HTTPRedirectHandler):
    """Follows a server to another place of the web, and never from a secured one to one that is not."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        before, after = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if after not in ("http", "https") or (before == "https" and after != "https"):
            raise URLError(f"the server sends on to {newurl}, which is not secured")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(dataset: DataSet, part: Path, progress: Progress) -> None:
    """Bring a data set's archive to `part`, from where that ends if it is there; nothing of it is verified yet.

    Raises BadData where the server cannot be reached or breaks off, and then the part stays for the next time.
    """
    here = size(part)
    headers = {"User-Agent": "workbench", **({"Range": f"bytes={here}-"} if here else {})}
    try:
        request = Request(dataset.url, headers=headers)  # noqa: S310 - the catalogue's, which is ours
        response = build_opener(_Redirects).open(request, timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == WHOLE and here:
            return  # only what was to be done with it is missing
        raise BadData(
            f"{dataset.name} could not be downloaded: the server answers {error.code} {error.reason}.", dataset.way_out
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise BadData(f"{dataset.name} could not be downloaded: {_why(error)}.", dataset.way_out) from error
    pace = Pace()
    with response:
        if response.headers.get_content_type() == "text/html":
            what = f"A web page comes in place of {dataset.name}: a network may want a log-in first."
            raise BadData(what, dataset.way_out)
        done = here if response.status == http.HTTPStatus.PARTIAL_CONTENT else 0
        total = done + (response.length or 0)  # which is None where the server does not say it, or says no number
        with open(part, "ab" if done else "wb") as file:
            while chunk := _read(response, dataset, done):
                file.write(chunk)
                done += len(chunk)
                if done > MOST * dataset.size:
                    break
                if pace.too_slow(len(chunk)):
                    what = f"{dataset.name} comes too slowly: less than {LEAST / 1e3:.0f} KB in {SPAN:.0f} s."
                    raise BadData(what, f"It goes on from there. {dataset.way_out}")
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
        return response.read1(CHUNK)  # as it comes: to wait for all of it would hide how slowly that is
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
