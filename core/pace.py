"""Whether bytes come fast enough: a server that sends one now and then would hold a download up for ever."""

import time

SPAN = 60.0  # seconds over which it is looked at
LEAST = 60_000  # bytes within them: less than 1 KB a second brings no model


class Pace:
    """Told of all that comes, from now on."""

    def __init__(self) -> None:
        self._since, self._bytes = time.monotonic(), 0

    def too_slow(self, n_bytes: int) -> bool:
        """Whether so few bytes came within the last span, these among them."""
        self._bytes += n_bytes
        now = time.monotonic()
        if now - self._since < SPAN:
            return False
        slow = self._bytes < LEAST
        self._since, self._bytes = now, 0
        return slow
