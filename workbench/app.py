"""The app: screens that share one session, two themes, and what works everywhere."""

import asyncio
import gc
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.events import Event, Key
from textual.filter import LineFilter
from textual.notifications import Notify
from textual.screen import Screen

from core import toml
from core.errors import WorkbenchError
from core.recipe import Recipe
from core.runs import last_visit, queue, turns
from core.runs.folder import RunFolder
from core.runs.root import list_runs
from core.wording import on_one_line, shown
from workbench import keys, themes
from workbench.key_order import KeyOrder
from workbench.output_filter import OutputFilter
from workbench.session import copying
from workbench.session.complain import complain
from workbench.session.exporting import export_of
from workbench.session.followed import Followed
from workbench.session.session import Session
from workbench.widgets.header import run_in_words

WARM_AFTER = 2.0  # seconds: what is asked first has the processor until then


def _screen(module: str, name: str) -> Callable[[], Screen]:
    # a screen is imported when it is first opened, so that the first frame does not wait for the others
    return lambda: getattr(import_module(f"workbench.screens.{module}.screen"), name)()


class WorkbenchApp(App):
    """`recipe` is what the command line asked for, `root` the folder of runs."""

    TITLE = "workbench"
    # with the first screen's: a sheet that is added later has all of them parsed again
    CSS_PATH: ClassVar = ["styles/app.tcss", "styles/data.tcss"]
    MODES: ClassVar = {mode: _screen(mode, f"{title}Screen") for mode, title in keys.MODES.items()}
    BINDINGS = keys.bindings("app", "anywhere")
    ENABLE_COMMAND_PALETTE = False  # Textual's own; `action_command_palette` opens ours

    def __init__(self, recipe: Recipe, root: Path):
        self.session = Session(self, recipe, root)
        self._output_filter = OutputFilter()
        self._key_order = KeyOrder(self, super().on_event)
        self._live = queue.alive(root)
        named = "path" in recipe.data.model_fields_set  # who names data wants to see them
        self._ended = None if self._live or named else last_visit.ended_meanwhile(root)
        self.DEFAULT_MODE = "train" if (self._live and not named) or self._ended else "data"  # type: ignore[misc]
        super().__init__()
        self.register_theme(themes.DARK)
        self.register_theme(themes.LIGHT)
        # before the theme is watched: every change of it reads all style sheets again
        self.set_reactive(WorkbenchApp.theme, themes.DARK.name)
        self.stylesheet.set_variables(self.get_css_variables())

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded:
            await self._key_order.take(event)
        else:
            await super().on_event(event)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self._output_filter]

    def notify(self, message: str, *, title: str = "", **how: Any) -> None:
        """Show a notification, escaped: errors and names come from outside, and so does what is said of them."""
        super().notify(shown(message), title=on_one_line(title), **how | {"markup": False})

    def on_notify(self, event: Notify) -> None:
        """One of the same words that is still on show makes room for this one, which Textual then takes in."""
        new = event.notification
        for known in [*self._notifications]:
            if (known.message, known.title) == (new.message, new.title):
                self._unnotify(known, refresh=False)

    def on_mount(self) -> None:
        self.session.followed.run_changed.subscribe(self, self._say_in_the_title)
        # helpers and followers start once the first frame is out
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        gc.enable()
        ended = self._ended[0] if self._ended else None
        runs = [*filter(None, [self._live, ended]), *list_runs(self.session.root)]
        if runs:
            self.session.followed.follow(runs[0])
        self.session.live.watch()
        # a run keeps its rows before its model; one that was brought in has a model only
        with_data = next(
            (r for r in runs if not r.pretrains and (r.data_file.is_file() or not r.base_file.is_file())), None
        )
        if with_data:
            try:
                self.session.draft.continue_with_data_of(with_data)
            except WorkbenchError as error:
                complain(self, error)
        if self._ended:
            self.run_worker(self._say_what_ended(*self._ended))
        if words := turns.interrupted(self.session.root):
            self.notify(
                "5 lists them, and r on one of them continues the queue.",
                title=f"{words}, which was interrupted",
                markup=False,
            )
        self.session.draft.find_models()
        self.session.draft.read_profile()
        self.set_timer(WARM_AFTER, self.session.model_helper.warm)

    async def _say_what_ended(self, run: RunFolder, left: float) -> None:
        if words := await asyncio.to_thread(last_visit.in_words, run, left):
            self.notify(words, title=f"{run.name} went on without you", markup=False)

    async def on_unmount(self) -> None:
        self._write_title("")
        last_visit.leave(self.session.root)
        await self.session.close()

    def _say_in_the_title(self, followed: Followed) -> None:
        run, status = followed.run, followed.status
        self._write_title(f"{run.name} {run_in_words(status, followed.history)}" if run and status else self.TITLE)

    def _write_title(self, title: str) -> None:
        # Textual has no call for the title of the terminal's window; its driver is what owns the terminal
        if self._driver:
            self._driver.write(f"\x1b]2;{on_one_line(title)}\x07")

    def copy_to_clipboard(self, text: str) -> None:
        """What is selected, in a field or with the mouse, goes where `y` copies to."""
        self._clipboard = text  # what ctrl+v pastes in a field
        self.run_worker(copying.copy(self, text))

    def action_help_quit(self) -> None:
        """ctrl+c where nothing is selected: who wants to quit with it learns what does."""
        self.notify("^q quits; a run goes on without this window.", title="^c copies what is selected")

    def action_command_palette(self) -> None:
        from workbench.screens.palette import Palette, carry_out

        over = self.screen
        if isinstance(over, Palette):
            over.action_back()
            return
        self.push_screen(Palette(over), partial(carry_out, self, over))

    def action_mode(self, mode: str) -> None:
        self.switch_mode(mode)

    def action_switch_theme(self) -> None:
        self.theme = themes.LIGHT.name if self.theme == themes.DARK.name else themes.DARK.name

    def action_help(self) -> None:
        from workbench.screens.help import Help

        self.push_screen(Help(self.screen))

    def action_explain(self) -> None:
        from workbench.screens.explain_dialog import ExplainDialog

        self.push_screen(ExplainDialog(self.screen))

    def action_jump(self) -> None:
        from workbench.screens.jump import Jump

        self.push_screen(Jump(self.screen))

    def action_save(self) -> None:
        from workbench.screens.save_dialog import ask_where

        recipe = self.session.draft.recipe
        name = f"{Path(recipe.data.path).stem}.toml"
        ask_where(self, export_of("Save the recipe", name, partial(toml.text, recipe)), self._saved)

    def _saved(self, path: Path) -> None:
        self.notify(f"workbench train {path}", title=f"Recipe saved as {path.name}", markup=False)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        picture = super().export_screenshot(title=title, simplify=simplify)
        # without this, what draws an SVG outside a browser drops the spaces at the start of a text
        return picture.replace("<text ", '<text xml:space="preserve" ')

    def action_picture(self) -> None:
        from workbench.screens.save_dialog import ask_where

        picture = self.export_screenshot()  # before the dialog stands over it
        ask_where(self, export_of("Save a picture of the screen", f"{self.current_mode}.svg", lambda: picture))

    async def action_quit(self) -> None:
        live = queue.alive(self.session.root)
        waiting = turns.after_it(self.session.root) if live else ""
        message = f"{live.name} goes on without this window{waiting}. Come back with: workbench" if live else None
        self.exit(message=Text(shown(message)) if message else None)
