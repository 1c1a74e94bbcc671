"""The values that a text in JSON holds, one after another: lines, a list, objects in a row, or one whole value."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from core.data.sources.input import LONGEST, Input, once
from core.data.sources.source import Damaged
from core.errors import BadData
from core.files import Progress, unwatched

LINES, LIST, OBJECTS, WHOLE = "lines", "list", "objects in a row", "one value"
_BRACKETS = ("[", "]", ",")  # lines that hold no value
FIRST_LINES = 100  # decide whether each line is a value
BROKEN = Damaged("not a JSON object")
CUT_OFF = Damaged("cut off at the end of the file")
_OPENS = re.compile(r"""\s*(\{\s*["'}]|\[\s*\{)""")  # as nothing does that is not JSON, or means to be
_TWICE = re.compile(r'"(\{|\[(\\n|\s)*\{)(\\n|\s)*\\"')  # a string of JSON in which another one begins
_NEXT = re.compile(r"[ \t]*,?[ \t]*([\r\n{\[]|$)")  # what may follow a value: the end of its line, or the next one
_GAP = re.compile(r"[\s,]*")
_UNENDED = re.compile(r"\s*[\w\\.+-]{0,12}\s*")  # a word or number that may go on where the text ends
MOST_DIGITS = 4000  # of a whole number: Python refuses more than 4,300


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) < MOST_DIGITS else float(digits)


_DECODER = json.JSONDecoder(parse_int=_whole_number, strict=False)  # line breaks in strings are no reason to give up
_LINE = json.JSONDecoder(parse_int=_whole_number)


@once
def layout(given: Input) -> str:
    """How the values of a text are laid out, or nothing where it does not begin as JSON does."""
    start = given.start.lstrip()
    if _is_written_twice(given, start):
        return WHOLE
    if start[:1] not in ("{", "["):
        return ""
    one = LIST if start[0] == "[" else WHOLE
    try:
        _, end = _DECODER.raw_decode(start)
    except RecursionError:
        return one
    except json.JSONDecodeError as error:
        if _is_cut_off(error, start):
            return one
        if _are_lines(given):  # of which the first is broken
            return LINES
        return one if _OPENS.match(start) else ""
    if not _NEXT.match(start, end):
        return ""
    if not start[end:].strip(" \t\r\n,") and not given.is_longer:
        return one
    return LINES if _are_lines(given) and not re.search(r"[\r\n]", start[:end]) else OBJECTS


def _is_written_twice(given: Input, start: str) -> bool:
    """Whether a text is one string in JSON, in which all of it stands as JSON."""
    if not _TWICE.match(start):
        return False
    try:
        _, end = _DECODER.raw_decode(start)
    except json.JSONDecodeError:
        return given.is_longer
    return not given.is_longer and not start[end:].strip()


def _are_lines(given: Input) -> bool:
    lines = (line.strip() for line in given.first_lines())
    first = list(islice((line for line in lines if line and line not in _BRACKETS), FIRST_LINES))
    good = sum(isinstance(_loaded(line), dict | list) for line in first)
    return good > max(1, len(first) / 2)


def items(given: Input, layout: str, progress: Progress = unwatched, phase: str = "read") -> Iterator[Any]:
    """The values one after another; Damaged stands for what is none. Raises BadData where no more can be read."""
    if layout == LINES:
        for line in given.lines(progress, phase):
            if (line := line.strip()) and line not in _BRACKETS:
                yield _loaded(line)
    else:
        yield from streamed(given.name, layout == LIST, given.texts(progress, phase))


def whole(given: Input, progress: Progress, phase: str) -> tuple[Any, bool]:
    """The first value of a text, or what it holds as a string of JSON, and whether others follow.

    Raises BadData where it is broken, cut off or too large.
    """
    try:
        text = given.whole(progress, phase).strip()
        value, end = _DECODER.raw_decode(text)
        if isinstance(value, str):
            text = value.strip()
            value, end = _DECODER.raw_decode(text)
    except RecursionError as error:
        raise _too_deep(given.name) from error
    except MemoryError as error:
        what = f"{given.name} is too large for the memory that is free."
        raise BadData(what, "Write it as JSON lines, an object a line.") from error
    except json.JSONDecodeError as error:
        raise _broken(given.name, error, text, 0) from error
    return value, bool(text[end:].strip(" \t\r\n,"))


def _loaded(line: str) -> Any:
    try:
        return _LINE.decode(line)
    except RecursionError:
        return BROKEN
    except json.JSONDecodeError:
        try:
            return _LINE.decode(line.strip(","))
        except (ValueError, RecursionError):
            return BROKEN


def streamed(name: str, is_list: bool, texts: Iterator[str]) -> Iterator[Any]:
    """The items of lists, or values that follow each other, in a text in parts; `name` is its file's.

    No more is held than the longest of them. Raises BadData where the text is broken.
    """
    text, at, line, more, inside = next(texts, ""), 0, 0, True, False

    def refill() -> None:
        nonlocal text, at, line, more
        line += text.count("\n", 0, at)
        parts = [text[at:]]
        wanted = max(1, len(parts[0]))  # twice as much each time, so that a long value is not begun too often
        while more and wanted > 0:
            part = next(texts, "")
            parts.append(part)
            more, wanted = bool(part), wanted - len(part)
        text, at = "".join(parts), 0

    while True:
        at = _GAP.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        if at == len(text):
            if not more:
                return
            refill()
            continue
        if is_list and text[at] == ("]" if inside else "["):
            at, inside = at + 1, not inside
            continue
        try:
            value, end = _DECODER.raw_decode(text, at)
        except RecursionError as error:
            raise _too_deep(name) from error
        except json.JSONDecodeError as error:
            cut_off = _is_cut_off(error, text)
            if cut_off and more and len(text) - at < LONGEST:
                refill()
                continue
            if cut_off and not more and inside:
                yield CUT_OFF
                return
            raise _broken(name, error, text, line) from error
        if more and not isinstance(value, dict | list | str) and _UNENDED.fullmatch(text, end):  # it may go on
            refill()
            continue
        at = end
        yield value


def _is_cut_off(error: json.JSONDecodeError, text: str) -> bool:
    """Whether a text may be JSON that goes on where it ends."""
    return error.msg.startswith("Unterminated string") or bool(_UNENDED.fullmatch(text, error.pos))


def _too_deep(name: str) -> BadData:
    what = f"{name} is JSON that is nested too deeply to be read."
    return BadData(what, "Write it as JSON lines: one object a line, with a text and a label.")


def _broken(name: str, error: json.JSONDecodeError, text: str, lines_before: int) -> BadData:
    """What is wrong with a text that begins as JSON, and what to do about it."""
    if _is_cut_off(error, text):
        return BadData(f"{name} begins as JSON and ends in the middle of it.", "Fetch or export it again.")
    rest, before = text[error.pos :].lstrip(), text[: error.pos].rstrip()
    is_comma = rest[:1] in ("}", "]") and before.endswith(",")
    line = lines_before + text.count("\n", 0, len(before) if is_comma else error.pos) + 1
    what = f"{name} begins as JSON, but line {line:,} is not JSON."
    if rest.startswith(("//", "/*", "#")):
        return BadData(what, "JSON has no comments: take them out.")
    if is_comma:
        return BadData(what, f"Take out the comma before {rest[0]} there.")
    if error.msg.startswith("Illegal trailing comma"):
        return BadData(what, "Take out the comma there.")
    if rest.startswith(("'", "None", "True", "False")):
        return BadData(what, "It is how Python shows values. Write it with Python's json.dump instead.")
    return BadData(what, "Fix that line, or export the file again.")
