"""`workbench ctl` at a real worker, and at runs that nobody holds."""

import json

import pytest

from core.errors import BadRecipe
from core.recipe import load
from core.runs.control import Pause, SetTrainable, Step, Stop
from core.runs.events import Applied, Started
from core.runs.kept_rows import kept_rows
from core.runs.launch import launch
from core.runs.root import create_run
from workbench.cli import ctl as command
from workbench.cli import main

DEADLINE = 90  # seconds


@pytest.fixture
def ctl(tmp_path, capsys):
    """`ctl(run, words...)` gives the exit code, and what went to standard output and error."""

    def ctl(run, *words):
        code = main.main(["ctl", run.name, *words, "--runs", str(run.path.parent)])
        return code, *capsys.readouterr()

    return ctl


def test_a_worker_is_steered_and_says_what_comes_of_it(ctl, wait, messages, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "TIMEOUT", DEADLINE)
    recipe = {
        "data": {"path": str(messages)},
        "freeze": {"trainable": "head"},
        "train": {"epochs": 2000, "batch": 4, "lr": 1e-3, "head_lr": 1e-3, "eval_every": 1000},
        "speed": {"threads": 1, "device": "cpu", "cache": "run"},
    }
    run = create_run(tmp_path / "runs", load(recipe))
    launch(run)
    wait(lambda: any(isinstance(e, Started) for e in run.events()[0]))
    code, out, _ = ctl(run, "pause")
    assert code == 0 and "told to pause" in out and "paused after step" in out
    at = run.status().step
    assert run.status().state == "paused"
    code, out, _ = ctl(run, "step", "3")
    assert code == 0 and f"paused after step {at + 3:,}" in out
    texts = [line for line in out.splitlines() if line.startswith("  loss ")]
    assert len(texts) == 12 and all(" said " in line and "of number" in line for line in texts)
    assert out.count("learned from 4 texts, of which it had") == 3
    code, out, _ = ctl(run, "step", "--json")
    (step, told), *others = json.loads(out)["steps"].items()
    kept = [row for row in kept_rows(run) if row.split == "train"]
    assert int(step) == at + 4 and len(told) == 4 and not others
    assert all(any((row.text, row.label) == (one["text"], one["label"]) for row in kept) for one in told)
    assert [one["loss"] for one in told] == sorted((one["loss"] for one in told), reverse=True)
    code, out, _ = ctl(run, "evaluate")
    assert code == 0 and "validation, all " in out
    code, out, _ = ctl(run, "save")
    assert code == 0 and "checkpoint saved" in out
    code, out, _ = ctl(run, "head-lr", "5e-4")
    assert code == 0 and out == f"r1, step {at + 4:,}: head lr 0.0005 from step {at + 5:,} on\n"
    code, out, _ = ctl(run, "thaw", "norm")
    assert code == 0 and out == f"r1, step {at + 4:,}: norm, head learning from step {at + 5:,} on\n"
    assert ctl(run, "learn", "head")[0] == 0
    code, out, _ = ctl(run, "lr", "5e-4")
    assert code == 1 and "refused: only the head learns" in out
    code, out, _ = ctl(run, "epochs", "3000", "--json")
    answer = json.loads(out)
    assert code == 0 and answer["answered"] and answer["refused"] is None and answer["step"] == at + 4
    assert answer["control"] == {"type": "epochs", "epochs": 3000.0}
    code, _, err = ctl(run, "epochs", "many")
    assert code == 2 and "takes a number, and 'many' was given" in err
    assert main.main(["resume", run.name, "--runs", str(run.path.parent)]) == 1
    assert ctl(run, "resume")[0] == 0 and run.status().state == "running"
    code, out, _ = ctl(run, "stop")
    assert code == 0 and "Stopped. resume continues it." in out
    wait(lambda: not run.locked())
    code, _, err = ctl(run, "pause")
    assert code == 1 and "r1 is not running: it is stopped." in err and "workbench resume r1" in err


def test_a_finished_run_is_not_to_be_resumed(ctl, runs):
    code, _, err = ctl(runs.write("done"), "pause")
    assert code == 1 and "it is done. There is nothing left to change." in err


def test_a_run_that_does_not_answer(ctl, runs, monkeypatch):
    monkeypatch.setattr(command, "TIMEOUT", 0.1)
    run = runs.write("running")
    with runs.held(run):
        code, out, _ = ctl(run, "step")
        assert code == 0 and "has not answered yet" in out
        assert b'"step"' in run.control_file.read_bytes()


def test_answers_begin_where_the_run_was_told(runs):
    run = runs.write("running")
    runs.append(run, Applied(id="old", control={"type": "stop"}, attempt=1, step=400))
    with runs.held(run):
        answers = command.Answers(run, Pause())
        runs.append(run, Applied(id=answers.id, control={"type": "pause"}, attempt=1, step=400))
        found = answers.wait(Applied, lambda event: True)
        assert found.id == answers.id and [*answers.lines()] == ["r1, step 400: told to pause"]


@pytest.mark.parametrize(
    ("words", "control"), [(("step", None), Step(1)), (("step", "7"), Step(7)), (("stop", None), Stop())]
)
def test_words_that_are_meant(runs, words, control):
    assert command.control_of(runs.write("running"), *words) == control


def test_parts_are_named_alone_or_added_or_taken_away(runs):
    run = runs.write("running", upto=400)
    meant = {
        ("learn", "last_two_blocks"): "last_two_blocks",
        ("thaw", "blocks.4"): "last_two_blocks",
        ("thaw", "lora.5"): "lora.5,norm,head",
        ("freeze", "blocks.5,norm"): "head",
    }
    for (what, named), trainable in meant.items():
        assert command.control_of(run, what, named) == SetTrainable(trainable)
    for named, why in ((None, "names no part"), ("blocks.9", "no part of this model")):
        with pytest.raises(BadRecipe, match=why):
            command.control_of(run, "thaw", named)
