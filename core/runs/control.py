"""What a run can be told while it runs: lines in control.jsonl, each answered by an Applied event."""

import os
from pathlib import Path

import msgspec


class Stop(msgspec.Struct, tag="stop", tag_field="type"):
    """Stop at the next batch with a checkpoint; everything is kept."""


Control = Stop


class Line(msgspec.Struct):
    id: str
    control: Control


def append(path: Path, line: Line) -> None:
    """One append, flushed to disk."""
    with open(path, "ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())


class Inbox:
    """The worker's end of control.jsonl: cheap to poll between batches."""

    def __init__(self, path: Path):
        self._path, self._offset = path, 0

    def before(self, offset: int) -> list[Line]:
        """The lines of the first `offset` bytes, which `poll` then passes over."""
        data = self._path.read_bytes()[:offset] if offset else b""
        self._offset = len(data)
        return _lines(data)

    def poll(self) -> list[Line]:
        """Lines that have arrived since the last poll; a line still being written is left for the next."""
        try:
            if self._path.stat().st_size <= self._offset:
                return []
        except FileNotFoundError:
            return []
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return _lines(whole)


def _lines(data: bytes) -> list[Line]:
    lines = []
    for raw in data.splitlines():
        try:
            lines.append(msgspec.json.decode(raw, type=Line))
        except msgspec.MsgspecError:
            continue  # not a control this version knows; nobody waits for an answer to a torn line
    return lines
