"""Runs: finding, filtering and sorting them, at every width with the data that they learned from."""

import os
from contextlib import contextmanager
from functools import partial

import msgspec
import pytest
from textual.widgets import Static

from cases import first
from core import files, toml
from core.options import options
from core.recipe import Recipe, load
from core.runs import control, queue
from core.runs import events as e
from core.runs.listing import Listing
from core.runs.records import Label
from workbench.screens.runs.run_table import RunTable
from workbench.screens.runs.view import EVERY_FILTER, SAME_DATA, SORTS, View

HERE, THERE = "/nowhere/banking77/train.csv", "/nowhere/ag_news/train.csv"


@pytest.fixture
def opened(on_runs):
    """The app on Runs, at a size: `async with opened(size) as pilot`."""
    return partial(on_runs, data=HERE)


def names(app) -> list[str]:
    return [entry.run.name for entry in app.screen.query_one(RunTable).items]


@pytest.fixture
def four(runs):
    """r1 of another file; r2 that was stopped, with a note; r3, the best; r4, a GPT-2 with a name."""
    runs.write("done", data={"path": THERE})
    runs.write("stopped", data={"path": HERE}).name_it(Label("", "why so slow"))
    best, named = runs.write("done", data={"path": HERE}), runs.write("done", model={"name": "gpt2"})
    found = runs.result(best, 30.0)
    found["test"] |= {"accuracy": 0.99, "correct": 297}
    best.result_file.write_bytes(msgspec.json.encode(found))
    named.name_it(Label("no pads", ""))
    return runs


def listed(runs, view: View) -> list[str]:
    return [entry.run.name for entry in view.of(Listing(runs.root).look(), HERE)]


@pytest.mark.parametrize(
    ("view", "found"),
    [
        (View(), ["r4", "r3", "r2", "r1"]),
        (View(reverse=True), ["r1", "r2", "r3", "r4"]),
        (View(sort="test"), ["r3", "r4", "r1", "r2"]),
        (View(sort="test", reverse=True), ["r1", "r4", "r3", "r2"]),  # what has no figure stays at the end
        (View(sort="time"), ["r3", "r4", "r1", "r2"]),
        (View(sort="name"), ["r4", "r3", "r2", "r1"]),
        (View(filter=SAME_DATA), ["r3", "r2"]),
        (View(filter="done"), ["r4", "r3", "r1"]),
        (View(filter="ended early"), ["r2"]),
        (View(filter="training or queued"), []),
        (View(search="AG_news"), ["r1"]),
        (View(search="slow"), ["r2"]),
        (View(search="pads GPT2"), ["r4"]),
        (View(search="last block", filter=SAME_DATA), ["r3", "r2"]),
        (View(search="train.seed=123"), ["r4", "r3", "r2", "r1"]),
        (View(search="nothing like it"), []),
    ],
)
def test_runs_are_found_filtered_and_sorted(four, view, found):
    assert listed(four, view) == found


def test_every_filter_and_every_order_comes_in_its_turn():
    view, filters, orders = View(), [], []
    for _ in EVERY_FILTER:
        view = view.turned("filter")
        filters.append(view.filter)
    for _ in SORTS:
        view = view.turned("sort")
        orders.append(view.sort)
    assert (set(filters), set(orders)) == (set(EVERY_FILTER), set(SORTS)) and view == View()
    assert View().turned("reverse").in_words == ["oldest first"]


@pytest.mark.more
@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
async def test_two_files_of_one_name_are_told_apart(four, opened, shown, until, size):
    async with opened(size) as pilot:
        lines = shown(pilot.app).splitlines()
        assert any(" data " in line for line in lines)
        assert any(" r1 " in line and "ag_news" in line and "98.3 %" in line for line in lines)
        assert any(" r3 " in line and "banking7" in line and "99.0 %" in line for line in lines)


@pytest.mark.more
@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
async def test_keys_find_filter_and_sort_and_esc_shows_all(four, opened, shown, until, size):
    async with opened(size) as pilot:
        app = pilot.app
        await pilot.press("slash", *"gpt2")
        await until(pilot, lambda: names(app) == ["r4"] and "1 of 4 · “gpt2”" in shown(app))
        await pilot.press(*" no such", "enter")
        await until(pilot, lambda: "No run is like that. esc shows all runs." in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: names(app) == ["r4", "r3", "r2", "r1"])
        await pilot.press("f")
        await until(pilot, lambda: names(app) == ["r3", "r2"] and "2 of 4 · of this file" in shown(app))
        await pilot.press("escape", "o")
        await until(pilot, lambda: names(app)[0] == "r3" and "best test first" in shown(app))
        await pilot.press("O")
        await until(pilot, lambda: names(app)[0] == "r1" and "worst test first" in shown(app))


@pytest.mark.more
async def test_a_run_that_is_brought_back_has_the_cursor_and_nothing_says_any_more_that_it_is_deleted(
    four, opened, shown, until
):
    async with opened((120, 36)) as pilot:
        app = pilot.app
        await until(pilot, lambda: app.session.followed.status is not None)
        await pilot.press("j", "d")
        await until(pilot, lambda: "r3 deleted. u brings it back" in shown(app) and "r3" not in names(app))
        await pilot.press("g", "f", "f", "f", "u")
        await until(pilot, lambda: "r3 is back." in shown(app) and "r3" in names(app))
        table = app.screen.query_one(RunTable)
        await until(pilot, lambda: table.selected.run.name == "r3")
        assert "r3 deleted" not in shown(app)


@pytest.mark.more
async def test_a_queued_run_says_when_it_starts_in_place_of_its_curve(runs, opened, shown, until):
    live = runs.write("running")
    with runs.held(live):
        for _ in range(2):
            waits = runs.write("starting")
            waits.events_file.unlink()
            files.write(waits.queued_file, b"")
        async with opened((80, 24)) as pilot:
            said = pilot.app.screen.query_one("#no-curve", Static)
            await until(pilot, lambda: str(said.render()) == "r3 waits in the queue, which was interrupted.")
            assert said.display and "r3 waits in the queue, which was" in shown(pilot.app)
            with served(runs.root):
                await until(pilot, lambda: str(said.render()) == "r3 waits its turn: it starts when r2 ends.")
                await pilot.press("j")
                await until(pilot, lambda: str(said.render()) == "r2 waits its turn: it starts when r1 ends.")
                await pilot.press("j")
                await until(pilot, lambda: not said.display and "r1 ─" in shown(pilot.app))


@contextmanager
def served(root):
    """As though a process started what waits in the queue."""
    fd = files.lock(root / queue.LOCK)
    yield
    os.close(fd)


@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
async def test_a_run_that_was_told_to_learn_more_is_marked(runs, opened, shown, until, size):
    run = runs.write("stopped", upto=600)
    run.send(control.SetTrainable("last_two_blocks"))
    learns = {"parameters": 7, "depth": 4, "attempt": 1}
    for step, parts, words in ((0, "last_block", "last block"), (400, "last_two_blocks", "last two")):
        runs.append(run, e.Trainable(step=step, parts=parts, words=words, **learns))
    runs.append(run, e.Ended(state="stopped", why="Stopped.", attempt=1, step=600))
    async with opened(size) as pilot:
        await until(pilot, lambda: "◇ last block; last two from step 401" in shown(pilot.app))
        assert any(" r1 " in line and "◇ last" in line for line in shown(pilot.app).splitlines())


@pytest.mark.more
async def test_what_two_equal_recipes_came_to_is_no_difference_to_the_baseline(runs, opened, shown, until):
    for memory in (5.2, 5.3):
        run = runs.write("done")
        run.asked_file.write_bytes(run.recipe_file.read_bytes())
        resolved = load({"speed": {"threads": 2, "cache_memory": memory}}, run.recipe().model_dump(exclude={"speed"}))
        run.recipe_file.write_text(toml.text(resolved))
        runs.write_predictions(run)
    async with opened((120, 36)) as pilot:
        await pilot.press("G", "asterisk", "g")
        await until(pilot, lambda: "r2 against r1" in shown(pilot.app) and "cache_memory" not in shown(pilot.app))
        assert f"{len([*options(Recipe)])} fields equal" in shown(pilot.app)
