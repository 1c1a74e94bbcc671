"""Reading a run's log, however long it is and whatever has become of it: a few megabytes at a time."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from core import files
from core.errors import BadRun
from core.runs import events as e
from core.runs.result import NoResult

CHUNK = 1 << 22  # bytes
LONGEST = 1 << 25  # bytes of a line; the result of a thousand labels takes a tenth of that
TAIL = 1 << 16  # bytes; the last events of a run stand in here
FURTHER = 1 << 20  # bytes, where the last lines are none that this version knows
HEAD = 1 << 24  # bytes; a run says here what it will do
UNREADABLE = OSError, BadRun
LONGEST_REASON = 1000  # characters


class LogEnd(msgspec.Struct, frozen=True):
    """What the end of a log says of its run, which holds as long as the log is the same.

    `held` is the memory, in bytes, that its worker last had. `state` is empty where the last attempt wrote no end;
    `tested` is whether it ended with a result, and `unknown` whether the last line is no event that this version knows.
    """

    step: int = 0
    n_steps: int = 0
    held: int = 0
    paused: bool = False
    state: Literal["", "done", "stopped", "failed"] = ""
    why: str = ""
    do: str = ""
    tested: bool = False
    unknown: bool = False


def batches(path: Path, offset: int = 0) -> Iterator[tuple[list[e.Event], int]]:
    """The events of the whole lines after `offset` (bytes), each time with the offset to ask from next."""
    for lines, after in whole_lines(path, offset):
        yield list(e.decode(lines)), after


def whole_lines(path: Path, offset: int) -> Iterator[tuple[bytes, int]]:
    """Lines after `offset`, some at a time, without one that is still being written or is too long to be an event.

    Such a one is damage, and may be of any length, as a file is that has been made longer and holds nothing: then only
    the end is read on.
    """
    if files.size(path) <= offset:
        return
    try:
        file = files.reading(path, path.parent)
    except UNREADABLE:  # `summary_of` says why
        return
    with file:
        file.seek(offset)
        rest, skips = b"", False  # the beginning of a line; whether that was too long
        while chunk := file.read(CHUNK):
            data = rest + chunk
            if skips:
                begin = data.find(b"\n") + 1 or len(data)
                offset, skips, data = offset + begin, data[begin - 1 : begin] != b"\n", data[begin:]
            end = data.rfind(b"\n") + 1
            if end:
                offset += end
                yield data[:end], offset
            rest = data[end:]
            if len(rest) > LONGEST:
                offset = file.seek(max(file.tell(), os.fstat(file.fileno()).st_size - LONGEST))
                rest, skips = b"", True
        if skips:
            yield b"", offset


def tail(path: Path) -> list[e.Event]:
    """The last events: one at least, where the last lines hold any."""
    return list(e.decode(_last_lines(path)))


def _last_lines(path: Path) -> bytes:
    size, window = files.size(path), TAIL
    while True:
        start = max(0, size - window)
        try:
            with files.reading(path, path.parent) as file:
                file.seek(start)
                data = file.read(window)
        except UNREADABLE:
            return b""
        data = data[: data.rfind(b"\n") + 1]
        whole = data.find(b"\n") < len(data) - 1  # a line that begins and ends here
        known = whole and next(e.decode(data), None) is not None
        if known or start == 0 or window >= (FURTHER if whole else LONGEST):
            return data
        window *= 2  # a result of many labels is a long line


def end_of(path: Path) -> LogEnd:
    """What the end of a log says of its run; nothing of no log."""
    lines = _last_lines(path)
    step = n_steps = held = 0
    ended: e.Ended | None = None
    paused = False
    for event in e.decode(lines):
        step = event.step
        match event:
            case e.Started() | e.Planned():
                n_steps, ended = event.n_steps, None
            case e.Steps():
                n_steps, held = event.n_steps or n_steps, event.rss
            case e.Paused():
                paused = True
            case e.Continued():
                paused = False
            case e.Resumed():
                ended, paused = None, False
            case e.Ended():
                ended, paused = event, False
    last = lines.rstrip(b"\n").rpartition(b"\n")[2]
    unknown = next(e.decode(last), None) is None and files.size(path) > 0
    known = LogEnd(step, n_steps or _started(path), held, paused, unknown=unknown)
    if ended is None:
        return known
    why, do = ended.why[:LONGEST_REASON], ended.do[:LONGEST_REASON]
    tested = not isinstance(ended.result, NoResult | None)
    return msgspec.structs.replace(known, state=ended.state, why=why, do=do, tested=tested)


def _started(path: Path) -> int:
    """Steps that the run will take, from the head of its log: 0 while that is not known."""
    try:
        with files.reading(path, path.parent) as file:
            head = file.read(HEAD)
    except UNREADABLE:
        return 0
    begin = head.find(b'{"type":"started"')
    line = head[begin : head.find(b"\n", begin) + 1] if begin >= 0 else b""
    return next((event.n_steps for event in e.decode(line) if isinstance(event, e.Started)), 0)
