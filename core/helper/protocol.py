"""The helper: a child process that does slow things for an interface, in JSON lines on stdin and stdout.

    python -P -m core.helper data

A request is {"id", "kind", "args"}. Its answer is any number of {"id", "progress": {"name", "done", "total",
"unit", "partial"}}, then exactly one of {"id", "result"}, {"id", "error": {"what", "do"}}, {"id", "superseded":
true}. `partial` is as much of an answer in words as there is. The newest request of a kind wins: an older one that
waits is superseded at once, one that is being worked on at its next progress. The helper ends at end of file,
whatever it is doing.
"""

import importlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

import msgspec

from core import memory
from core.errors import BadData, WorkbenchError
from core.files import Progress
from core.steady import steady

PROGRESS = 0.1  # seconds between two reports of one name

Handler = Callable[[dict, Progress], Any]  # (args, progress) -> a result that msgspec can encode

# modules whose kinds() together give a helper's handlers
HELPERS = {
    "data": ["core.helper.data"],
    "doubts": ["core.helper.doubts"],
    "fetch": ["core.helper.models"],
    "glimpse": ["core.helper.glimpse"],
    "groups": ["core.helper.groups"],
    "model": ["core.helper.classifier", "core.helper.language_model", "core.helper.measure"],
}


class Request(msgspec.Struct):
    id: int
    kind: str
    args: dict = {}


class _Superseded(BaseException):
    """Not an Exception, so that no library on the way takes it for a failure of its own."""


class Inbox:
    """Requests that wait, the newest of each kind. Filled by one thread, emptied by another."""

    def __init__(self) -> None:
        self._waiting: dict[str, Request] = {}
        self._changed = threading.Condition()

    def put(self, request: Request) -> Request | None:
        """Add a request; returns the one whose place it takes."""
        with self._changed:
            older = self._waiting.pop(request.kind, None)
            self._waiting[request.kind] = request
            self._changed.notify()
            return older

    def take(self) -> Request:
        """The request that has waited longest."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            return self._waiting.pop(next(iter(self._waiting)))

    def has(self, kind: str) -> bool:
        return kind in self._waiting


class Outbox:
    """Answers to the interface, a line at a time, from any thread."""

    def __init__(self, file: BinaryIO):
        self._file, self._lock = file, threading.Lock()

    def send(self, id: int, **answer: Any) -> None:
        line = msgspec.json.encode({"id": id, **answer})
        with self._lock:
            self._file.write(line + b"\n")
            self._file.flush()


def listen(file: BinaryIO, inbox: Inbox, outbox: Outbox) -> None:
    """Put every request into the inbox until the end of the file."""
    for line in file:
        try:
            request = msgspec.json.decode(line, type=Request)
        except msgspec.MsgspecError as error:
            sys.stderr.write(f"not a request: {error}\n")
            continue
        older = inbox.put(request)
        if older is not None:
            outbox.send(older.id, superseded=True)


def answer(request: Request, kinds: dict[str, Handler], inbox: Inbox, outbox: Outbox) -> None:
    """Work on one request to its one answer."""

    said, at = "", 0.0

    def progress(name: str, done: int, total: int, unit: str, partial: str = "") -> None:
        """The first of a name, the last, and not too many between: each is drawn."""
        nonlocal said, at
        if inbox.has(request.kind):
            raise _Superseded
        now = time.monotonic()
        if name == said and done < total and not partial and now - at < PROGRESS:
            return
        said, at = name, now
        outbox.send(request.id, progress={"name": name, "done": done, "total": total, "unit": unit, "partial": partial})

    try:
        if request.kind not in kinds:
            raise WorkbenchError(f"This helper does not know {request.kind!r}.", f"It knows {', '.join(kinds)}.")
        outbox.send(request.id, result=kinds[request.kind](request.args, progress))
    except _Superseded:
        outbox.send(request.id, superseded=True)
    except WorkbenchError as error:
        columns = {"columns": error.columns} if isinstance(error, BadData) and error.columns else {}
        outbox.send(request.id, error={"what": error.what, "do": error.do, **columns})
    except Exception as error:  # whatever it is, the helper lives on and says so
        if memory.ran_out(error):
            do = "Close other programs, or give it less at once."
            outbox.send(request.id, error={"what": "Memory ran out.", "do": do})
            return
        traceback.print_exc()
        what = f"{request.kind} failed unexpectedly: {type(error).__name__}: {error}."
        outbox.send(request.id, error={"what": what, "do": "This is a fault of the program: please report it."})


def main(helper: str) -> None:
    """Serve until end of file."""
    # ctrl+c is for whoever asked; this process ends with its input
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    steady()  # as in the worker, beside which this one answers
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand between the answers
    inbox, outbox = Inbox(), Outbox(answers)
    kinds: dict[str, Handler] = {}
    for module in HELPERS[helper]:
        kinds |= importlib.import_module(module).kinds()

    def until_end() -> None:
        try:
            listen(sys.stdin.buffer, inbox, outbox)
        finally:
            os._exit(0)  # from a thread, because the main one may be deep in a long computation

    threading.Thread(target=until_end, daemon=True).start()
    while True:
        answer(inbox.take(), kinds, inbox, outbox)
