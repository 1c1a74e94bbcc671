"""What a person decides about the data: the file and its columns, and what the notes offer."""

import re

from textual import events

from core.errors import BadData, BadRecipe, WorkbenchError
from core.template import template_of
from workbench.screens.base import BaseScreen
from workbench.screens.data.notes import ASKED_BY, OFFERED_BY
from workbench.screens.data.source_dialog import TWO, SourceDialog, dropped
from workbench.session.complain import complain

LIKE_A_PATH = re.compile(r"(file://|[/~.])\S*$")


class Choosing(BaseScreen):
    """A screen on which the data is chosen. Every choice is a change of the draft's recipe."""

    def action_source(self) -> None:
        self._choose(self.draft.recipe.data.path)

    def on_paste(self, event: events.Paste) -> None:
        path = dropped(event.text) or (event.text.strip() if LIKE_A_PATH.match(event.text.strip()) else None)
        if path:
            event.stop()  # else the dialog's field gets it too
            self._choose(str(path))  # which says what is wrong with one that is no file

    def _choose(self, path: str, asked: str = "") -> None:
        data, profile, problem = self.draft.recipe.data, self.draft.profile, self.draft.problem
        columns = profile.all_columns if profile else problem.columns if isinstance(problem, BadData) else []
        columns = columns if path == data.path else []
        example = ""
        if profile and path == data.path and (others := profile.alternatives.get("text")):
            example = template_of([column for column in columns if column in (profile.columns["text"], *others)])
        if profile and asked:
            # what was found first, then what it could be besides, so that one key leads from one to the next
            found = profile.columns[asked]
            data = data.model_copy(update={asked: found})
            first = [found, *profile.alternatives.get(asked, ())]
            columns = [*first, *(column for column in columns if column not in first)]
        self.app.push_screen(SourceDialog(path, data, columns, asked, example or TWO), self._take)

    def _take(self, changes: dict | None) -> None:
        if changes:
            before = self.draft.recipe
            try:
                self.draft.change_all(changes)
            except BadRecipe as error:
                complain(self.app, error)
            else:
                if self.draft.recipe == before:  # the same file once more: it may have changed
                    self.draft.read_profile()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        profile = self.draft.profile
        if action in OFFERED_BY.values():
            return any(OFFERED_BY[name] == action for name in self._offered)
        if action == ASKED_BY:
            return bool(self._asked)
        if action == "doubts":
            return profile is not None
        if action == "train":
            return profile is not None and not profile.problem
        return super().check_action(action, parameters)

    def why_not(self, key: str) -> str:
        if key == "t":
            wrong = self.launcher.problem is not None
            return f"t trains when {'what is wrong here is put right' if wrong else 'the file is read'}."
        return super().why_not(key)

    @property
    def _offered(self) -> dict[str, str]:
        """What the notes offer, by the names of the recipe's options."""
        notes = self.draft.profile.notes if self.draft.profile else []
        return {name: value for note in notes for name, value in note.offers.items()}

    @property
    def _asked(self) -> str:
        """The column that is unsure, label or text; empty where none is."""
        notes = self.draft.profile.notes if self.draft.profile else []
        return next((note.asks for note in notes if note.asks), "")

    def action_join_labels(self) -> None:
        self._take({"data.join_labels": self._offered["data.join_labels"]})

    def action_join_rare(self) -> None:
        self._take({"data.rare_labels": self._offered["data.rare_labels"]})

    def action_keep_split(self) -> None:
        self._take({"data.split": self._offered["data.split"]})

    def action_drop_near(self) -> None:
        self._take({"data.duplicates": self._offered["data.duplicates"]})

    def action_choose_column(self) -> None:
        """Ask for the column that is unsure, with those that it could be first."""
        self._choose(self.draft.recipe.data.path, self._asked)

    def action_better(self) -> None:
        """Start from the model that learns more from such texts, once it is here."""
        name, fetcher = self._offered["model.name"], self.session.fetcher
        if fetcher.lacks(name):
            fetcher.start(name, choose=True)
            self.notify(f"Fetching {name}. The recipe starts from it when it is here.", markup=False)
            return
        try:
            self.draft.start_from(name)
        except WorkbenchError as error:
            complain(self.app, error)
