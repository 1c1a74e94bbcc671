"""Where the texts come from: the file, how it was read, what was left out; or why there is nothing yet."""

from pathlib import Path

from rich.cells import cell_len
from rich.text import Text
from textual import events

from core.architectures.lookup import short_name
from core.architectures.preset import ENGLISH
from core.datasets import dataset_named, file_name
from core.errors import WorkbenchError
from core.options import AUTO
from core.rows import NO_LETTERS, Profile
from core.wording import on_one_line, plural, shown, size
from workbench import keys
from workbench.formatting import bar, cut
from workbench.screens.data.glimpse import taken_for
from workbench.session.complain import on_a_screen
from workbench.session.helper import Progress
from workbench.session.session import session_of
from workbench.themes import colour
from workbench.widgets.waits import Waits

WAY_ON = "Enter takes another file, or names its columns."
ELSEWHERE = ("group", "time", "split", "swap", "validation_path", "test_path")  # options of the form on Model
LATIN = "Latin"
QUOTES = {AUTO: "", "none": ", quotes kept"}
DOING = {
    "start": "Starting",
    "fetch": "Downloading",
    "download": "Downloading",
    "weights": "Checking",
    "unpack": "Unpacking",
    "find": "Finding the encoding and the separator",
    "columns": "Looking at the columns",
    "read": "Reading the file",
    "tokens": "Counting tokens",
    "copies": "Looking for copies and making the splits",
    "languages": "Looking for the language",
    "doubts": "Asking models that count words, each about rows it has not seen",
}
STARTS = Progress("start", 0, 0)


def progress_in_words(progress: Progress) -> str:
    """'Counting tokens, 12,000 of 50,000 texts', 'Reading the file, 12.0 MB of 66.4 MB'."""
    doing = DOING.get(progress.name, progress.name.capitalize())
    if not progress.total:
        return doing
    if progress.unit == "bytes":
        return f"{doing}, {size(progress.done)} of {size(progress.total)}"
    return f"{doing}, {progress.done:,} of {progress.total:,} {progress.unit}".rstrip()


def name_of(path: str) -> str:
    """A data set's title, or a file's name."""
    known = dataset_named(path)
    return known.title[:1].upper() + known.title[1:] if known else on_one_line(file_name(Path(path)))


def column(name: str) -> str:
    return f"column {name}{' (1st)' if name == '0' else ''}" if name.isdigit() else on_one_line(name)


def _writing(profile: Profile) -> str:
    """The language that most texts are in, where it is another than English; else their script, if not Latin."""
    if profile.language not in ("", ENGLISH):
        return f", in {profile.language}"
    script = next((name for name in profile.scripts if name != NO_LETTERS), LATIN)
    return "" if script == LATIN else f", {script} script"


class Source(Waits, can_focus=True):
    """Enter, or a click, leads to the file and its columns."""

    DEFAULT_CSS = "Source { height: auto; padding: 0 1; }"
    BINDINGS = keys.bindings("source")

    def on_mount(self) -> None:
        draft = session_of(self).draft
        for signal in (draft.profile_changed, draft.recipe_changed, session_of(self).fetcher.changed):
            signal.subscribe(self, lambda _: self.refresh(layout=True))

    def render(self) -> Text:
        draft = session_of(self).draft
        loading = not (draft.problem or draft.profile)
        self.wait_for((draft.profiling or STARTS).name if loading else "")
        if draft.problem:
            return self._failed(draft.recipe.data.path, draft.problem)
        if draft.profile:
            return self._ready(draft.recipe.data.path, draft.profile)
        return self._loading(draft.recipe.data.path, draft.profiling or STARTS)

    def lines_at(self, width: int) -> int:
        """How many it needs."""
        return self._lines(self.render(), width)

    def least_at(self, width: int) -> int:
        """How many it needs where there is little room: a file that nothing can be learned from says why."""
        draft = session_of(self).draft
        if not draft.profile or not draft.profile.problem:
            return 1
        return sum(self._lines(line, width) for line in self._first(draft.recipe.data.path, draft.profile))

    def _lines(self, words: Text, width: int) -> int:
        return len(words.wrap(self.app.console, max(1, width)))

    def _loading(self, path: str, progress: Progress) -> Text:
        words = Text(f"{name_of(path)}\n{progress_in_words(progress)}  {self.spinner}\n", colour(self, "text"))
        share = progress.done / progress.total if progress.total else 0
        width = max(10, min(60, self.size.width))
        if share < 1:  # a bar that is full would say that nothing more is done
            words.append(bar(share, width).ljust(width, "░"), colour(self, "muted"))
        if glimpse := session_of(self).draft.glimpse:
            words.append("\n\n").append(taken_for(self, glimpse, self.size.width))
        return words

    def _failed(self, path: str, problem: WorkbenchError) -> Text:
        way_on = "Enter takes another file, or the same data set again." if dataset_named(path) else WAY_ON
        if any(getattr(session_of(self).draft.recipe.data, name) not in ("", AUTO) for name in ELSEWHERE):
            way_on += " Other files, and columns for the split, are options of the recipe: 2."
        session, why = session_of(self), on_a_screen(str(problem))
        if session.draft.lacks_tokenizer:
            why, way_on = problem.what, f"f fetches {short_name(session.draft.recipe.model.name)}. {way_on}"
        if session.fetcher.progress and session.fetcher.name == session.draft.recipe.model.name:
            way_on = f"{progress_in_words(session.fetcher.progress)}. f stops it."
        return Text.assemble(
            (f"{on_one_line(path)}\n", colour(self, "muted")),
            ("✕ ", colour(self, "error")),
            (f"{shown(why)}\n", colour(self, "text")),
            (way_on, colour(self, "muted")),
        )

    def _ready(self, path: str, profile: Profile) -> Text:
        muted = colour(self, "muted")
        left_out = ", ".join(f"{plural(each.rows, 'row')} with {each.reason}" for each in profile.skipped)
        quotes = QUOTES.get(profile.quoting, ", quoted")
        lines = [
            *self._first(path, profile),
            Text(f"{plural(profile.rows, 'row')}, {on_one_line(profile.encoding)}{quotes}{_writing(profile)}.", muted),
            Text(f"Label: {column(profile.columns['label'])}. Text: {self._text(profile)}", muted),
        ]
        if profile.files:
            files = ". ".join(f"{split.capitalize()}: {name_of(path)}" for split, path in profile.files.items())
            lines.append(Text(f"{files}.", muted))
        if left_out:
            lines.append(Text(f"Left out: {on_one_line(left_out)}.", muted))
        return Text("\n").join(lines)

    def _first(self, path: str, profile: Profile) -> list[Text]:
        """What always stands there: the file, and why nothing can be learned from it."""
        text, muted, name = colour(self, "text"), colour(self, "muted"), name_of(path)
        room = max(0, self.size.width - cell_len(name) - 2)
        first = Text.assemble((name, f"bold {text}"), "  ", (cut(on_one_line(profile.format), room), muted))
        if not profile.problem:
            return [first]
        return [first, Text.assemble(("✕ ", colour(self, "error")), (shown(on_a_screen(profile.problem)), text))]

    def _text(self, profile: Profile) -> str:
        """What is read as the text, in a line at most: what it is made of may be long."""
        return cut(f"{column(profile.columns['text'])}.", max(20, self.size.width - 8))

    def action_fetch(self) -> None:
        session_of(self).fetcher.toggle(session_of(self).draft.recipe.model.name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "fetch" or session_of(self).draft.lacks_tokenizer

    async def on_click(self, event: events.Click) -> None:
        await self.run_action("screen.source")
