"""The one line on top of every screen: where one is, and what is going on."""

from pathlib import Path

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.widget import Widget

from core.architectures.lookup import short_name
from core.datasets import called
from core.recipe import Recipe
from core.runs.folder import Status
from core.runs.history import History
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


def run_in_words(status: Status, history: History) -> str:
    """A run's state in a few words: '● encoding · 0:07 left', '● 62 % · 0:05 left', '✓ 98.3 %', '✕ failed'."""
    glyph = GLYPHS[status.state]
    encoding = status.state == "running" and "encode" in history.phases and "learn" not in history.phases
    if encoding and (left := history.phase_left("encode")) is not None:
        return f"{glyph} encoding · {clock(left)} left"
    if status.state in ("running", "paused"):
        step = max(status.step, history.step)
        # only a run that is over has come all the way
        share = f"{min(99, round(100 * step / status.n_steps)) if step < status.n_steps else 100} %"
        if status.state == "paused":
            return f"{glyph} paused · {share}"
        left = history.seconds_left
        return f"{glyph} {share}" if left is None else f"{glyph} {share} · {clock(left)} left"
    if status.state == "done" and history.result:
        return f"{glyph} {percent(history.result.test.accuracy)}"
    return f"{glyph} {status.state}"


class Header(Widget):
    """The screens with their keys at the left; at the right the run with data set and model, or those of the draft."""

    DEFAULT_CSS = "Header { height: 1; dock: top; }"

    def __init__(self, mode: str):
        super().__init__()
        self._mode = mode

    def on_mount(self) -> None:
        draft, followed = session_of(self).draft, session_of(self).followed
        for signal in (draft.recipe_changed, draft.profile_changed, followed.run_changed):
            signal.subscribe(self, self._redraw)
        self.watch(self.screen, "focused", self._redraw, init=False)

    def _redraw(self, _: object) -> None:
        self.refresh()

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
        state = self._going_on(self.size.width - line.cell_len - 3)
        line.append(" " * (self.size.width - line.cell_len - state.cell_len - 1))
        return line.append_text(state)

    def _going_on(self, room: int) -> Text:
        followed = session_of(self).followed
        run, heads = "idle", []
        recipe: Recipe | None = session_of(self).draft.recipe
        if followed.run:
            run, recipe = on_one_line(followed.run.name), followed.run_recipe
            run += f" {run_in_words(followed.status, followed.history)}" if followed.status else ""
        if recipe:
            path, model = recipe.data.path, on_one_line(short_name(recipe.model.name))
            data = on_one_line(Path(path).stem)
            names = on_one_line(called(path)), data, cut(data, 12)
            heads = [*(f"{name} · {model} · " for name in names), f"{model} · "]
        head = next((words for words in heads if cell_len(words + run) <= room), "")
        hue = "train" if followed.status and followed.status.alive else "error" if "✕" in run else "muted"
        return Text.assemble((head, colour(self, "muted")), (cut(run, room), colour(self, hue)))

    def on_click(self, event: events.Click) -> None:
        gap = 3 if self.size.width >= 100 else 1
        at = 0
        for mode, title in keys.MODES.items():
            at += gap + 3 + len(title)
            if event.x < at:
                self.app.switch_mode(mode)
                return
