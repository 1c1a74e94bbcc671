"""The line on top: what is on the desk at the left, the run that trains at the right, at every width."""

import os

import pytest
from rich.cells import cell_len

from core.datasets import NAMED, called, input_folder
from core.recipe import load
from core.runs import queue
from workbench.app import WorkbenchApp
from workbench.widgets.header import Header


def header(app) -> str:
    return app.screen.query_one(Header).render().plain


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/data/banking77/train.csv", "banking77/train.csv"),
        ("/train.csv", "train.csv"),
        ("sample", "sample messages"),
        ("~/texts/a.b.csv", "texts/a.b.csv"),
    ],
)
def test_a_data_set_s_name_tells_it_from_another_of_the_same_file_name(path, name):
    assert called(path) == name


def test_standard_input_and_a_file_from_here_have_names_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert called("train.csv") == f"{tmp_path.name}/train.csv"
    assert called(os.fspath(input_folder() / "abc.csv")) == "standard input"
    assert NAMED["sms-spam"].title == called("sms-spam")


def opened(runs, **more):
    return WorkbenchApp(load({"data": {"path": "/nowhere/banking77/train.csv"}, "preset": "book"} | more), runs.root)


@pytest.mark.parametrize(
    ("width", "desk", "right"),
    [
        (120, "banking77/train.csv · gpt2 · book", "● r2 62 % · 0:21 left"),
        (100, "train.csv · gpt2", "● r2 62 % · 0:21 left"),
        (80, "train.csv", "● r2 62 % · 0:21 left"),
        (60, "", "● r2 62 %"),
    ],
)
@pytest.mark.more
async def test_the_desk_is_at_the_left_and_the_run_that_trains_at_the_right(runs, until, width, desk, right):
    shown, live = runs.write("done"), runs.write("running", model={"name": "nano"})
    with runs.held(live):
        app = opened(runs)
        async with app.run_test(size=(width, 24)) as pilot:
            await until(pilot, lambda: app.session.followed.status is not None)
            app.session.followed.follow(shown)  # another run is looked at
            await until(pilot, lambda: app.session.followed.run is shown and header(app).endswith(right))
            line = header(app)
            assert cell_len(line) == width - 1
            left, _, _ = line.rpartition("●")
            assert left.partition("5 Runs")[2].strip() == desk


async def test_the_queue_stands_beside_the_run(runs, until):
    live = runs.write("running")
    with runs.held(live):
        waits = runs.write("stopped")
        queue.add(waits)
        app = opened(runs)
        async with app.run_test(size=(120, 24)) as pilot:
            await until(pilot, lambda: header(app).endswith("● r1 62 % · 0:21 left · +1 queued"))
            await pilot.resize_terminal(80, 24)
            await until(pilot, lambda: app.screen.query_one(Header).size.width == 80)
            assert header(app).endswith("● r1 62 % · +1") and "train.csv" in header(app)
            queue.take_out(waits)
            await until(pilot, lambda: "+1" not in header(app))


async def test_when_nothing_trains_the_shown_run_stands_there_with_its_result(runs, until):
    runs.write("done")
    app = opened(runs)
    async with app.run_test(size=(120, 24)) as pilot:
        await until(pilot, lambda: header(app).endswith("r1 ✓ 98.3 % test"))


async def test_wide_characters_are_never_cut_in_half(runs, until):
    app = opened(runs, data={"path": "/nowhere/数据/客户服务中心反馈数据集全部.csv"})
    async with app.run_test(size=(60, 24)) as pilot:
        await until(pilot, lambda: header(app).endswith("idle"))
        assert cell_len(header(app)) == 59


async def test_a_file_that_is_named_opens_on_data_whatever_trains(runs, until):
    live = runs.write("running")
    with runs.held(live):
        app = opened(runs)
        async with app.run_test(size=(120, 24)) as pilot:
            assert app.current_mode == "data"
            await until(pilot, lambda: "banking77/train.csv" in header(app) and "● r1 62 %" in header(app))
            await pilot.press("3")
            await until(pilot, lambda: app.session.followed.status is not None)
            assert app.session.followed.run.path == live.path
