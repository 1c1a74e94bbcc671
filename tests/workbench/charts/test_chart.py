import math

import pytest
from textual.app import App

from workbench import themes
from workbench.charts import scale
from workbench.charts.chart import Chart, Level, Picture, Series, Signs

NAN, INF = math.nan, math.inf


def test_buckets_keep_spikes_and_stay_few():
    ys = [1.0] * 10_000
    ys[4321], ys[4322] = 9.0, -9.0
    (points,) = scale.buckets(range(1, 10_001), ys, (0, 10_000), 80, {}).runs
    assert len(points) <= 160
    assert {(4322, 9.0), (4323, -9.0)} <= set(points)
    assert points == sorted(points)


def test_buckets_of_a_growing_series_do_not_move():
    ys = [math.sin(i / 7) for i in range(5_000)]
    known = {}
    (early,) = scale.buckets(range(1, 2_501), ys[:2_500], (0, 5_000), 50, known).runs
    assert len(known) == 25  # of full columns
    (late,) = scale.buckets(range(1, 5_001), ys, (0, 5_000), 50, known).runs
    assert late[: len(early) - 2] == early[:-2]
    assert late == scale.buckets(range(1, 5_001), ys, (0, 5_000), 50, {}).runs[0]


def test_what_is_no_number_breaks_the_line_and_is_counted():
    ys = [1.0, 2.0, NAN, 3.0, INF, -INF, 4.0]
    found = scale.buckets(range(7), ys, (0, 7), 7, {})
    assert [[y for _, y in run] for run in found.runs] == [[1.0, 2.0], [3.0], [4.0]]
    assert found.not_finite == 3
    assert scale.buckets(range(3), [NAN] * 3, (0, 3), 3, {}) == ([], [], 3, 0)


def test_a_window_holds_its_own_steps_and_the_line_goes_on_to_its_limits():
    ys = [float(i) for i in range(100)]
    found = scale.buckets(range(1, 101), ys, (40, 60), 5, {}, before=10)
    assert [x for x, _ in found.runs[0]][:: len(found.runs[0]) - 1] == [40, 60]
    assert found.means[0] == (39, 33.5, 10)  # what came before, for the mean to begin with
    assert sum(mean.n for mean in found.means[1:]) == 21
    assert scale.crossing([0, 50, 100], [0.0, 5.0, 7.0], 60) == [(60, pytest.approx(5.4))]
    assert scale.crossing([0, 50, 100], [0.0, 5.0, 7.0], 50) == []
    assert scale.crossing([0, 50], [0.0, 5.0, 7.0], 60) == []
    assert scale.crossing([0, 50], [0.0, 5.0], 60) == scale.crossing([10, 50], [0.0, NAN], 20) == []


def test_the_moving_mean_is_unbiased_and_exact_where_a_column_holds_one_step():
    ys = [3.0, 1.0, 2.0, 5.0, 4.0]
    means = scale.buckets(range(5), ys, (0, 5), 5, {}).means
    keep = 0.5  # over three steps
    for n, (x, y) in enumerate(scale.smoothed(means, 3), 1):
        weights = [keep ** (n - 1 - i) for i in range(n)]
        assert (x, y) == (n - 1, pytest.approx(sum(w * v for w, v in zip(weights, ys, strict=False)) / sum(weights)))
    flat = scale.buckets(range(1_000), [2.0] * 1_000, (0, 1_000), 40, {}).means
    assert [y for _, y in scale.smoothed(flat, 100)] == pytest.approx([2.0] * 40)


def test_what_has_no_logarithm_is_left_out_and_counted():
    ys = [1.0, 0.0, 0.1, -3.0, NAN, 10.0]
    found = scale.buckets(range(6), ys, (0, 6), 6, {}, positive=True)
    assert [[y for _, y in run] for run in found.runs] == [[1.0], [0.1], [10.0]]
    assert (found.not_finite, found.too_low) == (1, 2)
    one = scale.buckets(range(6), ys, (0, 6), 1, {}, positive=True)
    assert [y for _, y in one.runs[0]] == [0.1, 10.0]  # the least that can be drawn
    assert one.means[0].y == pytest.approx(8.1 / 5)  # but all of them count


def test_log_ticks_stand_at_powers_and_at_two_and_five():
    def marked(low, high, most=5):
        return scale.log_labels(scale.log_ticks(scale.log_limits(math.log10(low), math.log10(high)), most))

    assert marked(0.03, 0.43) == ["0.02", "0.05", "0.1", "0.2", "0.5"]
    assert marked(0.03, 0.43, most=3) == ["0.02", "0.1", "0.5"]
    assert marked(0.004, 2.2) == ["0.01", "0.1", "1"]
    assert marked(3e-6, 200, most=4) == ["1e-5", "0.001", "0.1", "10"]
    assert marked(0.3, 0.4) == ["0.2", "0.5"]
    assert marked(0.5, 0.5) == ["0.2", "0.5", "1"]


def test_sums_that_overflow_are_not_taken_for_infinities():
    found = scale.ends([1e308, 1e308, 1.0], 0, 3)
    assert (found.places, found.mean, found.not_finite) == ([0, 2], pytest.approx(6.67e307, rel=1e-3), 0)


@pytest.mark.parametrize(
    ("low", "high", "limits"),
    [
        (0, 2.2, (0, 2.5)),
        (0, 0.93, (0, 1)),
        (0.061, 0.064, (0.061, 0.064)),
        (-3, 47, (-10, 50)),
        (5, 5, (2, 8)),
        (0, 0, (-0.6, 0.6)),
    ],
)
def test_limits_are_round(low, high, limits):
    assert scale.nice_limits(low, high) == pytest.approx(limits)


def test_limits_rarely_move():
    limits, moved = None, 0
    for step in range(1, 1_000):
        before, limits = limits, scale.steady(limits, 0, 2 + math.sin(step / 3) / 5)
        moved += limits != before
    assert moved <= 2
    assert scale.steady((0, 2.5), 0, 0.4) == (0, 0.4)  # but they do when the curve has become small
    assert scale.steady((0, 2.5), 0, 2.6) == (0, 3)


def test_ticks_are_round_and_end_where_the_axis_does():
    assert scale.ticks((0, 2.5), 4) == [0, 1, 2]
    assert scale.ticks((45, 100), 4) == [60, 80, 100]
    assert scale.ticks((45, 100), 2) == [45, 100]
    assert scale.steps_ticks((0, 650), 4) == [0, 250, 500, 650]
    assert scale.steps_ticks((450, 650), 4) == [450, 500, 600, 650]
    assert scale.steps_ticks((0, 1), 4) == [0, 1]


def test_labels_tell_ticks_apart():
    assert scale.labels([0, 0.5, 1.0]) == ["0.0", "0.5", "1.0"]
    assert scale.labels([0, 0.25, 0.5]) == ["0.00", "0.25", "0.50"]
    assert scale.labels([0, 2.5, 5]) == ["0.0", "2.5", "5.0"]
    assert scale.labels([60, 80, 100]) == ["60", "80", "100"]
    assert scale.labels([0, 200_000, 1_000_000]) == ["0", "200k", "1000k"]
    assert scale.labels([0, 25_000_000]) == ["0", "25M"]
    assert scale.steps_labels([0, 200_000, 1_000_000]) == ["0", "200k", "1000k"]
    assert scale.steps_labels([999_980, 999_990, 1_000_000]) == ["999,980", "999,990", "1,000,000"]


def test_the_axis_leaves_out_where_a_fresh_head_began():
    falling = [(x, 9.0 if x < 20 else 0.4 - x / 10_000) for x in range(1, 650)]
    assert max(scale.settled(falling, (0, 650))) < 1
    late_spike = [(x, 9.0 if x == 400 else 0.4) for x in range(1, 650)]
    assert max(scale.settled(late_spike, (0, 650))) == 9.0
    assert scale.settled([], (0, 650)) == []


class Showing(App):
    """A chart and nothing else, under the program's themes."""

    CSS = "Screen { background: $background; }"

    def compose(self):
        yield Chart()

    def on_mount(self):
        self.register_theme(themes.DARK)
        self.register_theme(themes.LIGHT)
        self.theme = themes.DARK.name

    @property
    def chart(self) -> Chart:
        return self.query_one(Chart)


def loss(ys, n_steps=650, span=0, **kwargs) -> Picture:
    train = Series("train", "train", range(1, len(ys) + 1), ys, span=span)
    checked = Series("validation", "validation", [50, 100], [0.5, 0.4], "◆")
    return Picture([train, checked], **{"x": (0, n_steps)} | kwargs)


FALLING = [2.1 * math.exp(-i / 100) + 0.05 for i in range(400)]


async def test_a_chart_always_says_which_curve_is_which():
    async with Showing().run_test(size=(80, 20)) as pilot:
        pilot.app.chart.show(loss(FALLING, levels=[Level("counting words", "muted", 1.0)]), 1)
        await pilot.pause()
        drawn = pilot.app.chart.render()
        legend, *rest = drawn.plain.split("\n")
        assert legend.split("   ") == [" train ─", "validation ◆", "counting words ╌"]
        assert len(rest) == 19
        assert "◆" in "".join(rest)
        assert "650" in rest[-1]
        assert all(len(line) <= 80 for line in rest)


@pytest.mark.parametrize("theme", [themes.DARK, themes.LIGHT])
async def test_colours_are_the_theme_s(theme, until):
    async with Showing().run_test(size=(60, 15)) as pilot:
        pilot.app.theme = theme.name
        pilot.app.chart.show(loss(FALLING), 1)
        await until(pilot, lambda: theme.variables["train"].lower() in pilot.app.export_screenshot().lower())
        picture = pilot.app.export_screenshot().lower()
        for role in ("train", "validation", "muted", "rule", "background"):
            assert theme.variables[role].lower() in picture, role


async def test_no_colour_is_needed(monkeypatch, until):
    monkeypatch.setenv("NO_COLOR", "1")
    async with Showing().run_test(size=(60, 15)) as pilot:
        pilot.app.chart.show(loss(FALLING), 1)
        await until(pilot, lambda: "◆" in pilot.app.export_screenshot())
        assert themes.DARK.variables["train"].lower() not in pilot.app.export_screenshot().lower()


@pytest.mark.parametrize(
    ("ys", "says"),
    [
        ([1.0, NAN, INF, 0.5, -INF], "▲ 3 not finite"),
        ([NAN, NAN], "▲ 2 not finite"),
        ([], "train ─"),
        ([0.3], "train ─"),
        ([1e300, 0.1], "train ─"),
        ([9.0] * 5 + [0.1 + i / 10_000 for i in range(400)], "began at 9"),
    ],
)
async def test_any_values_can_be_drawn(ys, says):
    async with Showing().run_test(size=(60, 15)) as pilot:
        pilot.app.chart.show(loss(ys), 1)
        await pilot.pause()
        assert says in pilot.app.chart.render().plain


async def test_what_lies_beyond_the_axis_is_marked_at_its_edge():
    checked = Series("validation", "validation", [0, 50, 100], [55.0, 80.0, 90.0], "◆")
    train = Series("train", "train", [0, 20, 60, 100], [75.0, 60.0, 76.0, 95.0])
    levels = [Level("baseline", "muted", 60.0), Level("other", "muted", 80.0)]
    async with Showing().run_test(size=(80, 20)) as pilot:
        chart = pilot.app.chart
        chart.show(Picture([train, checked], levels, x=(0, 100), y=(70, 100)), 1)
        await pilot.pause()
        legend, *rest = chart.render().plain.split("\n")
        plot = rest[:-2]
        assert "baseline ╌ ▾ 60" in legend and "other ╌" in legend and "other ╌ ▾" not in legend
        assert "".join(plot).count("◆") == 2
        assert {i for i, sign in enumerate(plot[-1]) if sign == "▾"} == {chart._column(0), chart._column(20)}
        assert not any("▾" in line for line in plot[:-1]) and "▴" not in "".join(plot)
        chart.show(Picture([checked], x=(0, 100), y=(50, 85)), 2)
        await pilot.pause()
        plot = chart.render().plain.split("\n")[1:-2]
        assert plot[0].index("▴") == chart._column(100) and "▾" not in "".join(plot)


@pytest.mark.parametrize("size", [(8, 3), (16, 5), (30, 8), (200, 60)])
async def test_any_size_can_be_drawn(size):
    async with Showing().run_test(size=size) as pilot:
        pilot.app.chart.show(loss(FALLING), 1)
        await pilot.pause()
        assert max(len(line) for line in pilot.app.chart.render().plain.split("\n")) <= size[0]


@pytest.mark.parametrize("theme", [themes.DARK, themes.LIGHT])
async def test_the_steps_stand_faint_behind_their_mean(theme, until):
    noisy = [y + 0.3 * (i % 5 == 0) for i, y in enumerate(FALLING)]
    async with Showing().run_test(size=(60, 15)) as pilot:
        pilot.app.theme = theme.name
        chart = pilot.app.chart
        colours = [theme.variables[role].lower() for role in ("train", "train-raw")]
        for version, span in enumerate((20, 0)):
            chart.show(loss(noisy, span=span), version)
            await until(pilot, lambda v=version: chart._drawn and chart._drawn[0][0] == v)
            picture = pilot.app.export_screenshot().lower()
            assert [colour in picture for colour in colours] == [True, span > 0]
            mean = chart.smoothed_at(200)
            assert mean == pytest.approx(FALLING[190] + 0.06, abs=0.05) if span else mean is None


async def test_a_log_scale_draws_nothing_at_or_below_zero():
    async with Showing().run_test(size=(80, 20)) as pilot:
        chart = pilot.app.chart
        chart.show(loss([1.0, 0.5, 0.0, -2.0, 0.05, NAN, 0.01], 7, y=(None, None), log=True), 1)
        await pilot.pause()
        legend, *rest = chart.render().plain.split("\n")
        assert "▲ 2 not above 0" in legend and "▲ 1 not finite" in legend
        ticks = [line.split("┤")[0].strip() for line in rest if "┤" in line]
        assert ticks == ["1", "0.5", "0.2", "0.1", "0.05", "0.02", "0.01"]


async def test_the_axis_says_what_steps_are_on_show_and_bears_signs():
    signs = [
        Signs("saved", "muted", [450, 560, 650], "○"),
        Signs("best", "focus", [600], "●"),
        Signs("none", "text", [], "◇"),
    ]
    async with Showing().run_test(size=(80, 20)) as pilot:
        chart = pilot.app.chart
        chart.show(loss(FALLING + [0.1] * 250, x=(550, 650), signs=signs), 1)
        await pilot.pause()
        legend, *rest = chart.render().plain.split("\n")
        assert "○ saved  ● best" in legend and "none" not in legend
        assert "began at" not in legend
        axis, labels = rest[-2:]
        assert [sign for sign in axis if sign in "○●"] == ["○", "●", "○"]
        assert labels.split()[0] == "550" and labels.split()[-1] == "650"
        assert axis.index("●") == chart._column(600)


async def test_the_cursor_is_a_line_that_costs_no_drawing():
    async with Showing().run_test(size=(80, 20)) as pilot:
        chart = pilot.app.chart
        chart.show(loss(FALLING), 1)
        await pilot.pause()
        bare = chart.render()
        for step in (0, 325, 650):
            chart.cursor = step
            lines = chart.render().plain.split("\n")[1:]
            places = {line.index("│", 4) for line in lines[:-2] if "│" in line[4:]}
            assert places == {chart._column(step)} and max(places) < 80
            assert sum("│" in line[4:] for line in lines) > 12  # and it passes behind the curve
        assert chart._drawn[1] is bare
        chart.cursor = None
        assert chart.render() is bare


async def test_a_million_steps_are_drawn_as_fast_as_a_few_once_they_are_known():
    ys = [0.5 + (i % 97) / 200 for i in range(1_000_000)]
    async with Showing().run_test(size=(120, 20)) as pilot:
        chart = pilot.app.chart
        chart.show(loss(ys, 1_000_000, span=30_000), 1)
        await pilot.pause()
        known = chart._columns_cache[0, 120]
        assert len(known) == 119  # of every column but the last: what a redraw does not look at again
        assert chart.smoothed_at(700_000) == pytest.approx(0.74, abs=0.01)


async def test_nothing_is_drawn_twice_or_too_often(until):
    async with Showing().run_test(size=(60, 15)) as pilot:
        chart = pilot.app.chart
        chart.show(loss(FALLING[:300]), 1)
        await pilot.pause()
        first = chart.render()
        chart.refresh()
        assert chart.render() is first
        chart.show(loss(FALLING[:100]), 1)  # the same version: not looked at
        assert chart.render() is first
        redrawn = []
        for version in range(2, 30):
            chart.show(loss(FALLING[: 300 + version]), version)
            await pilot.pause(0.01)
            redrawn.append(chart._drawn[0][0])
        assert len(set(redrawn)) <= 4
        await until(pilot, lambda: chart._drawn[0][0] == 29)  # the latest is drawn in the end


async def test_a_run_that_was_taken_up_again_is_drawn_anew(until):
    async with Showing().run_test(size=(60, 15)) as pilot:
        chart = pilot.app.chart
        chart.show(loss(FALLING), 1)
        await until(pilot, lambda: chart._drawn and chart._drawn[0][0] == 1)
        other = FALLING[:200] + [2.0] * 200
        chart.show(loss(other, marks=[200]), 2)
        await until(pilot, lambda: chart._drawn[0][0] == 2)
        taken_up = chart.render().plain
        await chart.remove()
        fresh = Chart()
        await pilot.app.mount(fresh)
        fresh.show(loss(other, marks=[200]), 2)
        await until(pilot, lambda: fresh._drawn and fresh._drawn[0][0] == 2)
        assert fresh.render().plain == taken_up


def test_a_series_may_grow_after_it_was_counted():
    ys = [0.5] * 57
    xs = range(1, 58)
    ys += [0.4, 0.6]  # between the making of a picture and its drawing
    assert sum(len(run) for run in scale.buckets(xs, ys, (0, 453), 80, {}).runs) > 0
