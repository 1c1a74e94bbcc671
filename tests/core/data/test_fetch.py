"""Data sets by name, fetched from a real server on this machine that does what servers and archives can do."""

import csv
import gzip
import hashlib
import io
import pickle
import random
import socket
import subprocess
import sys
import tarfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from archives import link
from core import assets, datasets
from core.data.download import CHUNK
from core.data.fetch import DataFile, fetch, find
from core.data.read import read
from core.datasets import NAMED, fetched
from core.errors import BadData
from core.files import alone
from core.recipe import load
from core.runs.root import create_run

MESSAGES = "".join(f"{'spam' if i % 3 == 0 else 'ham'}\tsome words of number {i}\n" for i in range(60)).encode()


def zipped(members: dict[str, bytes], links: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        for name in links:
            link(archive, name)
    return out.getvalue()


def tarred(*members: tuple[str, bytes | None]) -> bytes:
    """Members without content are links."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            info.size = len(content or b"")
            archive.addfile(info, io.BytesIO(content or b""))
    return out.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves `content`; `ranges` says whether parts of it, `cut` after how many bytes it hangs up, once it `may`."""

    content, ranges, cut = b"", True, None

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []
        self.may = threading.Event()
        self.may.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/set.archive"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server, wanted = self.server, self.headers["Range"]
        server.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and server.ranges else 0
        if start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.cut])
        server.may.wait()

    def log_message(self, *_) -> None: ...


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def sms(server):
    """A data set like the messages', at the server."""
    server.content = zipped({"readme": b"words", "SMSSpamCollection": MESSAGES})
    return replace(NAMED["sms-spam"], url=server.url, sha256=digest(MESSAGES), size=len(server.content), most=10_000)


@pytest.fixture
def imdb(server):
    """Serves an archive like the reviews', and returns its data set."""

    def imdb(*members: tuple[str, bytes | None], most: int = 1_000_000):
        server.content = tarred(*members)
        sha = digest(server.content)
        return replace(NAMED["imdb"], url=server.url, archive_sha256=sha, size=len(server.content), most=most)

    return imdb


def left() -> list[str]:
    return sorted(path.name for path in datasets.folder().iterdir() if not path.name.startswith("."))


def test_a_download_is_verified_read_and_said_once(sms, server, monkeypatch):
    monkeypatch.setitem(NAMED, "sms-spam", sms)
    told = []
    assert not fetched("sms-spam")
    table = read("sms-spam", progress=lambda *words: told.append(words))
    assert len(table.texts) == 60 and table.path == str(sms.path)
    assert table.origin == f"Downloaded: SMS Spam Collection, {sms.licence}, from {server.url}."
    assert ("fetch", len(server.content), len(server.content), "bytes") in told
    assert fetched("sms-spam") and left() == ["SMSSpamCollection"]
    assert not read("sms-spam").origin and server.asked == [None]


def test_a_cut_connection_keeps_the_part_and_the_next_try_goes_on(sms, server):
    server.cut = 100
    with pytest.raises(BadData, match="broke off after 0.0 MB; it goes on from there") as broken:
        fetch(sms)
    assert str(sms.by_hand) in broken.value.do and sms.page in broken.value.do
    part = datasets.folder() / "set.archive.part"
    assert part.read_bytes() == server.content[:100]
    server.cut = None
    assert fetch(sms).path.read_bytes() == MESSAGES
    assert server.asked == [None, "bytes=100-"]


def test_a_killed_download_goes_on_from_what_is_on_disk(sms, server, wait):
    server.content = zipped({"readme": random.Random(1).randbytes(4 * CHUNK), "SMSSpamCollection": MESSAGES})
    sms = replace(sms, size=len(server.content), most=5 * CHUNK)
    server.cut = 2 * CHUNK + 100
    server.may.clear()  # what has been sent is all that comes
    script = f"import pickle; from core.data.fetch import fetch; fetch(pickle.loads({pickle.dumps(sms)}))"
    process, part = subprocess.Popen([sys.executable, "-c", script]), datasets.folder() / "set.archive.part"
    wait(lambda: part.is_file() and part.stat().st_size, process)
    process.kill()
    process.wait()
    server.cut = None
    server.may.set()
    kept = part.stat().st_size
    assert part.read_bytes() == server.content[:kept]
    assert fetch(sms).path.read_bytes() == MESSAGES and left() == ["SMSSpamCollection"]
    assert server.asked == [None, f"bytes={kept}-"]


def test_a_server_that_knows_no_ranges_is_asked_for_everything(sms, server):
    server.cut, server.ranges = 100, False
    with pytest.raises(BadData):
        fetch(sms)
    server.cut = None
    assert fetch(sms).path.read_bytes() == MESSAGES


def test_a_part_that_was_whole_already_is_used(sms, server):
    datasets.folder().mkdir(parents=True)
    (datasets.folder() / "set.archive.part").write_bytes(server.content)
    assert fetch(sms).path.read_bytes() == MESSAGES and left() == ["SMSSpamCollection"]


def test_a_wrong_hash_leaves_nothing_behind(sms, imdb):
    with pytest.raises(BadData, match="deleted: set.archive.part is damaged, or another file: its SHA-256"):
        fetch(replace(sms, sha256="0" * 64))
    assert left() == []
    reviews = imdb(("aclImdb/test/neg/0_1.txt", b"bad"))
    with pytest.raises(BadData, match="SHA-256 is .{12}…, not 0{12}…"):
        fetch(replace(reviews, archive_sha256="0" * 64))
    assert left() == []


def test_what_breaks_off_the_reading_keeps_the_part(sms, server):
    class Enough(BaseException): ...

    def progress(*_):
        raise Enough

    with pytest.raises(Enough):
        fetch(sms, progress)
    assert left() == ["set.archive.part"]
    assert fetch(sms).path.is_file()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped({"../SMSSpamCollection": MESSAGES, "SMSSpamCollection": MESSAGES}), "a path that climbs out of it"),
        (zipped({"/etc/SMSSpamCollection": MESSAGES, "SMSSpamCollection": MESSAGES}), "a path that climbs out of it"),
        (zipped({"readme": b""}, links=("SMSSpamCollection",)), "is a link, or no file"),
        (zipped({"SMSSpamCollection": bytes(5_000_000)}), "unpacks to more than"),
        (zipped({"SMSSpamCollection": MESSAGES, "bomb": bytes(5_000_000)}), "unpacks to more than"),
        (zipped({"readme": b"words"}), "holds no SMSSpamCollection"),
        (b"<html>not here</html>", "damaged"),
        (zipped({"SMSSpamCollection": MESSAGES})[:-30], "damaged"),
    ],
)
def test_a_zip_that_nobody_should_open_is_refused_and_deleted(content, words, sms, server):
    server.content = content
    with pytest.raises(BadData, match=words):
        fetch(replace(sms, size=len(content)))
    assert left() == []


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([("aclImdb/../../test/neg/0_1.txt", b"bad")], "a path that climbs out of it"),
        ([("/aclImdb/test/neg/0_1.txt", b"bad")], "a path that climbs out of it"),
        ([("aclImdb/test/neg/0_1.txt", None)], "is a link, or no file"),
        ([("aclImdb/README", bytes(50_000_000))], "unpacks to more than"),
        ([("aclImdb/test/neg/0_1.txt", bytes(1_000_001))], "unpacks to more than"),
        ([(f"aclImdb/test/neg/{i}_1.txt", bytes(900_000)) for i in range(20)], "unpacks to more than 5 MB"),
        ([("aclImdb/README", b"words")], "holds no labelled reviews"),
    ],
)
def test_a_tar_that_nobody_should_open_is_refused_and_deleted(members, words, imdb):
    reviews = imdb(*members, most=5_000_000)
    with pytest.raises(BadData, match=words):
        fetch(reviews)
    assert left() == []


def test_a_tar_of_gigabytes_is_refused_before_they_are_unpacked(imdb, server):
    reviews = imdb(("aclImdb/README", b"words"), most=5_000_000)
    bomb = io.BytesIO()
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        header = tarfile.TarInfo("aclImdb/README")
        header.size = 1_000_000  # smaller than what is allowed; there are just very many
        for _ in range(100):
            file.write(header.tobuf() + bytes(1_000_000 + -1_000_000 % 512))
    server.content = bomb.getvalue()
    read_to = []
    with pytest.raises(BadData, match="unpacks to more than 5 MB"):
        fetch(
            replace(reviews, archive_sha256=digest(server.content), size=len(server.content)),
            lambda name, done, total, unit: read_to.append(done / total) if name == "unpack" else None,
        )
    assert max(read_to) < 0.5


def test_reviews_become_one_table_in_the_books_order(imdb):
    members = [
        ("aclImdb/train/unsup/7_0.txt", b"nobody said"),
        ("aclImdb/train/pos/10_9.txt", "good, <br />“very”\u0085".encode()),
        ("aclImdb/train/pos/9_9.txt", b'she said "fine"'),
        ("aclImdb/test/neg/0_1.txt", b"bad"),
        ("aclImdb/imdb.vocab", b"words"),
    ]
    written = fetch(imdb(*members)).path
    first = written.read_bytes()
    rows = list(csv.reader(io.StringIO(gzip.decompress(first).decode())))
    assert rows == [
        ["label", "text"],
        ["neg", "bad"],
        ["pos", "good, <br />“very”\u0085"],
        ["pos", 'she said "fine"'],
    ]
    written.unlink()
    assert fetch(imdb(*reversed(members))).path.read_bytes() == first


def test_a_table_that_was_made_here_is_compared_with_what_it_was(imdb):
    reviews = imdb(("aclImdb/test/neg/0_1.txt", b"bad"))
    made = fetch(reviews).path
    assert fetch(reviews).path == made and left() == ["imdb.csv.gz", "imdb.csv.gz.sha256"]
    made.write_bytes(gzip.compress(b"label,text"))
    with pytest.raises(BadData, match=r"imdb.csv.gz is damaged, or another file"):
        fetch(reviews)
    (datasets.folder() / "imdb.csv.gz.sha256").unlink()  # as of a version that wrote none
    assert fetch(reviews).path == made


def test_the_real_layout_is_read(shared, server):
    archive = shared / "imdb/folder_sample.tar.gz"
    server.content = archive.read_bytes()
    known = replace(NAMED["imdb"], url=server.url, archive_sha256=digest(server.content), size=len(server.content))
    table = read(fetch(known).path)
    assert len(table.texts) == 600 and set(table.labels) == {"neg", "pos"}


def test_the_real_messages_have_the_pinned_hash(shared):
    datasets.folder().mkdir(parents=True)
    NAMED["sms-spam"].by_hand.write_bytes(
        zipped({"SMSSpamCollection": (shared / "sms/SMSSpamCollection").read_bytes()})
    )
    assert fetched("sms-spam")
    assert find("sms-spam").origin.startswith("Unpacked from ") and len(read("sms-spam").texts) == 5574


def test_offline_it_says_where_to_put_which_file(sms):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with pytest.raises(BadData) as refused:
        fetch(replace(sms, url=f"http://127.0.0.1:{port}/set.zip"))
    assert refused.value.what == "sms-spam could not be downloaded: Connection refused."
    assert (
        refused.value.do == f"Try again, or get set.zip from {sms.page} and put it at {datasets.folder() / 'set.zip'}."
    )


def test_what_the_server_answers_is_said(sms, server):
    server.content = b""
    with pytest.raises(BadData, match="the server answers 416"):
        fetch(sms)


def test_what_is_put_there_by_hand_is_verified_used_and_kept(sms, server):
    datasets.folder().mkdir(parents=True)
    sms.by_hand.write_bytes(b"something else")
    with pytest.raises(BadData, match="set.archive is damaged") as wrong:
        fetch(sms)
    assert str(sms.by_hand) in wrong.value.do and sms.by_hand.exists()
    sms.by_hand.write_bytes(server.content)
    assert fetch(sms).origin.startswith(f"Unpacked from {sms.by_hand}")
    assert left() == ["SMSSpamCollection", "set.archive"] and server.asked == []
    sms.path.write_bytes(b"the file itself, but another one")
    with pytest.raises(BadData, match="SMSSpamCollection is damaged, or another file"):
        fetch(sms)


def test_a_file_of_that_name_wins_and_a_folder_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "imdb").write_bytes(MESSAGES)
    (tmp_path / "sample").mkdir()
    table = read("imdb")
    assert table.path == str(tmp_path / "imdb")
    assert table.notes[0] == "A file named imdb is here, so it is read, not the data set of that name."
    assert find("sample") == DataFile(assets.FOLDER / "sample.csv")
    assert find("other.csv") == DataFile(tmp_path / "other.csv")


def test_a_run_keeps_the_name_and_the_path_of_a_file_with_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = load({"data": {"path": "sms-spam"}})
    assert create_run(tmp_path / "runs", recipe).recipe().data.path == "sms-spam"
    (tmp_path / "sms-spam").write_bytes(MESSAGES)
    assert create_run(tmp_path / "runs", recipe).recipe().data.path == str(tmp_path / "sms-spam")


def test_two_at_once_download_once_and_waiting_can_be_broken_off(sms, server):
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(fetch, sms) for _ in range(2)]
        assert {each.result().path.read_bytes() for each in both} == {MESSAGES}
    assert server.asked == [None]
    sms.path.unlink()

    class Enough(BaseException): ...

    def progress(*_):
        raise Enough

    with alone(datasets.folder() / ".sms-spam.lock", lambda: None), pytest.raises(Enough):
        fetch(sms, progress)
    assert server.asked == [None]


def test_the_sample_is_always_here():
    assert fetched("sample") and len(read("sample").texts) == 911


def test_a_cache_that_cannot_be_written_is_said(sms, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(BadData, match="cannot be kept at .*WORKBENCH_CACHE"):
        fetch(sms)
