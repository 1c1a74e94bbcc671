"""Data: what a context cuts, filters that combine, regular expressions, and a row with all of its columns."""

from contextlib import asynccontextmanager

import pytest
from textual.containers import VerticalScroll
from textual.widgets import Input

from core.recipe import load
from workbench.app import WorkbenchApp
from workbench.screens.data.filter_dialog import FilterDialog
from workbench.screens.data.histogram import Histogram, percentiles_in_words
from workbench.screens.data.row_dialog import Columns, RowDialog
from workbench.screens.data.rows import Rows, View
from workbench.screens.data.source import Source
from workbench.screens.data.tokens import Tokens
from workbench.widgets.choice import Choice

SIZES = [(80, 24), pytest.param((120, 36), marks=pytest.mark.more)]


@pytest.fixture
def file(tmp_path):
    """Eighty rows of two classes, of 5 to 40 words, the last in Chinese, with a third column."""
    rows = [f"{'ham' if i % 2 else 'spam'},{'word ' * (5 + i % 36)}{i},note {i}" for i in range(78)]
    rows.append(f"spam,{'word ' * 300},note 78")
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["label,text,remark", *rows, "ham,距离川沙公路较近,最后一行"]), encoding="utf-8")
    return path


@pytest.fixture
def opened(tmp_path, until, file):
    @asynccontextmanager
    async def look(size=(80, 24)):
        app = WorkbenchApp(load({"data": {"path": str(file)}}), tmp_path / "runs")
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.session.draft.profile is not None)
            await until(pilot, lambda: app.screen.query(Rows) and app.screen.query_one(Rows).row is not None)
            yield pilot

    return look


def subtitle(app) -> str:
    return app.screen_stack[0].query_one("#rows").subtitle


@pytest.mark.parametrize("size", SIZES)
async def test_the_histogram_tries_contexts_and_leads_to_the_texts_that_are_cut(opened, until, size):
    async with opened(size) as pilot:
        app = pilot.app
        histogram, rows = app.screen.query_one(Histogram), app.screen.query_one(Rows)
        histogram.focus()
        await until(pilot, lambda: "‹ 512 › cuts none" in histogram.render().plain)
        await pilot.press("enter")
        assert rows.view == View()
        await pilot.press(*["left"] * 5)
        await until(pilot, lambda: "‹ 16 › cuts" in histogram.render().plain)
        cut = app.session.draft.profile.cuts[16]
        await pilot.press("enter")
        await until(pilot, lambda: rows.has_focus and rows.total == cut)
        assert subtitle(app) == f"filter: longer than 16, {cut} of 80" and rows.row.tokens > 16
        await pilot.press("enter")
        panel = app.screen.query_one("#tokens")
        await until(pilot, lambda: panel.title == f"Row {rows.row.row} in {rows.row.tokens} tokens, "
                    f"{rows.row.tokens - 16} cut")  # fmt: skip
        chips = app.screen.query_one(Tokens)
        assert min(chips.cut) == 16 and "▲cut▸" in chips.render().plain
        await pilot.press("escape", "escape")
        await until(pilot, lambda: rows.total == 80)
        assert "512 cuts none" in histogram.render().plain  # the recipe's again
        histogram.focus()
        await pilot.press("left", "left")
        await pilot.click(Histogram, offset=(5, 1))
        await until(pilot, lambda: subtitle(app).startswith("filter: longer than 128"))


async def test_a_text_that_is_cut_far_below_is_shown_there(opened, until, shown):
    async with opened() as pilot:
        app, panel = pilot.app, pilot.app.screen.query_one("#tokens")
        app.screen.query_one(Rows).look(View("longer 256"))
        await until(pilot, lambda: app.screen.query_one(Rows).total == 1)
        await pilot.press("enter")
        await until(pilot, lambda: panel.query_one(VerticalScroll).scroll_y > 3)
        assert "▲cut▸" in shown(app) and panel.title.startswith("Row 78 in ")


def test_percentiles_stand_in_the_room_that_there_is():
    found = {"50": 18, "90": 54, "95": 65, "99": 89, "longest": 1301}
    assert percentiles_in_words(found, 80) == "50 % ≤ 18 · 90 % ≤ 54 · 95 % ≤ 65 · 99 % ≤ 89 · max 1,301"
    assert percentiles_in_words(found, 30) == "99 % ≤ 89 · max 1,301" and percentiles_in_words({}, 30) == ""


@pytest.mark.parametrize("size", SIZES)
async def test_filters_combine_in_one_line_and_esc_clears_them(opened, until, shown, size):
    async with opened(size) as pilot:
        app, rows = pilot.app, pilot.app.screen.query_one(Rows)
        await pilot.press("F")
        await until(pilot, lambda: isinstance(app.screen, FilterDialog) and "80 of 80 rows pass" in shown(app))
        dialog = app.screen
        await pilot.press("right")
        assert dialog.query_one("#by-class", Choice).value == "ham"
        await until(pilot, lambda: "40 of 80 rows pass" in shown(app))
        dialog.query_one("#by-script", Choice).value = "Latin"
        dialog.query_one("#by-search", Input).value = r" \d7$"
        await until(pilot, lambda: "0 of 80 rows pass" in shown(app))
        dialog.query_one("#by-how", Choice).value = "regular expression"
        await until(pilot, lambda: "7 of 80 rows pass" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: rows.total == 7)
        assert subtitle(app).endswith("7 of 80") and "filter: ham · Latin script" in subtitle(app)
        assert rows.view == View("label ham", r" \d7$", also=("script Latin",), regex=True)
        await pilot.press("F")
        await until(pilot, lambda: isinstance(app.screen, FilterDialog) and "7 of 80 rows pass" in shown(app))
        assert app.screen.query_one("#by-class", Choice).value == "ham"
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, FilterDialog))
        await pilot.press("escape")
        await until(pilot, lambda: rows.view == View() and rows.total == 80)


def test_one_filter_of_a_kind_takes_the_place_of_the_other():
    view = View().plus("label a").plus("near").plus("longer 16").plus("label b").plus("longer 32")
    assert view.filters == ("near", "label b", "longer 32") and view.plus("near").filters[-1] == "near"


@pytest.mark.more
async def test_a_regular_expression_that_is_none_or_never_ends_is_said_in_the_place_of_the_rows(
    opened, until, file, monkeypatch
):
    file.write_text(file.read_text() + f"\nham,{'a' * 60}!,x\n")
    async with opened() as pilot:
        app, rows = pilot.app, pilot.app.screen.query_one(Rows)

        def said() -> str:
            return rows.render_line(0).text

        await pilot.press("slash", "ctrl+r", *r"\d5$")
        await until(pilot, lambda: rows.total == 7 and subtitle(app) == r"/\d5$/, 7 of 81")
        await pilot.press("left_parenthesis")
        await until(pilot, lambda: "is no regular expression: missing ), unterminated subpattern" in said())
        app.screen.query_one("#find-row", Input).value = "(a+)+$"
        await until(pilot, lambda: "takes longer than 1 s on a single text" in said())
        app.screen.query_one("#find-row", Input).value = "川.公"
        await until(pilot, lambda: rows.total == 1)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: rows.total == 0 and "Nothing holds “川.公”" in said())


@pytest.mark.parametrize("size", SIZES)
async def test_a_row_is_shown_with_all_of_its_columns_and_a_value_is_copied(opened, until, shown, size):
    async with opened(size) as pilot:
        app = pilot.app
        await pilot.press("G")
        await until(pilot, lambda: app.screen.query_one(Rows).row.row == 79)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, RowDialog) and app.screen.query_one(Columns).count == 3)
        assert "Row 79" in shown(app) and "3 columns" in shown(app)
        await pilot.press("j", "j")
        await until(pilot, lambda: str(app.screen.query_one("#value").render()) == "最后一行")
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == "最后一行")
        await pilot.press("left")
        await until(pilot, lambda: "note 78" in shown(app) and "Row 78" in shown(app))
        await pilot.press("right", "right")  # there is none behind the last
        await until(pilot, lambda: "Row 79" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RowDialog))


async def test_a_row_that_the_file_no_longer_has_says_so(opened, until, shown, file):
    async with opened() as pilot:
        file.write_text("label,text,remark\nham,words,x\n")
        await pilot.press("j", "i")
        await until(pilot, lambda: "this row is not in it any more" in shown(pilot.app))


async def test_texts_in_another_language_are_found_from_the_note_and_by_the_filter(tmp_path, until, shown):
    english, german = (
        "the train leaves at seven and arrives before noon",
        "der Zug fährt um sieben und kommt vor Mittag an",
    )
    path = tmp_path / "a.csv"
    path.write_text("label,text\n" + "".join(f"{'ab'[i % 2]},{i} {(english, german)[i >= 30]}\n" for i in range(35)))
    app = WorkbenchApp(load({"data": {"path": str(path)}}), tmp_path / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query(Rows) and app.screen.query_one(Rows).row is not None)
        await until(pilot, lambda: "5  texts seem to be in German" in shown(app))
        assert "in English" not in app.screen.query_one(Source).render().plain  # as most files are
        await pilot.press("F")
        await until(pilot, lambda: isinstance(app.screen, FilterDialog) and "35 of 35 rows pass" in shown(app))
        language = app.screen.query_one("#by-language", Choice)
        app.screen.set_focus(language)
        await pilot.press("right", "right")
        assert language.value == "German"
        await until(pilot, lambda: "5 of 35 rows pass" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one(Rows).total == 5)
        assert "filter: in German" in subtitle(app)
    path.write_text("label,text\n" + "".join(f"{'ab'[i % 2]},{i} {german}\n" for i in range(35)))
    app = WorkbenchApp(load({"data": {"path": str(path)}}), tmp_path / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "quotes kept, in German." in app.screen.query_one(Source).render().plain)
