"""`workbench auto`: real runs within a budget, the same choice after everything was killed, and what it refuses."""

import json
import signal
import subprocess
import sys

import msgspec
import psutil
import pytest

from core.errors import BadRun
from core.runs import group as groups
from core.runs import queue
from core.runs.auto_table import auto_table, outcome_of, runs_by_candidate
from core.runs.events import Applied
from core.runs.root import list_runs
from workbench.cli import main

WORKBENCH = [sys.executable, "-m", "workbench"]
QUICK = ["--threads", "1", "--device", "cpu", "--precision", "fp32"]


@pytest.fixture
def root(tmp_path, wait):
    """The folder of runs, whose queue has ended when the test has."""
    yield tmp_path / "runs"
    for run in queue.waiting(tmp_path / "runs"):
        queue.take_out(run)
    wait(lambda: not queue.served(tmp_path / "runs"))


@pytest.fixture
def said(root, capsys):
    """A command on these runs: its exit code, what it printed, and what it complained of."""

    def run(*argv):
        try:
            code = main.main([*map(str, argv), "--runs", str(root)])
        except SystemExit as exit:  # of an argument that is none
            code = exit.code
        return code, *capsys.readouterr()

    return run


def figures(table):
    """A table without the time that it took."""
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in table["rows"]]
    return table | {"rows": rows, "spent": None}


def test_words_are_tried_whatever_the_budget_and_what_it_does_not_hold_is_named(said, root, labelled):
    code, out, err = said("auto", labelled(60), "--minutes", "0.01", *QUICK)
    assert code == 0 and "Chosen: r1, TF-IDF, right on" in out and "Ask it: workbench predict r1" in out
    assert "1 of 1  r1" in err and "of validation" in err
    assert out.count("left out: by estimate it takes") == 2 and "The test has no say in it" in out
    table = json.loads(said("show", "auto-1", "--json")[1])
    assert table["over"] and table["chosen"] == 0 and table["test"]["rows"] == 12 and table["run"] == "r1"
    assert [row["kind"] for row in table["rows"]] == ["words", "probe", "fine-tuning"]
    assert said("show", "auto-1")[1] == out
    assert said("predict", "r1", "win a free prize now")[1].startswith("spam")
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
        (["--minutes", "five"], 2, "--minutes: invalid float value: 'five'"),
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
        ([], "no file is named"),
        (["--name", "mine"], "there is no group mine"),
    ):
        code, _, err = said("auto", *argv)
        assert code in (1, 2) and words in err, err
    assert not root.exists()


def processes_in(folder):
    found = []
    for process in psutil.process_iter():
        try:
            cwd = process.cwd()
        except psutil.Error:
            continue
        if cwd.startswith(str(folder)):
            found.append(process)
    return found


@pytest.mark.slow
def test_a_budget_goes_on_where_everything_was_killed_and_gives_the_same_choice(said, root, labelled, wait, tmp_path):
    argv = ["auto", labelled(90), "--minutes", "20", *QUICK, "--json"]
    code, out, _ = said(*argv)
    whole = json.loads(out)
    assert code == 0 and whole["over"] and [row["state"] for row in whole["rows"]] == ["done"] * 3
    assert whole["rows"][2]["epochs"] == 50 and 0 < whole["spent"] < whole["budget"] == 1200
    best = max(range(3), key=lambda i: (whole["rows"][i]["validation"], -whole["rows"][i]["loss"]))
    assert whole["chosen"] == best and whole["run"] == f"r{best + 1}"
    elsewhere = tmp_path / "elsewhere"
    for state in ("r1", "r2", "r3"):  # killed in each of the three
        command = subprocess.Popen(
            [*WORKBENCH, *map(str, argv), "--runs", str(elsewhere)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait(lambda state=state: (elsewhere / state / "events.jsonl").exists(), command)
        command.kill()
        for process in processes_in(elsewhere):
            process.send_signal(signal.SIGKILL)
        command.wait()
        wait(lambda: not queue.served(elsewhere) and not queue.alive(elsewhere))
    goes_on = subprocess.run(
        [*WORKBENCH, *map(str, argv), "--runs", str(elsewhere)], capture_output=True, text=True, timeout=110
    )
    assert goes_on.returncode == 0 and "auto-1 asks just this and is not done: it goes on." in goes_on.stderr
    assert figures(json.loads(goes_on.stdout)) == figures(whole) and len(list_runs(elsewhere)) == 3
    # asked again, there is nothing left to do in it
    code, out, _ = said("auto", "--name", "auto-1", "--json")
    assert code == 0 and json.loads(out) == whole


@pytest.mark.slow
def test_a_run_that_is_late_ends_with_fewer_epochs_or_is_stopped_and_more_minutes_go_on(said, root, labelled):
    data = labelled(90)
    assert said("auto", data, "--minutes", "0.01", *QUICK)[0] == 0
    group = groups.find(root, "auto-1")
    quick = [msgspec.structs.replace(one, once=0.0, epoch=1e-4, besides=0.1) for one in group.budget.candidates]
    budget = msgspec.structs.replace(group.budget, candidates=quick)  # as if the machine were a thousand times as fast
    spent = sum(outcome_of(run).seconds for run in list_runs(root))
    budget = msgspec.structs.replace(budget, seconds=spent + 6.0)
    groups.keep(root, msgspec.structs.replace(group, budget=budget))
    code, out, _ = said("auto", "--name", "auto-1", "--json")
    table = json.loads(out)
    assert code == 0 and table["chosen"] is not None and table["spent"] < budget.seconds + 20
    last = max(runs_by_candidate(root, group).items())[1]
    told = [event.control["type"] for event in last.log() if isinstance(event, Applied)]
    assert last.status().state == "stopped" or "epochs" in told
    code, out, _ = said("auto", "--name", "auto-1", "--minutes", "20", "--json")
    table = json.loads(out)
    assert code == 0 and table["over"] and {row["state"] for row in table["rows"]} == {"done"}


def test_a_damaged_group_is_a_sentence(said, root, labelled):
    (root / ".groups").mkdir(parents=True)
    file = root / ".groups" / "auto-1.json"
    file.write_text('{"name": "auto-1", "plan": {"base": {}}, "budget": {"seconds": "x", "candidates": []}}')
    with pytest.raises(BadRun, match="damaged"):
        groups.find(root, "auto-1")
    file.write_text('{"name": "auto-1", "plan": {"base": {}}, "budget": {"seconds": 5, "candidates": []}}')
    assert auto_table(root, groups.find(root, "auto-1")).chosen is None
    assert said("show", "auto-1")[0] == 0
