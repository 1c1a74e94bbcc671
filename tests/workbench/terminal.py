"""The installed program in a real pseudo-terminal: what it paints, and when."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time


class Terminal:
    """`workbench ...` in a terminal of `columns` by `rows`; `output` is everything it has painted."""

    def __init__(self, *argv: str, columns: int = 120, rows: int = 36, **env: str):
        self.fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workbench", *argv],
            stdin=child,
            stdout=child,
            stderr=child,
            start_new_session=True,
            env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "", "LINES": ""} | env,
        )
        os.close(child)
        self.output = b""

    def read(self, seconds: float) -> bytes:
        """What arrives within this time, as soon as something does."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:  # Linux' way to say that the other end is closed
            return b""
        self.output += data
        return data

    def until(self, words: str, seconds: float = 60, since: int = 0) -> float:
        """Read until `words` have been painted, after the first `since` bytes; returns seconds since the start."""
        end = time.monotonic() + seconds
        while words.encode() not in self.output[since:]:
            assert time.monotonic() < end, self.output[-2000:].decode(errors="replace")
            self.read(0.1)
        return time.monotonic() - self.began

    def send(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def close(self, seconds: float = 30) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        while self.read(0.05):
            pass
        os.close(self.fd)
        return self.process.wait(1)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
