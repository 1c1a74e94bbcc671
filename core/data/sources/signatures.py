"""What bytes are that are no table of texts, in words, with what to do next."""

import json
import re

from core.errors import BadData

UNPACK = "Unpack it, and name what comes out."
AGAIN = "Save it as CSV in the program it comes from, and name that file."
WEIGHTS = "It is a model or numbers, no texts: name a file with one row for each text."

DOWNLOAD = "Open the address in a browser, log in where it asks for that, and download the file again."
NONE = "Name a file with one row for each text."
PANDAS = "Save it as CSV: pandas.read_{0}(FILE).to_csv('texts.csv', index=False)."
R = "Save it as CSV in R: write.csv(DATA, 'texts.csv', row.names = FALSE)."
PICKLE = (  # of the protocols 2 to 5, of 1, and of 0, which is ASCII
    rb"\x80[\x02-\x05][\x95\x8a}\](Nc\x8cXKUC]|[\]}]q\x00|\([ld]p\d+\n|"
    rb"c(?:numpy|pandas|sklearn|collections|__builtin__|builtins|copy_reg|_codecs)[\w.]*\n\w+\n"
)
ZIP = rb"PK\x03\x04"
MEMBER = ZIP + rb"(?s:.*?)PK\x03\x04(?s:.{26})"  # a later file in a zip begins with its name

# the first bytes -> what it is, and what to do
SIGNATURES: list[tuple[bytes, str, str]] = [
    (MEMBER + rb"xl/", "an Excel workbook", AGAIN),
    (MEMBER + rb"word/", "a Word document", "Put its texts into a table with a row for each, and save that as CSV."),
    (MEMBER + rb"ppt/", "a presentation", NONE),
    (ZIP + rb"(?s:.{26})mimetypeapplication/epub", "a book (EPUB)", NONE),
    (ZIP + rb"(?s:.{26})(?:\[Content_Types\]|_rels/|docProps/|mimetype)", "an office document", AGAIN),
    (ZIP + rb"(?s:.*?)Index/Document\.iwa", "a document of Apple's Numbers, Pages or Keynote", AGAIN),
    (ZIP + rb"(?s:.{26,80}?)data\.pkl", "a file of PyTorch weights", WEIGHTS),
    (ZIP + rb"(?s:.{26,80}?)\.npy", "a file of NumPy arrays", WEIGHTS),
    (ZIP + rb"(?s:.{26})META-INF/", "a Java program", NONE),
    (rb"PK(?:\x03\x04|\x05\x06)", "a zip file", UNPACK),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.xls, .doc)", AGAIN),
    (rb"PAR1(?![ -~])", "a Parquet file", PANDAS.format("parquet")),
    (rb"ARROW1\x00\x00|\xff{4}(?s:..)\x00\x00", "an Arrow (Feather) file", PANDAS.format("feather")),
    (rb"FEA1(?![ -~])", "an old Feather file", PANDAS.format("feather")),
    (rb"Obj\x01", "an Avro file", "Save it as CSV or as JSON lines."),
    (rb"ORC[\x08\x0b\x0c\x0e-\x12]", "an ORC file", PANDAS.format("orc")),
    (rb"\x89HDF\r\n", "an HDF5 file", PANDAS.format("hdf")),
    (rb"SQLite format 3", "an SQLite database", "Export the table: sqlite3 -csv -header FILE 'select * from TABLE'."),
    (rb"%PDF-", "a PDF", "Copy its text into a table with a row for each text, and save that as CSV."),
    (rb"%!PS", "a PostScript document", "Copy its text into a table with a row for each text, and save that as CSV."),
    (rb"\{\\rtf", "a document in RTF", "Open it, save its table as CSV, and name that file."),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it with `7z x`, and name what comes out."),
    (rb"Rar!\x1a\x07", "a RAR archive", "Unpack it with `unrar x`, and name what comes out."),
    (rb"\x1f\x9d|\x1f\xa0", "a file that `compress` packed (.Z)", "Unpack it with `gzip -d`, and name what comes out."),
    (rb"\x04\x22\x4d\x18", "a file that is compressed with LZ4", "Unpack it with `lz4 -d`, and name what comes out."),
    (rb"(?s:.{257})ustar", "a tar archive", UNPACK),
    (rb"MSCF\x00{4}", "a cabinet archive", UNPACK),
    (rb"\x1f\x8b\x08|BZh[1-9]1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd", "compressed more than twice", UNPACK),
    (rb"RD[XAB][23]\n|[XB]\n\x00\x00\x00[\x02\x03]", "a file of R data", R),
    (rb"<stata_dta>|[\x6e-\x73][\x01\x02]\x01\x00", "a Stata file", PANDAS.format("stata")),
    (rb"\$FL[23]@\(#\)", "an SPSS file", PANDAS.format("spss")),
    (rb"\x00{12}\xc2\xea\x81\x60\xb3\x14\x11\xcf|HEADER RECORD\*{7}", "a SAS file", PANDAS.format("sas")),
    (rb"MATLAB \d\.\d MAT-file", "a MATLAB file", AGAIN),
    (rb"\x00\x01\x00\x00Standard (?:Jet|ACE) DB", "an Access database", AGAIN),
    (rb"\x93NUMPY", "a NumPy array", WEIGHTS),
    (PICKLE, "a Python pickle", "It could run code when it is opened: get a CSV."),
    (rb"(?s:.{5})\x00{3}\{\"", "a file of weights (safetensors)", WEIGHTS),
    (rb"GGUF[\x01-\x03]\x00", "a file of weights (GGUF)", WEIGHTS),
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*|BM(?s:.{4})\x00{4}|8BPS", "a picture", NONE),
    (rb"\x00\x00\x01\x00.\x00|RIFF(?s:.{4})WEBP|\x00\x00(?s:..)ftyp(?:avif|heic|heix|mif1)", "a picture", NONE),
    (
        rb"RIFF(?s:.{4})WAVE|ID3[\x02-\x04]|OggS\x00|fLaC\x00|\xff[\xfb\xf3][\x10-\xe8][\x00\x04\x40\x44\x64\xc0\xc4]",
        "a sound file",
        NONE,
    ),
    (rb"MThd\x00|\x00\x00(?s:..)ftypM4A", "a sound file", NONE),
    (rb"RIFF(?s:.{4})AVI |\x00\x00(?s:..)ftyp|\x1aE\xdf\xa3|FLV\x01|\x00\x00\x01[\xba\xb3]", "a video", NONE),
    (rb"\x7fELF|MZ[\x00-\x08\x80-\xff]|[\xcf\xce]\xfa\xed\xfe|\xca\xfe\xba\xbe", "a program", NONE),
]
LFS = re.compile(r"version https://git-lfs\.github\.com/spec/")
PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head|body|table)\b", re.I | re.S
)
# an element that is alone on its line, as the first of a file is and a text with markup is not
XML = re.compile(
    r"\s*<(?:\?xml\b|!doctype\b|svg\b|(?!br\b|p\b|div\b|span\b)[a-z][\w:.-]*(?:\s[^<>]*)?>[ \t]*\r?\n\s*<)", re.I
)
# what text begins so -> what it is, and what to do
FORMS: list[tuple[str, str, str]] = [
    (
        r"(?:--.*\n|/\*.*\n|\s)*(?:create table [^\n]*\(|insert into [^\n]*\bvalues\s*\(|"
        r"drop table if exists \S+;|pragma foreign_keys ?=)",
        "an SQL dump",
        "Load it into a database, and export the table as CSV.",
    ),
    (
        r"(?:outs|deps|md5):\s[\s\S]{0,400}\bmd5: [0-9a-f]{32}",
        "a DVC pointer",
        "Run `dvc pull`, which fetches the file.",
    ),
    (r"\S*(?:\.git)?/annex/objects/\S+\s*$", "a git-annex pointer", "Run `git annex get`, which fetches the file."),
    (r"(?:\[InternetShortcut\]\s*URL=)?https?://\S+\s*$", "the address of a file", "Download the file, and name that."),
    (r"-----BEGIN [A-Z ]+-----\s", "encrypted text or a key", "Decrypt it, and name what comes out."),
    (r"\s*(?:<\?xml[^>]*>\s*)?<Error>\s*<Code>", "what a server said in place of the file", DOWNLOAD),
    (r"(?:%.*\n|\s)*@relation\s", "Weka's ARFF", "Save it as CSV in Weka."),
    (
        r"From \S+@\S+ .*\d{4}\r?\n|(?:Return-Path|Delivered-To|Received|MIME-Version|Message-ID): ?\S.*\r?\n"
        r"(?:[A-Z][\w-]+:|[ \t]+\S)",
        "mail as it is sent",
        "Put the texts of the mails into a table with a row for each, and save that as CSV.",
    ),
    (
        r"(?:<!--.*-->\s*)?## intent: ?\S|(?:version: .*\s+)?nlu:\s*\n\s*- intent: ",
        "Rasa's training data in Markdown or YAML",
        "Convert it to JSON: rasa data convert nlu -f json.",
    ),
    (r"(?:%YAML.*\n)?---\r?\n\s*(?:- )?\w+:|\s*- \w+: .*\r?\n +\w+: ", "YAML", "Write it as JSON, or as CSV."),
    (r"\[\[\w+\]\]\s*\n\w+ = ", "TOML", "Write it as JSON, or as CSV."),
    (
        r"(?://.*\n|/\*[\s\S]{0,2000}?\*/|\s)*(?:(?:window|self|globalThis|module)\.[\w.$]+|export default|"
        r"(?:export )?(?:var|let|const) [\w$]+)(?:\s*\[[\w'\"]+\])?\s*=?\s*[\[{]",
        "JavaScript",
        "Delete what stands before the first bracket and the semicolon at the end, and save the rest as JSON.",
    ),
    (
        r"\s*(?:\w+ *= *)?\[?\s*\((?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
        r", *[^()\n]*\),? *\r?\n?\s*(?:\(['\"]|\]\s*$)",
        "a list of Python's tuples",
        "Write it as CSV in Python: csv.writer(open('texts.csv', 'w', newline='')).writerows(ROWS).",
    ),
]
ERROR = re.compile(
    r"(?:HTTP/\d\S* )?(?:error:? *)?(?:(?:[45]\d\d)[ :-]*)?(?:(?:client|server) error:? *)?"
    r"(?:error|bad request|unauthori[sz]ed|forbidden|(?:\w+ )?not found|access(?: to \S+)?(?: is)? denied|gone|"
    r"too many requests|rate limit exceeded|internal server error|bad gateway|service unavailable|gateway time-?out|"
    r"invalid username or password|invalid credentials.*)\b[.!]?(?: for url: \S+)?",
    re.I,
)
ANSWER = {"error", "errors", "message", "detail", "documentation_url", "status", "statusCode", "code", "success"}
ANSWER |= {"path", "timestamp", "title", "type", "request_id", "requestId", "traceId", "error_description"}
LONGEST_ERROR = 2000  # characters of what a server says in place of a file


def refuse_binary(beginning: bytes, name: str) -> None:
    """Raises BadData for bytes that are known to be no text, with what they are."""
    for signature, kind, do in SIGNATURES:
        if re.match(signature, beginning):
            raise BadData(f"{name} is {kind}, not a table of texts.", do or "Name a file with one row for each text.")


def refuse_text(start: str, name: str) -> None:
    """Raises BadData for text that is known to hold no texts for itself, from its beginning."""
    if LFS.match(start):
        do = "Run `git lfs pull` in its repository, or download the file itself."
        raise BadData(f"{name} is a Git LFS pointer: the file itself was not fetched.", do)
    for form, kind, do in FORMS:
        if re.match(form, start, re.IGNORECASE):
            raise BadData(f"{name} is {kind}, not a table.", do)
    if PAGE.match(start):
        raise BadData(f"{name} is a web page (HTML), not the file.", DOWNLOAD)
    if XML.match(start):
        raise BadData(
            f"{name} is XML, not a table.", "Save it as CSV in the program it comes from, a row for each text."
        )


def refuse_answer(start: str, is_longer: bool, name: str) -> None:
    """Raises BadData for what a server says in place of a table; alone, it may be a text like any other."""
    if not is_longer and len(start) <= LONGEST_ERROR and (ERROR.fullmatch(start.strip()) or _is_answer(start)):
        said = " ".join(start.split())
        raise BadData(f"{name} is what a server said in place of the file: {said[:80]}", DOWNLOAD)


def _is_answer(text: str) -> bool:
    """Whether a text is what an interface of a server says of an error, and not a row of data."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict) or not found.keys() <= ANSWER:
        return False
    said = str(found.get("message") or found.get("detail") or "")
    return bool(found.keys() & {"error", "errors"}) or bool(said and (len(found) > 1 or ERROR.fullmatch(said)))
