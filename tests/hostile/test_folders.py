"""Links in place of a run's folders: nothing is deleted at their ends, nor anything that the program has not made."""

import pytest
import torch

from core import files
from core.errors import BadRun
from core.runs.folder import RunFolder
from core.runs.launch import launch
from core.runs.listing import empty_bin, hide
from core.train import checkpoint
from core.train.loop import State

FOLDERS = ("checkpoints", "text", "model")


@pytest.mark.parametrize("name", FOLDERS)
def test_a_run_with_a_link_in_place_of_a_folder_is_not_taken_up(run, elsewhere, seen, program, name):
    (run.path / name).symlink_to(elsewhere)
    before = seen(run.path), seen(elsewhere)
    resumed = program("workbench", "resume", run.name, "--runs", run.path.parent)
    words = " ".join(resumed.stderr.split())
    assert resumed.returncode == 1 and f"{name} is a link, not a folder of its own. Remove it" in words
    worker = program("core.worker", run.path)
    assert worker.returncode == 1 and "is a link" in worker.stderr and "Traceback" not in worker.stderr
    assert (seen(run.path), seen(elsewhere)) == before


@pytest.mark.parametrize("name", FOLDERS)
def test_nor_is_one_with_a_file_in_place_of_a_folder(run, seen, name):
    (run.path / name).write_text("mine")
    before = seen(run.path)
    with pytest.raises(BadRun, match=f"{name} is a file, not a folder of its own"):
        launch(run)
    assert seen(run.path) == before


def save(run, step):
    checkpoint.write(run, State(step), {"w": torch.zeros(1)}, {"m": torch.zeros(1)}, best=True)


def test_a_checkpoint_is_not_written_through_a_link_that_came_meanwhile(run, elsewhere, seen):
    run.checkpoints.symlink_to(elsewhere)
    before = seen(elsewhere)
    with pytest.raises(BadRun, match="is a link"):
        save(run, 8)
    assert seen(elsewhere) == before


def test_only_folders_that_the_program_made_are_removed_from_among_the_checkpoints(run, elsewhere):
    others = {"mine", "5x", "٥", ".tmp", ".5.bak", "5.old"}
    for name in {"5", ".5.tmp", ".4.old"} | others:
        (run.checkpoints / name).mkdir(parents=True)
    (run.checkpoints / "6").symlink_to(elsewhere)
    save(run, 8)
    assert {path.name for path in run.checkpoints.iterdir()} == others | {"6", "8", "last", "best"}
    assert (elsewhere / "photos" / "kept").exists()


def test_only_temporaries_that_the_program_made_are_swept(tmp_path, elsewhere):
    (swept := tmp_path / "swept").mkdir()
    kept = {".notes.tmp", ".a.b.tmp", "a.12.tmp", "..12.tmp", ".label.json.12.tmp"}
    for name in kept | {".a.12.tmp", ".last.12.tmp", ".label.json.x.12.tmp"}:
        (swept / name).write_text("")
    (swept / ".folder.12.tmp").mkdir()
    (swept / ".link.12.tmp").symlink_to(elsewhere / "notes")
    files.sweep(swept, spare="label.json")
    assert {path.name for path in swept.iterdir()} == kept | {".folder.12.tmp", ".link.12.tmp"}
    files.sweep(tmp_path / "none")
    (tmp_path / "link").symlink_to(swept)
    (swept / ".a.12.tmp").write_text("")
    with pytest.raises(BadRun, match="is a link"):
        files.sweep(tmp_path / "link")
    assert (swept / ".a.12.tmp").exists()


def test_a_run_that_is_a_link_is_deleted_without_its_target(run, elsewhere, seen):
    link = run.path.with_name("r2")
    link.symlink_to(elsewhere)
    (elsewhere / "recipe.toml").write_bytes(run.recipe_file.read_bytes())
    before = {name: one for name, one in seen(elsewhere).items() if name != "lock"}
    hidden = hide(RunFolder(link))
    assert hidden.is_symlink() and not link.exists()
    empty_bin(link.parent, mine=True)
    assert not hidden.is_symlink() and [path.name for path in link.parent.iterdir()] == [run.name]
    assert {name: one for name, one in seen(elsewhere).items() if name != "lock"} == before
