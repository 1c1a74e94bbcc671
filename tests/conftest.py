"""Tests keep nothing in the user's folders; and how many workers they killed that came to a good end all the same."""

import functools
import gc
import hashlib
import importlib.util
import os
import random
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

# as many test processes as cores run beside one another: threads of each that wait by spinning would slow all of them
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# what is started from here hears a terminal close, also where this was started with nohup
signal.signal(signal.SIGHUP, signal.SIG_DFL)

execute = subprocess._fork_exec


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Half as many again as there are cores: the app's tests are idle for nearly half of their time."""
    n = yield
    return n if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else n + n // 2


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is imported and collected stays: looking for garbage in it, then or later, is time lost."""
    gc.disable()
    found = yield
    gc.freeze()
    gc.enable()
    return found


@pytest.fixture(scope="session", autouse=True)
def forkserver():
    """A function that gives the process which forks the program's own ones, as forkserver.py says."""
    if sys.platform != "linux":
        yield lambda: None
        return
    spec = importlib.util.spec_from_file_location("forkserver", Path(__file__).with_name("forkserver.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    forkserver = functools.cache(module.ForkServer.start)
    with module.forking(forkserver):
        yield forkserver


@pytest.fixture
def executed(monkeypatch):
    """The program's processes begin with a new interpreter: for tests of what happens then."""
    monkeypatch.setattr(subprocess, "_fork_exec", execute)


@pytest.fixture(scope="session", autouse=True)
def user_folder(tmp_path_factory):
    """The key that marks runs as the user's own is kept in a folder of the tests; child processes inherit that."""
    os.environ["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("user"))


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """What can be computed again goes into a folder of the test; its child processes inherit that."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))


DEADLINE = 90  # seconds; waiting ends as soon as what is waited for is there


@pytest.fixture
def wait():
    """A function that waits until a condition holds, while a process lives, and gives what the condition gave."""

    def wait(condition, process=None):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if found := condition():
                return found
            assert process is None or process.poll() is None, "the worker ended early"
            time.sleep(0.005)
        raise AssertionError("waited in vain")

    return wait


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


class Hub(ThreadingHTTPServer):
    """As much of the Hugging Face hub as downloads need, for one repository, owner/tiny.

    `large` are the files of which it keeps a SHA-256; `claimed` is another one that it says of them; `error` is what
    it answers all questions with; `cut` is after how many bytes it hangs up, once.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), HubHandler)
        self.files: dict[str, bytes] = {}
        self.large = {"model.safetensors"}
        self.commit, self.claimed, self.error, self.cut = "a" * 40, "", "", 0
        self.asked: list[str] = []  # method, revision and file, and the range where one is wanted

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class HubHandler(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        hub, content = self.server, self._answer()
        if hub.cut and content:
            content, hub.cut = content[: hub.cut], 0
        self.wfile.write(content)

    def _answer(self) -> bytes:
        hub, wanted = self.server, self.headers["Range"]
        repo, _, rest = self.path.removeprefix("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        hub.asked.append(" ".join([self.command, revision, name, *([wanted] if wanted else [])]))
        error = hub.error or ("" if repo == "owner/tiny" else "RepoNotFound")
        error = error or ("" if revision in ("main", "b" * 40, hub.commit) else "RevisionNotFound")
        error = error or ("" if name in hub.files else "EntryNotFound")
        if error:
            self.send_response(403 if error == "GatedRepo" else 404)
            self.send_header("X-Error-Code", error)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return b""
        content = hub.files[name]
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        git, sha256 = hashlib.sha1(content).hexdigest(), hub.claimed or hashlib.sha256(content).hexdigest()
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{sha256 if name in hub.large else git}"')
        self.send_header("X-Repo-Commit", hub.commit if revision == "main" else revision)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        return content[start:]

    def log_message(self, *_) -> None: ...


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub on this machine, which this process asks, and a cache of it that is empty."""
    from huggingface_hub import constants

    with Hub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
        template = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield hub
        hub.shutdown()
        thread.join()


GOOD = "meet lunch home thanks later train book tea see you at the call mum soon ok love".split()
BAD = "free prize win cash claim urgent offer txt now guaranteed bonus click award".split()


@pytest.fixture
def labelled(tmp_path):
    """A function that writes a file of so many short labelled texts that a small model can learn; gives its path."""

    def write(n):
        rng, path, lines = random.Random(5), tmp_path / "messages.tsv", []
        for i in range(n):
            label, words = ("spam", BAD) if i % 3 == 0 else ("ham", GOOD)
            lines.append(f"{label}\t{' '.join(rng.choices(words, k=rng.randint(2, 9)))} {i}\n")
        path.write_text("".join(lines))
        return path

    return write


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A finished run, to be asked or copied."""
    from core.recipe import load
    from core.runs.launch import launch
    from core.runs.root import create_run

    folder = tmp_path_factory.mktemp("trained")
    data = folder / "messages.tsv"
    rows = [("spam", "free prize call now") if i % 3 == 0 else ("ham", "lunch at home soon") for i in range(60)]
    data.write_text("".join(f"{label}\t{text} {i}\n" for i, (label, text) in enumerate(rows)))
    recipe = {
        "data": {"path": str(data)},
        "model": {"name": "nano", "weights": "random", "context": 16, "readout": "last_real"},
        "freeze": {"trainable": "head"},
        "train": {"epochs": 1, "keep": "best"},
        "speed": {"threads": 1, "device": "cpu"},
    }
    run = create_run(folder / "runs", load(recipe))
    assert launch(run).wait(90) == 0
    return run


def pytest_terminal_summary(terminalreporter):
    passed = terminalreporter.stats.get("passed", [])
    kills = sum(
        value for report in passed if report.when == "call" for name, value in report.user_properties if name == "kills"
    )
    if kills:
        terminalreporter.line(f"{kills} kills survived")
