"""Every run, one a line, with what came of it; the runs of a group folded to one."""

from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.widget import Widget

from core.architectures.lookup import short_name
from core.datasets import called
from core.runs.compare import Comparison
from core.runs.group_table import Row
from core.runs.history import History
from core.runs.listing import Entry
from core.runs.result import BASELINES
from core.runs.summary import Score
from core.runs.verdict import sentences
from core.wording import clock, on_one_line, ordinal, percent
from workbench.formatting import cut, pad
from workbench.screens.runs.folding import Fold, Line, best_of, how_far, key_of, place_in_words, same_lines
from workbench.screens.runs.tables import Tables
from workbench.session.exporting import table
from workbench.themes import colour, verdict_role
from workbench.widgets.header import GLYPHS
from workbench.widgets.lines import ItemList

NO_STEP = "before its first step"
# of the other states: text
HUES = {"starting": "train", "running": "train", "paused": "train"}
HUES |= {"failed": "error", "vanished": "warning", "damaged": "error"}
LONGEST_GROUP = 22  # cells of a group's name, which can be longer than the column of runs
MOST = {"run": 30, "data": 24, "model": 12, "learns": 24}  # cells
WORDS_OF = ("data", "model", "learns")
FOLD_CELLS = 5  # at the beginning of a line: the mark of a fold, and what is around it
LEAST = {"run": 10, "data": 9, "model": 5, "learns": 10}
FIGURES = {"test": 8, "95 %": 12, "verdict": 9, "no copies": 11, "time": 9}
VERSUS = "won:lost to ★"
CSV_COLUMNS = (
    "run", "name", "note", "group", "state", "step", "n_steps", "data", "model", "learns", "why",
    "test", "low", "high", "clean", "verdict", "seconds",
)  # fmt: skip
LEAST_ROWS = 8  # of the table, before anything stands below it
# cells, at least, before the figures; `Baselines` has to say something there too, and a group how far it is
WORDS, WITH_GROUPS = 34, 48
FIRST_TO_GO = ("no copies", "verdict", "time", VERSUS)  # of the figures, where they would leave less


class RunTable(ItemList[Line]):
    """Runs and groups in their order. Where a run has no figures, its line says why."""

    def __init__(self, tables: Tables) -> None:
        super().__init__()
        self._tables = tables
        self._listed: list[Entry] = []  # every run, also those that are folded
        self._words: list[dict[str, str]] = []  # of each line, by column
        self._cells: dict[str, int] = {}  # of the longest words, by column
        self._longest = 0  # cells of a run's wins and losses against the baseline
        self._groups: set[str] = set()  # that have a line
        self._marks: dict[Path, str] = {}
        self._baseline: Path | None = None
        self._versus: dict[Path, Comparison] = {}
        self._stood: Path | str | None = None  # the line that the cursor was on, while nothing is listed

    def nothing(self) -> str:
        return "No run is like that. esc shows all runs."

    def show(
        self,
        lines: list[Line],
        listed: list[Entry],
        marks: dict[Path, str],
        baseline: Path | None,
        versus: dict[Path, Comparison],
    ) -> None:
        """`listed` are all runs of the lines, also folded ones, `marks` the glyphs of those whose curves are drawn,
        `versus` is how runs did against the baseline.

        The cursor stays on its line.
        """
        key = key_of(self.selected) if self.selected else self._stood
        if not same_lines(lines, self.items):
            self._groups = {line.name for line in lines if isinstance(line, Fold)}
            self._words = in_columns(lines)
            cells = {title: [cell_len(words.get(title, "")) for words in self._words] for title in MOST}
            self._cells = {title: max(each, default=0) for title, each in cells.items()}
        self._listed, self._marks, self._baseline, self._versus = listed, marks, baseline, versus
        self._longest = max([len(_score(each)) for each in versus.values()], default=0)
        self._stood = key
        self.show_items(lines)
        self.go_to(key)

    @property
    def entry(self) -> Entry | None:
        """The run under the cursor; None on the line of a group."""
        return None if isinstance(self.selected, Fold) else self.selected

    @property
    def fold(self) -> Fold | None:
        """The group under the cursor; None on the line of a run."""
        return self.selected if isinstance(self.selected, Fold) else None

    def go_to(self, key: Path | str | None) -> bool:
        """Put the cursor on a run, by its folder, or a group, by its name; whether it is listed."""
        keys = [key_of(line) for line in self.items]
        if key in keys:
            self.cursor = keys.index(key)
        return key in keys

    def on_click(self, event: events.Click) -> None:
        """The mark before a group's name folds it, or unfolds it."""
        index = self.index_at(event)
        if index is not None and isinstance(self.items[index], Fold) and event.x < FOLD_CELLS:
            event.prevent_default()
            self.cursor = index
            self.post_message(self.Chosen(self))

    def as_csv(self) -> str:
        """Every run, with what its line says in full."""
        rows = []
        for entry in self._listed:
            score, status, words = entry.score, entry.status, _words(entry)
            test = (score.accuracy, score.low, score.high, score.clean, score.verdict, score.seconds) if score else ()
            about = (entry.run.name, entry.label.name, entry.label.note, entry.member.group if entry.member else "")
            how = (status.state, status.step, status.n_steps)
            rows.append((*about, *how, *(words.get(title, "") for title in WORDS_OF), status.why, *test))
        return table(CSV_COLUMNS, rows)

    def figures(self, width: int) -> dict[str, int]:
        """Cells for the figures of a run that is done, as many of them as a line has room for."""
        shown = dict(FIGURES)
        if self._baseline:
            time = shown.pop("time")
            shown |= {VERSUS: 2 + max(len(VERSUS), self._longest), "time": time}
        least = WITH_GROUPS if self._groups else WORDS
        words = 3 + sum(2 + min(LEAST[title], cells) for title, cells in self._wanted.items())
        for title in FIRST_TO_GO:
            if sum(shown.values()) > width - max(least, words):
                shown.pop(title, None)
        return shown

    @property
    def _wanted(self) -> dict[str, int]:
        """Cells for the words before the figures, where there is room for as many."""
        return {title: min(most, max(len(title), self._cells.get(title, 0))) for title, most in MOST.items()}

    def columns(self, width: int) -> dict[str, int]:
        """Cells for the words before the figures: as wide as the words, where there is room for them."""
        cells = self._wanted
        least = WITH_GROUPS if self._groups else WORDS
        room = width - 3 - 2 * len(cells) - sum(self.figures(width).values())
        while sum(cells.values()) > room and (over := [title for title in cells if cells[title] > LEAST[title]]):
            cells[max(over, key=lambda title: cells[title])] -= 1
        cells["learns"] += max(0, min(room, least - 2 * len(cells)) - sum(cells.values()))
        return cells

    def headings(self, width: int) -> Text:
        words = "   " + "".join(f"  {pad(title, cells)}" for title, cells in self.columns(width).items())
        for title, cells in self.figures(width).items():
            words += f"  {title:<{cells - 2}}" if title == VERSUS else f"{title:>{cells}}"
        return Text(cut(words, width), colour(self, "muted"))

    def line(self, index: int, width: int) -> Text:
        item = self.items[index]
        return self._fold(item, width) if isinstance(item, Fold) else self._run(item, self._words[index], width)

    def _fold(self, fold: Fold, width: int) -> Text:
        """A group: how far it is, and its best setting with its figures."""
        table, muted, name = self._tables.of(fold.name), colour(self, "muted"), on_one_line(fold.name)
        columns, best = self.columns(width), best_of(table)
        hue, before = colour(self, HUES.get(fold.state, "text")), columns["run"]
        text = Text.assemble(" ", (GLYPHS[fold.state], hue), (" ▾" if fold.is_open else " ▸", colour(self, "focus")))
        text.append(f" {pad(name, max(before, min(LONGEST_GROUP, cell_len(name))))}", "bold")
        words = how_far(fold, table)
        if table is None or best is None:
            return text.append(cut(f"  {words}", width - text.cell_len), muted)
        if table.best is not None and len(table.rows) > 1:
            words += f" · best {on_one_line(table.title(table.best))}"
        text.append(f"  {pad(words, sum(cells + 2 for cells in columns.values()) + 1 - text.cell_len)}", muted)
        return text.append_text(self._drawn(_of_the_best(best), width))

    def _run(self, entry: Entry, words: dict[str, str], width: int) -> Text:
        muted, state = colour(self, "muted"), entry.status.state
        glyph, hue = GLYPHS[state], HUES.get(state, "text")
        if entry.run.path == self._baseline:
            glyph, hue = "★", "focus"
        text = Text.assemble(" ", (glyph, colour(self, hue)), f" {self._marks.get(entry.run.path, ' ')}")
        columns = self.columns(width)
        text.append(f" {pad(words['run'], columns.pop('run'))}")
        if place := self._place(entry):
            text.append(f"  {pad(place, sum(cells + 2 for cells in columns.values()) - 2)}", muted)
        elif entry.about and entry.about.classifies:
            for title, cells in columns.items():
                text.append(f"  {pad(words[title], cells)}", muted)
        elif entry.about:
            text.append(f"  a language model, {on_one_line(short_name(entry.about.model))}", muted)
        if entry.score and entry.status.state == "done":
            return text.append_text(self._drawn(_of_a_run(entry.score, self._versus.get(entry.run.path)), width))
        instead = cut(f"   {_without_result(entry)}", width - text.cell_len)
        return text.append(instead, colour(self, HUES.get(state, "muted")))

    def _place(self, entry: Entry) -> str:
        """What is its own among the runs of its group, where it stands below that and its table is known."""
        table = self._tables.of(entry.member.group) if entry.member else None
        return place_in_words(entry, table) if table and table.name in self._groups else ""

    def _drawn(self, figures: dict[str, tuple[str, str]], width: int) -> Text:
        """Figures by their column, each with its role."""
        text = Text()
        for title, cells in self.figures(width).items():
            words, role = figures.get(title, ("", "muted"))
            text.append(f"  {words:<{cells - 2}}" if title == VERSUS else f"{words:>{cells}}", colour(self, role))
        return text


def _of_a_run(test: Score, versus: Comparison | None) -> dict[str, tuple[str, str]]:
    return {
        "test": (percent(test.accuracy), "text"),
        "95 %": (interval(test.low, test.high), "muted"),
        "verdict": (test.verdict or "", verdict_role(test.verdict)),
        "no copies": (percent(test.clean) if test.clean is not None else "none", "text"),
        "time": (clock(test.seconds), "muted"),
        VERSUS: (_score(versus) if versus else "", "text"),
    }


def _of_the_best(row: Row) -> dict[str, tuple[str, str]]:
    """Of a setting: over all of its runs, and the mean time of one."""
    verdict = row.beside.verdict if row.beside else ""
    return {
        "test": (percent(row.mean or 0.0), "text"),
        "95 %": (interval(row.low or 0.0, row.high or 0.0), "muted"),
        "verdict": (verdict, verdict_role(verdict)),
        "time": (clock(row.seconds), "muted"),
    }


def _without_result(entry: Entry) -> str:
    """What stands in the line of a run in place of figures."""
    status = entry.status
    step = f"step {status.step:,} of {status.n_steps:,}"
    match status.state:
        case "queued":
            place = f", {ordinal(entry.place)}" if entry.place else ""  # queued in this moment
            return f"waits{place} in the queue; s takes it out"
        case "starting":
            return "starting"
        case "running":
            return step
        case "paused":
            return f"paused at {step}; enter opens it"
        case "stopped":
            return f"stopped {f'at {step}' if status.step else NO_STEP}; r resumes it"
        case "vanished":
            return f"vanished {f'at step {status.step:,}' if status.step else NO_STEP}; r resumes it"
    return on_one_line(f"{'damaged: ' * (status.state == 'damaged')}{status.why}") or "no result"


def in_columns(lines: Sequence[Line]) -> list[dict[str, str]]:
    """What stands in each column before the figures: run and name of every run, the rest of those that classify."""
    groups = {line.name for line in lines if isinstance(line, Fold)}
    entries = [line for line in lines if not isinstance(line, Fold)]
    ids = max([0, *(min(12, cell_len(on_one_line(entry.run.name))) for entry in entries)])
    found = []
    for line in lines:
        if isinstance(line, Fold):
            found.append({"run": on_one_line(line.name)})
            continue
        below = line.member is not None and line.member.group in groups
        run = f"{'  ' * below}{pad(on_one_line(line.run.name), ids)} {on_one_line(line.label.name)}"
        found.append({"run": run.rstrip()} | _words(line))
    return found


def _words(entry: Entry) -> dict[str, str]:
    """What a run that classifies learned from, with which model, and what of that learned."""
    about = entry.about
    if about is None or not about.classifies:
        return {}
    data, model = on_one_line(called(about.data)), on_one_line(short_name(about.model))
    return {"data": data, "model": model, "learns": f"{'◇ ' * bool(entry.steered)}{entry.learned}"}


def _score(versus: Comparison) -> str:
    """'9:5   even'."""
    if not versus.rows:
        return "no shared row"
    return f"{f'{versus.won}:{versus.lost}':<5} {versus.verdict}"


def interval(low: float, high: float) -> str:
    """96.2–99.3."""
    return f"{percent(low)}–{percent(high)}".replace(" %", "").replace(" ", "")


class Baselines(Widget):
    """What is simpler than the network of one run gets right on the same test texts, in the columns of its table."""

    DEFAULT_CSS = "Baselines { height: auto; text-wrap: nowrap; }"

    def __init__(self, table: RunTable):
        super().__init__()
        self._table = table
        self._lines: list[tuple[str, float]] = []
        self._verdict: list[str] = []

    def show(self, history: History) -> None:
        """A run's; while it is not done, of what its log says."""
        found = history.baselines
        self._lines = [(f"{k.title}: {k.about}", found[name].test) for name, k in BASELINES.items() if name in found]
        result = history.result
        self._verdict = [" ".join(sentences(result)), *(f"→ {one}" for one in result.advice[:1])] if result else []
        self.refresh(layout=True)

    @property
    def _room(self) -> int:
        """Lines that the table does not need."""
        panel = self._table.parent
        assert isinstance(panel, Widget)
        return max(1, panel.size.height - 2 - min(LEAST_ROWS, self._table.count))

    def render(self) -> Text:
        table, muted = self._table, colour(self, "muted")
        width = table.scrollable_content_region.width
        at = table.headings(width).cell_len - sum(table.figures(width).values())
        lines = [
            Text.assemble((f"   · {pad(words, at - 5)}", muted), (f"{percent(share):>{FIGURES['test']}}", muted))
            for words, share in self._lines
        ]
        verdict = [Text(f"   {cut(on_one_line(words), width - 3)}", colour(self, "text")) for words in self._verdict]
        lines = lines[: max(0, self._room - len(verdict[:1]))]  # the verdict comes before the figures
        return Text("\n").join([*lines, *verdict][: self._room])
