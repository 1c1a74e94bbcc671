"""`workbench sweep`: real runs, the table that they come to, and the same one after everything was killed."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from core.recipe import load
from core.runs import queue
from core.runs.events import Encoded
from core.runs.group_table import Row
from core.runs.launch import lock
from core.runs.root import create_run, list_runs
from core.runs.sweep import Plan
from workbench.cli import main
from workbench.cli.group_view import picture

WORKBENCH = [sys.executable, "-m", "workbench"]
SMALL = (
    "--weights random --context 16 --threads 1 --epochs 1 --batch 8 --device cpu --precision fp32 --data.probe off"
).split()


def figures(table):
    """A table without the time that it took."""
    table = dict(table, rows=[dict(row, seconds=None) for row in table["rows"]])
    table["sentences"] = [each for each in table["sentences"] if "fastest" not in each]
    return table


@pytest.mark.more
def test_a_sweep_that_was_killed_with_its_worker_and_its_queue_gives_the_same_table(
    said, root, labelled, wait, start, kill_all, tmp_path
):
    data = labelled(60)
    asked = ["sweep", data, "--set", "freeze.trainable=head,last_block", "--seeds", "2", *SMALL, "--json"]
    code, out, _ = said(*asked, "--name", "whole")
    whole = json.loads(out)
    assert code == 0 and whole["done"] == whole["planned"] == 4 and len(whole["sentences"]) >= 3
    assert [row["values"]["freeze.trainable"] for row in whole["rows"]] == ["head", "last_block"]
    assert all(
        len(row["runs"]) == 2 and row["deviation"] is not None and row["beside"]["seeds"] == 2 for row in whole["rows"]
    )
    elsewhere = tmp_path / "elsewhere"
    command = start(*asked, "--name", "whole", "--runs", elsewhere)
    # in the middle: some are done, and one is at work
    wait(lambda: sum(run.status().state == "done" for run in list_runs(elsewhere)) and queue.alive(elsewhere), command)
    kill_all(command, elsewhere)
    broken = json.loads(subprocess.check_output([*WORKBENCH, "show", "whole", "--runs", str(elsewhere), "--json"]))
    assert 0 < broken["done"] < 4
    goes_on = subprocess.run(
        [*WORKBENCH, "sweep", "--name", "whole", "--runs", str(elsewhere), "--json"], capture_output=True, timeout=90
    )
    assert goes_on.returncode == 0 and figures(json.loads(goes_on.stdout)) == figures(whole)
    assert len(list_runs(elsewhere)) == 4


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_halving_stops_the_worse_settings_early_and_gives_the_same_table_after_kills(
    said, root, labelled, wait, start, kill_all, tmp_path
):
    varied = ["--set", "train.lr=1e-9,1e-3,1e-2,1e-8", "--halving", "--epochs", "8"]
    asked = ["sweep", labelled(90), *varied, *SMALL[:6], *SMALL[8:], "--trainable", "last_block", "--json"]
    code, out, _ = said(*asked, "--name", "whole")
    whole = json.loads(out)
    assert code == 0 and "a quarter of its epochs" in whole["sentences"][0]
    early = [row for row in whole["rows"] if row["stopped"]]
    assert len(early) == 3 and {row["stopped"] for row in early} == {"a quarter of its epochs", "half of its epochs"}
    assert all(row["mean"] is None and row["validation"] is not None and row["done"] == 0 for row in early)
    assert whole["done"] == whole["planned"] == 1 and whole["rows"][whole["best"]]["mean"] is not None
    states = sorted(run.status().state for run in list_runs(root))
    assert states == ["done", "stopped", "stopped", "stopped"]
    shown = said("show", "whole")[1]
    assert "1 of 1 run done, 3 settings stopped early" in shown and shown.count("\tstopped\t\t\t") == 3
    elsewhere = tmp_path / "elsewhere"
    for moment in ("at once", "later"):
        command = start(*asked, "--name", "whole", "--runs", elsewhere)
        wait(lambda: queue.served(elsewhere) and queue.alive(elsewhere), command)
        command.kill()
        if moment == "later":  # the command alone is killed: the queue goes on, and nobody stops what runs
            wait(lambda: sum(run.status().state == "done" for run in list_runs(elsewhere)))
        kill_all(command, elsewhere)
    goes_on = subprocess.run(
        [*WORKBENCH, "sweep", "--name", "whole", "--runs", str(elsewhere), "--json"], capture_output=True, timeout=200
    )
    assert goes_on.returncode == 0, goes_on.stderr
    apart = [figures(table) | {"rows": [row | {"states": None} for row in figures(table)["rows"]]} for table in
             (json.loads(goes_on.stdout), whole)]  # fmt: skip
    assert apart[0] == apart[1] and len(list_runs(elsewhere)) == 4


@pytest.mark.more
def test_folds_test_every_row_once_and_fold_into_one_line(said, root, labelled):
    code, out, progress = said("sweep", labelled(40), "--folds", "3", *SMALL, "--trainable", "head")
    assert code == 0 and "3 of 3" in progress
    assert "folds-1  3 of 3 runs done, 1 seed and 3 folds for each setting" in out and "interval" in out
    assert "The model" in out and "The network" not in out
    rows = [
        int(line.split(",")[0]) for run in list_runs(root) for line in run.predictions_file.read_text().splitlines()[1:]
    ]
    assert sorted(rows) == list(range(40))
    table = json.loads(said("show", "folds-1", "--json")[1])
    (row,) = table["rows"]
    assert row["done"] == 3 and row["beside"]["rows"] == 40 and row["low"] <= row["mean"] <= row["high"]
    folded, unfolded = (said("runs", *more)[1].splitlines() for more in ([], ["--all"]))
    assert len(folded) == 2 and folded[1].startswith("folds-1\t\t3 done\t") and len(unfolded) == 4
    assert {each["group"] for each in json.loads(said("runs", "--json")[1])} == {"folds-1"}
    # asked again with one more value of another option, nothing of it is taken for the other
    code, _, err = said("sweep", "--name", "folds-1", "--folds", "4", *SMALL)
    assert code == 1 and "asks something else" in err and len(list_runs(root)) == 3


@pytest.mark.more
def test_runs_that_share_what_is_frozen_share_one_encoding(said, root, labelled):
    pretrained = SMALL[2:]  # random weights differ with the seed
    varied = ["--set", "train.head_lr=1e-2,1e-3", "--seeds", "2"]
    assert said("sweep", labelled(40), *varied, *pretrained, "--trainable", "head")[0] == 0
    encoded = [event for run in list_runs(root) for event in run.log() if isinstance(event, Encoded)]
    assert len(encoded) == 4 and sorted(event.found for event in encoded) == [0, *[encoded[0].texts] * 3]
    code, out, _ = said("sweep", labelled(40), *varied, *pretrained, "--trainable", "head", "--json")
    assert code == 0 and json.loads(out)["name"] == "sweep-2"  # what is done is asked anew


def test_the_same_command_goes_on_with_what_is_unfinished(said, root, labelled, wait):
    argv = ["sweep", labelled(40), "--seeds", "2", *SMALL, "--trainable", "head"]
    assert said(*argv, "--detach")[1].startswith("sweep-1: 2 runs in the queue.")
    code, _, err = said(*argv)
    assert code == 0 and "sweep-1 asks just this and is not done: it goes on." in err and len(list_runs(root)) == 2


@pytest.mark.more
def test_an_exercise_ends_in_a_picture_and_a_sentence(said, root, labelled):
    code, out, _ = said("sweep", labelled(120), "--exercise", "learning-curve", *SMALL, "--trainable", "head")
    assert code == 0 and "Is it worth labelling more?" in out and "From 50 labels to all" in out
    table = json.loads(said("show", "learning-curve-1", "--json")[1])
    assert len(table["rows"]) == 2 and table["between"]["first"] == 1
    sizes = [run.classifier_result().train.rows for run in list_runs(root)[::-1]]
    assert sizes == [50, 84]


@pytest.mark.more
def test_a_dry_run_says_what_each_and_all_would_cost_and_makes_nothing(said, root, labelled, capsys):
    argv = ["sweep", labelled(60), "--set", "model.name=nano,tfidf", "--seeds", "60", "--threads", "1", "--dry-run"]
    held = lock(create_run(root, load()))  # beside a run nothing is measured
    try:
        code, out, _ = said(*argv)
        document = json.loads(said(*argv, "--json")[1])
    finally:
        os.close(held)
    assert code == 0 and "An estimate: r1 is running" in out and "Nothing was made." in out
    assert "The frozen layers read the texts once for all of them" in out
    nano, tfidf = document["settings"]
    assert nano["runs"] == tfidf["runs"] == 60 and nano["memory"] > 0 and document["runs"] == 120
    alone = sum(60 * each["seconds"]["total"] for each in document["settings"])
    assert document["seconds"]["shared"] == pytest.approx(59 * nano["seconds"]["once"], abs=0.1)
    assert sum(document["seconds"].values()) == pytest.approx(alone, abs=0.1)
    assert document["made"] == 0 and len(list_runs(root)) == 1 and not (root / ".groups").exists()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--set", "trian.lr=1,2", "--set", "train.lr=3,1e-4"], ["Did you mean train.lr?", "cannot be 3."]),
        (["--set", "train.lr=1e-4,1e-3", "--lr", "1e-4"], ["train.lr: is given once, and varied."]),
        (["--seeds", "101"], ["makes 101 runs, and nobody agreed."]),
        (["--seeds", "10001", "--yes"], ["10,000 are the most"]),
        (["--exercise", "context-length", "--set", "model.context=16"], ["varies model.context itself."]),
        (["--exercise", "how-many-blocks", "--model", "tfidf"], ["tfidf counts words"]),
        (["--set", "model.name=nano,gtp2"], ["Did you mean gpt2?"]),
        ([], ["nothing varies."]),
        (["--seeds", "2", "--name", "r4"], ["cannot be called r4"]),
        (["--seeds", "2", "--halving"], ["--halving: has no settings to choose between."]),
        (["--set", "train.lr=1e-4,1e-3", "--halving", "--detach"], ["goes not with --detach"]),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_made(said, root, labelled, argv, words):
    code, _, err = said("sweep", labelled(40), *argv)
    assert code in (1, 2) and all(each in err for each in words), err
    assert not root.exists()


@pytest.mark.more
def test_ctrl_c_takes_all_out_of_the_queue_and_the_name_goes_on(said, root, labelled, wait, start, kill_all, tmp_path):
    argv = ["sweep", labelled(60), "--seeds", "3", "--name", "g", *SMALL, "--trainable", "head"]
    command = subprocess.Popen(
        [*WORKBENCH, *map(str, argv), "--runs", str(root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait(lambda: queue.alive(root), command)
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=90)
    assert command.returncode == 130 and "Go on with: workbench sweep --name g" in err
    assert not queue.waiting(root) and not queue.alive(root)
    code, out, _ = said("sweep", "--name", "g", "--json")
    assert code == 0 and json.loads(out)["done"] == 3 and len(list_runs(root)) == 3


def test_the_picture_fits_its_width():
    rows = [
        Row(title="a" * 50, values={}, planned=1, mean=0.9, low=0.8, high=0.95, seconds=3.0),
        Row(title="b", values={}, planned=1, mean=1.0, low=0.97, high=1.0, seconds=60.0),
        Row(title="not yet", values={}, planned=1),
    ]
    for width in (80, 120):
        lines = picture(rows, width)
        assert len(lines) == 3 and max(map(len, lines)) <= width
        assert lines[1].count("●") == lines[2].count("●") == 1 and lines[1].index("●") < lines[2].index("●")
    assert picture(rows, 40) == picture(rows[:1], 80) == []


def test_what_cannot_be_run_is_said_before_anything_is_asked_or_made(said, root, tmp_path):
    file = tmp_path / "few.csv"
    file.write_text("text,label\n" + "".join(f"text {i},{'ab'[i % 2]}\n" for i in range(8)))
    for asked, words in (
        (["--seeds", "0"], "--seeds: cannot be 0. One is the least."),
        (["--seeds", "10001"], "10,000 are the most"),
        (["--folds", "9"], "9 folds cannot be made of 8 rows"),
    ):
        code, _, complaint = said("sweep", file, "--model", "tfidf", *asked)
        assert code and words in complaint and "agreed" not in complaint
    assert not list_runs(root) and not (root / ".groups").exists()


def test_a_list_with_groups_fits_eighty_columns_and_breaks_no_word(root, capsys, monkeypatch):
    plan = Plan(base={"data": {"path": "SMSSpamCollection"}}, varied={"train.lr": ["1e-4", "3e-4"]}, seeds=2)
    for name in ("sweep-1", "how-many-blocks-12"):
        for member, recipe in plan.planned(name):
            create_run(root, recipe, member)
    for typed in ("1e-4", "0.0001"):  # as it was asked, and as it is shown
        assert main.main(["runs", "--runs", str(root), "--where", f"train.lr={typed}", "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)) == 4
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main.main(["runs", "--runs", str(root)]) == 0
    words = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, words.splitlines())) <= 80
    for whole in ("how-many-blocks-12", "sweep-1", "nano", "workbench show how-many-blocks-12"):
        assert whole in words
