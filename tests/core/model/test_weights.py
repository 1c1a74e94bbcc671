"""Where weights come from, and what is said when they are not what they should be."""

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading

import pytest
import torch

from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS
from core.errors import BadModel
from core.model import weights
from core.model.gpt2 import GPT2

TINY = GPT2Architecture(2, 32, 4, 64, 211)
REVISION = "a" * 40


def quiet(*_):
    pass


@pytest.fixture
def folder(tmp_path, save_folder):
    model = GPT2(MODELS["nano"].architecture)
    model.initialize(torch.Generator().manual_seed(3))
    save_folder(model, tmp_path / "model")
    return tmp_path / "model"


def find(given, tmp_path, model="nano"):
    return weights.find_base(MODELS[model], str(given), tmp_path, 7, quiet)


def test_a_folder_is_a_base_with_its_hash(folder, tmp_path):
    base = find(folder, tmp_path)
    assert base.kind == "folder" and base.source == str(folder)
    assert base.sha256 == hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    model = GPT2(MODELS["nano"].architecture)
    weights.open_base(base, tmp_path).load_into(model)
    fresh = GPT2(MODELS["nano"].architecture)
    fresh.initialize(torch.Generator().manual_seed(3))
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), fresh.parameters(), strict=True))


def test_random_weights_are_kept_with_the_run(tmp_path):
    base = find("random", tmp_path)
    assert base.kind == "random" and (tmp_path / "base.safetensors").is_file()


def test_weights_that_changed_since_the_run_began_are_refused(folder, tmp_path):
    base = find(folder, tmp_path)
    with open(folder / "model.safetensors", "r+b") as file:
        file.seek(5000)
        file.write(b"\xff\xff")
    with pytest.raises(BadModel, match="has changed since"):
        weights.open_base(base, tmp_path)
    (tmp_path / base.file).unlink()
    with pytest.raises(BadModel, match="are gone"):
        weights.open_base(base, tmp_path)


@pytest.mark.parametrize("linked", [False, True])
def test_the_weights_of_a_folder_outlive_it(folder, tmp_path, linked):
    if linked:  # as in the hub's cache
        (folder / "model.safetensors").rename(folder.parent / "blob")
        (folder / "model.safetensors").symlink_to("../blob")
    base = find(folder, tmp_path)
    (folder / "model.safetensors").unlink()
    assert "wte.weight" in weights.open_base(base, tmp_path)


def test_a_folder_that_is_no_model_says_what_it_needs(tmp_path):
    with pytest.raises(BadModel, match="not a model folder.*config.json"):
        find(tmp_path / "missing", tmp_path)
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(BadModel, match="holds pytorch_model.bin.*pickled"):
        find(tmp_path / "pickled", tmp_path)


def test_a_truncated_file_is_said_to_be_one(folder, tmp_path):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadModel, match="not a whole safetensors file"):
        weights.WeightsFile(folder / "model.safetensors")


def test_another_size_is_chosen_by_its_folder(folder, tmp_path):
    with pytest.raises(BadModel, match="Choose it by its folder: --model"):
        find(folder, tmp_path, model="gpt2")


def test_a_config_of_something_else_is_refused(folder, tmp_path):
    (folder / "config.json").write_text(json.dumps({"hidden_size": 4}))
    with pytest.raises(BadModel, match="of a family that its config.json does not name"):
        find(folder, tmp_path)


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of the hub as a download needs."""

    content = b""
    etag = ""

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, body):
        known = self.path == f"/owner/tiny/resolve/{REVISION}/model.safetensors"
        self.send_response(200 if known else 404)
        self.send_header("ETag", f'"{self.etag}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.send_header("Content-Length", str(len(self.content) if known else 0))
        self.end_headers()
        if body and known:
            self.wfile.write(self.content)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(tmp_path, save_folder):
    model = GPT2(TINY)
    model.initialize(torch.Generator().manual_seed(0))
    save_folder(model, tmp_path / "published")
    Hub.content = (tmp_path / "published" / "model.safetensors").read_bytes()
    Hub.etag = hashlib.sha256(Hub.content).hexdigest()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


SCRIPT = """
import json, sys
from core.architectures.models import Source
from core.errors import BadModel
from core.model import hub
source = Source("owner/tiny", "a" * 40, 1, sys.argv[1] or None)
seen = []
try:
    file, _ = hub.fetch(source, lambda *p: seen.append(p))
    print(json.dumps({"file": str(file), "seen": seen, "cached": str(hub.cached(source))}))
except BadModel as error:
    print(json.dumps({"error": str(error)}))
"""


def download(tmp_path, endpoint, sha="", **env):
    env = {"HF_ENDPOINT": endpoint, "HF_HUB_CACHE": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"} | env
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, sha], env=os.environ | env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_hub_is_fetched_with_progress_and_then_needed_no_more(hub, tmp_path):
    first = download(tmp_path, hub)
    assert ["download", len(Hub.content), len(Hub.content), "bytes"] in first["seen"]
    assert first["file"] == first["cached"]
    again = download(tmp_path, hub, HF_HUB_OFFLINE="1")
    assert again["file"] == first["file"] and not any(name == "download" for name, *_ in again["seen"])


def test_a_file_that_is_not_the_published_one_is_refused(hub, tmp_path):
    assert "damaged" in download(tmp_path, hub, sha="0" * 64)["error"]
    Hub.etag = "1" * 64  # the hub's own record says otherwise than what arrived
    assert "damaged" in download(tmp_path / "other", hub)["error"]


def test_without_a_network_it_says_how_to_get_them_by_hand(hub, tmp_path):
    for env in ({"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}):
        error = download(tmp_path, hub, **env)["error"]
        assert "owner/tiny" in error and "--weights FOLDER" in error and "Traceback" not in error


def test_a_repository_that_is_not_there_is_said(hub, tmp_path):
    assert "--weights FOLDER" in download(tmp_path, hub + "/elsewhere")["error"]
