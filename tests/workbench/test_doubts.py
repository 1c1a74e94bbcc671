"""Doubts over Data: found in the background, mended where they are seen, and gone from the next look."""

import pytest

from cases import first
from core.recipe import load
from core.runs import edits
from core.runs.root import create_run
from workbench.app import WorkbenchApp
from workbench.screens.data.doubted import Doubted, Looking
from workbench.screens.data.doubts_screen import DoubtsScreen
from workbench.screens.data.label_dialog import LabelDialog, Labels
from workbench.screens.data.rows import Rows
from workbench.screens.data.source import Source
from workbench.session.trail import DataRow
from workbench.widgets.footer import Footer
from workbench.widgets.layers import Layers


@pytest.fixture
def mails(tmp_path, monkeypatch):
    """Sixty texts of which row 8 is spam and says ham, and row 3 the other way round; a label of one row."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    rows = [("spam", "free [b]prize[/b], call now") if i % 2 else ("ham", "我们在家吃午饭 lunch") for i in range(60)]
    rows[3], rows[8] = ("ham", rows[3][1]), ("spam", rows[8][1])
    rows.append(("other", "a text of its own kind"))
    path = tmp_path / "mails.csv"
    path.write_text("label,text\n" + "".join(f'{label},"{text} {i}"\n' for i, (label, text) in enumerate(rows)))
    return path


@pytest.fixture
def open_doubts(mails, tmp_path, until):
    async def open_doubts(pilot):
        app = pilot.app
        await until(pilot, lambda: app.session.draft.profile is not None and app.screen.query(Rows))
        await until(pilot, lambda: app.screen.query_one(Rows).row is not None)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, DoubtsScreen) and app.screen.query(Doubted))
        await until(pilot, lambda: app.session.doubting.found is not None)
        return app.screen.query_one(Doubted)

    return open_doubts


def app_of(mails, tmp_path) -> WorkbenchApp:
    return WorkbenchApp(load({"data": {"path": str(mails)}}), tmp_path / "runs")


def read(mails, tmp_path):
    data = load({"data": {"path": str(mails)}}).data
    return edits.read(edits.file_of(tmp_path / "runs", data))


@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
async def test_doubts_are_ranked_with_what_a_model_says(mails, tmp_path, open_doubts, shown, until, size):
    app = app_of(mails, tmp_path)
    async with app.run_test(size=size) as pilot:
        doubted = await open_doubts(pilot)
        assert {one.row for one in doubted.items[:2]} == {3, 8}
        await until(pilot, lambda: "says" in shown(app))
        screen = shown(app)
        assert "2 of 61 rows" in screen and "1 label of one text not judged" in screen
        assert "free [b]prize[/b], call now 3" in screen and "lunch 8" in screen
        hints = app.screen.query_one(Footer).render().plain
        assert "enter relabel" in hints and "d drop" in hints and "u undo" not in hints
        await pilot.press("u", "U")
        assert not app._notifications and read(mails, tmp_path) is None
        assert "There is nothing to do again." in app.screen.query_one(Footer).render().plain
        assert app.screen.query_one(Looking).display is False


async def test_a_row_is_relabelled_dropped_and_taken_back_and_each_is_on_disk(
    mails, tmp_path, open_doubts, shown, until
):
    before, app = mails.read_bytes(), app_of(mails, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        doubted = await open_doubts(pilot)
        row, said = doubted.items[0].row, doubted.items[0].said
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LabelDialog) and app.screen.query(Labels))
        assert app.screen.query_one(Labels).selected == said  # the model's word comes first
        assert "the model says so" in shown(app) and "as it is" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: doubted.now == {row: said})
        assert f"now {said}" in shown(app)
        assert [edit.to for edit in read(mails, tmp_path).edits] == [said]
        other = doubted.items[1].row
        await pilot.press("down", "d")
        await until(pilot, lambda: doubted.now == {row: said, other: None})
        assert "dropped" in shown(app)
        may = app.screen.check_action
        await until(pilot, lambda: "u undo" in app.screen.query_one(Footer).render().plain)
        assert may("undo_edit", ()) and not may("redo_edit", ())
        await pilot.press("u")
        await until(pilot, lambda: doubted.now == {row: said})
        assert may("undo_edit", ()) and may("redo_edit", ())
        await pilot.press("U")
        await until(pilot, lambda: doubted.now == {row: said, other: None})
        assert [edit.to for edit in read(mails, tmp_path).edits] == [said, None]
        await pilot.press("escape")
        notes = "mended: 1 relabelled, 1 dropped"
        await until(pilot, lambda: any(note.text == notes for note in app.session.draft.profile.notes))
        assert mails.read_bytes() == before
        await open_doubts(pilot)  # once more, by what the labels are now
        await until(pilot, lambda: app.screen.query_one(Doubted).nothing() != "")
        assert "No row looks mislabelled" in shown(app)


@pytest.mark.more
async def test_the_next_run_learns_from_what_was_mended_and_an_app_started_later_knows_it(
    mails, tmp_path, open_doubts, until
):
    app = app_of(mails, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        doubted = await open_doubts(pilot)
        await pilot.press("d")
        await until(pilot, lambda: len(doubted.now) == 1)
    run = create_run(tmp_path / "runs", app.session.draft.recipe)
    assert [edit.to for edit in edits.of_run(run).edits] == [None]
    again = app_of(mails, tmp_path)
    async with again.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: again.session.draft.profile is not None)
        assert any("1 dropped" in note.text for note in again.session.draft.profile.notes)
        await until(pilot, lambda: again.screen.check_action("undo_edit", ()))
        assert not again.screen.check_action("redo_edit", ())
        await pilot.press("u")
        await until(pilot, lambda: not read(mails, tmp_path).edits)
        await until(pilot, lambda: again.screen.check_action("redo_edit", ()))
        assert not again.screen.check_action("undo_edit", ())
        await until(pilot, lambda: not any("mended" in n.text for n in again.session.draft.profile.notes))


@pytest.mark.more
async def test_a_row_of_data_is_mended_where_the_cursor_stays(mails, tmp_path, shown, until):
    app = app_of(mails, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.session.draft.profile is not None and app.screen.query(Rows))
        rows = app.screen.query_one(Rows)
        await until(pilot, lambda: rows.row is not None)
        await pilot.press("down", "down", "d")
        await until(pilot, lambda: rows.row is not None and rows.row.marks[:1] == ["dropped"])
        assert rows.row.row == 2 and not rows.row.split
        await pilot.press("c", *"spam", "enter")
        await until(pilot, lambda: rows.row is not None and rows.row.marks[:1] == ["was ham"])
        assert rows.row.row == 2 and rows.row.label == "spam"
        await pilot.press("c", *"nonsense", "enter", "escape")
        await until(pilot, lambda: app.screen.query(Rows))


@pytest.mark.more
async def test_what_is_searched_for_is_shown_and_a_row_is_shown_on_data(mails, tmp_path, open_doubts, until, shown):
    app = app_of(mails, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        doubted = await open_doubts(pilot)
        await pilot.press("slash", *"prize")
        assert [one.row for one in doubted.items] == [3]
        await pilot.press("enter", "slash", "x", "enter")
        assert "No doubted row is like that" in shown(app)
        await pilot.press("escape")
        assert doubted.count == 2
        doubted.cursor = [one.row for one in doubted.items].index(8)
        await pilot.press("D")
        await until(pilot, lambda: app.screen.query(Rows) and app.screen.query_one(Rows).row is not None)
        await until(pilot, lambda: app.screen.query_one(Rows).row.row == 8)


@pytest.mark.more
async def test_data_that_cannot_be_judged_says_why(tmp_path, until, shown, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "mails.csv"
    path.write_text("label,text\n" + "".join(f"label{i},text {i}\n" for i in range(4)))
    app = app_of(path, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.session.draft.profile is not None)
        await pilot.press("e")
        await until(pilot, lambda: app.session.doubting.found is not None)
        await until(pilot, lambda: "No row can be judged" in shown(app))
        path.unlink()
        await pilot.press("escape")
        app.session.doubting._asked = None
        await until(pilot, lambda: not isinstance(app.screen, DoubtsScreen))
        await pilot.press("e")
        await until(pilot, lambda: "✕" in shown(app))


@pytest.mark.more
async def test_keys_that_need_a_row_are_not_offered_where_none_is_doubted(tmp_path, open_doubts, until, shown, mails):
    mails.write_text(
        "label,text\n" + "".join(f"{'ab'[i % 2]},{('free prize', 'lunch')[i % 2]} {i}\n" for i in range(60))
    )
    app = app_of(mails, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        doubted = await open_doubts(pilot)
        await until(pilot, lambda: "No row looks mislabelled" in shown(app))
        hints = app.screen.query_one(Footer).render().plain
        assert "relabel" not in hints and "drop" not in hints and "find" not in hints and "row" not in hints
        await pilot.press("slash", "D")
        assert doubted.has_focus and isinstance(app.screen, DoubtsScreen)
        assert app.screen.query_one(Footer).hint.startswith("No row looks mislabelled")


async def test_a_row_that_was_mended_is_shown_on_data_when_it_is_left_with_that(mails, tmp_path, open_doubts, until):
    app = app_of(mails, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        doubted = await open_doubts(pilot)
        row = doubted.items[1].row
        await pilot.press("down", "d")
        await until(pilot, lambda: row in doubted.now)
        await pilot.press("D")
        await until(pilot, lambda: any("mended" in note.text for note in app.session.draft.profile.notes))
        await until(pilot, lambda: app.screen.query(Rows) and app.screen.query_one(Rows).row is not None)
        assert app.screen.query_one(Rows).row.row == row


@pytest.mark.more
async def test_doubts_of_other_data_are_left(mails, tmp_path, open_doubts, until):
    app = app_of(mails, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_doubts(pilot)
        await pilot.press("2")
        await until(pilot, lambda: app.current_mode == "model" and app.screen.query(Layers))
        app.session.draft.change("data.header", "no")  # every row has another number now
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "data" and not isinstance(app.screen, DoubtsScreen))


@pytest.mark.more
async def test_a_row_that_another_screen_leads_to_is_shown_in_place_of_the_doubts(mails, tmp_path, open_doubts, until):
    app = app_of(mails, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_doubts(pilot)
        await pilot.press("5")
        await until(pilot, lambda: app.current_mode == "runs")
        app.session.trail.go("data", DataRow(33))
        await until(pilot, lambda: app.current_mode == "data" and app.screen.query(Rows))
        await until(pilot, lambda: (row := app.screen.query_one(Rows).row) is not None and row.row == 33)


@pytest.mark.more
async def test_a_key_of_the_screen_below_and_its_command_lead_there(mails, tmp_path, open_doubts, until):
    app = app_of(mails, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_doubts(pilot)
        await pilot.press("t")
        assert app.screen.query_one(Footer).hint == "t works in Data: esc"
        await pilot.press("ctrl+p", *"choose the file and", "enter")
        await until(pilot, lambda: not isinstance(app.screen, DoubtsScreen) and app.screen.query(Source))
        assert app.screen.query_one(Source).has_focus


@pytest.mark.more
async def test_labels_are_offered_as_the_rows_have_them_not_as_rare_ones_are_joined(
    tmp_path, mails, open_doubts, until, shown
):
    lines = mails.read_text(encoding="utf-8")
    mails.write_text(lines + "rare,one of a few\nother,more of a kind\n", encoding="utf-8")
    app = WorkbenchApp(load({"data": {"path": str(mails), "rare_labels": "join"}}), tmp_path / "runs")
    async with app.run_test(size=(120, 36)) as pilot:
        await open_doubts(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LabelDialog) and app.screen.query(Labels))
        assert app.screen.query_one(Labels).items == ["ham", "other", "rare", "spam"]


def test_of_more_doubts_than_are_listed_all_are_counted():
    doubted = Doubted()
    doubted._all, doubted.items, doubted._total = [None] * 3, [None] * 3, 7012
    assert doubted.in_words == "7,012 (3 listed)"
