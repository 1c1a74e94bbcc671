"""Servers that lie, send on, never end, or come slowly: nothing of theirs is taken, and nothing waits for ever."""

import contextlib
import gzip
import hashlib
import importlib.util
import io
import itertools
import json
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from huggingface_hub import constants
from safetensors.torch import save

from cases import first
from core import pace
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.lookup import lacks_small_files, model_folder
from core.architectures.models import MODELS
from core.architectures.preset import ModelPreset, Source
from core.data import download
from core.data.fetch import fetch as fetch_data
from core.datasets import NAMED
from core.errors import BadData, BadModel, WorkbenchError
from core.model.families import backbone_for
from core.model.weights import published
from core.model_files import hub
from core.model_files.fetch import Unverifiable, fetch, fetch_small
from core.text import byte_bpe, byte_spelling

_file = Path(__file__).parents[1] / "workbench" / "terminal.py"
_spec = importlib.util.spec_from_file_location("terminal_of_servers", _file)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
Terminal = _module.Terminal

COMMIT = "a" * 40
TINY = GPT2Architecture(2, 32, 4, 64, 211)
WEIGHTS = bytes(range(256)) * 2000
BOMB = gzip.compress(gzip.compress(bytes(1 << 29), 1))  # unpacked twice, 1000 times more than a chunk of it
ROWS = b"ham\tsee you at seven\nspam\tfree prize\n" * 30


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("SMSSpamCollection", content)
    return out.getvalue()


class Liar(ThreadingHTTPServer):
    """Answers with `files`, each by its last name, unless `lie` does it in its place (True: it has answered)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, str | None] = {}  # None: not that header
        self.lie: Callable[[Answer], bool] = lambda answer: False
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def answer(self) -> None:
        # a client that has heard enough hangs up
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if not self.server.lie(self):
                self.send(self.server.files.get(self.name))

    def send(self, content: bytes | None, **changed: str | None) -> None:
        usual = {
            "ETag": f'"{digest(content or b"")}"',
            "X-Repo-Commit": COMMIT,
            "Content-Length": str(len(content or b"")),
        }
        self.send_response(404 if content is None else 200)
        changed = {name.replace("_", "-"): value for name, value in changed.items()}
        for name, value in (usual | self.server.headers | changed).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content or b"")

    def send_on(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        if self.command == "HEAD":
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("X-Linked-Size", str(len(WEIGHTS)))
            self.send_header("X-Linked-Etag", f'"{digest(WEIGHTS)}"')
        self.end_headers()

    def endlessly(self, chunk: bytes, pause: float) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.server.closing.wait(pause):
            self.wfile.write(chunk)

    def log_message(self, *_) -> None: ...


@pytest.fixture
def liar(tmp_path, monkeypatch):
    """A server that is taken for the hub, and for where a data set is published."""
    monkeypatch.setattr(hub, "WAIT", 0.0)
    with Liar() as liar:
        monkeypatch.setattr(constants, "ENDPOINT", liar.url)
        template = liar.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        config = json.dumps(TINY.to_config()).encode()
        liar.files |= {"model.safetensors": WEIGHTS, "config.json": config, "tokenizer.json": b"{}"}
        thread = threading.Thread(target=liar.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield liar
        liar.closing.set()
        liar.shutdown()
        thread.join()


PINNED = ModelPreset("tiny", "tiny", TINY, Source("owner/tiny", COMMIT, len(WEIGHTS), digest(WEIGHTS)))
UNPINNED = replace(PINNED, source=replace(PINNED.source, sha256=None))
ADDRESS = "hub:owner/tiny"


def nothing_taken(tmp_path: Path) -> None:
    """No file has its name, and none lies anywhere but in the folder of what is fetched."""
    taken = [path for path in tmp_path.rglob("*") if path.is_file() and path.name.endswith((".safetensors", ".json"))]
    assert not taken
    assert {path.name for path in tmp_path.iterdir()} <= {"cache", "hub"}


def get_only(act: Callable[[Answer], None]) -> Callable[[Answer], bool]:
    """A lie about the weights that is told to who downloads them, not to who asks what they are."""

    def lie(answer: Answer) -> bool:
        if answer.command != "GET" or answer.name != "model.safetensors":
            return False
        act(answer)
        return True

    return lie


@pytest.mark.parametrize("preset", first(1, [PINNED, UNPINNED]))
@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda a: a.send(WEIGHTS[::-1]), "damaged, or another file: its SHA-256 is"),
        (lambda a: a.send(WEIGHTS[:-1]), "broke off after"),
        (lambda a: a.send(WEIGHTS[:-1], Content_Length=str(len(WEIGHTS))), "broke off after"),
        (lambda a: a.send(WEIGHTS + b"x"), "More comes for model.safetensors"),
        (lambda a: a.send(WEIGHTS, Content_Length="-1"), "could not be downloaded"),
        (lambda a: a.send(WEIGHTS, Content_Length="9" * 5000), "could not be downloaded"),
        (lambda a: a.send(WEIGHTS, Content_Encoding="gzip"), "the server sends it compressed"),
        (lambda a: a.send(BOMB, Content_Encoding="gzip, gzip", Content_Length=None), "the server sends it compressed"),
        (lambda a: a.endlessly(bytes(1 << 16), 0), "More comes for model.safetensors"),
        (lambda a: a.send(b"<html>Log in</html>", Content_Type="text/html"), "A web page comes in place of"),
        (lambda a: a.send(b"<html>Log in</html>"), "broke off after"),
        (lambda a: a.send_on("file:///etc/passwd"), "could not be downloaded"),
        (lambda a: a.send_on(a.server.url + a.path), "could not be downloaded"),
        (lambda a: a.send_error(500), "the server answers 500"),
    ],
)
def test_a_hub_that_sends_something_else(liar, tmp_path, preset, act, said):
    liar.lie = get_only(act)
    with pytest.raises(BadModel, match=said) as refused:
        fetch(preset)
    assert refused.value.do
    nothing_taken(tmp_path)


@pytest.mark.parametrize("preset", [PINNED, UNPINNED])
def test_a_hub_that_sends_on_to_another_host_is_believed_only_by_the_hash(liar, tmp_path, preset):
    with Liar() as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        other.files["model.safetensors"] = WEIGHTS[::-1]
        liar.lie = lambda a: a.name == "model.safetensors" and (a.send_on(f"{other.url}/model.safetensors") or True)
        with pytest.raises(BadModel, match="damaged, or another file"):
            fetch(preset)
        nothing_taken(tmp_path)
        other.files["model.safetensors"] = WEIGHTS
        assert fetch(preset).weights.read_bytes() == WEIGHTS
        other.closing.set()
        other.shutdown()
        thread.join()


def test_a_secured_connection_never_leads_to_one_that_is_not():
    class Hop:
        def __init__(self, scheme):
            self.url = self
            self.scheme = scheme

        def __str__(self):
            return f"{self.scheme}://somewhere"

    class Response(Hop):
        headers: ClassVar = {}
        history = (Hop("https"),)

    source = PINNED.source
    hub._demand_file(source, "x", "https://hub", Response("https"))
    hub._demand_file(source, "x", "http://hub", Response("http"))
    with pytest.raises(BadModel, match="http://somewhere, unsecured"):
        hub._demand_file(source, "x", "https://hub", Response("http"))
    asked = download.Request("https://hub/set")
    for to in ("http://elsewhere", "ftp://elsewhere", "file:///etc/passwd"):
        with pytest.raises(download.URLError, match="not secured"):
            download._Redirects().redirect_request(asked, None, 302, "", {}, to)
    assert download._Redirects().redirect_request(asked, None, 302, "", {}, "https://elsewhere")


@pytest.mark.parametrize(
    "etag", [None, '""', f'"{"c" * 40}"', '"../../../../outside"', '"/tmp/outside"', f'"{"0" * 63}"', f'"{"Z" * 64}"']
)
def test_what_nobody_states_a_hash_of_is_taken_by_word_alone_and_no_name_is_a_path(liar, tmp_path, etag):
    liar.headers["ETag"] = etag
    with pytest.raises(Unverifiable, match="cannot be verified") as refused:
        fetch(UNPINNED)
    assert "--unverified" in refused.value.do
    nothing_taken(tmp_path)
    assert fetch(UNPINNED, unverified=True).verified == "word"
    assert fetch(PINNED).verified == "pinned"
    assert {path.name for path in tmp_path.iterdir()} == {"cache"} and not Path("/tmp/outside").exists()


@pytest.mark.parametrize("name", ["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl", "bert", "minilm"])
def test_a_model_by_name_is_refused_whatever_a_server_says_of_it(liar, tmp_path, monkeypatch, name):
    preset = MODELS[name]
    assert all(one.source.sha256 for one in MODELS.values() if isinstance(one.source, Source))
    preset = replace(preset, source=replace(preset.source, wheels=()))
    for etag in (f'"{digest(WEIGHTS)}"', f'"{preset.source.sha256}"', '"no-hash"', None):
        liar.headers["ETag"] = etag
        with pytest.raises(BadModel, match="damaged, or another file"):
            fetch(preset)
        with pytest.raises(BadModel, match="damaged, or another file"):
            fetch(preset, unverified=True)
    nothing_taken(tmp_path)


def test_a_disk_is_not_filled_with_what_cannot_be_the_file(liar, tmp_path):
    liar.headers["Content-Length"] = str(3 * len(WEIGHTS))
    with pytest.raises(BadModel, match=r"another file in place of model.safetensors of owner/tiny: it is 1.5 MB large"):
        fetch(PINNED)
    nothing_taken(tmp_path)


@pytest.mark.parametrize("commit", [None, "", "main", "../../outside", "A" * 40])
def test_what_names_no_commit_is_no_hub(liar, tmp_path, commit):
    liar.headers["X-Repo-Commit"] = commit
    with pytest.raises(BadModel, match="is not the hub: it names no commit"):
        fetch_small(ADDRESS)
    nothing_taken(tmp_path)


@pytest.mark.parametrize(
    ("content", "headers", "said"),
    [
        (b"<html>Log in</html>", {}, "is no JSON"),
        (b"<html>Log in</html>", {"Content_Type": "text/html"}, "A web page comes in place of {}"),
        (b"[" * 100_000, {}, "is no JSON"),
        (b'{"model_type": "gpt2"', {}, "is no JSON"),
        (b"[]", {}, "is no JSON object"),
        (b"{}", {"Content_Length": "999999999999"}, "was not downloaded"),
        (b"{}", {"Content_Length": None}, "does not say how large {} is"),
    ],
)
@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_small_file_that_is_none(liar, tmp_path, name, content, headers, said):
    liar.files[name] = content
    liar.lie = lambda a: a.name == name and (a.send(content, **headers) or True)
    with pytest.raises(BadModel, match=said.format(name)):
        fetch_small(ADDRESS)
    assert lacks_small_files(ADDRESS)
    (model_folder("owner/tiny") / "config.json").unlink(missing_ok=True)  # which was as it should be
    nothing_taken(tmp_path)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda a: a.send(b"{}" if a.command == "HEAD" else b'{"a": 1}'), "More comes for tokenizer_config.json"),
        (lambda a: a.send_error(500), "the hub answers 500"),
        (lambda a: a.send(b"{}", ETag=f'"{digest(b"[]")}"'), "damaged, or another file"),
    ],
)
def test_a_tokenizer_does_not_come_without_the_settings_that_are_said_to_be_there(liar, act, said):
    liar.lie = lambda a: a.name == "tokenizer_config.json" and (act(a) or True)
    with pytest.raises(BadModel, match=said):
        fetch_small(ADDRESS)
    assert lacks_small_files(ADDRESS)
    liar.lie = lambda a: False
    fetch_small(ADDRESS)
    assert not lacks_small_files(ADDRESS)


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "vocab.txt"])
def test_small_files_are_compared_with_what_came_first(liar, name):
    liar.headers["ETag"] = '"a-git-hash"'
    folder, first = model_folder("owner/tiny"), b"{}"
    if name == "vocab.txt":
        del liar.files["tokenizer.json"]
    liar.files[name] = first
    fetch_small(ADDRESS)
    (folder / name).write_bytes(b'{"changed": 1}')
    with pytest.raises(BadModel, match=rf"{name} is not what it was when it came here. Delete it"):
        fetch_small(ADDRESS)
    (folder / name).unlink()
    liar.files[name] = b'{"changed": 2}'
    with pytest.raises(BadModel, match="is not what it was when it came here first, and was not taken") as refused:
        fetch_small(ADDRESS)
    assert f"delete {folder}" in refused.value.do and not (folder / name).exists()
    liar.files[name] = first
    fetch_small(ADDRESS)
    assert (folder / name).read_bytes() == first


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(pace, "SPAN", 0.2)
    monkeypatch.setattr(hub, "SPAN", 0.2)


def test_what_comes_byte_by_byte_is_given_up(liar, tmp_path, impatient):
    liar.lie = get_only(lambda a: a.endlessly(b"x", 0.02))
    began = time.monotonic()
    with pytest.raises(BadModel, match="comes too slowly"):
        fetch(PINNED)
    assert time.monotonic() - began < 30
    nothing_taken(tmp_path)


def test_nor_is_a_connection_for_each_byte_waited_for(liar, tmp_path, impatient):
    def one_byte(answer: Answer) -> None:
        start = int((answer.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        answer.send_response(206 if start else 200)
        answer.send_header("Content-Length", str(len(WEIGHTS) - start))
        answer.end_headers()
        answer.wfile.write(WEIGHTS[start : start + 1])

    liar.lie = get_only(one_byte)
    with pytest.raises(BadModel, match="comes too slowly"):
        fetch(PINNED)
    nothing_taken(tmp_path)


def test_nor_is_one_who_begins_again_and_again(liar, tmp_path):
    lengths = itertools.cycle([100_000, 200_000])
    liar.lie = get_only(lambda a: a.send(WEIGHTS[: next(lengths)], Content_Length=str(len(WEIGHTS))))
    with pytest.raises(BadModel, match="broke off after"):
        fetch(PINNED)
    nothing_taken(tmp_path)


def test_a_server_that_says_nothing_is_not_waited_for(liar, tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "TIMEOUT", 0.3)
    liar.lie = lambda a: bool(a.server.closing.wait(60)) or True
    with pytest.raises(BadModel, match="could not be downloaded"):
        fetch(PINNED)
    nothing_taken(tmp_path)


@pytest.fixture
def on_a_terminal(liar, tmp_path):
    """A function that runs a command on a terminal and answers its question: its exit code, and all it painted."""

    def on_a_terminal(answer: str, *argv: object) -> tuple[int, str]:
        cache = str(tmp_path / "hub")
        with Terminal(*map(str, argv), columns=200, HF_ENDPOINT=liar.url, HF_HUB_CACHE=cache) as terminal:
            terminal.until("[y/N]")
            terminal.send(answer)
            code = terminal.close(90)
        return code, " ".join(terminal.output.decode().split())

    return on_a_terminal


@pytest.mark.more
def test_who_is_asked_decides_whether_weights_without_a_hash_are_taken(liar, on_a_terminal):
    liar.headers["ETag"] = '"no-hash"'
    whole = replace(TINY, vocab=257)
    liar.files["model.safetensors"] = weights = save(published(backbone_for(whole)))
    of_bytes = byte_spelling.tokenizer_json({bytes([byte]): byte for byte in range(256)}, byte_bpe.END_OF_TEXT, 256)
    liar.files["tokenizer.json"] = of_bytes.encode()
    liar.files["config.json"] = json.dumps(whole.to_config()).encode()
    for no in ("n\n", "\n", "what?\n"):
        code, said = on_a_terminal(no, "fetch", ADDRESS)
        assert code == 1 and "cannot be verified" in said and "--unverified" in said
    assert not (model_folder("owner/tiny") / "model.safetensors").exists()
    code, said = on_a_terminal("y\n", "fetch", ADDRESS)
    assert code == 0 and "You accepted them" in said
    assert (model_folder("owner/tiny") / "model.safetensors").read_bytes() == weights


def test_who_is_asked_decides_whether_a_recipe_of_somebody_else_asks_the_hub(liar, on_a_terminal, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'[data]\npath = "sample"\n[model]\nname = "{ADDRESS}"\n')
    code, said = on_a_terminal("n\n", "train", recipe, "--dry-run", "--runs", tmp_path / "runs")
    assert code == 1 and f"workbench fetch {ADDRESS}" in said and not model_folder("owner/tiny").exists()
    on_a_terminal("y\n", "train", recipe, "--dry-run", "--runs", tmp_path / "runs")
    assert (model_folder("owner/tiny") / "config.json").is_file()


# ---- data sets ----


@pytest.fixture
def sms(liar):
    """A data set that the server publishes."""
    liar.files["sms.zip"] = zipped(ROWS)
    liar.headers["X-Repo-Commit"] = None
    known = NAMED["sms-spam"]
    return replace(known, url=f"{liar.url}/sms.zip", sha256=digest(ROWS), size=len(zipped(ROWS)), most=10_000)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda a: a.send(zipped(ROWS[::-1])), "SHA-256"),
        (lambda a: a.send(zipped(ROWS)[:-9]), "damaged"),
        (lambda a: a.send(zipped(ROWS)[:-9], Content_Length=str(len(zipped(ROWS)))), "broke off"),
        (lambda a: a.send(b"<html>Log in</html>"), "damaged"),
        (lambda a: a.send(b"<html>Log in</html>", Content_Type="text/html; charset=utf-8"), "A web page comes"),
        (lambda a: a.endlessly(bytes(1 << 16), 0), "much longer"),
        (lambda a: a.endlessly(b"x", 0.02), "comes too slowly"),
        (lambda a: a.send_on("file:///etc/passwd"), "could not be downloaded"),
        (lambda a: a.send_on("ftp://127.0.0.1/x"), "not secured"),
        (lambda a: a.send_on(a.server.url + a.path), "could not be downloaded"),
        (lambda a: a.send_error(500, "\x1b[31mred"), "could not be downloaded"),
    ],
)
def test_a_server_that_sends_another_data_set(liar, sms, impatient, act, said):
    liar.lie = lambda a: act(a) or True
    with pytest.raises(BadData, match=said) as refused:
        fetch_data(sms)
    assert refused.value.do and not sms.path.exists()


@pytest.mark.parametrize("length", ["-1", "9" * 5000, "²", "x", ""])
def test_a_length_that_is_no_number_decides_nothing(liar, sms, length):
    def lie(answer: Answer) -> bool:
        answer.send(zipped(ROWS), Content_Length=length)
        return True

    liar.lie = lie
    with contextlib.suppress(WorkbenchError):
        fetch_data(sms)
    assert not sms.path.exists() or sms.path.read_bytes() == ROWS
