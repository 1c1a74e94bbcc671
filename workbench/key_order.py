"""Keys one after the other: each is done with before the next is sent to what has the focus then.

A terminal sends what is typed fast, or pasted into it, as one packet. Textual sends each key of it to what has the
focus when the packet comes, and only then lets them act: text behind a tab would go into the field before it.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.events import Key
from textual.message_pump import MessagePump

PATIENCE = 0.5  # seconds after which the next key no longer waits for what one began


class KeyOrder:
    """`send` gives a key to what has the focus."""

    def __init__(self, app: App, send: Callable[[Key], Awaitable[None]]):
        self._app, self._send = app, send
        self._waiting: deque[Key] = deque()
        self._under_way: tuple[Key, MessagePump] | None = None  # a key, and where it is
        self._since = 0.0  # when it was sent

    async def take(self, key: Key) -> None:
        """A key from the terminal."""
        self._waiting.append(key)
        if self._under_way and (not self._under_way[1].is_running or time.monotonic() > self._since + PATIENCE):
            self._under_way = None  # what had it is gone, or is busy with what the key began
        if self._under_way is None:
            await self._next()

    async def _next(self) -> None:
        while self._waiting and self._under_way is None:
            key, at = self._waiting.popleft(), self._app.focused or self._app.screen
            self._since = time.monotonic()
            await self._send(key)
            if key.is_forwarded:  # else it has acted already
                self._follow(key, at)

    def _follow(self, key: Key, at: MessagePump) -> None:
        """Wait until `at` has looked at the key, which it got before."""
        self._under_way = key, at
        if not at.call_later(self._looked, key, at):
            self._under_way = None

    async def _looked(self, key: Key, at: MessagePump) -> None:
        if self._under_way != (key, at):
            return
        self._under_way = None
        if at is not self._app and not key._stop_propagation and at._parent is not None:
            self._follow(key, at._parent)  # to which it has gone on
        if self._under_way is None and self._waiting:
            self._app.call_later(self._next)
