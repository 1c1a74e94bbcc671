"""Copying a text to where it can be pasted, and saying what really became of it."""

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from textual.app import App

from core import files

MOST = 74_000  # bytes in base64: terminals let a longer text fall
PATIENCE = 5.0  # seconds for tmux to answer
WITHOUT = {"TERM": ("linux", "dumb"), "TERM_PROGRAM": ("Apple_Terminal",)}  # terminals that take no text from a program


async def copy(app: App, text: str) -> None:
    """Put a text on the clipboard, into tmux or, where neither can be, into a file; a notification says which."""
    data = text.encode(errors="replace")
    if os.environ.get("TMUX") and await _to_tmux(data):
        words = "prefix ] pastes it. Your terminal's clipboard has it too if it lets tmux set it."
        app.notify(words, title="Copied into tmux", markup=False)
        return
    why = _why_not(len(data))
    if not why:
        App.copy_to_clipboard(app, data.decode())  # Textual's own: the app's leads here
        app.notify("If it does not paste, the terminal does not allow it.", title="Sent to the clipboard", markup=False)
        return
    try:
        path = await asyncio.to_thread(_to_file, data)
    except OSError as error:
        app.notify(f"{why} A file cannot be written either: {error.strerror}.", title="✕ Not copied", severity="error")
    else:
        app.notify(f"{why} It is in {path}", title="Written to a file", timeout=10, markup=False)


def _why_not(n_bytes: int) -> str:
    """Why the terminal cannot be given so many bytes; empty where it can."""
    if any(os.environ.get(name) in values for name, values in WITHOUT.items()) or os.environ.get("STY"):
        return "This terminal takes no text for its clipboard."
    if os.environ.get("TMUX"):
        return "tmux did not take it."
    return "It is too long for a terminal's clipboard." if 4 * -(-n_bytes // 3) > MOST else ""


async def _to_tmux(data: bytes) -> bool:
    """Whether tmux has taken it: into its buffer, and with -w to the clipboard of the terminal around it."""
    for options in (["-w"], []):  # tmux before 3.2 knows no -w
        try:
            process = await asyncio.create_subprocess_exec(
                "tmux", "load-buffer", *options, "-", stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
            )
        except OSError:
            return False
        try:
            await asyncio.wait_for(process.communicate(data), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
            return False
        if process.returncode == 0:
            return True
    return False


def _to_file(data: bytes) -> Path:
    """Write the latest copy, which nobody else may read. Raises OSError."""
    folder = files.cache_root() / "copied"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # which has `write` make a file of one person alone
    path = folder / "copied.txt"
    files.write(path, data)
    return path
