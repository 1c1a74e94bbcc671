"""The Large Movie Review Dataset (Maas et al. 2011), from its archive to one table."""

import csv
import gzip
import io
import re
from pathlib import Path

from core.data.archive import tar_members
from core.errors import BadData
from core.files import Progress

LABELLED = re.compile(r"(?:\./)?(?:aclImdb/)?(test|train)/(neg|pos)/(\d+_\d+\.txt)")
MOST = 1_000_000  # bytes of a review


def table(archive: Path, most: int, progress: Progress) -> bytes:
    """The labelled reviews of both splits as a gzipped CSV (label, text), in the order in which the book reads them.

    That is test before train, positive before negative, and files by name. The same archive gives the same bytes.
    Raises BadData.
    """
    members = tar_members(archive, LABELLED, most, MOST, progress)
    found = [(*match.groups(), text) for match, text in members]
    reviews = sorted(found, key=lambda review: (review[0], review[1] == "neg", review[2]))
    if not reviews:
        raise BadData(f"{archive.name} holds no labelled reviews.", f"Delete {archive}, or put the right one there.")
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=packed, mtime=0) as file,
        io.TextIOWrapper(file, encoding="utf-8", newline="") as out,
    ):
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["label", "text"])
        rows.writerows((label, text.decode("utf-8", "replace")) for _, label, _, text in reviews)
    return packed.getvalue()
