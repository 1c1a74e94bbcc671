"""The first minute: without a file, without a network, and back again."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from textual.widgets import Input

from core.datasets import NAMED
from core.recipe import load
from core.runs.control import Stop
from core.runs.folder import RunFolder
from workbench.app import WorkbenchApp
from workbench.cli import main
from workbench.cli.flags import recipe_of
from workbench.screens.data.rows import Rows
from workbench.screens.data.source import Source, progress_in_words
from workbench.screens.data.source_dialog import Files, SourceDialog, suggestions
from workbench.session.helper import Progress
from workbench.widgets.header import Header

SMS = Path(__file__).parents[2] / "../shared/data/sms/SMSSpamCollection"
# run by every Python process at its start, also by those that it starts
REFUSAL = """
import os
import socket

os.environ["RUN_BEFORE"] = __file__

def refused(*arguments, **keywords):
    with open({tried!r}, "a") as file:
        file.write(f"{{arguments}}\\n")
    raise ConnectionRefusedError(111, "Connection refused")

socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refused
"""


@pytest.fixture
def no_network(tmp_path, monkeypatch, forkserver):
    """No child process gets out; returns the file in which its tries are noted."""
    tried, folder = tmp_path / "tried", tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(REFUSAL.format(tried=str(tried)))
    if forkserver() is None:
        monkeypatch.setenv("PYTHONPATH", str(folder))
    else:
        monkeypatch.setenv("RUN_BEFORE", str(folder / "sitecustomize.py"))
    return tried


def opened(tmp_path, **layers) -> WorkbenchApp:
    return WorkbenchApp(load(layers), tmp_path / "runs")


def header(app) -> str:
    return app.screen.query_one(Header).render().plain


def source(app) -> str:
    return app.screen.query_one(Source).render().plain


@pytest.mark.parametrize(
    "quick",
    [
        pytest.param(["--trainable", "head", "--epochs", "1", "--context", "16"], id="quick"),
        pytest.param([], id="as it is", marks=pytest.mark.slow),
    ],
)
def test_train_alone_learns_from_the_sample_without_a_network(quick, no_network, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "train", *quick, "--runs", str(tmp_path / "runs"), "--json"],
        capture_output=True,
        check=False,
        text=True,
        timeout=110,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    recipe = RunFolder(result["run"]).recipe()
    assert recipe.data.path == "sample" and recipe.model.name == "nano"
    assert result["test"]["rows"] == 181 and result["test"]["accuracy"] > 0.5
    assert not no_network.exists()


async def test_it_opens_on_the_sample_and_one_key_trains(tmp_path, until):
    app = opened(tmp_path, model={"context": 16}, freeze={"trainable": "head"}, train={"epochs": 1000})
    async with app.run_test(size=(120, 36)) as pilot:
        assert "sample messages · nano  " in header(app)
        await until(pilot, lambda: app.screen.check_action("train", ()))
        assert "Sample messages  comma-separated, with header\n911 rows, UTF-8" in source(app)
        await pilot.press("t")
        await until(pilot, lambda: app.current_mode == "train" and app.session.followed.status is not None)
        assert app.session.followed.run.recipe().data.path == "sample"
        await until(pilot, lambda: app.session.followed.history.step > 0)
        await app.session.launcher.send(app.session.followed.run, Stop())
        await until(pilot, lambda: app.session.followed.status.state == "stopped")


@pytest.mark.parametrize(("layers", "path"), [({}, "SMSSpamCollection"), ({"data": {"path": "sample"}}, "sample")])
async def test_who_comes_back_finds_the_last_data_and_who_asks_the_sample(layers, path, runs, until):
    runs.write("done")
    app = WorkbenchApp(load(layers), runs.root)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.session.followed.status is not None)
        assert Path(app.session.draft.recipe.data.path).name == path


@pytest.mark.more
async def test_the_dialog_offers_the_names_and_says_what_fetching_costs(tmp_path, shown, until):
    app = opened(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        field = app.screen.query_one("#path", Input)
        field.value = ""
        await until(pilot, lambda: "fetch 84.1 MB" in shown(app))
        lines = [app.screen.query_one(Files).line(i, 66).plain for i in range(3)]
        assert [line.split()[:2] for line in lines] == [["sample", "here"], ["sms-spam", "fetch"], ["imdb", "fetch"]]
        field.value = "im"
        await until(pilot, lambda: app.screen.query_one(Files).selected is NAMED["imdb"])
        await pilot.press("tab")
        assert field.value == "imdb"
        field.value = "sample"
        await pilot.press("enter")
        assert not isinstance(app.screen, SourceDialog) and app.session.draft.recipe.data.path == "sample"


def test_names_stand_before_files_and_only_where_they_are_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.csv").touch()
    assert [each.name for each in suggestions("")] == ["sample", "sms-spam", "imdb", "some.csv"]
    assert [each.name for each in suggestions("S")] == ["sample", "sms-spam", "some.csv"]
    assert [each.name for each in suggestions("./s")] == ["some.csv"]


@pytest.mark.more
async def test_a_data_set_that_cannot_be_had_is_said_and_one_put_there_by_hand_is_read(tmp_path, no_network, until):
    if not SMS.is_file():
        pytest.skip("the shared data sets are not here")
    app, known = opened(tmp_path, data={"path": "sms-spam"}), NAMED["sms-spam"]
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.session.draft.problem is not None)
        words = source(app)
        assert "sms-spam could not be downloaded: Connection refused." in words and str(known.by_hand) in words
        assert "the same data set again" in words and no_network.exists()
        with zipfile.ZipFile(known.by_hand, "w") as archive:
            archive.write(SMS, "SMSSpamCollection")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        await pilot.press("enter")
        await until(pilot, lambda: app.session.draft.profile is not None and bool(app.screen.query(Rows)))
        assert "SMS Spam Collection  tab-separated" in source(app) and "SMS Spam Collection · nano" in header(app)
        assert app.session.draft.recipe.data.path == "sms-spam"


def test_progress_of_a_download_in_words():
    assert progress_in_words(Progress("fetch", 12_000_000, 84_125_825, "bytes")) == "Downloading, 12.0 MB of 84.1 MB"


def test_names_on_the_command_line(no_network, capsys, tmp_path):
    for command in ("open", "train", "data"):
        assert recipe_of(main.parse([command, "sms-spam"])).data.path == "sms-spam"
    assert recipe_of(main.parse(["train"])).data.path == "sample"
    assert main.main(["data", "sample", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 911
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "data", "imdb"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "imdb could not be downloaded: Connection refused. Try again, or get aclImdb_v1.tar.gz from" in done.stderr
    assert str(NAMED["imdb"].by_hand) in done.stderr


def test_a_name_opens_the_app_where_there_is_a_terminal(capsys):
    assert main.main(["sms-spam"]) == 2
    assert "this is no terminal" in capsys.readouterr().err
