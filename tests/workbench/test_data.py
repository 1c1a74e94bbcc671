"""The Data screen on real files, read by the real helper."""

from pathlib import Path

import pytest
from rich.cells import cell_len
from textual import events
from textual.widgets import Input

from cases import first
from core.recipe import load
from core.template import columns_in
from workbench.app import WorkbenchApp
from workbench.formatting import cut
from workbench.screens.data.classes import Classes
from workbench.screens.data.histogram import Axis, Histogram, axis_end, quantile
from workbench.screens.data.notes import Notes
from workbench.screens.data.rows import Rows, View
from workbench.screens.data.source import Source
from workbench.screens.data.source_dialog import Files, SourceDialog, dropped
from workbench.screens.data.splits import Splits
from workbench.screens.data.tokens import LEGEND, Tokens
from workbench.session.complain import on_a_screen
from workbench.session.helper import Helper
from workbench.widgets.choice import Choice
from workbench.widgets.footer import Footer

SHARED = Path(__file__).parents[2] / "../shared/data"


def opened(tmp_path, path="sample", **layers) -> WorkbenchApp:
    return WorkbenchApp(load({"data": {"path": str(path)}}, layers), tmp_path / "runs")


def text_of(app, widget) -> str:
    return app.screen.query_one(widget).render().plain


def shown(app) -> list[str]:
    """The rows in sight, as text."""
    rows = app.screen.query_one(Rows)
    return [rows.render_line(y).text.rstrip() for y in range(min(rows.count, rows.size.height))]


@pytest.fixture
def ready(until):
    async def ready(pilot):
        await until(pilot, lambda: pilot.app.session.draft.profile is not None)
        await until(pilot, lambda: pilot.app.screen.query_one(Rows).row is not None)

    return ready


async def test_everything_about_a_file_is_on_the_screen(messages, tmp_path, ready):
    app = opened(tmp_path, messages)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        source = text_of(app, Source)
        assert "messages.tsv" in source and "tab-separated, no header" in source and "60 rows, UTF-8" in source
        assert "Label: column 0 (1st). Text: column 1." in source
        lines = [app.screen.query_one(Classes).line(i, 58).plain.split() for i in range(2)]
        assert [(words[0], words[2], words[4]) for words in lines] == [
            ("ham", "39", "39"),
            ("spam", "21", "19"),
        ]
        assert "medians" in text_of(app, Histogram) and "cuts none" in text_of(app, Histogram)
        assert "stratified, seed 123" in text_of(app, Splits)
        assert any("Always answering ham is right for" in note.text for note in app.screen.query_one(Notes).items)
        assert shown(app)[1].split() == ["1", "ham", "5", "some", "words", "of", "number", "1"]


async def test_a_note_is_a_filter_and_esc_takes_it_off(messages, tmp_path, ready, until):
    app = opened(tmp_path, messages)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        rows, notes = app.screen.query_one(Rows), app.screen.query_one(Notes)
        notes.focus()
        notes.cursor = next(i for i, note in enumerate(notes.items) if "copies" in note.text)
        await pilot.press("enter")
        await until(pilot, lambda: rows.total == 2)
        assert app.screen.focused is rows and "exact copies" in app.screen.query_one("#rows").subtitle
        await pilot.press("escape")
        await until(pilot, lambda: rows.total == 60)
        await pilot.press("f")
        await until(pilot, lambda: rows.total == 2)


async def test_search_sort_and_reverse(messages, tmp_path, ready, until):
    app = opened(tmp_path, messages)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        rows = app.screen.query_one(Rows)
        await pilot.press("slash", *"number 1")
        await until(pilot, lambda: rows.total == 11)
        await pilot.press("enter")
        assert app.screen.focused is rows
        await pilot.press("escape")
        await until(pilot, lambda: rows.view == View() and rows.total == 60)
        await pilot.press("o", "O")
        await until(pilot, lambda: rows.row and rows.row.label == "spam")
        assert rows.view == View(sort="label", reverse=True)
        await pilot.press("o")
        await until(pilot, lambda: rows.row and rows.row.row == 59)


@pytest.mark.more
@pytest.mark.parametrize("size", first(1, [(120, 36), (80, 24)]))
async def test_a_search_that_finds_nothing_says_so_and_esc_shows_all_rows(messages, tmp_path, ready, until, size):
    app = opened(tmp_path, messages)
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        rows, panel = app.screen.query_one(Rows), app.screen.query_one("#rows")
        await pilot.press("slash", *"xyz")
        await until(pilot, lambda: panel.subtitle == "“xyz”, 0 of 60")
        assert rows.render_line(0).text.strip() == "Nothing holds “xyz”. esc shows all rows."
        app.screen.query_one("#find-row", Input).value += "some words that are not there " * 5
        await until(pilot, lambda: len(panel.subtitle) > 30)
        rule = panel.children[0].render().plain
        assert "…, 0 of 60 ─" in rule and len(rule) == size[0]
        await pilot.press("escape")  # leaves the field, and clears nothing
        assert app.screen.focused is rows and rows.view.search
        await pilot.press("escape")
        await until(pilot, lambda: rows.total == 60)
        await pilot.press("f")
        await until(pilot, lambda: rows.total == 2)
        await pilot.press("slash", *"xyz", "enter", "enter")  # leaves the field; there are no tokens to see
        await until(pilot, lambda: app.screen.focused is rows and rows.total == 0)
        assert rows.render_line(0).text.strip() == "Nothing among these holds “xyz”. esc shows all rows."
        await pilot.press("escape")
        await until(pilot, lambda: rows.total == 60)


@pytest.mark.more
async def test_enter_shows_the_tokens_of_a_row_and_a_character_stays_whole(messages, tmp_path, ready, until):
    app = opened(tmp_path, messages)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        panel = app.screen.query_one("#tokens")
        assert not panel.display
        await pilot.press("G")
        await until(pilot, lambda: app.screen.query_one(Rows).row.row == 59)
        assert "[bold]but not markup[/bold]" in shown(app)[-1]
        await pilot.press("enter")
        await until(pilot, lambda: panel.title.startswith("Row 59 in"))
        assert panel.subtitle == LEGEND and any(digit in text_of(app, Tokens) for digit in "²³")
        assert panel.display and "离" in text_of(app, Tokens) and "[bold" in text_of(app, Tokens)
        await pilot.press("k")
        await until(pilot, lambda: panel.title.startswith("Row 58 in 5 tokens"))
        assert panel.subtitle == ""
        await pilot.press("escape")
        assert not panel.display


async def test_rows_come_by_the_page(tmp_path, ready, until):
    path = tmp_path / "many.csv"
    path.write_text("text,label\n" + "".join(f"this is text {i},{'ab'[i % 2]}\n" for i in range(1500)))
    app = opened(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        rows = app.screen.query_one(Rows)
        await pilot.press("G")
        await until(pilot, lambda: rows.row is not None and rows.row.row == 1499)
        rows.cursor = 700
        await until(pilot, lambda: rows.row is not None and rows.row.row == 700)
        assert all("…" not in line for line in shown(app))


@pytest.mark.more
async def test_while_nothing_is_read_yet_enter_takes_a_path(messages, tmp_path, ready, until):
    app = opened(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        assert text_of(app, Source).startswith("Sample messages\nStarting")
        assert not app.screen.query(Rows)
        await pilot.press("enter")
        dialog = app.screen
        assert isinstance(dialog, SourceDialog)
        dialog.query_one("#path", Input).value = str(messages)[:-5]
        await until(pilot, lambda: dialog.query_one(Files).count == 1)
        await pilot.press("tab")
        assert dialog.query_one("#path", Input).value == str(messages)
        await pilot.press("enter")
        await ready(pilot)
        assert app.session.draft.recipe.data.path == str(messages)


async def test_a_path_that_is_no_file_is_refused_in_the_dialog(tmp_path):
    app = opened(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter", *"nowhere.csv", "enter")
        assert isinstance(app.screen, SourceDialog)
        assert "no file nowhere.csv" in str(app.screen.query_one(".hint").render())
        await pilot.press("escape")
        assert app.session.draft.recipe.data.path == "sample"


async def test_a_pasted_path_is_offered_and_other_text_is_not(messages, tmp_path):
    app = opened(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.post_message(events.Paste("only words"))
        await pilot.pause()
        assert not isinstance(app.screen, SourceDialog)
        app.screen.post_message(events.Paste(f"'{messages}' "))
        await pilot.pause()
        assert app.screen.query_one("#path", Input).value == str(messages)


def test_what_a_terminal_pastes_for_a_dropped_file(tmp_path):
    file = tmp_path / "with space.csv"
    file.touch()
    escaped = str(file).replace(" ", "\\ ")
    for pasted in (str(file), f"'{file}'", escaped, f"file://{file}", f"{escaped} \n"):
        assert dropped(pasted) == file
    assert dropped("it's " * 2000) is None and dropped("") is None


@pytest.mark.more
async def test_columns_are_chosen_from_the_file_where_they_cannot_be_found_out(tmp_path, ready, until):
    path = tmp_path / "two.csv"
    rows = [f"a title that says {i},the longer text of number {i} goes on,x{i},{'yn'[i % 2]}" for i in range(40)]
    path.write_text("\n".join(["title,body,code,spam", *rows]))
    app = opened(tmp_path, path, data={"path": str(path), "label": "nothing"})
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.session.draft.problem is not None)
        assert "has no column nothing" in text_of(app, Source)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        choice = app.screen.query_one("#label", Choice)
        await pilot.press("tab", "tab", "tab")
        assert app.screen.focused is choice
        while choice.value != "spam":
            await pilot.press("right")
        await pilot.press("enter")
        await ready(pilot)
        assert app.session.draft.recipe.data.label == "spam" and list(app.session.draft.profile.labels) == ["n", "y"]


@pytest.mark.more
async def test_what_a_file_is_taken_for_is_shown_before_it_is_read_and_can_be_changed(tmp_path, ready, until):
    path = tmp_path / "quoted.csv"
    path.write_text(
        "type,said,kind\n" + "".join(f'{"xy"[i % 2]},"one, two {i}",{"ab"[i % 3 == 0]}\n' for i in range(40))
    )
    app = opened(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.screen.action_source()
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        dialog = app.screen
        assert dialog.query_one(".dialog").region.x == 0 and dialog.query_one(".dialog").region.width == 80
        dialog.query_one("#path", Input).value = str(path)
        await until(pilot, lambda: "one, two 0" in text_of(app, "#taken-for"))
        words = text_of(app, "#taken-for")
        assert "comma-separated, with header, UTF-8, 3 columns" in words and "It could also be kind" in words
        assert app.session.draft.recipe.data.path == "sample" and dialog.query_one("#label", Choice).value == "auto"
        assert dialog.query_one("#label", Choice).render().plain == "‹ auto: type ›"
        assert dialog.query_one("#text", Choice).render().plain == "‹ auto: said ›"
        dialog.query_one("#label", Choice).focus()
        while dialog.query_one("#label", Choice).value != "kind":
            await pilot.press("right")
        await until(pilot, lambda: text_of(app, "#taken-for").splitlines()[1].startswith("kind"))
        await pilot.press("enter")
        await ready(pilot)
        data = app.session.draft.recipe.data
        assert (data.path, data.label, data.text) == (str(path), "kind", "auto")
        assert list(app.session.draft.profile.labels) == ["a", "b"]


async def test_why_nothing_can_be_learned_stands_where_one_looks_first(tmp_path, ready):
    path = lines_of(tmp_path, "one.csv", "label,text", lambda i: f"good,some words {i}")
    app = opened(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        source = app.screen.query_one(Source)
        lines = source.render().wrap(app.console, source.size.width)[: source.size.height]
        said = " ".join(line.plain.strip() for line in lines)
        assert "Every row says good. A classifier needs two labels. Is the label really column label?" in said
        assert "Enter on Source shows the columns." in said
        assert app.focused is source and "None" in text_of(app, Splits)
        assert not app.screen.query_one(Notes).items  # neither a better model nor what always saying good gives


async def test_a_panel_stays_lit_while_the_focus_moves_within_it(messages, tmp_path, ready, until):
    app = opened(tmp_path, messages)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is app.screen.query_one(Rows))
        await pilot.pause(0.1)  # the field tells that it has lost the focus later than the rows that they have it
        assert app.screen.query_one("#rows").lit
        app.screen.query_one(Notes).focus()
        await until(pilot, lambda: not app.screen.query_one("#rows").lit)


async def test_why_rows_cannot_be_searched_stands_there_whole(messages, tmp_path, ready, until):
    app = opened(tmp_path, messages)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        rows = app.screen.query_one(Rows)
        rows.look(View(search="([a-z]+)+X(", regex=True))
        await until(pilot, lambda: rows.problem)
        said = " ".join(rows.render_line(y).text.strip() for y in range(rows.size.height)).strip()
        assert said == f"✕ {rows.problem}" and len(said) > 80 and "…" not in said


@pytest.mark.parametrize(
    ("said", "on_screen"),
    [
        ("Name its column with --text.", "Name its column."),
        ("Name it with --label. Its columns are a, b.", "Name it. Its columns are a, b."),
        ("Name it with --data.label, or none.", "Name it, or none."),
        ("Choose with --label NAME.", "Enter on Source shows the columns."),
        ("Choose with --label, or fix it.", "Enter on Source shows the columns, or fix it."),
    ],
)
def test_flags_of_the_command_line_leave_whole_sentences(said, on_screen):
    assert on_a_screen(said) == on_screen


async def test_a_template_that_is_refused_stays_to_be_mended(tmp_path, ready, until):
    path = lines_of(tmp_path, "news.csv", "title,body,kind", lambda i: f"News {i},some words {i},{'ab'[i % 2]}")
    app = opened(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.screen.action_source()
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        field = app.screen.query_one("#template", Input)
        field.focus()
        field.value = "{title} [SEP]"
        await until(pilot, lambda: "has no column on one side of [SEP]" in text_of(app, "#taken-for"))
        await pilot.press("enter")
        await until(pilot, lambda: "✕ data.text: has no column on one side of [SEP]" in text_of(app, ".hint"))
        assert app.screen.query_one("#template", Input).value == "{title} [SEP]"
        field.value = "{title. {body}"
        await until(pilot, lambda: "has one brace too many" in text_of(app, "#taken-for"))
        assert "--" not in text_of(app, "#taken-for")


@pytest.mark.more
async def test_a_text_of_several_columns_is_typed_and_shown_at_once(tmp_path, ready, until):
    path = tmp_path / "news.csv"
    path.write_text("title,body,kind\n" + "".join(f"News {i},some words {i},{'ab'[i % 3 == 0]}\n" for i in range(40)))
    app = opened(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.screen.action_source()
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        dialog = app.screen
        dialog.query_one("#path", Input).value = str(path)
        await until(pilot, lambda: "some words 0" in text_of(app, "#taken-for"))
        assert "tab leads to how it is read" in text_of(app, ".hint")
        dialog.query_one("#template", Input).focus()
        await until(pilot, lambda: "braces, with any words between: {title}. {desc" in text_of(app, ".hint"))
        assert "columns: title, body, kind" in text_of(app, ".hint")
        await pilot.press(*"{titel}")
        await until(pilot, lambda: "has no column titel" in text_of(app, "#taken-for"))
        dialog.query_one("#template", Input).value = "{title}: {body}"
        await until(pilot, lambda: "News 0: some words 0" in text_of(app, "#taken-for"))
        await pilot.press("enter")
        await ready(pilot)
        assert app.session.draft.recipe.data.text == "{title}: {body}"
        assert app.session.draft.profile.columns["text"] == "{title}: {body}"
        app.screen.action_source()
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        assert app.screen.query_one("#template", Input).value == "{title}: {body}"
        assert app.screen.query_one("#text", Choice).value == "auto"


@pytest.mark.more
async def test_another_file_is_never_shown_with_the_rows_or_the_split_of_the_former(tmp_path, ready, until):
    path = lines_of(
        tmp_path, "split.csv", "label,text,part", lambda i: f"{'ab'[i % 2]},text {i},{('train', 'test')[i // 2 % 2]}"
    )
    plain = lines_of(tmp_path, "plain.csv", "label,text", lambda i: f"{'xy'[i % 2]},other words {i}")
    (tmp_path / "page.csv").write_text("<!DOCTYPE html><html><body>log in</body></html>")
    app = opened(tmp_path, path, data={"path": str(path), "split": "part"})
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.screen.action_source()
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        await until(pilot, lambda: "text 0" in text_of(app, "#taken-for"))
        app.screen.query_one("#path", Input).value = str(tmp_path / "page.csv")
        await until(pilot, lambda: "is a web page" in text_of(app, "#taken-for"))
        assert "text 0" not in text_of(app, "#taken-for")
        app.screen.query_one("#path", Input).value = str(plain)
        await until(pilot, lambda: "other words 0" in text_of(app, "#taken-for"))
        assert "✕" not in text_of(app, "#taken-for")


@pytest.mark.more
@pytest.mark.parametrize(("preset", "size"), [("mushrooms", (80, 24)), ("arena", (120, 36))])
async def test_a_recipe_says_what_a_text_is_made_of_and_that_takes_one_line(tmp_path, until, preset, size):
    said = load({"preset": preset}).data
    labels = said.label.split(",")
    flags = [",".join("1" if k == i else "0" for k in range(len(labels))) for i in range(len(labels))]
    marks = ["e", "p"] if len(labels) == 1 else flags
    columns = columns_in(said.text)
    path = lines_of(
        tmp_path,
        "table.csv",
        ",".join([*columns, *labels]),
        lambda i: ",".join([*(f"word {i + k}" for k in range(len(columns))), marks[i % len(marks)]]),
    )
    app = opened(tmp_path, path, data={"path": str(path), "group": columns[0]})
    async with app.run_test(size=size) as pilot:
        draft = app.session.draft
        draft.change("preset", preset)
        assert draft.recipe.data.text == said.text and draft.recipe.data.path == str(path)
        await until(pilot, lambda: draft.profile is not None and draft.profile.columns["text"] == said.text)
        await until(pilot, lambda: "{" in text_of(app, Source))
        assert said.text[:10] in text_of(app, Source) and "…" in text_of(app, Source)
        assert len(text_of(app, Source).splitlines()) <= 4
        app.screen.action_source()
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        await until(pilot, lambda: "word 1" in text_of(app, "#taken-for"))
        assert text_of(app, "#text") == "‹ auto ›"
        choice = app.screen.query_one("#text", Choice)
        choice.comes_to = said.text
        assert text_of(app, "#text").endswith("… ›") and cell_len(text_of(app, "#text")) <= choice.size.width
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, SourceDialog))
        assert draft.recipe.data.text == said.text and draft.recipe.data.group == columns[0]
        app.screen.action_source()
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        other = lines_of(tmp_path, "plain.csv", "label,text", lambda i: f"{'xy'[i % 2]},other words {i}")
        app.screen.query_one("#path", Input).value = str(other)
        await until(pilot, lambda: "other words 0" in text_of(app, "#taken-for"))
        await pilot.press("enter")
        await until(pilot, lambda: draft.recipe.data.path == str(other))
        assert draft.recipe.data.text == "auto" and not draft.recipe.data.group


@pytest.mark.more
async def test_a_folder_is_taken_whole_and_led_into(tmp_path, messages, until):
    app = opened(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        field = app.screen.query_one("#path", Input)
        field.value = str(tmp_path)
        await until(pilot, lambda: "takes the whole folder" in text_of(app, ".hint"))
        await pilot.press("tab")
        assert field.value == f"{tmp_path}/"
        field.value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: app.session.draft.recipe.data.path == str(tmp_path))


async def test_a_file_that_cannot_be_read_is_a_sentence_with_a_way_on(tmp_path, until):
    app = opened(tmp_path, tmp_path / "gone.csv")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.session.draft.problem is not None)
        assert "There is no file" in text_of(app, Source) and "Enter takes another file" in text_of(app, Source)


async def test_one_class_is_shown_with_its_problem(tmp_path, ready):
    path = tmp_path / "one.tsv"
    path.write_text("".join(f"ham\tsome words of number {i}\n" for i in range(30)))
    app = opened(tmp_path, path)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        assert "✕ Every row says ham." in text_of(app, Source)
        assert "Enter on Source shows the columns." in " ".join(text_of(app, Source).split())
        assert "--" not in text_of(app, Source)
        assert not app.screen.check_action("train", ())


@pytest.mark.more
async def test_more_than_eight_classes_are_sorted_and_can_be_searched(tmp_path, ready, until):
    path = tmp_path / "many.csv"
    rows = [f"some text about {label} number {i},topic {label}" for label in range(12) for i in range(10 + label)]
    path.write_text("\n".join(["text,label", *rows]))
    app = opened(tmp_path, path)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        classes = app.screen.query_one(Classes)
        assert classes.count == 12 and classes.selected == "topic 11" and 8 <= classes.size.height < 12
        classes.focus()
        places = [app.screen.query_one(name).region for name in ("#source", "#classes", "#lengths", "#rows")]
        for key in ("slash", *"topic 7x"):
            await pilot.press(key)
            await pilot.pause()
            assert [
                app.screen.query_one(name).region for name in ("#source", "#classes", "#lengths", "#rows")
            ] == places, key
        await pilot.press("escape", "escape", "slash", *"xyz", "enter")
        await until(pilot, lambda: app.screen.focused is classes and classes.count == 0)
        assert classes.render_line(0).text.strip() == "No such class. esc shows all of them."
        await pilot.press("enter")
        assert app.screen.query_one(Rows).view == View()  # there is none to filter by
        await pilot.press("escape")
        await until(pilot, lambda: classes.count == 12)
        await pilot.press("slash", *"topic 1", "enter")
        assert classes.count == 3 and app.screen.focused is classes
        await pilot.press("j", "enter")
        await until(pilot, lambda: app.screen.query_one(Rows).total == 20)


async def test_names_of_many_classes_have_the_room_that_bars_can_spare(tmp_path, ready):
    path = tmp_path / "many.csv"
    names = [f"a_rather_long_{label}" for label in range(12)]
    rows = [f"some text about {name} number {i},{name}" for name in names for i in range(100)]
    path.write_text("\n".join(["text,label", *rows]))
    app = opened(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        classes = app.screen.query_one(Classes)
        width = classes.scrollable_content_region.width
        lines = [classes.line(i, width) for i in range(classes.count)]
        assert all(any(name in line.plain for line in lines) for name in names)
        assert all(line.plain.count("█") >= 8 and line.cell_len <= width for line in lines)
        assert classes.headings(width).plain.split() == ["file", "learning"]


async def test_a_file_that_is_no_text_is_said_to_be_none(tmp_path, until):
    path = tmp_path / "wide.csv"
    path.write_bytes(bytes(range(256)) * 20)
    app = opened(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.session.draft.problem is not None)
        words = " ".join(text_of(app, Source).split())
        assert "wide.csv is not text: it is full of bytes that stand for no character." in words
        assert "save it as CSV or plain text, in UTF-8" in words


@pytest.mark.more
async def test_while_a_large_file_is_read_the_screen_says_how_far_it_is_and_answers(tmp_path, until):
    path = tmp_path / "large.tsv"
    path.write_text("".join(f"{'ab'[i % 2]}\t{'some longer text with many words ' * 8}{i}\n" for i in range(20_000)))
    app = opened(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.session.draft.profiling is not None and app.session.draft.profiling.total > 0)
        assert " of " in text_of(app, Source)
        await pilot.press("2", "1")
        assert app.current_mode == "data"
        app.session.draft.change("data.path", "sample")  # the older question is given up
        await until(pilot, lambda: app.session.draft.profile is not None)
        assert app.session.draft.profile.rows == 911 and "Sample messages" in text_of(app, Source)


@pytest.mark.more
async def test_a_helper_that_dies_is_said_and_started_again(messages, tmp_path, ready, until):
    app = opened(tmp_path, messages)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        helper = app.session.data_helper
        helper._process.kill()
        await until(pilot, lambda: helper._reader.done())
        app.session.draft.read_profile()
        await until(pilot, lambda: app.session.draft.profiling is None)
        assert app.session.draft.problem is None


async def test_the_newest_question_takes_the_place_of_an_older_one(messages):
    import asyncio

    from workbench.session.helper import Superseded

    helper = Helper("data")
    recipe = load({"data": {"path": str(messages)}}).model_dump()
    answers = await asyncio.gather(*(helper.ask("profile", recipe=recipe) for _ in range(3)), return_exceptions=True)
    await helper.close()
    assert any(isinstance(answer, Superseded) for answer in answers[:2]) and answers[2]["rows"] == 60


def test_lengths_are_drawn_evenly_and_nothing_is_lost():
    lengths = {5: 10, 6: 3, 40: 2, 119: 1}
    axis = Axis.of(axis_end(lengths, 120), 60)
    assert axis.end >= 120 and axis.n * axis.cells <= 60
    assert sum(axis.bars(lengths)) == 16 * axis.cells
    assert quantile(lengths, 0.5) == 5
    assert axis_end({10: 1000, 1_000_000: 1}, 1024) < 100


def test_cells_are_counted_and_no_character_is_cut_in_half():
    assert cut("距离川沙", 5) == "距离…" and cut("距离", 4) == "距离" and cut("abc", 0) == ""


@pytest.mark.more
@pytest.mark.parametrize("file", ["sms/SMSSpamCollection", "chinese/ChnSentiCorp_htl_all.csv"])
async def test_real_files(file, tmp_path, ready):
    if not (SHARED / file).is_file():
        pytest.skip("the shared data sets are not here")
    app = opened(tmp_path, SHARED / file)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert len(shown(app)) >= 4


def lines_of(tmp_path, name: str, header: str, row) -> Path:
    path = tmp_path / name
    path.write_text("\n".join([header, *(row(i) for i in range(80))]))
    return path


@pytest.mark.more
async def test_labels_that_look_alike_are_joined_on_one_key(tmp_path, ready, until):
    kinds = ("ham", "spam", "ham", "Spam")
    path = lines_of(tmp_path, "alike.csv", "label,text", lambda i: f"{kinds[i % 4]},this is text {i}")
    app = opened(tmp_path, path)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        notes = app.screen.query_one(Notes)
        (at,) = (i for i, note in enumerate(notes.items) if note.filter == "alike")
        assert "20  J  rows have spam (20), another spelling of Spam (20)" in notes.line(at, 100).plain
        assert notes.line(at, 40).cell_len <= 40
        await pilot.press("J")
        await until(pilot, lambda: app.session.draft.profile.labels == {"Spam": 40, "ham": 40})
        assert app.session.draft.recipe.data.join_labels == "on"
        assert any("joined: spam (20) with Spam (20)" in notes.line(i, 100).plain for i in range(notes.count))
        await pilot.press("J")
        await until(pilot, lambda: app.session.draft.profile.labels == {"Spam": 20, "ham": 40, "spam": 20})


@pytest.mark.more
async def test_labels_too_rare_to_be_split_are_joined_and_left_out_again_on_one_key(tmp_path, ready, until):
    path = lines_of(
        tmp_path,
        "rare.csv",
        "label,text",
        lambda i: f"{'ab'[i % 2] if i > 3 else ('typo', 'oops', 'what', 'oops')[i]},this is text {i}",
    )
    app = opened(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        notes = app.screen.query_one(Notes)

        def line(width):
            (at,) = (i for i, note in enumerate(notes.items) if note.filter == "rare")
            return notes.line(at, width).plain

        assert "▲      4  M  rows left out: typo" in line(notes.size.width)  # what is in force is not cut off
        assert app.session.draft.profile.learning == {"a": 38, "b": 38, "oops": 0, "typo": 0, "what": 0}
        await pilot.press("M")
        await until(pilot, lambda: app.session.draft.profile.learning == {"a": 38, "b": 38, "other": 4})
        assert "     4  M  rows joined as other: " in line(notes.size.width) and "▲" not in line(80)
        await pilot.press("M")
        await until(pilot, lambda: app.session.draft.profile.learning.get("oops") == 0)
        assert app.session.draft.recipe.data.rare_labels == "leave_out" and "left out" in line(80)


@pytest.mark.more
async def test_the_split_of_the_file_is_kept_to_on_one_key(tmp_path, ready, until):
    path = lines_of(
        tmp_path, "split.csv", "label,text,part", lambda i: f"{'ab'[i % 2]},text {i},{('train', 'test')[i // 2 % 2]}"
    )
    app = opened(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert any("--split part" in note.do for note in app.session.draft.profile.notes)
        await pilot.press("K")
        await until(pilot, lambda: sum(app.session.draft.profile.splits["test"].values()) == 40)
        assert app.session.draft.recipe.data.split == "part" and "as given" in app.screen.query_one(Splits)._how
        notes = app.screen.query_one(Notes)
        assert any("K  Kept to the split" in notes.line(i, notes.size.width).plain for i in range(notes.count))
        await pilot.press("K")
        await until(pilot, lambda: "as given" not in app.screen.query_one(Splits)._how)
        assert app.session.draft.recipe.data.split == "auto"


@pytest.mark.more
async def test_where_two_columns_could_be_the_label_one_key_asks_which(tmp_path, ready, until):
    path = lines_of(
        tmp_path, "two.csv", "mood,shop,said", lambda i: f"{'ab'[i % 2]},{'xyz'[i % 3]},this is what person {i} said"
    )
    app = opened(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert app.session.draft.profile.columns["label"] == "mood"
        await pilot.press("W")
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        choice = app.screen.query_one("#label", Choice)
        assert app.screen.focused is choice and choice.value == "mood"
        await pilot.press("right", "enter")
        await until(pilot, lambda: app.session.draft.profile.columns["label"] == "shop")
        assert app.session.draft.recipe.data.label == "shop"


@pytest.mark.more
async def test_where_a_title_is_left_out_the_same_key_shows_how_both_are_taken(tmp_path, ready, until):
    path = lines_of(
        tmp_path,
        "news.csv",
        "a,what title came first,this is what person had to say 0",
        lambda i: f'{"ab"[i % 2]},"what title {i} has to say","{"this is what person had to say " * 3}{i}"',
    )
    app = opened(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert app.session.draft.profile.columns["text"] == "2"
        await pilot.press("W")
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        template = app.screen.query_one("#template", Input)
        assert template.placeholder == "of several: {1}. {2}" and app.screen.focused.id == "text"
        await pilot.press("tab", *"{1}. {2}", "enter")
        await until(pilot, lambda: app.session.draft.profile.columns["text"] == "{1}. {2}")
        assert not [note for note in app.session.draft.profile.notes if note.asks]


async def test_rows_are_copied_whole_and_exported(messages, tmp_path, ready, until):
    app = opened(tmp_path, messages)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        rows = app.screen.query_one(Rows)
        assert await rows.copied() == "some words of number 0"
        rows.look(View(filter="label spam"))
        await until(pilot, lambda: rows.total == 21)
        path = tmp_path / "rows.csv"
        await rows.exported().write(path)
        assert path.read_text().splitlines()[0] == "row,label,tokens,split,marks,text"
        assert len(path.read_text().splitlines()) == 22


@pytest.mark.parametrize(
    ("options", "how"),
    [
        ({"group": "author"}, "by column author, seed 123"),
        ({"time": "day"}, "by column day, the earliest first"),
        ({"fold": "2/5"}, "fold 2/5, stratified, seed 123"),
    ],
)
@pytest.mark.more
async def test_the_splits_say_by_what_the_rows_were_divided(tmp_path, ready, options, how):
    rows = [f"{'ab'[i % 2]},text {i},author {i % 9},2024-{1 + i // 10:02}-{1 + i % 10:02}" for i in range(90)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["label,text,author,day", *rows]))
    app = opened(tmp_path, path, data=options)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        assert text_of(app, Splits).endswith(f"\n{how}")


@pytest.mark.more
async def test_enter_is_offered_on_a_note_only_where_rows_belong_to_it(tmp_path, ready, until):
    path = tmp_path / "a.csv"
    rows = [f"{'ab'[i % 2]},text of number {i}" for i in range(60)]
    path.write_text("\n".join(["label,text", *rows, rows[0]]))
    app = opened(tmp_path, path)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        notes, footer = app.screen.query_one(Notes), app.screen.query_one(Footer)
        notes.focus()
        behind = [bool(note.filter) for note in notes.items]
        assert {*behind} == {True, False}
        for at, has_rows in enumerate(behind):
            notes.cursor = at
            await pilot.pause()
            assert ("show rows" in footer.render().plain) == has_rows
        notes.cursor = behind.index(False)
        await pilot.press("enter")
        assert footer.hint == "No rows belong to this note. B does what it says."


@pytest.mark.more
async def test_keys_of_a_row_are_not_offered_where_none_is_listed(messages, tmp_path, ready, until):
    app = opened(tmp_path, messages)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        rows, footer = app.screen.query_one(Rows), app.screen.query_one(Footer)
        await pilot.press("slash", *"nowhere", "enter")
        await until(pilot, lambda: "holds" in rows.nothing())
        hints = footer.render().plain
        assert "tokens" not in hints and "sort" not in hints and "find" in hints
        await pilot.press("escape")
        await until(pilot, lambda: "tokens" in footer.render().plain)


@pytest.mark.more
async def test_a_second_click_takes_a_file_that_is_suggested(tmp_path, ready, until, monkeypatch):
    (tmp_path / "some.csv").write_text("label,text\n" + "".join(f"{'ab'[i % 2]},text {i}\n" for i in range(40)))
    monkeypatch.chdir(tmp_path)
    app = opened(tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        app.screen.query_one(Source).focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SourceDialog) and app.screen.query(Files))
        app.screen.query_one("#path", Input).value = "so"
        await until(pilot, lambda: app.screen.query_one(Files).count == 1)
        await pilot.click(Files, offset=(3, 0), times=2)
        await until(pilot, lambda: app.screen.query_one("#path", Input).value == "some.csv")
