"""The one line on top of every screen: where one is, and what is going on."""

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.widget import Widget

from core.architectures.lookup import short_name
from core.datasets import called
from core.runs.history import History
from core.runs.records import Status
from core.wording import clock, on_one_line, percent
from workbench import keys
from workbench.formatting import cut
from workbench.session.session import session_of
from workbench.themes import colour

GLYPHS = {
    "queued": "▷",
    "starting": "●",
    "running": "●",
    "paused": "‖",
    "done": "✓",
    "stopped": "■",
    "failed": "✕",
    "vanished": "◌",
    "damaged": "✕",
}

AFTER_TABS = "   "
GAP = 3  # cells between what is on the desk and the run
SHORTEST_FILE = 8  # cells of a file's name that is cut


def run_in_words(status: Status, history: History) -> str:
    """A run's state in a few words: '● encoding · 0:07 left', '● 62 % · 0:05 left', '✓ 98.3 % test', '✕ failed'."""
    return f"{GLYPHS[status.state]} {_state_in_words(status, history)}"


def _state_in_words(status: Status, history: History, brief: bool = False) -> str:
    """`brief` is without the time that is left."""
    encoding = status.state == "running" and "encode" in history.phases and "learn" not in history.phases
    left = history.phase_left("encode") if encoding else history.seconds_left
    until = "" if left is None or brief or status.state != "running" else f" · {clock(left)} left"
    if encoding and left is not None:
        return f"encoding{until}"
    if status.state in ("running", "paused"):
        step = max(status.step, history.step)
        # only a run that is over has come all the way
        share = f"{min(99, round(100 * step / status.n_steps)) if step < status.n_steps else 100} %"
        return f"paused · {share}" if status.state == "paused" else f"{share}{until}"
    if status.state == "done" and history.result:
        return f"{percent(history.result.test.accuracy)} test"
    return status.state


class Header(Widget):
    """The screens with their keys, what is on the desk, and at the right the run that trains, or else the shown one."""

    DEFAULT_CSS = "Header { height: 1; dock: top; }"

    def __init__(self, mode: str):
        super().__init__()
        self._mode = mode
        self._elsewhere = False  # whether a run trains that is not shown

    def on_mount(self) -> None:
        session = session_of(self)
        session.draft.recipe_changed.subscribe(self, self._redraw)
        for signal in (session.followed.run_changed, session.live.live_changed):
            signal.subscribe(self, self._run_changed)
        self.watch(self.screen, "focused", self._redraw, init=False)

    def _redraw(self, _: object) -> None:
        self.refresh()

    def _run_changed(self, _: object) -> None:
        self.refresh()
        elsewhere = session_of(self).live.elsewhere is not None
        if elsewhere != self._elsewhere:  # then a key goes to it
            self._elsewhere = elsewhere
            self.screen.refresh_bindings()

    def render(self) -> Text:
        typing = keys.takes_text(self.screen.focused)
        line = Text(no_wrap=True)
        gap = "   " if self.size.width >= 100 else " "
        for number, (mode, title) in enumerate(keys.MODES.items(), 1):
            here = mode == self._mode
            line.append(gap)
            line.append("▌" if here else " ", colour(self, "focus"))
            line.append(f"{number} ", colour(self, "rule" if typing else "focus" if here else "muted"))
            line.append(title, f"bold {colour(self, 'text')}" if here else colour(self, "muted"))
        room = self.size.width - line.cell_len - 1
        desk, run = self._fitting(room)
        line.append(f"{AFTER_TABS}{desk}" if desk else "", colour(self, "text"))
        line.append(" " * (self.size.width - line.cell_len - cell_len(run) - 1))
        return line.append(run, colour(self, self._hue))

    def _fitting(self, room: int) -> tuple[str, str]:
        """What is on the desk and which run there is, as much of it as there is room for; the run goes first."""
        desks, runs = self._on_the_desk(), self._runs()
        pairs = [(desk, run) for run in runs for desk in desks]
        taken = (len(AFTER_TABS) + cell_len(desk) + GAP + cell_len(run) for desk, run in pairs)
        fitting = next((pair for pair, cells in zip(pairs, taken, strict=True) if cells <= room), None)
        if fitting:
            return fitting
        return "", next((run for run in runs if cell_len(run) < room), cut(runs[-1], room - 1))

    def _on_the_desk(self) -> list[str]:
        """File, model and preset of the next run, in ever fewer words."""
        recipe = session_of(self).draft.recipe
        data, model = on_one_line(called(recipe.data.path)), on_one_line(short_name(recipe.model.name))
        file = data.rpartition("/")[2]
        preset = "" if recipe.preset == "default" else f" · {recipe.preset}"
        whole = [f"{data} · {model}{preset}", f"{data} · {model}", f"{file} · {model}", file]
        return [*dict.fromkeys([*whole, cut(file, SHORTEST_FILE)])]

    def _runs(self) -> list[str]:
        """The run that trains, with the queue, or else the one that is shown, in ever fewer words."""
        live, followed = session_of(self).live, session_of(self).followed
        run = live.run or followed.run
        if run is None:
            return ["idle"]
        status, history = (live.status, live.history) if live.run else (followed.status, followed.history)
        name = on_one_line(run.name)
        if status is None:
            return [name]
        if not live.run:
            return [f"{name} {run_in_words(status, history)}"]
        whole, brief = (
            f"{GLYPHS[status.state]} {name} {_state_in_words(status, history, each)}" for each in (False, True)
        )
        wait = f" · +{live.waiting:,}" if live.waiting else ""
        return [f"{whole}{wait} queued" if wait else whole, f"{whole}{wait}", f"{brief}{wait}", brief]

    @property
    def _hue(self) -> str:
        followed = session_of(self).followed
        if session_of(self).live.run:
            return "train"
        return "error" if followed.status and GLYPHS[followed.status.state] == "✕" else "muted"

    def on_click(self, event: events.Click) -> None:
        gap = 3 if self.size.width >= 100 else 1
        at = 0
        for mode, title in keys.MODES.items():
            at += gap + 3 + len(title)
            if event.x < at:
                self.app.switch_mode(mode)
                return
