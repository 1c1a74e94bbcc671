"""What is no table of texts is named, whatever the file is called, with what to do."""

import gzip
import io
import pickle
import sqlite3
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save

from cases import first
from core.data.read import read
from core.errors import BadData


def of(write) -> bytes:
    out = io.BytesIO()
    write(out)
    return out.getvalue()


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "application/epub+zip" if name == "mimetype" else "<x/>")
    return out.getvalue()


def database(path) -> bytes:
    connection = sqlite3.connect(path)
    connection.execute("create table texts (text, label)")
    connection.commit()
    connection.close()
    return path.read_bytes()


PAGE = b"<!DOCTYPE html>\n<html lang='en'><head><title>Log in</title></head></html>\n"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
TENSORS = {"weight": torch.zeros(2)}
KINDS = {
    "a Word document": (zipped("[Content_Types].xml", "word/document.xml"), "a Word document", "CSV"),
    "an EPUB": (zipped("mimetype", "OPS/a.xhtml"), "a book", ""),
    "old Office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Office file", "CSV"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF", "CSV"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(30), "a picture", ""),
    "JPEG": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a picture", ""),
    "WebP": (b"RIFF\x10\0\0\0WEBPVP8 ", "a picture", ""),
    "MP3": (b"ID3\x03\0\0\0\0\0", "a sound file", ""),
    "WAV": (b"RIFF\x24\0\0\0WAVEfmt ", "a sound file", ""),
    "MP4": (b"\0\0\0\x20ftypisom\0\0\2\0", "a video", ""),
    "Matroska": (b"\x1aE\xdf\xa3\x01\0", "a video", ""),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive", "7z x"),
    "RAR": (b"Rar!\x1a\x07\x01\0", "a RAR archive", "unrar"),
    "compress": (b"\x1f\x9d\x90ab", "compress", "gzip -d"),
    "gzip three times": (gzip.compress(gzip.compress(gzip.compress(b"a,b\n"))), "more than twice", "Unpack"),
    "pickle": (pickle.dumps({"text": ["a"]}), "pickle", "run code"),
    "old pickle": (pickle.dumps({"text": ["a"]}, 2), "pickle", "run code"),
    "npy": (of(lambda out: np.save(out, np.zeros(3))), "a NumPy array", "texts"),
    "npz": (of(lambda out: np.savez(out, np.zeros(3))), "NumPy arrays", "texts"),
    "pth": (of(lambda out: torch.save(TENSORS, out)), "PyTorch weights", "texts"),
    "old pth": (of(lambda out: torch.save(TENSORS, out, _use_new_zipfile_serialization=False)), "pickle", "code"),
    "safetensors": (save(TENSORS), "safetensors", "texts"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(20), "HDF5", "CSV"),
    "ELF": (b"\x7fELF\2\1\1" + bytes(9), "a program", ""),
    "LFS": (LFS, "Git LFS pointer", "git lfs pull"),
    "a web page": (PAGE, "a web page", "log in"),
    "a web page in UTF-16": (PAGE.decode().encode("utf-16"), "a web page", "log in"),
    "a web page in gzip": (gzip.compress(PAGE), "a web page", "log in"),
    "XML": (b"<?xml version='1.0'?>\n<rows><row/></rows>\n", "XML", "CSV"),
    "XML without a first line": (b"<rows>\n <row label='a'>text</row>\n</rows>\n", "XML", "CSV"),
    "RTF": (rb"{\rtf1\ansi\deff0 {\fonttbl}}", "RTF", "CSV"),
    "404": (b"404: Not Found", "what a server said", "download"),
    "denied": (b"Access denied.\n", "what a server said", "log in"),
    "a hub's": (b"Invalid username or password.", "what a server said", "log in"),
    "an error in JSON": (b'{"error": "Repository not found"}', "what a server said", "download"),
    "GitHub's": (b'{"message": "Not Found", "documentation_url": "https://docs"}', "what a server said", "download"),
    "FastAPI's": (b'{"detail":"Not Found"}\n', "what a server said", "download"),
    "a plain pickle": (pickle.dumps([{"text": "a"}], 0), "pickle", "run code"),
    "a first pickle": (pickle.dumps([{"text": "a"}], 1), "pickle", "run code"),
    "R": (gzip.compress(b"RDX3\nX\n\0\0\0\x03" + bytes(99)), "R data", "write.csv"),
    "RDS": (gzip.compress(b"X\n\0\0\0\x03\0\4\1\2" + bytes(99)), "R data", "write.csv"),
    "Stata": (b"<stata_dta><header><release>118</release>" + bytes(99), "Stata", "read_stata"),
    "SPSS": (b"$FL2@(#) SPSS DATA FILE" + bytes(99), "SPSS", "read_spss"),
    "SAS": (bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011"), "SAS", "read_sas"),
    "MATLAB": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(99), "MATLAB", "CSV"),
    "Access": (b"\0\1\0\0Standard ACE DB\0" + bytes(99), "Access", "CSV"),
    "SQL": (b"-- MySQL dump\n\nCREATE TABLE `x` (\n  `text` text\n);\n", "an SQL dump", "CSV"),
    "SQL rows": (b"INSERT INTO x (text, label) VALUES ('a', 'b');\n" * 9, "an SQL dump", "CSV"),
    "ARFF": (b"% made\n@relation x\n@attribute text string\n@data\n'a, b',c\n", "ARFF", "Weka"),
    "mbox": (b"From a@b.c Sat Jan  3 01:05:34 1996\nSubject: x\n\nwords\n" * 9, "mail", "row for each"),
    "a mail": (b"Return-Path: <a@b.c>\r\nFrom: a@b.c\r\nSubject: hello\r\n\r\nwords\r\n", "mail", "row for each"),
    "Rasa": (b"## intent:greet\n- hello\n- good morning, all\n", "Rasa", "rasa data convert"),
    "Rasa's YAML": (
        b"version: '3.1'\nnlu:\n- intent: greet\n  examples: |\n    - hello\n",
        "Rasa",
        "rasa data convert",
    ),
    "YAML": (b"- text: words, and more\n  label: ham\n" * 9, "YAML", "JSON"),
    "DVC": (
        b"outs:\n- md5: a304afb96060aad90176268345e10355\n  size: 37\n  path: data.csv\n",
        "a DVC pointer",
        "dvc pull",
    ),
    "git-annex": (
        b"../.git/annex/objects/Xx/Yy/SHA256E-s1--a.csv/SHA256E-s1--a.csv",
        "a git-annex pointer",
        "annex get",
    ),
    "an address": (b"https://example.com/data.csv\n", "the address of a file", "Download"),
    "PGP": (b"-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n", "encrypted", "Decrypt"),
    "a storage server's": (
        b"<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code></Error>",
        "a server said",
        "log in",
    ),
    "Numbers": (zipped("Index/Document.iwa", "Metadata/a.plist", "preview.jpg"), "Numbers", "CSV"),
    "JavaScript": (b"window.YTD.tweets.part0 = [" + b'{"text": "words", "label": "ham"},\n' * 9, "JavaScript", "JSON"),
    "tuples": (b"[" + b"('some words', 'ham'),\n" * 9 + b"]", "a list of Python's tuples", "CSV"),
    "TOML": (b"[[rows]]\ntext = 'words'\nlabel = 'ham'\n" * 9, "TOML", "JSON"),
    "a page of one table": (b"<table><tr><td>words, and more</td><td>ham</td></tr>\n</table>\n", "a web page", ""),
    "nothing": (b"", "is empty", "row for each text"),
    "a BOM": (b"\xef\xbb\xbf", "is empty", "row for each text"),
    "zeros": (bytes(1000), "is empty", "row for each text"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", first(1, ["data.csv", "data", "data.jsonl"]))
def test_what_is_no_table_is_named(file, kind, name):
    content, what, do = KINDS[kind]
    with pytest.raises(BadData, match=what) as error:
        read(file(content, name))
    assert do.lower() in error.value.do.lower() and error.value.do


def test_a_database_is_named(file, tmp_path):
    with pytest.raises(BadData, match="an SQLite database") as error:
        read(file(database(tmp_path / "texts.db")))
    assert "sqlite3 -csv" in error.value.do


@pytest.mark.parametrize(
    "first",
    ["ID3 tags are gone", "BM is a place", "ORC, said he", "PAR1 is a word", "MZ or not", "GGUF models", "PK for short",
     "Not found my keys, sorry", "Forbidden fruit is sweet", "404 is not a number", "<br /><br />I liked it",
     "<b>Win</b> a prize", "Error: I am late", "яыть и ята", "Rar! he cried", "7z is fine",
     "Create table reservations, please",
     "Insert into the slot", "Received: two parcels", "From me to you", "nlu: what is it"],
)  # fmt: skip
def test_texts_that_begin_like_something_else_are_texts(file, first):
    for codec in ("utf-8", "cp1251") if not first.isascii() else ("utf-8",):
        lines = f"{first}\tham\n" + "see you at the station\tspam\nmeet me here\tham\n" * 4
        assert read(file(lines.encode(codec))).texts[0] == first


def test_one_row_of_json_is_no_answer_of_a_server(file):
    assert read(file('{"message": "win a prize", "kind": "spam"}\n', "data.jsonl")).texts == ["win a prize"]


@pytest.mark.parametrize("name, rows", [("kaggle.csv", 120), ("messages.csv.bz2", 800), ("messages.csv.xz", 800)])
def test_compressed_cases_are_read(shared, name, rows):
    folder = shared.parent / "cases/27_not_the_file"
    if not folder.is_dir():
        pytest.skip("the cases are not here")
    assert read(folder / name).n_rows == rows
