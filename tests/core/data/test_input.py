"""What is read: files however they are packed, and what is no file of texts."""

import bz2
import gzip
import lzma
import os
import zipfile

import pytest

from archives import tarred, zipped
from core.data.read import read
from core.data.sources import packed
from core.data.sources.input import Input
from core.errors import BadData, WorkbenchError

TABLE = ("label,text\n" + "ham,see you at the station\nspam,win a free phone\n" * 10).encode()


def zstd(data: bytes) -> bytes:
    return pytest.importorskip("pyarrow").Codec("zstd").compress(data, asbytes=True)


PACKED = {
    "gzip": lambda data: gzip.compress(data),
    "gzip of several members": lambda data: gzip.compress(data[:50]) + gzip.compress(data[50:]),
    "gzip twice": lambda data: gzip.compress(gzip.compress(data)),
    "bzip2": bz2.compress,
    "bzip2 of several": lambda data: bz2.compress(data[:50]) + bz2.compress(data[50:]),
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "zstd": zstd,
    "zip": lambda data: zipped({"messages.csv": data}),
    "stored zip": lambda data: zipped({"messages.csv": data}, zipfile.ZIP_STORED),
    "bzip2 in a zip": lambda data: zipped({"messages.csv": data}, zipfile.ZIP_BZIP2),
    "a Mac's zip": lambda data: zipped(
        {"a/messages.csv": data, "__MACOSX/a/._messages.csv": b"x", "a/.DS_Store": b"y"}
    ),
    "zip with a readme": lambda data: zipped({"SMSSpamCollection": data, "readme": b"read me first\n"}),
    "gzip in a zip": lambda data: zipped({"messages.csv.gz": gzip.compress(data)}),
    "tar": lambda data: tarred({"./messages.csv": data}, "w"),
    "tar.gz": lambda data: tarred({"messages.csv": data}),
    "tar.bz2": lambda data: tarred({"messages.csv": data}, "w:bz2"),
    "tar.xz": lambda data: tarred({"messages.csv": data}, "w:xz"),
}


@pytest.mark.parametrize("kind", PACKED)
def test_what_is_packed_is_read_by_its_content_whatever_its_name(file, kind):
    for name in ("messages.csv", "messages.zip"):
        table = read(file(PACKED[kind](TABLE), name))
        assert (table.n_rows, table.texts[1], table.columns["label"]) == (20, "win a free phone", "label")


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("harm", ["cut", "flipped"])
def test_what_is_damaged_gets_a_sentence(file, kind, harm):
    data = PACKED[kind](os.urandom(30_000).hex().encode() + TABLE)
    middle = len(data) // 2
    data = (
        data[:middle]
        if harm == "cut"
        else data[:middle] + bytes(b ^ 255 for b in data[middle:][:40]) + data[middle + 40 :]
    )
    if kind in ("tar", "zstd") and harm == "flipped":
        return  # nothing in them notices before the end
    with pytest.raises(BadData, match="damaged|more than twice|archive"):
        read(file(data))


@pytest.mark.more
def test_a_file_that_explodes_is_stopped_with_numbers(file, monkeypatch):
    monkeypatch.setattr(packed, "ANYWAY", 1 << 20)
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        with pytest.raises(BadData, match=r"on disk and unpacks to more than .* MB, [\d,]+ times as much"):
            read(file(pack(b"label,text\n" + b"ham,a\n" * 2_000_000)))


def test_zips_that_explode_climb_out_or_are_encrypted_get_a_sentence(file, monkeypatch):
    from core.data.sources import tree

    monkeypatch.setattr(tree, "ANYWAY", 1 << 20)
    with pytest.raises(BadData, match="unpacks to more than"):
        read(file(zipped({"a.csv": bytes(5_000_000)})))
    with pytest.raises(BadData, match="climbs out"):
        read(file(zipped({"../a.csv": TABLE})))
    with pytest.raises(BadData, match="climbs out"):
        read(file(tarred({"../a.csv": TABLE})))
    secret = bytearray(zipped({"a.csv": TABLE}))
    secret[6] |= 1
    secret[secret.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BadData, match="encrypted") as error:
        read(file(bytes(secret)))
    assert "password" in error.value.do
    with pytest.raises(BadData, match="no file to read"):
        read(file(zipped({})))


def test_a_text_may_be_streamed_again_and_progress_counts_bytes_on_disk(file):
    path, heard = file(PACKED["gzip in a zip"](TABLE * 200)), []
    given = Input(str(path))
    assert len(list(given.lines())) == len(list(given.lines(lambda *report: heard.append(report)))) == 21 * 200
    assert heard[-1][0] == "read" and 0 < heard[-1][1] <= heard[-1][2] == path.stat().st_size


def test_what_is_no_file_gets_a_sentence_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "away").symlink_to(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    for name, what in {
        "pipe": "is a pipe, not a file",
        "device": "is a device, not a file",
        "loop": "is not to be found",
        "away": "There is no file",
        "empty": "holds no file",
        "a" * 5000: "cannot be read",
        "nul\0": "is not to be found",
    }.items():
        with pytest.raises(WorkbenchError, match=what) as error:
            read(tmp_path / name)
        assert error.value.do


def test_a_link_to_a_file_is_read(file, tmp_path):
    (tmp_path / "link").symlink_to(file(TABLE))
    assert read(tmp_path / "link").n_rows == 20


@pytest.mark.parametrize("kind", ["plain", "gzip", "zip"])
@pytest.mark.parametrize("when", ["between", "during"])
def test_a_file_that_changes_while_it_is_read_is_refused(file, kind, when):
    path = file(PACKED.get(kind, bytes)(TABLE * 5000))
    given = Input(str(path))
    lines = given.lines()
    if when == "during":
        next(lines)
    with open(path, "ab") as out:
        out.write(b"ham,one more\n" if kind == "plain" else bytes(8))
    with pytest.raises(BadData, match="was changed while it was read") as error:
        for _ in lines:
            pass
    assert "Try again" in error.value.do


def test_a_folder_that_cannot_be_read_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_bytes(TABLE)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)  # permissions do not stop root, who may run the tests
    with pytest.raises(BadData, match="Permission denied"):
        read(tmp_path)
