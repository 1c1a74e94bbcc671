"""Mending a row: what the rows on Data and the doubts have in common."""

import asyncio
from abc import abstractmethod
from typing import Any

from textual import work

from core.errors import WorkbenchError
from workbench.screens.base import BaseScreen
from workbench.screens.data.to_mend import Now, ToMend
from workbench.session.complain import complain
from workbench.session.helper import Superseded


class Mending(BaseScreen):
    """A screen with a row under a cursor. Every edit is on disk before it is said to be made."""

    def __init__(self) -> None:
        super().__init__()
        self._one_at_a_time = asyncio.Lock()  # a newer question of a kind would take an older one's place
        self._has_edit = {"undo_edit": False, "redo_edit": False}  # whether there is one to take back, or to make again

    @property
    @abstractmethod
    def to_mend(self) -> ToMend | None:
        """The row under the cursor."""

    @abstractmethod
    def was_mended(self) -> None:
        """Go on after an edit."""

    @abstractmethod
    def show_now(self, now: Now) -> None:
        """Show what the rows are by now."""

    @work(group="mended", exclusive=True)
    async def ask_what_is_mended(self) -> None:
        try:
            answer = await self.session.data_helper.ask("mended")
        except (Superseded, WorkbenchError):  # before the file is read nothing is known of it, and nothing mended
            return
        self._heard(answer)

    def _heard(self, answer: dict[str, Any]) -> None:
        self._has_edit = {"undo_edit": answer["undo"], "redo_edit": answer["redo"]}
        self.show_now(dict(answer["mended"]))
        self.refresh_bindings()

    @work(group="mend")
    async def action_relabel(self) -> None:
        from workbench.screens.data.label_dialog import LabelDialog

        profile, one = self.draft.profile, self.to_mend
        if one is None or profile is None:
            return
        label = await self.app.push_screen_wait(LabelDialog(self, one, profile.own_labels))
        if label is not None:
            await self._mend("mend", row=one.row, to=label)

    @work(group="mend")
    async def action_drop_row(self) -> None:
        if one := self.to_mend:
            await self._mend("mend", row=one.row, to=None)

    @work(group="mend")
    async def action_undo_edit(self) -> None:
        await self._mend("undo")

    @work(group="mend")
    async def action_redo_edit(self) -> None:
        await self._mend("redo")

    async def _mend(self, how: str, **what: Any) -> None:
        async with self._one_at_a_time:
            try:
                answer = await self.session.data_helper.ask(how, **what)
            except Superseded:  # the app is being left
                return
            except WorkbenchError as error:
                complain(self.app, error)
                return
        self._heard(answer)
        self.was_mended()
        self.notify("u takes it back." if how != "undo" else "U makes it again.", title=answer["what"], markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("relabel", "drop_row"):
            return self.is_attached and self.to_mend is not None
        if action in self._has_edit:
            return self._has_edit[action]
        return super().check_action(action, parameters)

    def why_not(self, key: str) -> str:
        return {"u": "There is nothing to undo.", "U": "There is nothing to do again."}.get(key) or super().why_not(key)
