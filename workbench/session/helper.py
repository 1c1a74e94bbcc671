"""The client of the helper process: slow questions go out as JSON lines, progress and answers come back."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from core.errors import BadData, WorkbenchError

LINE_LIMIT = 1 << 26  # bytes; a page of rows is one line
GRACE = 2.0  # seconds that a helper may take to end after its input has


class Progress(msgspec.Struct, frozen=True):
    """How far a question has come; `total` is 0 where it is not known, `partial` the answer so far, if it is text."""

    name: str
    done: int
    total: int
    unit: str = ""
    partial: str = ""


class Superseded(Exception):
    """A newer question of the same kind has taken this one's place; nobody needs this answer."""


def _error(what: str, do: str = "", columns: list[str] | None = None) -> WorkbenchError:
    return BadData(what, do, columns) if columns else WorkbenchError(what, do)


class Helper:
    """A helper process of the kind `data`, `glimpse`, `groups`, `model` or `fetch`.

    It is started by the first question, or before it by `warm`, and again after it has died.
    """

    def __init__(self, kind: str):
        self.kind = kind
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task | None = None
        self._starting = asyncio.Lock()
        self._waiting: dict[int, tuple[asyncio.Future, Callable[[Progress], None] | None]] = {}
        self._last_id = 0
        self._closed = False

    async def ask(self, question: str, progress: Callable[[Progress], None] | None = None, **args: Any) -> Any:
        """The answer, as plain JSON values. `progress` is called with every report of it on the way.

        Raises WorkbenchError where the helper says what is wrong or has died (BadData where the columns of the file
        are what is wrong), and Superseded.
        """
        stdin = await self._input()
        self._last_id += 1
        number = self._last_id
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer, progress
        try:
            stdin.write(msgspec.json.encode({"id": number, "kind": question, "args": args}) + b"\n")
            await stdin.drain()
            return await answer
        except (BrokenPipeError, ConnectionResetError) as error:
            raise self._died() from error
        finally:
            self._waiting.pop(number, None)

    async def warm(self) -> None:
        """Start it before it is asked: what brings torch takes seconds. What is wrong, the first question says."""
        with suppress(WorkbenchError, Superseded):
            await self._input()

    async def _input(self) -> asyncio.StreamWriter:
        async with self._starting:
            if self._closed:
                raise Superseded
            if self._reader is None or self._reader.done():
                try:
                    self._process = await asyncio.create_subprocess_exec(
                        *(sys.executable, "-P", "-m", "core.helper", self.kind),
                        stdin=asyncio.subprocess.PIPE,
                        stdout=asyncio.subprocess.PIPE,
                        stderr=asyncio.subprocess.DEVNULL,
                        limit=LINE_LIMIT,
                    )
                except OSError as error:
                    raise WorkbenchError(f"The {self.kind} helper cannot be started: {error.strerror}.") from error
                self._reader = asyncio.create_task(self._read(self._process))
            assert self._process and self._process.stdin
            return self._process.stdin

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        async for line in process.stdout:
            message = msgspec.json.decode(line)
            answer, progress = self._waiting.get(message["id"], (None, None))
            if answer is None or answer.done():
                continue
            if "progress" in message:
                if progress:
                    progress(msgspec.convert(message["progress"], Progress))
            elif "error" in message:
                answer.set_exception(_error(**message["error"]))
            elif message.get("superseded"):
                answer.set_exception(Superseded())
            else:
                answer.set_result(message["result"])
        await process.wait()
        for answer, _ in self._waiting.values():
            if not answer.done():
                answer.set_exception(Superseded() if self._closed else self._died())

    def _died(self) -> WorkbenchError:
        return WorkbenchError(
            f"The {self.kind} helper ended without an answer; the machine may be short of memory.",
            "It starts again with the next question.",
        )

    async def close(self) -> None:
        """End the helper: its input ends, so it does; after a moment's grace it is killed."""
        self._closed = True
        if not (self._process and self._process.stdin and self._reader):
            return
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), GRACE)
        except TimeoutError:
            self._process.kill()
        await self._reader
