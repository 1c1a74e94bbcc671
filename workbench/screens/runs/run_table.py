"""Every run, one a line, with what came of it."""

from pathlib import Path

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from core.architectures.lookup import short_name
from core.datasets import called
from core.runs.compare import Comparison
from core.runs.history import History
from core.runs.listing import Entry
from core.runs.result import BASELINES
from core.runs.summary import Score
from core.runs.verdict import sentences
from core.wording import clock, on_one_line, ordinal, percent
from workbench.formatting import cut, pad
from workbench.session.exporting import table
from workbench.themes import colour, verdict_role
from workbench.widgets.header import GLYPHS
from workbench.widgets.lines import ItemList

# of the other states: text
HUES = {"starting": "train", "running": "train", "paused": "train"}
HUES |= {"failed": "error", "vanished": "warning", "damaged": "error"}
MOST = {"run": 30, "data": 24, "model": 12, "learns": 24}  # cells
LEAST = {"run": 10, "data": 9, "model": 5, "learns": 10}
FIGURES = {"test": 8, "95 %": 12, "verdict": 9, "no copies": 11, "time": 9}
VERSUS = "won:lost to ★"
CSV_COLUMNS = (
    "run", "name", "note", "state", "step", "n_steps", "data", "model", "learns", "why",
    "test", "low", "high", "clean", "verdict", "seconds",
)  # fmt: skip
LEAST_ROWS = 8  # of the table, before anything stands below it
WORDS = 34  # cells, at least, before the figures; `Baselines` has to say something there too
FIRST_TO_GO = ("no copies", "verdict", "time", VERSUS)  # of the figures, where they would leave less


class RunTable(ItemList[Entry]):
    """Entries in their order. Where a run has no figures, its line says why."""

    def __init__(self) -> None:
        super().__init__()
        self._words: list[dict[str, str]] = []  # of each entry, by column
        self._cells: dict[str, int] = {}  # of the longest words, by column
        self._longest = 0  # cells of a run's wins and losses against the baseline
        self._marks: dict[Path, str] = {}
        self._baseline: Path | None = None
        self._versus: dict[Path, Comparison] = {}
        self._stood: Path | None = None  # the run that the cursor was on, while nothing is listed

    def nothing(self) -> str:
        return "No run is like that. esc shows all runs."

    def show(
        self, entries: list[Entry], marks: dict[Path, str], baseline: Path | None, versus: dict[Path, Comparison]
    ) -> None:
        """`marks` are the glyphs of the runs whose curves are drawn, `versus` how runs did against the baseline.

        The cursor stays on its run.
        """
        path = self.selected.run.path if self.selected else self._stood
        if len(entries) != len(self.items) or any(a is not b for a, b in zip(entries, self.items, strict=True)):
            self._words = in_columns(entries)
            cells = {title: [cell_len(words.get(title, "")) for words in self._words] for title in MOST}
            self._cells = {title: max(each, default=0) for title, each in cells.items()}
        self._marks, self._baseline, self._versus = marks, baseline, versus
        self._longest = max([len(_score(each)) for each in versus.values()], default=0)
        self._stood = path
        self.show_items(entries)
        self.go_to(path)

    @property
    def paths(self) -> list[Path]:
        """Where the runs of the lines are."""
        return [entry.run.path for entry in self.items]

    def go_to(self, path: Path | None) -> None:
        """Put the cursor on a run, where it is listed."""
        if path in self.paths:
            self.cursor = self.paths.index(path)

    def as_csv(self) -> str:
        """Every run, with what its line says in full."""
        rows = []
        for entry, words in zip(self.items, self._words, strict=True):
            score, status = entry.score, entry.status
            test = (score.accuracy, score.low, score.high, score.clean, score.verdict, score.seconds) if score else ()
            about = (entry.run.name, entry.label.name, entry.label.note, status.state, status.step, status.n_steps)
            rows.append((*about, *(words.get(title, "") for title in ("data", "model", "learns")), status.why, *test))
        return table(CSV_COLUMNS, rows)

    def figures(self, width: int) -> dict[str, int]:
        """Cells for the figures of a run that is done, as many of them as a line has room for."""
        shown = dict(FIGURES)
        if self._baseline:
            time = shown.pop("time")
            shown |= {VERSUS: 2 + max(len(VERSUS), self._longest), "time": time}
        words = 3 + sum(2 + min(LEAST[title], cells) for title, cells in self._wanted.items())
        for title in FIRST_TO_GO:
            if sum(shown.values()) > width - max(WORDS, words):
                shown.pop(title, None)
        return shown

    @property
    def _wanted(self) -> dict[str, int]:
        """Cells for the words before the figures, where there is room for as many."""
        return {title: min(most, max(len(title), self._cells.get(title, 0))) for title, most in MOST.items()}

    def columns(self, width: int) -> dict[str, int]:
        """Cells for the words before the figures: as wide as the words, where there is room for them."""
        cells = self._wanted
        room = width - 3 - 2 * len(cells) - sum(self.figures(width).values())
        while sum(cells.values()) > room and (over := [title for title in cells if cells[title] > LEAST[title]]):
            cells[max(over, key=lambda title: cells[title])] -= 1
        cells["learns"] += max(0, min(room, WORDS - 2 * len(cells)) - sum(cells.values()))
        return cells

    def headings(self, width: int) -> Text:
        words = "   " + "".join(f"  {pad(title, cells)}" for title, cells in self.columns(width).items())
        for title, cells in self.figures(width).items():
            words += f"  {title:<{cells - 2}}" if title == VERSUS else f"{title:>{cells}}"
        return Text(cut(words, width), colour(self, "muted"))

    def line(self, index: int, width: int) -> Text:
        entry, words, muted = self.items[index], self._words[index], colour(self, "muted")
        state = entry.status.state
        glyph, hue = GLYPHS[state], HUES.get(state, "text")
        if entry.run.path == self._baseline:
            glyph, hue = "★", "focus"
        text = Text.assemble(" ", (glyph, colour(self, hue)), f" {self._marks.get(entry.run.path, ' ')}")
        columns = self.columns(width)
        text.append(f" {pad(words['run'], columns.pop('run'))}")
        if entry.about and entry.about.classifies:
            for title, cells in columns.items():
                text.append(f"  {pad(words[title], cells)}", muted)
        elif entry.about:
            text.append(f"  a language model, {on_one_line(short_name(entry.about.model))}", muted)
        if entry.score and entry.status.state == "done":
            return text.append_text(self._figures(entry.score, self._versus.get(entry.run.path), width))
        instead = cut(f"   {_without_result(entry)}", width - text.cell_len)
        return text.append(instead, colour(self, HUES.get(state, "muted")))

    def _figures(self, test: Score, versus: Comparison | None, width: int) -> Text:
        text, muted = Text(), colour(self, "muted")
        for title, cells in self.figures(width).items():
            match title:
                case "test":
                    text.append(f"{percent(test.accuracy):>{cells}}")
                case "95 %":
                    text.append(f"{interval(test):>{cells}}", muted)
                case "verdict":
                    verdict = test.verdict or ""
                    text.append(f"{verdict:>{cells}}", colour(self, verdict_role(verdict)))
                case "no copies":
                    clean = percent(test.clean) if test.clean is not None else "none"
                    text.append(f"{clean:>{cells}}")
                case "time":
                    text.append(f"{clock(test.seconds):>{cells}}", muted)
                case _:
                    text.append(f"  {_score(versus) if versus else '':<{cells - 2}}")
        return text


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
            return f"stopped at {step}; r resumes it"
        case "vanished":
            return f"vanished at step {status.step:,}; r resumes it"
    return on_one_line(f"{'damaged: ' * (status.state == 'damaged')}{status.why}") or "no result"


def in_columns(entries: list[Entry]) -> list[dict[str, str]]:
    """What stands in each column before the figures: run and name of every entry, the rest of those that classify."""
    ids = max([0, *(min(12, cell_len(on_one_line(entry.run.name))) for entry in entries)])
    found = []
    for entry in entries:
        run, about = on_one_line(entry.run.name), entry.about
        words = {"run": f"{pad(run, ids)} {on_one_line(entry.label.name)}".rstrip()}
        if about and about.classifies:
            data, model = on_one_line(called(about.data)), on_one_line(short_name(about.model))
            words |= {"data": data, "model": model, "learns": f"{'◇ ' * bool(entry.steered)}{entry.learned}"}
        found.append(words)
    return found


def _score(versus: Comparison) -> str:
    """'9:5   even'."""
    if not versus.rows:
        return "no shared row"
    return f"{f'{versus.won}:{versus.lost}':<5} {versus.verdict}"


def interval(test: Score) -> str:
    """96.2–99.3."""
    return f"{percent(test.low)}–{percent(test.high)}".replace(" %", "").replace(" ", "")


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
