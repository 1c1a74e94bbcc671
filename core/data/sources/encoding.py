"""Finding out how the bytes of a file spell text."""

import codecs
import re
from collections.abc import Iterable
from typing import NamedTuple

from core.data.sources.signatures import refuse_binary
from core.errors import BadData

_HIGH = re.compile(r"[^\x00-\x7f]")
_BAD = re.compile("[\udc80-\udcff]")


class Spelling(NamedTuple):
    """How bytes become text: in words, and what the codecs of Python call it."""

    words: str
    codec: str
    errors: str = "strict"


def _per_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd" * (error.end - error.start), error.end


def _latin1(error: UnicodeError) -> tuple[str, int]:
    # Windows-1252 has no character for five bytes: they stand for Latin-1's
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("workbench.replace_each", _per_byte)
codecs.register_error("workbench.latin1", _latin1)


def spelling(beginning: bytes, chunks: Iterable[bytes], name: str) -> Spelling:
    """How a file spells text, found out from its `beginning` and, where that does not decide, all of its `chunks`.

    Where bytes are not UTF-8, the larger part decides: mostly good multi-byte sequences are UTF-8 with each bad byte
    as U+FFFD, anything else is Windows-1252. Raises BadData for a file that is no text.
    """
    refuse_binary(beginning, name)
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Spelling("UTF-16", "utf-16", "replace")
    if beginning[:100_000].count(0) * 1000 > len(beginning[:100_000]):
        what = f"{name} is not text, or it is UTF-16 without the mark that says so."
        raise BadData(what, "Open it in the program it comes from and save it as plain text, in UTF-8.")
    has_mark = beginning.startswith(codecs.BOM_UTF8)
    good, bad = _counted(chunks)
    if not bad:
        return Spelling("UTF-8 with BOM" if has_mark else "UTF-8", "utf-8-sig")
    if has_mark or good > bad:
        return Spelling("UTF-8, damaged", "utf-8-sig", "workbench.replace_each")
    return Spelling("Windows-1252", "cp1252", "workbench.latin1")


def _counted(chunks: Iterable[bytes]) -> tuple[int, int]:
    """How many characters outside of ASCII are good UTF-8, and how many bytes are not."""
    good = bad = 0
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for chunk in chunks:
        text = decoder.decode(chunk)
        if text.isascii():
            continue
        broken = len(_BAD.findall(text))
        good, bad = good + len(_HIGH.findall(text)) - broken, bad + broken
    return good, bad + len(_BAD.findall(decoder.decode(b"", final=True)))


def decode(data: bytes, name: str) -> tuple[str, str]:
    """The text that some bytes spell, and their encoding in words. Raises BadData for what is no text."""
    found = spelling(data, [data], name)
    return data.decode(found.codec, found.errors), found.words
