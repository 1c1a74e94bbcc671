"""Searching texts: by what they hold, or by a regular expression, which is bounded in time.

Python's regular expressions try one way after another, and for some, such as (a+)+b, there are more ways than the
universe has seconds. A timer breaks them off; it is heard in the main thread, which is where a helper answers.
"""

import math
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import numpy as np

from core.errors import BadData
from core.files import Progress, unwatched
from core.wording import on_one_line

SECONDS = 1.0  # for one text
BLOCK = 100  # texts that are searched together
REPORT = 0.1  # seconds between two reports, where there is so much to search
T = TypeVar("T")
Test = Callable[[list[str], Callable[[], None]], list[bool]]  # of some texts; it may tell how far all is on its way
CAUSE = "Repeats within repeats, such as (a+)+, try too many ways. Take one of the two away."


class _TooLong(Exception):
    """The time that a text may take is over."""


def holding(texts: Sequence[str], rows: np.ndarray, words: str, progress: Progress = unwatched) -> np.ndarray:
    """Those of some rows (N,) whose text holds the words, whatever their case."""
    wanted = words.casefold()
    return _kept(texts, rows, lambda some, tell: [wanted in text.casefold() for text in some], progress)


def matching(texts: Sequence[str], rows: np.ndarray, pattern: str, progress: Progress = unwatched) -> np.ndarray:
    """Those of some rows (N,) in which a regular expression finds something, whatever the case.

    Raises BadData where it is none, or where it takes longer than SECONDS for a text.
    """
    with _timer() as limited:
        expression = limited(lambda: _compiled(pattern))

        def found(some: list[str]) -> list[bool]:
            return [expression.search(text) is not None for text in some]

        def bounded(some: list[str], tell: Callable[[], None]) -> list[bool]:
            try:  # a timer for each text would take longer than most searches
                return limited(partial(found, some))
            except BadData:
                kept = []
                for text in some:
                    tell()
                    kept += limited(partial(found, [text]))
                return kept

        return _kept(texts, rows, bounded, progress)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        where = f", at character {error.pos + 1}" if error.pos is not None else ""
        raise BadData(f"{on_one_line(pattern)} is no regular expression: {error.msg}{where}.") from error
    except (OverflowError, RecursionError) as error:
        raise BadData(f"{on_one_line(pattern)[:60]} is too large for a regular expression.") from error


def _kept(texts: Sequence[str], rows: np.ndarray, test: Test, progress: Progress) -> np.ndarray:
    kept, said = np.zeros(len(rows), dtype=bool), -math.inf
    for start in range(0, len(rows), BLOCK):
        tell = partial(progress, "search", start, len(rows), "texts")
        if time.monotonic() - said > REPORT:
            tell()
            said = time.monotonic()
        kept[start : start + BLOCK] = test([texts[row] for row in rows[start : start + BLOCK].tolist()], tell)
    return rows[kept]


@contextmanager
def _timer() -> Iterator[Callable[[Callable[[], T]], T]]:
    """Gives a function that does something in SECONDS at most. In any thread but the main one nothing is bounded."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda do: do()
        return

    def over(number: int, frame: object) -> None:
        raise _TooLong

    def limited(do: Callable[[], T]) -> T:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            return do()
        except _TooLong:
            raise _too_long() from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    before, left = signal.signal(signal.SIGALRM, over), signal.getitimer(signal.ITIMER_REAL)
    try:
        yield limited
    except _TooLong:  # it rang as the time was taken back
        raise _too_long() from None
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *left)


def _too_long() -> BadData:
    return BadData(f"The regular expression takes longer than {SECONDS:g} s on a single text.", CAUSE)
