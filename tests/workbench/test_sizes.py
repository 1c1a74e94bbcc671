"""One live app at every size from the smallest upwards: nothing that exists is out of reach."""

from contextlib import ExitStack, asynccontextmanager

import pytest
from textual.geometry import Region

from core.exercises import EXERCISES, Facts
from core.recipe import load
from workbench.app import WorkbenchApp
from workbench.charts.chart import Chart
from workbench.screens.base import BaseScreen
from workbench.screens.data.rows import Rows
from workbench.screens.runs.run_table import RunTable
from workbench.screens.runs.settings import Settings
from workbench.widgets.layers import Layers
from workbench.widgets.panel import Panel

SIZES = [(80, 24), (120, 36)]
MORE_SIZES = [(60, 16), (100, 29), (100, 30), (80, 50), (160, 20), (200, 55)]
ALL_SIZES = [(width, height) for width in (60, 70, 80, 90, 99, 100, 120, 140, 200) for height in range(16, 61, 4)]
LISTS = (Rows, Layers, RunTable)
LEAST_LIST, LEAST_CHART = 7, 8  # lines of what a screen is for


def demand_all_in_reach(screen: BaseScreen, words: str) -> None:
    """What must hold at every size."""
    on_show = [panel for panel in screen.panels if panel.display]
    folded = {word.panel for panel in on_show for word in panel.folded}
    rules = [line for line in words.splitlines() if "─" in line]
    for panel in screen.panels:
        assert panel in on_show or panel in folded, panel
        named = panel.as_word.word if panel in folded else panel.title
        assert any(named[:8] in line for line in rules), f"{named}:\n{words}"
    inside = Region(0, 1, screen.size.width, screen.size.height - 2)
    for panel in on_show:
        assert panel.region in inside and panel.region.area, panel
    if screen.focused:
        assert screen.focused.region.area and screen.focused.region in inside, screen.focused
        assert screen.focused in screen.focus_chain or isinstance(screen.focused, Panel)
    for chart in screen.query(Chart):
        if chart.region.area:
            assert chart.region.height >= LEAST_CHART, words
    for wanted in LISTS:
        for widget in screen.query(wanted):
            if widget.region.area:
                assert widget.region.height >= min(LEAST_LIST, widget.count), words


async def look(pilot, shown, sizes) -> None:
    """The screen that is there, at every size; at each, tab goes round all that can be entered."""
    screen = pilot.app.screen
    for size in sizes:
        await pilot.resize_terminal(*size)
        await pilot.pause()
        demand_all_in_reach(screen, shown(pilot.app))
        folded = {word.panel for panel in screen.panels if panel.display for word in panel.folded}
        visited = set()
        for _ in range(2 * len(screen.panels) + 2 if folded else 0):  # else there is nothing to be found by it
            screen.action_next_panel()
            await pilot.pause()
            demand_all_in_reach(screen, shown(pilot.app))
            visited |= {panel for panel in screen.panels if screen.focused in panel.walk_children() or panel.has_focus}
        assert folded <= visited, (size, folded - visited)


@pytest.fixture
def tour(runs, until, shown, messages):
    """Every screen of an app that follows a run in a state, at sizes."""

    async def tour(state: str, sizes) -> None:
        with ExitStack() as stack:
            run = runs.write(state)
            if state in ("running", "starting"):
                stack.enter_context(runs.held(run))
            app = WorkbenchApp(load({"data": {"path": str(messages)}}), runs.root)
            async with app.run_test(size=sizes[0]) as pilot:
                app.action_mode("data")
                await until(pilot, lambda: app.session.draft.profile is not None and app.session.followed.status)
                for mode in ("data", "model", "train", "play", "runs"):
                    app.action_mode(mode)
                    await until(pilot, lambda mode=mode: app.current_mode == mode and app.screen.is_mounted)
                    await until(pilot, lambda mode=mode: mode != "runs" or app.screen.query_one(RunTable).count)
                    await pilot.pause()
                    await look(pilot, shown, sizes)

    return tour


@pytest.fixture
def on_train(runs, until, shown):
    """The app on Train, of a finished run, once some words are there."""

    @asynccontextmanager
    async def opened(size, words):
        runs.write("done")
        app = WorkbenchApp(load({"data": {"path": "SMSSpamCollection"}}), runs.root)
        async with app.run_test(size=size) as pilot:
            app.action_mode("train")
            await until(pilot, lambda: words in shown(app))
            yield pilot

    return opened


async def test_all_is_in_reach_at_the_usual_sizes(tour):
    await tour("running", SIZES)


@pytest.mark.more
@pytest.mark.parametrize("state", ["done", "running"])
async def test_all_is_in_reach_at_other_sizes(tour, state):
    await tour(state, MORE_SIZES)


@pytest.mark.slow
@pytest.mark.parametrize("state", ["done", "running", "failed", "starting"])
async def test_all_is_in_reach_at_every_size(tour, state):
    await tour(state, ALL_SIZES)


@pytest.mark.more
async def test_a_group_and_what_varies_are_in_reach_at_the_usual_sizes(runs, until, shown, messages):
    depths = EXERCISES["how-many-blocks"].values(Facts(load({}), lambda: 0, lambda: []))
    runs.group("blocks", {"freeze.trainable": depths}, [*range(250, 290, 5)], exercise="how-many-blocks")
    app = WorkbenchApp(load({"data": {"path": str(messages)}}), runs.root)
    async with app.run_test(size=SIZES[0]) as pilot:
        app.action_mode("runs")
        await until(pilot, lambda: app.current_mode == "runs" and app.screen.query(RunTable))
        await until(pilot, lambda: app.screen.query_one(RunTable).fold and app.screen.query_one(Settings).count)
        await look(pilot, shown, [*SIZES, *MORE_SIZES])
        app.action_mode("model")
        await until(pilot, lambda: app.current_mode == "model" and app.session.draft.profile is not None)
        await app.session.sweep.mark("train.lr", "1e-4, 1e-3", 3)
        await look(pilot, shown, [*SIZES, *MORE_SIZES])


@pytest.mark.more
async def test_a_panel_that_has_the_focus_when_it_is_folded_hands_it_on(on_train, shown):
    async with on_train((120, 36), "295 of 300") as pilot:
        app, screen = pilot.app, pilot.app.screen
        screen.open(screen.query_one("#log", Panel))
        await pilot.pause()
        assert screen.query_one("#log").has_focus or screen.focused in screen.query_one("#log").walk_children()
        await pilot.resize_terminal(60, 16)
        await pilot.pause()
        assert isinstance(screen.focused, Chart)
        await pilot.press("ctrl+o", "g")  # its letter brings it back, in the place of the chart
        await pilot.pause()
        assert screen.query_one("#log").display and "Loss" in shown(app)
        await pilot.press("escape")
        assert screen.query_one("#loss").display and not screen.query_one("#log").display


async def test_a_click_on_a_word_opens_its_panel_and_a_zoomed_one_has_all(on_train, shown):
    async with on_train((80, 24), "Accuracy ·") as pilot:
        app, screen = pilot.app, pilot.app.screen
        line = next(i for i, line in enumerate(shown(app).splitlines()) if "Accuracy ·" in line)
        await pilot.click(offset=(shown(app).splitlines()[line].index("Accuracy") + 2, line))
        await pilot.pause()
        assert screen.query_one("#accuracy").display and not screen.query_one("#loss").display
        await pilot.press("z")
        await pilot.pause()
        assert [panel.id for panel in screen.panels if panel.display] == ["accuracy"]
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert screen.query_one("#loss").display and not screen.query_one("#accuracy").display
