"""What a person has mended in labelled texts: rows relabelled or dropped, in a small file apart from the data.

A row is known by its text and its label, so that the data may be rewritten, reordered or grow. Every change of the file
is on disk, whole, before it is reported as made.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from core import files
from core.datasets import called, place
from core.errors import BadData, WorkbenchError
from core.options import AUTO
from core.recipe_data import Data
from core.runs import document
from core.runs.folder import RunFolder
from core.wording import plural

FOLDER = ".edits"  # under the root of the runs
OFF = "none"
BEGINNING = 80  # characters of a text, by which a person knows it again where the data has it no more
DIGEST = 32  # characters of a hash that tell texts apart


class Edit(msgspec.Struct, frozen=True):
    """The row of a text, by its hash, and of its label in the data: what label it is to have, or None to drop it.

    `begins` is the text's beginning, for a person.
    """

    text: str
    label: str
    to: str | None
    begins: str = ""

    @classmethod
    def of(cls, text: str, label: str, to: str | None) -> "Edit":
        return cls(digest(text), label, to, text[:BEGINNING])

    @property
    def in_words(self) -> str:
        return f"{self.label} dropped" if self.to is None else f"{self.label} is {self.to}"


class Applied(msgspec.Struct, frozen=True):
    """What edits came to: rows `relabelled`, `dropped`, and of these `tested`, which stand in the test part.

    `done` edits were made in the data itself meanwhile, the rows of `gone` are not there any more, those of `untaken`
    are not in the part of the rows that is taken, if they are there, and those of `others` have a third label by now.
    """

    relabelled: int = 0
    dropped: int = 0
    tested: int = 0
    done: int = 0
    gone: int = 0
    others: int = 0
    untaken: int = 0

    @property
    def in_words(self) -> str:
        """'17 rows relabelled, 3 dropped'; empty where nothing was."""
        if not self.relabelled:
            return f"{plural(self.dropped, 'row')} dropped" if self.dropped else ""
        relabelled = f"{plural(self.relabelled, 'row')} relabelled"
        return f"{relabelled}, {self.dropped:,} dropped" if self.dropped else relabelled

    @property
    def sentences(self) -> list[str]:
        """All of it, with what it means for the test."""
        found = [f"{self.in_words}, as the edits say."] if self.in_words else []
        if self.tested:
            some = f"{self.tested:,} of them {'is' if self.tested == 1 else 'are'} in the test part"
            found.append(f"{some}: its figure is of mended labels, not of the data's own.")
        return [*found, *self.idle]

    @property
    def idle(self) -> list[str]:
        """Which edits did nothing, and why."""
        edits = {
            "made in the data already": self.done,
            "of a row that is not there any more": self.gone,
            "of a row that is not among those taken (data.rows)": self.untaken,
            "of a row that has a third label by now": self.others,
        }
        return [f"{plural(n, 'edit')} {why}." for why, n in edits.items() if n]


class Edits(msgspec.Struct, frozen=True, kw_only=True):
    """All that was mended in the data that is called `data`, in the order in which it was; of two edits of one row the
    later counts. `undone` are those that were taken back, the latest last. A run's own copy says what was `applied`.
    """

    data: str
    edits: list[Edit] = []
    undone: list[Edit] = []
    applied: Applied | None = None

    @property
    def latest(self) -> dict[tuple[str, str], Edit]:
        """By hash and label, the edit of each row that counts; one that takes all back is none."""
        found = {(edit.text, edit.label): edit for edit in self.edits}
        return {key: edit for key, edit in found.items() if edit.to != edit.label}


def digest(text: str) -> str:
    """By what a text is known again."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST]


def file_of(root: Path, data: Data) -> Path:
    """Where the edits of a recipe's data are, or will be, by `data.edits`: root is that of the runs.

    Raises BadData where the recipe wants none.
    """
    if data.edits == OFF:
        raise BadData("The recipe leaves edits out: data.edits is none.", "Make it auto, or the path of a file.")
    if data.edits != AUTO:
        return files.absolute(data.edits)
    where = place(data.path)
    name = re.sub(r"[^\w.-]+", "_", Path(where).name).strip(".")[:40]
    return root / FOLDER / f"{name}-{hashlib.sha256(where.encode()).hexdigest()[:12]}.json"


def found(root: Path, data: Data) -> Data:
    """The options with nothing left open: the path of the edits, or none where nothing was mended.

    Raises BadData where a file is named that is not there.
    """
    if data.edits == OFF:
        return data
    file = file_of(root, data)
    if not file.is_file() and data.edits != AUTO:
        raise BadData(f"There is no file of edits {file}.", "Check data.edits; none does without.")
    return data.model_copy(update={"edits": str(file) if file.is_file() else OFF})


def are_shared(root: Path, data: Data, other: Data) -> bool:
    """Whether a recipe takes the edits that are kept for its data, and another recipe's data is the same."""
    theirs = other.model_copy(update={"edits": AUTO})
    return data.edits == AUTO and file_of(root, data) == file_of(root, theirs)


def of_data(root: Path, data: Data) -> Edits | None:
    """What was mended in a recipe's data; None where nothing was. Raises BadData where it cannot be read."""
    data = found(root, data)
    return None if data.edits == OFF else read(Path(data.edits))


def read(file: Path) -> Edits | None:
    """What a file says; None where there is none. Raises BadData where it cannot be read."""
    try:
        return document.read(file, file.parent, Edits)
    except (OSError, WorkbenchError) as error:
        why = error.what.rstrip(".") if isinstance(error, WorkbenchError) else error.strerror
        do = "Put it back as it was, or do without: data.edits none."
        raise BadData(f"The edits in {file} cannot be read: {why}.", do) from error


def add(file: Path, data: Data, edit: Edit) -> Edits:
    """Make one more edit; what was undone is given up. Raises BadData, and BadRun where it cannot be written."""
    return _change(file, data, lambda known: msgspec.structs.replace(known, edits=[*known.edits, edit], undone=[]))


def undo(file: Path, data: Data) -> tuple[Edits, Edit]:
    """Take the latest edit back, and say which it was. Raises as `add` does, BadData too where there is none."""

    def change(known: Edits) -> Edits:
        if not known.edits:
            raise BadData("There is nothing to undo.")
        *edits, last = known.edits
        return msgspec.structs.replace(known, edits=edits, undone=[*known.undone, last])

    made = _change(file, data, change)
    return made, made.undone[-1]


def redo(file: Path, data: Data) -> tuple[Edits, Edit]:
    """Make the edit again that was taken back last, likewise."""

    def change(known: Edits) -> Edits:
        if not known.undone:
            raise BadData("There is nothing to do again.")
        *undone, last = known.undone
        return msgspec.structs.replace(known, edits=[*known.edits, last], undone=undone)

    made = _change(file, data, change)
    return made, made.edits[-1]


def _change(file: Path, data: Data, change: Callable[[Edits], Edits]) -> Edits:
    def waiting() -> None:
        raise BadData("Another window is changing the same edits.", "Try again.")

    with files.writing(file.parent, "The edit cannot be kept"):
        for folder in (file.parent.parent, file.parent):  # they hold people's texts, as runs do
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with files.alone(file.with_name(f".{file.name}.lock"), waiting):
            made = change(read(file) or Edits(data=called(data.path)))
            files.write(file, msgspec.json.format(msgspec.json.encode(made), indent=1))
            return made


def of_run(run: RunFolder) -> Edits | None:
    """Those that a run applies, or has applied. Raises BadRun where they cannot be read."""
    return document.read(run.edits_file, run.path, Edits)


def keep(run: RunFolder, edits: Edits, applied: Applied | None = None) -> None:
    """Keep them in a run's folder. Raises OSError."""
    kept = msgspec.structs.replace(edits, undone=[], applied=applied)
    files.write(run.edits_file, msgspec.json.format(msgspec.json.encode(kept), indent=1))
