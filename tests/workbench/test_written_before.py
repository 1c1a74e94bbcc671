"""Runs and a queue that version 0.1.0 wrote: listed, shown, asked, compared, exported, resumed, started.

Of the archive's runs r1 and r2 are done, r3 was stopped at step 400 of 1,950, r4 and r5 wait in the queue, r6 has
pretrained a model. `expected` holds what that version made of r3 when it resumed it.
"""

import json
import shutil
import tarfile
from html import unescape
from pathlib import Path

import msgspec
import pytest

from core import assets, files
from core.architectures.file_names import BASE_WEIGHTS
from core.recipe import load
from core.runs.events import Ended
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.predictions import read_predictions
from core.runs.records import Status
from core.runs.result import ClassifierResult, LanguageResult, encode_result, result_of
from core.wording import percent
from workbench.app import WorkbenchApp
from workbench.cli import main
from workbench.cli.follow import summary
from workbench.widgets.header import run_in_words

ARCHIVE = Path(__file__).parents[1] / "assets" / "runs_0.1.0.tar.xz"


@pytest.fixture
def old(tmp_path) -> Path:
    """The folder in which the archive was unpacked."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    for run in ("r1", "r2", "r3"):
        shutil.copyfile(assets.FOLDER / "nano" / "model.safetensors", tmp_path / "runs" / run / BASE_WEIGHTS)
    for run in ("r4", "r5"):  # what they are to learn from has moved with them
        recipe = tmp_path / "runs" / run / "recipe.toml"
        recipe.write_text(recipe.read_text().replace("/tmp/oldruns/messages.csv", str(tmp_path / "messages.csv")))
    return tmp_path


@pytest.fixture
def said(old, capsys):
    """A command on these runs that succeeds: its standard output."""

    def run(*argv) -> str:
        assert main.main([*map(str, argv), "--runs", str(old / "runs")]) == 0
        return capsys.readouterr().out

    return run


def test_they_are_listed_and_shown(said):
    rows = {row["name"]: row for row in json.loads(said("runs", "--json"))}
    states = {name: (row["state"], row["step"], row["n_steps"], row["place"]) for name, row in rows.items()}
    assert states == {
        "r1": ("done", 39, 39, None), "r2": ("done", 39, 39, None), "r3": ("stopped", 400, 1950, None),
        "r4": ("queued", 0, 0, 1), "r5": ("queued", 0, 0, 2), "r6": ("done", 2, 2, None),
    }  # fmt: skip
    assert rows["r1"]["test"]["correct"] == 23 and rows["r3"]["test"] is rows["r6"]["test"] is None
    assert "r4\t\tqueued" in said("runs") and "23 of 28 right" in said("show", "r1")
    assert "learns" not in said("show", "r3") and "a language model" in said("show", "r6")


def test_a_result_is_written_again_as_it_was(old, said):
    for name, kind in (("r1", ClassifierResult), ("r2", ClassifierResult), ("r6", LanguageResult)):
        run = RunFolder(old / "runs" / name)
        written = run.result_file.read_bytes()
        result = run.result()
        assert isinstance(result, kind) and result_of(json.loads(encode_result(result))) == result
        assert run.events()[0][-1].result == result
        before, printed = json.loads(written), json.loads(said("show", name, "--json"))["result"]
        if test := before.get("test"):
            beside = {"words": test.pop("baseline"), "majority": test.pop("majority")}
            kept = printed["test"].pop("baselines")
            assert {each: kept[each]["accuracy"] for each in kept} == pytest.approx(beside, abs=1e-9)
        assert _within(before, printed)


def test_they_are_asked_compared_and_exported(said, tmp_path):
    asked = json.loads(said("predict", "r1", "Win a free prize now", "--json"))
    assert sum(asked[0]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert "Of 28 test rows that both have" in said("compare", "r1", "r2")
    said("export", "r1", tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| 23 of 28 right |" in card and json.loads((tmp_path / "out" / "config.json").read_text())["id2label"]


async def test_what_is_said_of_a_run_is_the_same_on_its_card_on_the_command_line_and_in_the_model_card(
    old, said, tmp_path, until, shown
):
    run = RunFolder(old / "runs" / "r1")
    lines = [*run.classifier_result().lines()]
    assert [line.words for line in lines] == [
        "23 of 28 right", "logistic regression", "always the most frequent label",
    ]  # fmt: skip
    said("export", "r1", tmp_path / "out")
    app = WorkbenchApp(load(), run.path.parent)
    async with app.run_test(size=(120, 36)) as pilot:
        followed = app.session.followed  # at first the newest run, by itself
        await until(pilot, lambda: followed.status is not None)
        followed.follow(run)
        app.action_mode("train")
        await until(pilot, lambda: "weights of step 39" in shown(app))
        card = shown(app)
    model_card = (tmp_path / "out" / "README.md").read_text()
    for place in (card, said("show", "r1"), model_card, "\n".join(summary(run, run.result()))):
        for line in lines:
            row = next(row for row in place.splitlines() if line.words in row and line.name in row)
            assert percent(line.share) in row and (line.interval in row or not line.own)


@pytest.mark.more
def test_what_is_nearly_all_is_not_said_to_be_all(old, said, tmp_path):
    run = RunFolder(old / "runs" / "r1")
    result = run.classifier_result()
    result.test.accuracy = result.test.high = result.train.accuracy = result.test.per_class["ham"].recall = 0.99967
    files.write(run.result_file, encode_result(result))
    said("export", "r1", tmp_path / "out")
    history = History.of([Ended(state="done", result=result)])
    header = run_in_words(Status("done"), history)
    summed = "\n".join(summary(run, result))
    card = unescape((tmp_path / "out" / "README.md").read_text())
    for place in (said("show", "r1"), said("runs"), card, summed, header):
        assert "> 99.9 %" in place and "100.0" not in place and "100 %" not in place


async def test_the_app_lists_them(old, until, shown):
    app = WorkbenchApp(load(), old / "runs")
    async with app.run_test(size=(120, 36)) as pilot:
        app.action_mode("runs")
        await until(pilot, lambda: "stopped at step 400 of 1,950" in shown(app) and "82.1 %" in shown(app))
        assert "a language model, nano" in shown(app) and "waits, 2nd in the queue" in shown(app)


def test_a_stopped_one_is_resumed_to_the_end_that_it_would_have_had(old, said):
    run, expected = RunFolder(old / "runs" / "r3"), old / "expected" / "r3"
    printed = json.loads(said("resume", "r3", "--json", "--trust"))
    before = msgspec.json.decode((expected / "result.json").read_bytes())
    assert printed.keys() >= before.keys() and printed["changes"] == before["changes"]
    assert printed["checkpoint"] == before["checkpoint"] and printed["test"]["correct"] == before["test"]["correct"]
    (labels, found), (names, texts) = read_predictions(run), read_predictions(RunFolder(expected))
    assert labels == names and [one[:4] for one in found] == [one[:4] for one in texts]
    assert [one.probability for one in found] == pytest.approx([one.probability for one in texts], abs=1e-4)


@pytest.mark.more
def test_its_queue_goes_on(old, said, wait):
    runs = [RunFolder(old / "runs" / name) for name in ("r4", "r5")]
    for run in runs:
        said("resume", run.name, "--queue", "--trust")
    for run in runs:
        wait(lambda run=run: run.status().state == "done")
    first, second = (run.events()[0] for run in runs)
    assert first[-1].t <= second[0].t


def _within(before, now) -> bool:
    """Whether all that was written still stands there; a later version may say more."""
    if isinstance(before, dict):
        return all(name in now and _within(value, now[name]) for name, value in before.items())
    return before == now
