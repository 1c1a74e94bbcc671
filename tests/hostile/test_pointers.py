"""What a run's own files name: checkpoints, weights and checked files are never looked for outside of it."""

import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import BadRun
from core.evaluate.predict import open_predictor
from core.runs.folder import RunFolder
from core.runs.origin import Base, weights_of
from core.train import checkpoint
from core.train.checkpoint import MANIFEST

OUT = ("../../../outside", "..", ".", "", "/", "/etc", "8/../../outside", "8\0", "٨", "8 8", "-1", "9" * 400, "last")
PARTS = st.sampled_from(["..", ".", "/", "//", "8", "last", "best", "\0", "\n", "~", "é", ".8.tmp", ".8.old", "model"])
NAMES = st.lists(PARTS).map("/".join) | st.text(max_size=20)
MANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def copied(trained, tmp_path):
    return RunFolder(shutil.copytree(trained.path, tmp_path / "runs" / "r1"))


@pytest.fixture
def outside(copied, tmp_path):
    """The run's last checkpoint, whole, where the first of the names above leads to."""
    return shutil.copytree(copied.checkpoint("last"), tmp_path / "outside")


@pytest.mark.parametrize("name", OUT)
def test_a_pointer_names_a_checkpoint_or_is_damaged(copied, outside, program, name):
    for pointer in ("last", "best"):
        (copied.checkpoints / pointer).write_bytes(name.encode())
        with pytest.raises(BadRun, match=f"{pointer} is damaged"):
            copied.checkpoint(pointer)
    asked = program("workbench", "predict", "r1", "text", "--runs", copied.path.parent)
    assert asked.returncode == 1 and "is damaged" in asked.stderr and "Traceback" not in asked.stderr


@pytest.mark.parametrize("name", [*OUT[:-1], "8/", "./8"])
def test_nor_is_anything_else_asked_for_by_name(copied, outside, program, name):
    if "\0" not in name:
        words = ("workbench", "predict", "r1", "text", f"--checkpoint={name}", "--runs", copied.path.parent)
        asked = program(*words)
        assert (asked.returncode, "Traceback" in asked.stderr) == ((0, False) if name == "" else (1, False)), asked
    if name:
        with pytest.raises(BadRun, match="has no checkpoint"):
            copied.checkpoint(name)


@pytest.mark.more
@given(name=NAMES)
@MANY
def test_no_name_leads_out_of_the_checkpoints(trained, name):
    try:
        found = trained.checkpoint(name)
    except BadRun:
        return
    assert found.parent == trained.checkpoints and found.resolve() == found


@given(name=NAMES, kind=st.sampled_from(["built in", "pretrained", "folder", "random", "brought in", "none"]))
@MANY
def test_weights_lie_in_the_run_or_in_a_folder_of_a_model(trained, name, kind):
    try:
        found = weights_of(Base(kind, "owner/tiny", name, "0" * 64), trained.path)
    except BadRun:
        return
    inside = found == trained.weights_file
    assert inside or (kind in ("folder", "pretrained") and found.is_absolute() and found.name == "model.safetensors")


@pytest.mark.parametrize("file", ["../../outside/weights.safetensors", "weights.safetensors", "", "/etc/passwd"])
def test_a_base_that_lies_elsewhere_is_refused(copied, outside, program, file):
    known = json.loads(copied.base_file.read_bytes())
    known["base"]["file"] = file
    copied.base_file.write_text(json.dumps(known))
    for folder in copied.checkpoints.glob("*/" + MANIFEST):  # who changed the one can change the other
        manifest = json.loads(folder.read_bytes())
        manifest["made_of"]["sha256"].pop("base.json")
        folder.write_text(json.dumps(manifest))
    asked = program("workbench", "predict", "r1", "text", "--runs", copied.path.parent)
    words = " ".join(asked.stderr.split())
    assert asked.returncode == 1 and "base.json is damaged" in words and "Traceback" not in words


@pytest.mark.parametrize("name", ["../outside/weights.safetensors", "/etc/passwd", "checkpoints/../../secret", ".."])
def test_a_manifest_has_no_file_outside_checked(copied, outside, name):
    folder = copied.checkpoint("last")
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["made_of"]["sha256"][name] = "0" * 64
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BadRun, match="lies outside of"):
        checkpoint.demand_same(copied, folder)


@pytest.mark.parametrize("manifest", ["7", "[]", "{}", '{"sha256": 7}', '{"sha256": {"a": 7}}', "[" * 9000, '"', ""])
def test_a_manifest_that_is_none_is_said_to_be_damaged(copied, manifest):
    (copied.checkpoint("last") / MANIFEST).write_text(manifest)
    with pytest.raises(BadRun, match=r"is not whole|is damaged"):
        open_predictor(copied)
