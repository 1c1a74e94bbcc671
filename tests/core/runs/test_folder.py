"""What a folder says of its run, whatever its log looks like."""

import os
from pathlib import Path

import pytest

from core import memory
from core.architectures.models import MODELS
from core.errors import BadRun
from core.model.families import backbone_for
from core.recipe import load
from core.runs.events import Ended, Paused, Phase, Started, Steps, encode, stopped
from core.runs.launch import lock
from core.runs.log import EventLog
from core.runs.records import Label
from core.runs.root import create_run, find_run, list_runs

STARTED = Started(
    attempt=1,
    pid=1,
    n_steps=900,
    epochs=1,
    rows={},
    labels=[],
    majority=0.5,
    learns=1,
    parameters=1,
    device="cpu",
    threads=1,
)


@pytest.fixture
def run(tmp_path):
    return create_run(tmp_path, load({}))


def test_a_result_longer_than_the_end_that_is_read_first(run):
    ended = Ended(attempt=1, step=900, state="done", result={"confusion": [[0] * 300] * 300})
    run.events_file.write_bytes(encode(STARTED) + encode(ended))
    assert run.status().state == "done" and run.status().n_steps == 900
    assert EventLog(run).attempt == 2


def test_a_start_between_much_before_and_much_after(run):
    phases = encode(Phase(attempt=1, name="download", done=1, total=9, unit="bytes")) * 1000
    steps = b"".join(
        encode(Steps(attempt=1, step=i, loss=[0.5], lr=[1e-4], tokens=9, seconds=1.0, rss=1)) for i in range(1, 801)
    )
    run.events_file.write_bytes(phases + encode(STARTED) + steps)
    held = lock(run)
    status = run.status()
    os.close(held)
    assert (status.state, status.step, status.n_steps) == ("running", 800, 900)
    assert run.status().state == "vanished" and "Memory" not in run.status().why


def test_a_pause_that_ended_in_a_stop_is_over_when_the_run_is_taken_up_again(run):
    run.events_file.write_bytes(encode(STARTED) + encode(Paused(step=7)) + encode(stopped()))
    held = lock(run)
    state = run.status().state
    os.close(held)
    assert state == "running" and run.status().state == "stopped"


def test_a_run_that_held_nearly_all_memory_and_vanished_probably_ran_out_of_it(run):
    total = memory.total()
    last = Steps(attempt=1, step=7, loss=[0.5], lr=[1e-4], tokens=9, seconds=1.0, rss=int(0.9 * total))
    run.events_file.write_bytes(encode(STARTED) + encode(last))
    gb = f"{0.9 * total / 1e9:.1f} of {total / 1e9:.1f} GB"
    assert run.status().why == f"The worker ended at step 7 without a word. Memory probably ran out: it last held {gb}."


def test_names_are_never_used_twice_while_a_deleted_run_can_come_back(run, tmp_path):
    run.path.rename(tmp_path / f".{run.name}.77.1.deleted")
    assert create_run(tmp_path, load({})).name == "r2"
    assert [r.name for r in list_runs(tmp_path)] == ["r2"]


def test_paths_mean_what_they_meant_where_they_were_typed(tmp_path, monkeypatch, save_folder):
    monkeypatch.chdir(tmp_path)
    save_folder(backbone_for(MODELS["nano"].architecture), tmp_path / "w")
    data = {"path": "a.csv", "test_path": "t.csv"}
    recipe = create_run(tmp_path, load({"data": data, "model": {"weights": "./w"}})).recipe()
    assert recipe.data.path == str(tmp_path / "a.csv") and recipe.model.weights == str(tmp_path / "w")
    assert (recipe.data.test_path, recipe.data.validation_path) == (str(tmp_path / "t.csv"), "")


def test_a_checkpoint_caught_between_two_renames_is_still_found(run):
    (run.checkpoints / ".8.old").mkdir(parents=True)
    (run.checkpoints / ".8.old" / "manifest.json").write_text("{}")
    (run.checkpoints / "last").write_text("8")
    assert run.checkpoint().name == ".8.old"


def test_what_is_no_run_is_said_to_be_none(run, tmp_path):
    for name in ("r9", "a text that someone meant to classify " * 20):
        with pytest.raises(BadRun, match="There is no run"):
            find_run(tmp_path, name)


def test_a_path_to_a_run_is_one_from_here(run, tmp_path, monkeypatch):
    elsewhere = create_run(tmp_path / "elsewhere", load({}))
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert find_run(tmp_path, "r1").path == run.path
    assert find_run(tmp_path, "./r1").path == elsewhere.path
    monkeypatch.chdir(elsewhere.path)
    assert find_run(tmp_path, ".").path == find_run(tmp_path, "../r1").path == elsewhere.path


def test_a_folder_that_may_not_be_read_is_no_run(run, tmp_path, monkeypatch):
    (tmp_path / "lost+found").mkdir(mode=0)
    for folder in (tmp_path, run.path):
        folder.chmod(0o755)
    monkeypatch.chdir(tmp_path)  # which someone else may read, though not the folders above it
    is_root = os.geteuid() == 0
    if is_root:  # who reads everything
        os.setresuid(65534, 65534, 0)
    try:
        names = [each.name for each in list_runs(Path()) if not each.queued_file.exists()]
    finally:
        if is_root:
            os.setresuid(0, 0, 0)
    assert names == ["r1"]


def test_a_label_stays_beside_the_run_whatever_is_typed(run, tmp_path):
    assert run.label() == Label()
    run.name_it(Label.of("  no \n pads\x1b[2J \udce9\u202e 距离 ", "[b]bold[/b] " * 1000))
    assert run.label().name == "no pads[2J 距离" and run.label().note.count("[b]") == 1000
    for damaged in (b"", b"[]", b'{"name": 3}', b'{"name": "\xff"}'):
        run.label_file.write_bytes(damaged)
        assert run.label() == Label()
    run.label_file.write_text('{"name": "by\\u001b hand"}')
    assert run.label() == Label("by hand")


def test_a_run_is_found_by_the_name_it_was_given_where_no_other_has_it(run, tmp_path):
    second = create_run(tmp_path, load({}))
    run.name_it(Label("book"))
    assert find_run(tmp_path, "book").path == run.path
    second.name_it(Label("r1"))
    assert find_run(tmp_path, "r1").path == run.path
    second.name_it(Label("book"))
    with pytest.raises(BadRun, match="2 runs are called book: r2, r1"):
        find_run(tmp_path, "book")
    with pytest.raises(BadRun, match="There is no run"):
        find_run(tmp_path, "boo")
