"""`workbench auto`: real runs within a budget, the same choice after everything was killed, and what it refuses."""

import json
import subprocess
import sys

import msgspec
import pytest

from core.errors import BadRun
from core.recipe import load
from core.runs import group as groups
from core.runs.auto import Budget, Candidate
from core.runs.auto_table import auto_table
from core.runs.events import Phase, Started, Steps, encode
from core.runs.group import Group
from core.runs.group_table import table_of
from core.runs.root import create_run, list_runs
from core.runs.sweep import Plan
from workbench.cli import auto
from workbench.cli.auto import Clock, Keeper

WORKBENCH = [sys.executable, "-m", "workbench"]
QUICK = ["--threads", "1", "--device", "cpu", "--precision", "fp32"]


def figures(table):
    """A table without the time that it took."""
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in table["rows"]]
    return table | {"rows": rows, "spent": None}


def test_words_are_tried_whatever_the_budget_and_what_it_does_not_hold_is_named(said, root, labelled):
    code, out, err = said("auto", labelled(60), "--minutes", "0.01", *QUICK)
    assert code == 0 and "Chosen: r1, TF-IDF, right on" in out and "Ask it: workbench predict r1" in out
    assert "1 of 1  r1" in err and "of validation" in err
    assert out.count("left out: it needs at least") == 2 and "The test set is not used to choose" in out
    table = json.loads(said("show", "auto-1", "--json")[1])
    assert table["over"] and table["chosen"] == 0 and table["test"]["rows"] == 12 and table["run"] == "r1"
    assert [row["kind"] for row in table["rows"]] == ["words", "probe", "fine-tuning"]
    assert said("show", "auto-1")[1] == out
    assert said("runs")[1].splitlines()[1].split("\t")[0] == "r1"
    # what is over is not gone on with, and neither a sweep nor another file takes its name
    for argv, words in (
        (["sweep", "--name", "auto-1"], "auto-1 is no sweep. Go on with it: workbench auto --name auto-1"),
        (["auto", "sample", "--name", "auto-1", *QUICK], "auto-1 already"),
    ):
        code, _, err = said(*argv)
        assert code == 1 and words in err and len(list_runs(root)) == 1


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["--minutes", "0"], 2, "--minutes: cannot be 0."),
        (["--minutes=-1"], 2, "--minutes: cannot be -1."),
        (["--minutes", "nan"], 2, "--minutes: cannot be nan."),
        (["--minutes", "five"], 2, "--minutes: cannot be 'five'. It is a number. See workbench auto --help."),
        (["--name", "r4"], 1, "cannot be called r4"),
        (["--lr", "1"], 2, "--lr is no option of workbench auto"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_made(said, root, labelled, argv, code, words):
    found, _, err = said("auto", labelled(40), *argv)
    assert found == code and words in err, err
    assert not root.exists()


def test_data_that_cannot_be_learned_from_makes_nothing(said, root, tmp_path):
    one, recipe = tmp_path / "one.tsv", tmp_path / "mine.toml"
    one.write_text("".join(f"ham\tsome words {i}\n" for i in range(30)))
    recipe.write_text(f'[data]\npath = "{one}"\n[model]\nname = "nano"\n')
    for argv, words in (
        ([one], "Every row says ham"),
        ([tmp_path / "missing.csv"], "there is no file"),
        ([recipe], "model: is chosen by auto itself."),
        (["sample", "--preset", "book/2"], "freeze: is chosen by auto itself."),
        ([], "no file is named"),
        (["--name", "mine"], "there is no group mine"),
    ):
        code, _, err = said("auto", *argv)
        assert code in (1, 2) and words in err, err
    assert not root.exists()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_budget_goes_on_where_everything_was_killed_and_gives_the_same_choice(
    said, root, labelled, wait, start, kill_all, tmp_path
):
    argv = ["auto", labelled(90), "--minutes", "20", *QUICK, "--json"]
    code, out, _ = said(*argv)
    whole = json.loads(out)
    assert code == 0 and whole["over"] and [row["state"] for row in whole["rows"]] == ["done"] * 3
    assert whole["rows"][2]["epochs"] == 50 and 0 < whole["spent"] < whole["budget"] == 1200
    for run in ("r1", "r2", "r3"):  # each is one that can be asked
        assert said("predict", run, "win a free prize now")[1].startswith("spam")
    best = max(range(3), key=lambda i: (whole["rows"][i]["validation"], -whole["rows"][i]["loss"]))
    assert whole["chosen"] == best and whole["run"] == f"r{best + 1}"
    table = table_of(root, groups.find(root, "auto-1"))  # as the list of runs shows a group
    assert table.best == best and [row.mean is not None for row in table.rows] == [i == best for i in range(3)]
    assert table.done == table.planned == 3 and all(row.validation is not None for row in table.rows)
    elsewhere = tmp_path / "elsewhere"
    for state in ("r1", "r2", "r3"):  # killed in each of the three
        command = start(*argv, "--runs", elsewhere)
        wait(lambda state=state: (elsewhere / state / "events.jsonl").exists(), command)
        kill_all(command, elsewhere)
    goes_on = subprocess.run(
        [*WORKBENCH, *map(str, argv), "--runs", str(elsewhere)], capture_output=True, text=True, timeout=110
    )
    assert goes_on.returncode == 0 and "auto-1 asks just this and is not done: it goes on." in goes_on.stderr
    assert figures(json.loads(goes_on.stdout)) == figures(whole) and len(list_runs(elsewhere)) == 3
    # asked again, there is nothing left to do in it
    code, out, _ = said("auto", "--name", "auto-1", "--json")
    assert code == 0 and json.loads(out) == whole


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_run_that_is_late_ends_within_the_budget_and_more_minutes_go_on(said, root, labelled):
    base = {"data": {"path": str(labelled(90)), "probe": "off"}, "speed": {"threads": 1, "device": "cpu"}}
    listed = [
        {"model.name": "tfidf"},
        *({"model.name": "nano", "freeze.trainable": "head", "train.epochs": n} for n in (2, 4000)),
    ]
    kinds = ("words", "tfidf", 1), ("probe", "nano", 2), ("fine-tuning", "nano", 4000)
    every = [Candidate(kind=kind, model=name, once=0.0, epoch=1e-4, besides=1.0, epochs=n) for kind, name, n in kinds]
    group = Group(name="auto-1", plan=Plan(base=base, listed=listed), budget=Budget(25.0, every))
    groups.keep(root, group)
    code, out, _ = said("auto", "--name", "auto-1", "--json")
    table = json.loads(out)
    assert code == 0 and table["chosen"] is not None and table["over"] and table["spent"] < 40
    *_, last = table["rows"]
    assert last["run"] and last["epochs"] < 4000 if last["state"] == "done" else last["state"] == "stopped"
    if last["state"] == "stopped":
        assert "as the budget ended" in last["why"]


def test_a_run_is_told_to_learn_for_fewer_epochs_and_stopped_at_the_end_of_the_budget(root, labelled, monkeypatch):
    monkeypatch.setattr(auto, "CHECKED", 0.0)
    run = create_run(root, load({"data": {"path": str(labelled(40))}}))
    rows = {"train": 28, "validation": 4, "test": 8}
    began = Started(
        pid=1, n_steps=100, epochs=10, rows=rows, labels=["a", "b"], majority=0.5, learns=1, parameters=2,
        device="cpu", threads=1,
    )  # fmt: skip
    steps = Steps(loss=[1.0] * 20, lr=[1e-3] * 20, tokens=1, seconds=20.0, rss=1, n_steps=100)
    learn = Phase(name="learn", done=0, total=100, unit="steps")
    with run.events_file.open("wb") as file:
        for t, step, event in ((1.0, 0, began), (1.0, 0, learn), (21.0, 20, steps)):  # a step a second
            event.t, event.step, event.attempt = t, step, 1
            file.write(encode(event))
    clock = Clock()
    clock.left = 60.0
    one = Candidate(kind="fine-tuning", model="nano", once=1.0, epoch=1.0, besides=5.0, epochs=10)
    keeper = Keeper(clock, one, slowness=2.0)
    for _ in range(2):  # it is told once
        assert not keeper(run)
    (line,) = [json.loads(line) for line in run.control_file.read_text().splitlines()]
    assert line["control"] == {"type": "epochs", "epochs": 6.0}  # 20 steps, and 50 seconds before the end
    clock.left = 0.0
    assert keeper(run) and not Keeper(clock, msgspec.structs.replace(one, kind="words"), 1.0)(run)


def test_a_damaged_group_is_a_sentence(said, root, labelled):
    (root / ".groups").mkdir(parents=True)
    file = root / ".groups" / "auto-1.json"
    file.write_text('{"name": "auto-1", "plan": {"base": {}}, "budget": {"seconds": "x", "candidates": []}}')
    with pytest.raises(BadRun, match="damaged"):
        groups.find(root, "auto-1")
    file.write_text('{"name": "auto-1", "plan": {"base": {}}, "budget": {"seconds": 5, "candidates": []}}')
    assert auto_table(root, groups.find(root, "auto-1")).chosen is None
    assert said("show", "auto-1")[0] == 0
