"""Finding out how the bytes of a file spell text."""

import codecs
import re
from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

from core.data.sources.code_pages import code_page
from core.data.sources.signatures import refuse_binary
from core.errors import BadData
from core.options import AUTO

_HIGH = re.compile(r"[^\x00-\x7f]")
_BAD = re.compile("[\udc80-\udcff]")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
LOOK = 100_000  # bytes that show whether a file is text, and how many bytes make a character
KEPT = 32  # parts of a file that are not UTF-8, from all of it, that show its code page
BINARY = 0.05  # share of control characters that no text has
MARKS = [  # UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
]
WORDS = {
    "utf-8-sig": "UTF-8",
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 (little-endian)",
    "utf-16-be": "UTF-16 (big-endian)",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32 (little-endian)",
    "utf-32-be": "UTF-32 (big-endian)",
    "gb18030": "GB18030 (Chinese)",
    "big5hkscs": "Big5 (Chinese)",
    "cp932": "Shift JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "iso2022_jp": "ISO-2022-JP (Japanese)",
    "cp949": "EUC-KR (Korean)",
    "koi8-u": "KOI8 (Cyrillic)",
    "mac-roman": "Mac Roman",
    "mac-cyrillic": "Mac Cyrillic",
    "iso8859-2": "ISO 8859-2 (Central European)",
    "iso8859-5": "ISO 8859-5 (Cyrillic)",
    "iso8859-6": "ISO 8859-6 (Arabic)",
    "iso8859-7": "ISO 8859-7 (Greek)",
    "iso8859-8": "ISO 8859-8 (Hebrew)",
    "iso8859-13": "ISO 8859-13 (Baltic)",
    "iso8859-15": "ISO 8859-15 (Western)",
    "cp437": "code page 437 (DOS)",
    "cp850": "code page 850 (DOS)",
    "cp852": "code page 852 (DOS)",
    "cp866": "code page 866 (DOS, Cyrillic)",
}


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


def named(codec: str) -> Spelling:
    """How text is spelled with a codec that is known by name. What it cannot spell becomes U+FFFD."""
    own = codecs.lookup(codec).name
    own = "utf-8-sig" if own == "utf-8" else own  # which reads it with a mark and without
    errors = {"cp1252": "workbench.latin1", "utf-8-sig": "workbench.replace_each"}.get(own, "replace")
    number = re.fullmatch(r"cp(125\d|874)", own)
    return Spelling(WORDS.get(own) or (f"Windows-{number[1]}" if number else own), own, errors)


def mark_of(beginning: bytes) -> str:
    """The codec whose mark stands at a beginning; empty where none does."""
    return next((codec for mark, codec in MARKS if beginning.startswith(mark)), "")


def spelling(beginning: bytes, chunks: Iterable[bytes], name: str, asked: str = AUTO) -> Spelling:
    """How a file spells text, found out from its `beginning` and, where that does not decide, all of its `chunks`.

    `asked` is a codec, where somebody has said. Where bytes are not UTF-8, the larger part decides: mostly good
    multi-byte sequences are UTF-8 with each bad byte as U+FFFD, anything else is the code page in which it makes the
    most sense. Raises BadData for a file that is no text.
    """
    refuse_binary(beginning, name)
    marked = mark_of(beginning)
    if asked != AUTO:
        of_mark = marked and codecs.lookup(asked).name.startswith(marked)  # utf-16-le leaves the mark in the text
        return named(marked if of_mark else asked)
    if marked:
        return named(marked)
    if wide := _without_mark(beginning[:LOOK]):
        return named(wide)
    look = beginning[:LOOK].rstrip(b"\0")
    if _is_full_of_controls(look) and not _is_padded(look):
        what = f"{name} is not text: it is full of bytes that stand for no character."
        raise BadData(what, "Open it in the program it comes from and save it as CSV or plain text, in UTF-8.")
    if look.isascii() and re.search(rb"\x1b\$[@B]", look):
        return named("iso2022_jp")
    good, bad, strange = _counted(chunks)
    has_mark = beginning.startswith(codecs.BOM_UTF8)
    if not bad:
        return Spelling("UTF-8 with BOM" if has_mark else "UTF-8", "utf-8-sig")
    if has_mark or good > bad:
        return Spelling("UTF-8, damaged", "utf-8-sig", "workbench.replace_each")
    return named(code_page(strange))


def is_text(beginning: bytes) -> bool:
    """Whether bytes spell text in some way, as far as their beginning shows."""
    try:
        refuse_binary(beginning, "")
    except BadData:
        return False
    is_wide = beginning.startswith(tuple(mark for mark, _ in MARKS)) or _without_mark(beginning[:LOOK])
    return bool(is_wide) or not _is_full_of_controls(beginning[:LOOK]) or _is_padded(beginning[:LOOK])


def _is_full_of_controls(look: bytes) -> bool:
    return len(_CONTROLS.findall(look)) > BINARY * len(look)


def _is_padded(look: bytes) -> bool:
    """Whether bytes of 0 are all that is strange in some text: they fill up its fields, or what a crash left empty."""
    text = look.replace(b"\0", b"")
    return b"\n" in text and not _CONTROLS.search(text)


def _without_mark(look: bytes) -> str:
    """UTF-16 or UTF-32 that begins without its mark, by where in each character the bytes of 0 are; else empty.

    Text of one byte a character may have such bytes too, but few, and in no order.
    """
    zeros, kept = look.count(0), look.rstrip(b"\0")
    if not zeros or not kept:
        return ""
    look = kept + b"\0\0\0"  # the last character's own
    fours = [look[i::4].count(0) * 4 / len(look) for i in range(4)]
    if min(fours[2:]) > 0.9 and fours[0] < 0.1:
        return "utf-32-le"
    if min(fours[:2]) > 0.9 and fours[3] < 0.1:
        return "utf-32-be"
    first, second = look[::2].count(0), look[1::2].count(0) - 1
    few, many = sorted((first, second))
    if zeros < 3 or few > many / 10 or many < len(look) / 1000:
        return ""
    codec = "utf-16-le" if second > first else "utf-16-be"
    printable = sum(0x20 <= byte < 0x7F or byte in b"\t\r\n" for byte in look) / len(look)
    text = look[: len(look) // 2 * 2].decode(codec, "replace")
    strange = sum(c == "\ufffd" or not (c.isprintable() or c in "\t\r\n\0\ufeff\u3000\xa0\u200b") for c in text)
    return codec if printable < 0.8 and strange < len(text) / 50 else ""


def _counted(chunks: Iterable[bytes]) -> tuple[int, int, bytes]:
    """How many characters outside of ASCII are good UTF-8, how many bytes are not, and parts with some of those."""
    good = bad = seen = 0
    kept, random = list[bytes](), Random(0)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for chunk in _and_end(chunks):
        text = decoder.decode(chunk, final=not chunk)
        if text.isascii():
            continue
        broken = len(_BAD.findall(text))
        good, bad = good + len(_HIGH.findall(text)) - broken, bad + broken
        if broken:
            seen += 1
            if len(kept) < KEPT:
                kept.append(_lines(chunk))
            elif (at := random.randrange(seen)) < KEPT:
                kept[at] = _lines(chunk)
    return good, bad, b"\n".join(kept)


def _and_end(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from chunks
    yield b""


def _lines(chunk: bytes) -> bytes:
    """The whole lines of a part that may begin and end within a character."""
    inner = chunk[chunk.find(b"\n") + 1 : chunk.rfind(b"\n")]
    return inner if not inner.isascii() else chunk


def decode(data: bytes, name: str) -> tuple[str, str]:
    """The text that some bytes spell, and their encoding in words. Raises BadData for what is no text."""
    found = spelling(data, [data], name)
    return data.decode(found.codec, found.errors), found.words
