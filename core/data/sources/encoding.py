"""Finding out how the bytes of a file spell text."""

import codecs
import re

from core.errors import BadData

SIGNATURES = {
    b"PK\x03\x04": "an Excel or zip file",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
UNUSED = (0x81, 0x8D, 0x8F, 0x90, 0x9D)  # Windows-1252 has no character for these: they stand for Latin-1's
WINDOWS_1252 = "".join(chr(i) if i in UNUSED else bytes([i]).decode("cp1252") for i in range(256))


def decode(data: bytes, name: str) -> tuple[str, str]:
    """The text of a file and its encoding in words.

    Where bytes are not UTF-8, the larger part decides: mostly good multi-byte sequences are UTF-8 with each
    bad byte as U+FFFD, anything else is Windows-1252. Raises BadData for a file that is no text.
    """
    for start, kind in SIGNATURES.items():
        if data.startswith(start):
            raise BadData(f"{name} is {kind}, not text.", "Save it as plain text, in UTF-8.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), "UTF-16"
    if data[:100_000].count(0) * 1000 > len(data[:100_000]):
        what = f"{name} is not text, or it is UTF-16 without the mark that says so."
        raise BadData(what, "Open it in the program it comes from and save it as plain text, in UTF-8.")
    bom = data.startswith(codecs.BOM_UTF8)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode(), "UTF-8 with BOM" if bom else "UTF-8"
    except UnicodeDecodeError:
        loose = data.decode(errors="surrogateescape")
    bad = len(re.findall("[\udc80-\udcff]", loose))
    if bom or len(re.findall(r"[^\x00-\x7f]", loose)) > 2 * bad:
        return re.sub("[\udc80-\udcff]", "\ufffd", loose), "UTF-8, damaged"
    return codecs.charmap_decode(data, "strict", WINDOWS_1252)[0], "Windows-1252"
