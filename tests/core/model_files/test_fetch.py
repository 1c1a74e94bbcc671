"""Models fetched from a hub on this machine that does what hubs can do."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import save

from core.architectures.gpt2 import GPT2Architecture
from core.architectures.lookup import demand_weights, lacks_small_files, model_folder, preset_of
from core.architectures.models import MODELS
from core.architectures.preset import ModelPreset, Source
from core.errors import BadModel
from core.files import sha256
from core.model.families import backbone_for
from core.model.weights import find_base, open_base, published
from core.model_files.fetch import fetch, fetch_again, fetch_small
from core.model_files.kept import demand_as_recorded, files_of, where
from core.runs.origin import Base

TINY = GPT2Architecture(2, 32, 4, 64, 211)
WEIGHTS = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
SOURCE = Source("owner/tiny", "a" * 40, len(WEIGHTS), SHA256)
ADDRESS = "hub:owner/tiny"


@pytest.fixture(autouse=True)
def repository(hub):
    config = json.dumps(TINY.to_config()).encode()
    hub.files |= {"model.safetensors": WEIGHTS, "config.json": config, "tokenizer.json": b"{}", "LICENSE": b"free"}


def preset(source: Source = SOURCE, tokenizer: str = "gpt2") -> ModelPreset:
    return ModelPreset("tiny", "tiny 1K", TINY, source, tokenizer=tokenizer)


def folder(source: Source = SOURCE) -> Path:
    return model_folder(source.repo, source.revision)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def gets(hub, name: str) -> list[str]:
    return [asked for asked in hub.asked if asked.startswith("GET") and f" {name}" in asked]


def test_a_fetched_model_lies_in_a_folder_that_says_where_it_comes_from(hub):
    seen = []
    assert where(preset()) == "download" and files_of(preset()) is None
    found = fetch(preset(), lambda *p: seen.append(p))
    assert ("download", len(WEIGHTS), len(WEIGHTS), "bytes") in seen
    assert found == files_of(preset()) == (folder() / "model.safetensors", SHA256, "a" * 40, "hub", "pinned")
    assert where(preset()) == "on disk"
    assert names(folder()) == {"model.safetensors", "config.json", "LICENSE", "source.json"}
    assert json.loads((folder() / "config.json").read_text()) == TINY.to_config()
    record = json.loads((folder() / "source.json").read_text())
    assert record["from"] == "hub" and record["verified"] == "pinned" and record["revision"] == "a" * 40
    assert record["files"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder().iterdir()
        if path.name != "source.json"
    }


def cache(hub, *names: str) -> None:
    """Put files into the hub's cache, as another program does."""
    kept = Path(constants.HF_HUB_CACHE) / "models--owner--tiny"
    for name in names or hub.files:
        content = hub.files[name]
        blob = kept / "blobs" / (hashlib.sha256 if name in hub.large else hashlib.sha1)(content).hexdigest()
        pointer = kept / "snapshots" / hub.commit / name
        blob.parent.mkdir(parents=True, exist_ok=True)
        pointer.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))


def test_a_record_of_other_weights_than_the_known_ones_is_not_believed(hub):
    fetch(preset())
    other = b"other weights"
    (folder() / "model.safetensors").unlink()
    (folder() / "model.safetensors").write_bytes(other)
    record = (folder() / "source.json").read_text().replace(SHA256, hashlib.sha256(other).hexdigest())
    (folder() / "source.json").write_text(record)
    assert where(preset()) == "download" and files_of(preset()) is None
    assert fetch(preset()).weights.read_bytes() == WEIGHTS


def test_the_weights_take_no_room_beside_those_in_the_hubs_cache(hub):
    cache(hub)
    found = fetch(preset())
    blob = Path(constants.HF_HUB_CACHE) / "models--owner--tiny" / "blobs" / SHA256
    assert not found.weights.is_symlink() and os.path.samefile(found.weights, blob) and not hub.asked


def test_where_no_second_name_can_be_given_they_are_copied(hub, monkeypatch):
    cache(hub)
    monkeypatch.setattr(os, "link", refuse(errno.EXDEV))
    found = fetch(preset())
    assert found.weights.read_bytes() == WEIGHTS and found.weights.stat().st_nlink == 1


def test_other_weights_in_the_hubs_cache_are_refused(hub):
    cache(hub)
    (Path(constants.HF_HUB_CACHE) / "models--owner--tiny" / "blobs" / SHA256).write_bytes(b"other")
    for known in (SHA256, None):
        with pytest.raises(BadModel, match="is damaged, or another file"):
            fetch(preset(replace(SOURCE, sha256=known)))


def test_what_is_here_needs_no_network(hub):
    first = fetch(preset())
    hub.asked.clear()
    assert fetch(preset()) == first and not hub.asked
    shutil.rmtree(folder())
    cache(hub)
    assert where(preset()) == "on disk", "the hub's own cache counts"
    assert files_of(preset()).weights.parent != folder()
    assert fetch(preset()) == first and not hub.asked


def test_a_download_that_breaks_off_goes_on_from_there(hub):
    hub.cut = 300_000
    hub.files.pop("LICENSE")
    assert fetch(preset()).sha256 == SHA256
    assert len(gets(hub, "model.safetensors")) == 2
    assert "bytes=300000-" in gets(hub, "model.safetensors")[1]


def test_an_interrupted_download_goes_on_from_there_and_does_not_count(hub):
    def interrupt(phase, done, total, unit):
        if phase == "download" and total == len(WEIGHTS):
            raise KeyboardInterrupt

    hub.files.pop("LICENSE")
    with pytest.raises(KeyboardInterrupt):
        fetch(preset(), interrupt)
    assert where(preset()) == "download" and "source.json" not in names(folder())
    (part,) = folder().glob("*.part")
    here = part.stat().st_size
    assert 0 < here < len(WEIGHTS) and part.read_bytes() == WEIGHTS[:here]
    assert fetch(preset()).sha256 == SHA256 and not list(folder().glob(".*.part"))
    assert f"bytes={here}-" in gets(hub, "model.safetensors")[-1]


def test_a_part_of_another_file_is_not_gone_on_with(hub):
    folder().mkdir(parents=True)
    (folder() / f".model.safetensors.{'1' * 16}.part").write_bytes(b"other")
    assert fetch(preset()).sha256 == SHA256 and "bytes" not in "".join(gets(hub, "model.safetensors"))
    assert not list(folder().glob(".*.part"))


@pytest.mark.parametrize("sha256", ["0" * 64, None])
def test_other_weights_than_the_published_ones_are_refused(hub, sha256):
    hub.claimed = "1" * 64
    source = replace(SOURCE, sha256=sha256)
    with pytest.raises(BadModel, match="is damaged, or another file: its SHA-256.*It was deleted"):
        fetch(preset(source))
    assert not {"source.json", "model.safetensors"} & names(folder()) and not list(folder().glob(".*.part"))


def test_weights_that_changed_afterwards_are_refused(hub):
    weights = fetch(preset()).weights
    weights.write_bytes(b"other")
    with pytest.raises(BadModel, match="is damaged"):
        fetch(preset())


def test_the_hubs_hash_is_checked_where_none_is_known(hub):
    assert fetch(preset(replace(SOURCE, sha256=None))).verified == "hub"


def test_weights_without_any_hash_are_taken_only_by_word(hub):
    hub.large.clear()
    source = replace(SOURCE, sha256=None)
    with pytest.raises(BadModel, match="cannot be verified.*workbench fetch tiny --unverified"):
        fetch(preset(source))
    assert not gets(hub, "model.safetensors")
    found = fetch(preset(source), unverified=True)
    assert found.verified == "word" and found.sha256 == SHA256


def test_a_half_fetched_folder_is_never_taken_for_whole(hub):
    fetch(preset())
    for name in ("source.json", "model.safetensors"):
        (folder() / name).unlink()
        assert where(preset()) == "download"
        assert fetch(preset()).sha256 == SHA256
    (folder() / "source.json").write_text('{"repo": 1}')
    assert where(preset()) == "download"


def test_what_was_put_there_by_hand_is_used_where_it_is_the_known_file(hub):
    hub.error = "RepoNotFound"
    with pytest.raises(BadModel, match=f"SHA-256 {SHA256}.*put that into a new folder {folder()}"):
        fetch(preset())
    folder().mkdir()
    (folder() / "model.safetensors").write_bytes(WEIGHTS[:-1])
    with pytest.raises(BadModel, match="is damaged"):
        fetch(preset())
    (folder() / "model.safetensors").write_bytes(WEIGHTS)
    assert fetch(preset()).origin == "hand"


def test_a_model_whose_tokenizer_does_not_come_along_needs_its_own(hub):
    known = replace(SOURCE, tokenizer_sha256=hashlib.sha256(b"{}").hexdigest())
    own = preset(known, tokenizer="")
    fetch(own)
    assert (folder() / "tokenizer.json").read_bytes() == b"{}"
    (folder() / "tokenizer.json").unlink()
    assert files_of(own) is None or files_of(own).weights.parent != folder()
    shutil.rmtree(folder())
    with pytest.raises(BadModel, match="tokenizer.json of owner/tiny is damaged, or another file"):
        fetch(preset(replace(known, tokenizer_sha256="0" * 64), tokenizer=""))


def test_the_small_files_come_first_and_alone(hub):
    made = fetch_small(ADDRESS)
    assert made.architecture == TINY and made == preset_of(ADDRESS)
    assert names(model_folder("owner/tiny")) == {"config.json", "tokenizer.json", "source.json"}
    assert not any("model.safetensors" in asked for asked in hub.asked)
    assert where(made) == "download"
    hub.asked.clear()
    assert fetch_small(ADDRESS) == made and not hub.asked


def test_a_family_that_is_not_computed_is_said_before_anything_else_is_asked_for(hub):
    hub.files = {"config.json": b'{"model_type": "vit"}'}  # which has no tokenizer
    with pytest.raises(BadModel, match="is of the family 'vit'"):
        fetch_small(ADDRESS)
    assert {asked.split()[-1] for asked in hub.asked} == {"config.json"}


def test_settings_beside_a_tokenizer_come_before_it_and_are_recorded(hub):
    hub.files["tokenizer_config.json"] = b'{"do_lower_case": false}'
    made = fetch_small(ADDRESS)
    small = [asked.split()[-1] for asked in hub.asked if asked.startswith("GET")]
    assert small == ["config.json", "tokenizer_config.json", "tokenizer.json"], "with the last one, all are there"
    at = model_folder("owner/tiny")
    for _ in range(2):
        record = json.loads((at / "source.json").read_text())
        assert record["files"]["tokenizer_config.json"] == sha256(at / "tokenizer_config.json")
        fetch(made)


def earlier(at: Path) -> None:
    """Make a folder what it was before settings were asked for."""
    record = json.loads((at / "source.json").read_text())
    del record["without"]
    (at / "source.json").write_text(json.dumps(record))


def test_a_folder_from_before_settings_were_asked_for_is_as_it_was_until_it_is_fetched_again(hub):
    made, at = fetch_small(ADDRESS), model_folder("owner/tiny")
    fetch(made)
    earlier(at)
    hub.files["tokenizer_config.json"] = b"{}"
    hub.asked.clear()
    assert not lacks_small_files(ADDRESS) and where(made) == "on disk" and fetch(made) and not hub.asked
    hub.error = "RepoNotFound"
    assert fetch_small(ADDRESS) == made and hub.asked, "whatever the hub says"
    assert "tokenizer_config.json" not in names(at)
    hub.error = ""
    assert fetch_small(ADDRESS) == made and "tokenizer_config.json" in names(at)
    assert where(made) == "on disk"
    hub.asked.clear()
    assert fetch_small(ADDRESS) == made and fetch(made) and not hub.asked


def test_what_another_program_left_in_the_hubs_cache_is_enough_without_a_network(hub):
    cache(hub, "config.json", "tokenizer.json")
    hub.error = "RepoNotFound"
    fetch_small(f"{ADDRESS}@{'a' * 40}")
    assert names(folder()) == {"config.json", "tokenizer.json", "source.json"}
    hub.files["tokenizer_config.json"] = b"{}"
    hub.error = ""
    fetch_small(f"{ADDRESS}@{'a' * 40}")
    assert "tokenizer_config.json" in names(folder())


def test_a_file_that_is_gone_is_not_done_without(hub):
    hub.files["tokenizer_config.json"] = b"{}"
    fetch_small(ADDRESS)
    at = model_folder("owner/tiny")
    (at / "tokenizer_config.json").unlink()
    with pytest.raises(BadModel, match=r"tokenizer_config\.json came here once, and is gone. Fetch the model again"):
        demand_as_recorded(at)
    content = hub.files.pop("tokenizer_config.json")
    with pytest.raises(BadModel, match="is gone"):
        fetch_small(ADDRESS)
    hub.files["tokenizer_config.json"] = content
    fetch_small(ADDRESS)
    assert "tokenizer_config.json" in names(at)


@pytest.mark.parametrize("kept", [("vocab.json", "merges.txt"), ("vocab.txt",), ("tokens.tiktoken.xz",)])
def test_an_address_may_have_an_older_tokenizer(hub, kept):
    del hub.files["tokenizer.json"]
    hub.files |= dict.fromkeys(kept, b"{}")
    made = fetch_small(ADDRESS)
    assert names(model_folder("owner/tiny")) == {"config.json", "source.json", *kept}
    fetch(made)
    assert where(made) == "on disk" and not lacks_small_files(ADDRESS)
    hub.asked.clear()
    assert fetch_small(ADDRESS) == made and fetch(made) and not hub.asked
    shutil.rmtree(model_folder("owner/tiny"))
    cache(hub)
    pinned = replace(made, source=replace(made.source, revision="a" * 40))
    assert where(pinned) == "on disk"


@pytest.mark.parametrize("kept", [("vocab.json",), ("merges.txt",), ()])
def test_an_address_without_a_whole_tokenizer_says_which_there_may_be(hub, kept):
    del hub.files["tokenizer.json"]
    hub.files |= dict.fromkeys(kept, b"{}")
    with pytest.raises(BadModel, match="has no tokenizer.json, no merges.txt with vocab.json, no vocab.txt"):
        fetch_small(ADDRESS)
    assert lacks_small_files(ADDRESS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda tensors: {name: tensor.to(torch.int8) for name, tensor in tensors.items()}, "in I8: its weights are q"),
        (lambda tensors: dict(list(tensors.items())[:-1]), "it is not the GPT-2 of its config.json"),
        (lambda tensors: tensors | published(backbone_for(replace(TINY, n_blocks=3))), "more blocks than the 2"),
    ],
)
def test_weights_of_an_address_are_looked_at_as_those_of_a_folder_are(hub, tmp_path, change, said):
    hub.files["model.safetensors"] = save(change(published(backbone_for(TINY))))
    made = fetch_small(ADDRESS)
    demand_weights(made, "pretrained")  # as long as they are not here
    with pytest.raises(BadModel, match=said):
        find_base(made, "pretrained", tmp_path, 7, lambda *_: None)
    with pytest.raises(BadModel, match=said):
        demand_weights(made, "pretrained")


def test_an_address_stays_at_the_commit_that_it_was_first_seen_at(hub):
    made = fetch_small(ADDRESS)
    hub.commit = "b" * 40  # somebody pushed
    hub.asked.clear()
    hub.error = ""
    with pytest.raises(BadModel, match="no revision a"):  # which this hub has forgotten
        fetch(made)
    hub.commit = "a" * 40
    found = fetch(made)
    assert found.revision == "a" * 40 and found.verified == "hub"
    assert not any("main" in asked for asked in hub.asked)
    assert where(made) == "on disk"


def test_a_model_by_name_has_small_files_only_for_its_tokenizer(hub, monkeypatch):
    monkeypatch.setitem(MODELS, "tiny", preset(tokenizer=""))
    fetch_small("tiny")
    assert names(folder()) == {"tokenizer.json", "source.json"}
    assert fetch_small("nano") is MODELS["nano"]


@pytest.mark.parametrize(
    "error, said",
    [
        ("GatedRepo", "owner/tiny is gated.*Accept it on http.*/owner/tiny.*hf auth login"),
        ("RepoNotFound", "There is no owner/tiny on the hub, or it is private"),
        ("RevisionNotFound", "owner/tiny has no revision v9"),
    ],
)
def test_refusals_of_the_hub_are_sentences(hub, error, said):
    hub.error = error
    with pytest.raises(BadModel, match=said):
        fetch_small(f"{ADDRESS}@v9")


@pytest.mark.parametrize(
    "instead, said",
    [
        ("pytorch_model.bin", "no model.safetensors: its weights are pickled.*can execute anything"),
        ("model.onnx", "no model.safetensors: it is an export to ONNX"),
        ("model.safetensors.index.json", "no model.safetensors: its weights are cut into several files"),
        ("other", "owner/tiny has no model.safetensors. Choose"),
    ],
)
def test_a_repository_without_the_weights_says_what_it_has_instead(hub, instead, said):
    del hub.files["model.safetensors"]
    hub.files[instead] = b"x"
    with pytest.raises(BadModel, match=said):
        fetch(fetch_small(ADDRESS))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_repository_without_a_small_file_says_so(hub, name):
    del hub.files[name]
    with pytest.raises(BadModel, match=f"owner/tiny has no {name}"):
        fetch_small(ADDRESS)


def test_a_family_that_is_not_computed_here_is_refused_before_its_weights_come(hub):
    hub.files["config.json"] = b'{"model_type": "mixtral"}'
    with pytest.raises(BadModel, match="of the family 'mixtral'"):
        fetch_small(ADDRESS)
    assert not gets(hub, "model.safetensors")


def test_a_full_disk_is_said(hub, monkeypatch):
    cache(hub)
    monkeypatch.setattr(os, "link", refuse(errno.EXDEV))
    monkeypatch.setattr(shutil, "copyfile", refuse(errno.ENOSPC))
    with pytest.raises(BadModel, match="cannot be kept at .*No space left.*WORKBENCH_CACHE"):
        fetch(preset())
    shutil.rmtree(constants.HF_HUB_CACHE)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 1000))
    with pytest.raises(BadModel, match="The disk is full: model.safetensors of owner/tiny.*WORKBENCH_CACHE"):
        fetch(preset())


def refuse(code: int):
    def refused(*_):
        raise OSError(code, os.strerror(code))

    return refused


CHILD = """
import sys
from core.architectures.lookup import preset_of
from core.errors import BadModel
from core.model_files.fetch import fetch
try:
    fetch(preset_of("gpt2"))
except BadModel as error:
    print(error)
"""


@pytest.mark.parametrize(
    "env, said",
    [({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE"), ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "hub cannot be reached")],
)
def test_without_a_network_it_says_how_to_get_them_by_hand(tmp_path, env, said):
    env = os.environ | {"HF_HUB_CACHE": str(tmp_path / "empty")} | env
    done = subprocess.run([sys.executable, "-c", CHILD], env=env, capture_output=True, text=True, check=True)
    assert said in done.stdout and "openai-community/gpt2" in done.stdout and "put that into" in done.stdout
    assert done.stderr == ""


def test_weights_that_are_gone_are_found_or_fetched_again_by_commit_and_hash(hub, monkeypatch):
    run = "owner/tiny", "a" * 40, SHA256
    found = fetch_again(*run)
    assert sha256(found) == SHA256 and not any("main" in asked for asked in hub.asked)
    hub.asked.clear()
    assert fetch_again(*run) == found and not hub.asked
    shutil.rmtree(found.parent)
    with pytest.raises(BadModel, match="damaged"):
        fetch_again("owner/tiny", "a" * 40, "0" * 64)
    monkeypatch.setitem(MODELS, "tiny", preset())
    shutil.rmtree(found.parent)
    hub.asked.clear()
    assert fetch_again(*run) == found and not any("config.json" in asked for asked in hub.asked)


def test_a_run_asks_for_weights_that_are_gone(hub, tmp_path):
    gone = tmp_path / "gone" / "model.safetensors"
    base = Base("pretrained", "owner/tiny", str(gone), SHA256, "a" * 40)
    hub.files["model.safetensors"] = b"other"
    with pytest.raises(BadModel, match=f"started from, {gone}, are gone.*damaged"):
        open_base(base, tmp_path)
    hub.error = "RepoNotFound"
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(BadModel, match="are gone. There is no owner/tiny on the hub"):
        open_base(base, tmp_path)


def test_what_could_not_be_fetched_leaves_nothing(hub):
    hub.error = "RepoNotFound"
    with pytest.raises(BadModel, match="no owner/tiny"):
        fetch(preset())
    with pytest.raises(BadModel, match="no owner/tiny"):
        fetch_small(ADDRESS)
    assert not list(folder().parent.iterdir())
    hub.error = ""
    fetch(preset())
    assert names(folder().parent) == {folder().name}
