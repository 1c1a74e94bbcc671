"""The small JSON files of a run: in however many ways one may be damaged, it is one error with its reason."""

from pathlib import Path
from typing import TypeVar

import msgspec

from core import files
from core.errors import BadRun

MOST = 1 << 25  # bytes; a result of a thousand labels takes a third of that
UNREADABLE = OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MemoryError
Kind = TypeVar("Kind")


def read(path: Path, home: Path, kind: type[Kind], most: int = MOST) -> Kind | None:
    """What a file in the folder `home` holds; None where there is none.

    Raises BadRun where it is none of the folder's own, or cannot be read as one of its kind.
    """
    try:
        with files.reading(path, home) as file:
            content = file.read(most + 1)
        if len(content) <= most:
            return msgspec.json.decode(content, type=kind)
    except FileNotFoundError:
        return None
    except UNREADABLE as error:
        raise damaged(path, _reason(error)) from error
    raise damaged(path, f"it has more than {most >> 20} MB")


def damaged(path: Path, reason: str) -> BadRun:
    """The error for a file that cannot be read, for a reason in words without a full stop."""
    return BadRun(f"{path.name} of {path.parent.name} is damaged: {reason}.", "Put it back as it was, if you can.")


def _reason(error: BaseException) -> str:
    match error:
        case OSError():
            return error.strerror or str(error)
        case RecursionError():
            return "it is nested too deeply"
        case MemoryError():
            return "it does not fit into memory"
    return str(error)
