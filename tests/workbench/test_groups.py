"""Runs: a group folds to one line, says what its runs have come to, and is continued, stopped and deleted as one."""

import json
from contextlib import ExitStack

import pytest
from textual.widgets import Input

from cases import first
from core.exercises import EXERCISES, Facts
from core.recipe import load
from core.runs import queue
from workbench.charts.chart import Chart
from workbench.screens.confirm_dialog import ConfirmDialog
from workbench.screens.runs.folding import Fold
from workbench.screens.runs.run_table import RunTable
from workbench.screens.runs.settings import Settings

SIZES = [(80, 24), pytest.param((120, 36), marks=pytest.mark.more)]
RATES = {"train.lr": ["1e-4", "3e-4"]}


def names(app) -> list[str]:
    return [line.name if isinstance(line, Fold) else line.run.name for line in app.screen.query_one(RunTable).items]


def line_of(words: str, name: str) -> str:
    """The first line below the header with some words."""
    return next((" ".join(line.split()) for line in words.splitlines()[1:] if name in line), "")


@pytest.mark.parametrize("size", SIZES)
async def test_a_group_is_one_line_with_its_best_setting_and_unfolds(runs, on_runs, shown, until, size):
    runs.write("done")
    runs.group("sweep-1", RATES, [270, 291])
    async with on_runs(size) as pilot:
        app = pilot.app
        assert names(app) == ["sweep-1", "r1"]
        await until(pilot, lambda: "4 runs · best lr 0.0003 96.8 % 94.0–98.2" in line_of(shown(app), "sweep-1"))
        await pilot.press("right")
        await until(pilot, lambda: names(app) == ["sweep-1", "r5", "r4", "r3", "r2", "r1"])
        await until(pilot, lambda: "r5 lr 0.0003 · seed 124 96.7 %" in line_of(shown(app), " r5 "))
        await pilot.press("j", "j", "left")
        await until(pilot, lambda: names(app) == ["sweep-1", "r1"] and app.screen.query_one(RunTable).cursor == 0)
        await pilot.press("enter")
        await until(pilot, lambda: len(names(app)) == 6)
        await pilot.press("enter")
        await until(pilot, lambda: names(app) == ["sweep-1", "r1"])
        await pilot.press("G")
        await until(pilot, lambda: "Recipe of r1" in shown(app))


@pytest.mark.parametrize("size", SIZES)
async def test_a_click_on_the_mark_folds_and_unfolds(runs, on_runs, shown, until, size):
    runs.write("done")
    runs.group("sweep-1", RATES, [270, 291])
    async with on_runs(size) as pilot:
        app, table = pilot.app, pilot.app.screen.query_one(RunTable)
        await until(pilot, lambda: "Best on validation" in shown(app))
        await pilot.click(RunTable, offset=(3, 0))
        await until(pilot, lambda: len(names(app)) == 6 and table.fold is not None)
        await pilot.click(RunTable, offset=(12, 2))  # a run of it is chosen, not folded
        await until(pilot, lambda: "Recipe of r4" in shown(app) and table.cursor == 2)
        await pilot.click(RunTable, offset=(3, 0))
        await until(pilot, lambda: names(app) == ["sweep-1", "r1"] and table.fold is not None)


@pytest.mark.parametrize("size", SIZES)
async def test_the_table_of_a_group_and_what_it_says(runs, on_runs, shown, until, size):
    runs.group("sweep-1", RATES, [270, 291])
    async with on_runs(size) as pilot:
        app = pilot.app
        await until(pilot, lambda: "Best on validation: lr 0.0003" in shown(app))
        words = shown(app)
        assert "best: lr 0.0003 · each with 2 seeds" in words
        assert "lr 0.0003 is better than lr 0.0001 by 7.0 points" in " ".join(words.split())
        row = line_of(words, "★")
        assert row.startswith("★ 0.0003 2 96.8 % 0.2") and "├" in row and "●" in row and row.endswith("4:51")
        assert "Recipe of" not in words
        await pilot.press("ctrl+o", "s", "enter")  # from a setting to its runs
        table = app.screen.query_one(RunTable)
        await until(pilot, lambda: table.has_focus and table.entry is not None)
        assert table.entry.member.setting == 1


@pytest.mark.parametrize("size, fewest", [((80, 24), 6), pytest.param((120, 36), 8, marks=pytest.mark.more)])
async def test_settings_have_the_lines_that_there_is_room_for(runs, on_runs, shown, until, size, fewest):
    rates = [f"{n}e-4" for n in range(1, 9)]
    runs.group("sweep-1", {"train.lr": rates}, [*range(250, 290, 5)], seeds=1)
    async with on_runs(size) as pilot:
        app = pilot.app
        await until(pilot, lambda: "best: lr 0.0008" in shown(app))
        await pilot.press("right")  # the longer list of runs takes none of them
        await until(pilot, lambda: len(names(app)) == 9)
        await until(pilot, lambda: app.screen.query_one(Settings).size.height >= fewest)


async def test_a_group_that_is_complete_says_so_where_it_is_to_go_on(runs, on_runs, shown, until):
    runs.group("sweep-1", RATES, [270, 291])
    async with on_runs() as pilot:
        await until(pilot, lambda: "Best on validation" in shown(pilot.app))
        await pilot.press("r")
        await until(pilot, lambda: "sweep-1 is complete: every run is done." in shown(pilot.app))
        await pilot.press("s")
        await until(pilot, lambda: "No run of sweep-1 trains or waits" in shown(pilot.app))


async def test_settings_in_an_order_are_drawn_with_the_time_of_a_run(runs, on_runs, shown, until):
    depths = EXERCISES["how-many-blocks"].values(Facts(load({}), lambda: 0, lambda: []))
    runs.group("blocks", {"freeze.trainable": depths}, [*range(250, 290, 5)], exercise="how-many-blocks")
    async with on_runs((120, 36)) as pilot:
        await until(pilot, lambda: "How many blocks should learn?" in shown(pilot.app))
        chart = pilot.app.screen.query_one("#picture Chart", Chart)
        await until(pilot, lambda: chart.region.area and "test %" in chart.render().plain)
        words = chart.render().plain
        assert words.splitlines()[-1].split() == ["0", "1", "2", "3", "4", "5", "6", "all"]
        assert "a run ─" in words and "5:00" in words and words.count("●") == 9
        said = str(pilot.app.screen.query_one("#answer Static").render())
        assert "The curve: over blocks that learn, 0 to all, the test goes from 83.2 % to 94.8 %; a run takes" in said
        await pilot.resize_terminal(80, 24)
        await pilot.press("ctrl+o", "c")
        await until(pilot, lambda: "Test over blocks that learn" in shown(pilot.app))


@pytest.mark.parametrize("size", SIZES)
async def test_a_group_fills_in_while_its_runs_run(runs, on_runs, shown, until, size):
    made = runs.group("sweep-1", RATES, [270, 291], done=1)
    async with on_runs(size) as pilot:
        app = pilot.app
        await until(pilot, lambda: "1 of 4 done · best lr 0.0001 90.0 %" in line_of(shown(app), "sweep-1"))
        assert app.screen.check_action("continue_group", ())  # nothing starts what waits
        runs.finish(made[1], 291)
        await until(pilot, lambda: "2 of 4 done" in line_of(shown(app), "sweep-1"))
        await until(pilot, lambda: app.screen.query_one(Settings).items[1].done == 1)


async def test_what_is_for_runs_only_says_so_on_a_group(runs, on_runs, shown, until):
    runs.group("sweep-1", RATES, [270, 291])
    async with on_runs() as pilot:
        for key, words in (
            ("asterisk", "* works on a run"),
            ("R", "R works on a run"),
            ("space", "space works on a run"),
        ):
            await pilot.press(key)
            await until(pilot, lambda words=words: words in shown(pilot.app))


async def test_a_search_finds_a_group_by_its_name_and_by_any_of_its_runs(runs, on_runs, until):
    runs.write("done")
    runs.group("sweep-1", RATES, [270, 291])
    async with on_runs() as pilot:
        app = pilot.app
        await pilot.press("right", "slash", *"0.0003", "enter")
        await until(pilot, lambda: names(app) == ["sweep-1", "r5", "r3"])
        await pilot.press("left", "slash", "ctrl+u", *"sweep-", "enter")
        await until(pilot, lambda: names(app) == ["sweep-1"])
        await pilot.press("escape")
        await until(pilot, lambda: names(app) == ["sweep-1", "r1"])
        await pilot.press("o")  # best test first
        await until(pilot, lambda: names(app) == ["r1", "sweep-1"])


@pytest.mark.parametrize("size", SIZES)
async def test_a_group_is_deleted_once_one_has_agreed_and_comes_back(runs, on_runs, shown, until, size):
    runs.write("done")
    made = runs.group("sweep-1", RATES, [270, 291])
    async with on_runs(size) as pilot:
        app = pilot.app
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and "All 4 runs of the group" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
        assert made[0].path.exists() and names(app) == ["sweep-1", "r1"]
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog) and names(app) == ["r1"])
        assert not any(run.path.exists() for run in made)
        await until(pilot, lambda: app.session.followed.run.name == "r1")
        await pilot.press("u")
        await until(pilot, lambda: names(app) == ["sweep-1", "r1"] and "sweep-1 is back." in shown(app))
        assert all(run.path.exists() for run in made)


async def test_a_group_of_which_a_run_trains_is_not_deleted(runs, on_runs, shown, until):
    made = runs.group("sweep-1", RATES, [270, 291], done=1)
    with runs.held(made[1]):
        async with on_runs((120, 36)) as pilot:
            await pilot.press("d")
            await until(pilot, lambda: "r2 of sweep-1 is running." in shown(pilot.app))
            assert not isinstance(pilot.app.screen, ConfirmDialog)


async def test_a_group_is_stopped_and_continued(runs, on_runs, shown, until):
    busy = runs.write("running")
    made = runs.group("sweep-1", RATES, [270, 291], done=1)
    with ExitStack() as stack:
        stack.enter_context(runs.held(busy))  # so that none of the group begins
        async with on_runs((120, 36)) as pilot:
            app = pilot.app
            await pilot.press("s")
            await until(pilot, lambda: not queue.waiting(runs.root))
            await until(pilot, lambda: "1 of 4 done, 3 stopped" in line_of(shown(app), "sweep-1"))
            assert "3 runs of sweep-1 out of the queue." in shown(app)
            made[3].recipe_file.unlink()  # its maker was killed
            await pilot.press("r")
            await until(pilot, lambda: len(queue.waiting(runs.root)) == 3)
            await until(pilot, lambda: "sweep-1 goes on: 3 runs to do." in shown(app))
            for run in queue.waiting(runs.root):
                queue.take_out(run)
            stack.close()
            await until(pilot, lambda: not queue.served(runs.root))


async def test_a_group_whose_command_decides_is_left_to_it(runs, on_runs, shown, until):
    runs.group("sweep-1", RATES, [270, 291], done=1)
    file = runs.root / ".groups" / "sweep-1.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"halving": True}))
    for run in queue.waiting(runs.root):
        queue.take_out(run)
    async with on_runs((120, 36)) as pilot:
        await until(pilot, lambda: pilot.app.screen.check_action("continue_group", ()))
        await pilot.press("r")
        await until(pilot, lambda: "Go on with: workbench sweep --name sweep-1" in shown(pilot.app))
        assert not queue.waiting(runs.root)


@pytest.mark.parametrize(
    "damage", first(1, [b"{", None, b'{"name": "sweep-1", "plan": {"base": {}, "varied": {"no.such": [1]}}}'])
)
async def test_a_group_whose_plan_is_gone_or_damaged_says_so(runs, on_runs, shown, until, damage):
    runs.group("sweep-1", RATES, [270, 291])
    file = runs.root / ".groups" / "sweep-1.json"
    file.write_bytes(damage) if damage else file.unlink()
    async with on_runs() as pilot:
        words = "damaged" if damage == b"{" else "is not an option" if damage else "is not known any more"
        await until(pilot, lambda: words in shown(pilot.app))
        await pilot.press("enter", "j")
        await until(pilot, lambda: "Recipe of r4" in shown(pilot.app))


async def test_the_only_run_of_a_group_stands_by_itself(runs, on_runs):
    made = runs.group("sweep-1", RATES, [270, 291])
    for run in made[1:]:
        run.path.rename(run.path.with_name(f".{run.name}"))
    async with on_runs() as pilot:
        assert names(pilot.app) == ["r1"]


async def test_many_runs_are_agreed_to_by_typing_their_number(runs, on_runs, shown, until):
    runs.write("done")
    async with on_runs() as pilot:
        app, agreed = pilot.app, []
        app.push_screen(
            ConfirmDialog("Start 1,200 runs", "They take long.", "starts them", typed="1200"), agreed.append
        )
        await until(pilot, lambda: app.screen.query(Input))
        await pilot.press("enter")
        await until(pilot, lambda: "Type 1200 to agree" in shown(app))
        await pilot.press(*"1,200", "enter")
        await until(pilot, lambda: agreed == [True])
