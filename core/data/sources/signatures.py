"""What bytes are that are no table of texts, in words, with what to do next."""

import re

from core.errors import BadData

PLACED = "Unpack it, and name what comes out."  # what can only be read where it lies is not read out of an archive
AGAIN = "Save it as CSV in the program it comes from, and name that file."
WEIGHTS = "It is a model or numbers, no texts: name a file with one row for each text."

# the first bytes -> what it is, and what to do
SIGNATURES: list[tuple[bytes, str, str]] = [
    (rb"PK\x03\x04(?s:.{26})(?:\[Content_Types\]|_rels/|docProps/|xl/|word/|mimetype)", "an office document", AGAIN),
    (rb"PK\x03\x04(?s:.{26,80}?)data\.pkl", "a file of PyTorch weights", WEIGHTS),
    (rb"PK\x03\x04(?s:.{26,80}?)\.npy", "a file of NumPy arrays", WEIGHTS),
    (rb"PK\x03\x04(?s:.{26})META-INF/", "a Java program", "Name a file with one row for each text."),
    (rb"PK(?:\x03\x04|\x05\x06)", "a zip file", PLACED),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.xls, .doc)", AGAIN),
    (rb"%PDF-", "a PDF", "Copy its text into a table with a row for each text, and save that as CSV."),
    (
        rb"PAR1(?![ -~])",
        "a Parquet file",
        "Save it as CSV: pandas.read_parquet(FILE).to_csv('texts.csv', index=False).",
    ),
    (rb"ARROW1\x00\x00", "an Arrow (Feather) file", "Save it as CSV: pandas.read_feather(FILE).to_csv('texts.csv')."),
    (rb"FEA1(?![ -~])", "an old Feather file", "Save it as CSV: pandas.read_feather(FILE).to_csv('texts.csv')."),
    (rb"\xff{4}(?s:..)\x00\x00", "an Arrow stream", "Save it as CSV: datasets can, with to_csv."),
    (rb"Obj\x01", "an Avro file", "Save it as CSV or as JSON lines."),
    (rb"ORC[\x08-\x12]", "an ORC file", "Save it as CSV: pandas.read_orc(FILE).to_csv('texts.csv', index=False)."),
    (rb"\x89HDF\r\n", "an HDF5 file", "Save the table in it as CSV: pandas.read_hdf(FILE).to_csv('texts.csv')."),
    (
        rb"SQLite format 3\x00",
        "an SQLite database",
        "Export the table: sqlite3 -csv -header FILE 'select * from TABLE'.",
    ),
    (rb"SQLite format 3", "a database", "Export the table with the texts as CSV."),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it with `7z x`, and name what comes out."),
    (rb"Rar!\x1a\x07", "a RAR archive", "Unpack it with `unrar x`, and name what comes out."),
    (rb"\x1f\x9d|\x1f\xa0", "a file that `compress` packed (.Z)", "Unpack it with `gzip -d`, and name what comes out."),
    (rb"\x04\x22\x4d\x18", "a file that is compressed with LZ4", "Unpack it with `lz4 -d`, and name what comes out."),
    (rb"MSCF\x00{4}", "a cabinet archive", PLACED),
    (rb"\x1f\x8b\x08|BZh[1-9]1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd", "compressed more than twice", PLACED),
    (rb"\x93NUMPY", "a NumPy array", WEIGHTS),
    (rb"\x80[\x02-\x05](?:\x95|[\x8a}\](Nc\x8c])", "a Python pickle", "It could run code when opened: ask for a CSV."),
    (rb"(?s:.{7})\x00\{\"", "a file of weights (safetensors)", WEIGHTS),
    (rb"GGUF[\x01-\x03]\x00", "a file of weights (GGUF)", WEIGHTS),
    (
        rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*|BM(?s:.{4})\x00{4}|8BPS|\x00\x00\x01\x00.\x00",
        "a picture",
        "",
    ),
    (rb"RIFF(?s:.{4})WEBP|\x00\x00(?s:..)ftyp(?:avif|heic|heix|mif1)", "a picture", ""),
    (
        rb"RIFF(?s:.{4})WAVE|ID3[\x02-\x04]|OggS\x00|fLaC\x00|\xff[\xfb\xf3]|MThd\x00|\x00\x00(?s:..)ftypM4A",
        "a sound file",
        "",
    ),
    (rb"RIFF(?s:.{4})AVI |\x00\x00(?s:..)ftyp|\x1aE\xdf\xa3|FLV\x01|\x00\x00\x01[\xba\xb3]", "a video", ""),
    (rb"\x7fELF|MZ[\x00-\x08\x80-\xff]|[\xcf\xce]\xfa\xed\xfe|\xca\xfe\xba\xbe", "a program", ""),
    (rb"\{\\rtf", "a document in RTF", "Open it, save its table as CSV, and name that file."),
    (rb"%!PS", "a PostScript document", "Copy its text into a table with a row for each text, and save that as CSV."),
]
LFS = re.compile(r"version https://git-lfs\.github\.com/spec/")
PAGE = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|[a-z][\w:.-]*(?:\s[^<>]*)?>\s*<)", re.I)
ERROR = re.compile(
    r"(?:HTTP/\d|(?:error\s*:?\s*)?(?:40[0134]|429|50[0234])\b.{0,40}(?:forbidden|not found|unauthori[sz]ed|bad|error|"
    r"denied|required|many|unavailable|gateway)|(?:access denied|not found|forbidden|unauthori[sz]ed|invalid username or "
    r"password|entry not found|repository not found|internal server error|bad gateway|too many requests)\b)",
    re.I,
)
SAID = re.compile(r'\s*\{\s*"(?:error|errors|message|detail|status|code|statusCode)"\s*:')
LONGEST_ERROR = 2000  # characters of what a server says in place of a file
DOWNLOAD = "Open the address in a browser, log in where it asks for that, and download the file again."


def refuse_binary(beginning: bytes, name: str) -> None:
    """Raises BadData for bytes that are known to be no text, with what they are."""
    for signature, kind, do in SIGNATURES:
        if re.match(signature, beginning):
            raise BadData(f"{name} is {kind}, not a table of texts.", do or "Name a file with one row for each text.")


def refuse_packed(beginning: bytes, name: str) -> None:
    """Raises BadData for what came out of an archive and can only be read where it lies."""
    for signature, kind, _ in SIGNATURES[:12]:
        if re.match(signature, beginning):
            raise BadData(f"{name} is {kind}, packed once more.", PLACED)


def refuse_text(start: str, is_longer: bool, name: str) -> None:
    """Raises BadData for text that is known to be no table, from its beginning."""
    if LFS.match(start):
        do = "Run `git lfs pull` in its repository, or download the file itself."
        raise BadData(f"{name} is a Git LFS pointer: the file itself was not fetched.", do)
    if PAGE.match(start):
        raise BadData(f"{name} is a web page (HTML), not the file.", DOWNLOAD)
    if MARKUP.match(start):
        raise BadData(
            f"{name} is XML, not a table.", "Save it as CSV in the program it comes from, a row for each text."
        )
    if len(start) <= LONGEST_ERROR and not is_longer and start.count("\n") < 20:
        one = start.strip()
        if ERROR.match(one) or (SAID.match(one) and '"text"' not in one and one.count("\n{") == 0):
            first = " ".join(one.split())[:80]
            raise BadData(f"{name} is what a server said in place of the file: {first}", DOWNLOAD)
