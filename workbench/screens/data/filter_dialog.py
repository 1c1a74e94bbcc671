"""Several filters of the rows at once, with a search: how many rows they leave is said while one chooses."""

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.errors import WorkbenchError
from core.rows import Profile
from workbench import keys
from workbench.screens.data.filters import COPIES, LEFT_OUT, SIZES, cut_at
from workbench.screens.data.rows import View
from workbench.screens.dialog import Dialog, field
from workbench.session.helper import Superseded
from workbench.session.session import session_of
from workbench.widgets.choice import Choice
from workbench.widgets.panel import Panel

ANY = "any"
WORDS, EXPRESSION = "words", "regular expression"
WAYS = "tab next field, ← → choose. Filters combine: a row has to pass all of them."


class FilterDialog(Dialog[View | None]):
    """Returns the view with what is chosen; what the fields do not know of it stays."""

    PLACE = "filter_dialog"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, profile: Profile, view: View):
        super().__init__()
        self._profile, self._view = profile, view
        self._fields: dict[str, dict[str, str]] = {  # a field's words, and the filter that each is
            "class": {label: f"label {label}" for label in profile.labels},
            "split": {split: f"split {split}" for split in profile.splits} | {LEFT_OUT: "split "},
            "length": cut_at(profile),
            "copies": COPIES,
            "script": {script: f"script {script}" for script in profile.scripts},
            "language": {name: f"language {name}" for name in profile.languages},
            "size": SIZES,
        }
        known = {each for words in self._fields.values() for each in words.values()}
        self._others = [each for each in view.filters if each not in known]

    def compose(self) -> ComposeResult:
        with Panel(title="Filter the rows", subtitle="enter shows them · esc leaves", classes="dialog"):
            for name, words in self._fields.items():
                value = next((word for word, each in words.items() if each in self._view.filters), ANY)
                yield field(name, Choice([ANY, *words], value, id=f"by-{name}"))
            yield field("search", Input(self._view.search, placeholder="in the texts", id="by-search"))
            how = EXPRESSION if self._view.regex else WORDS
            yield field("as", Choice((WORDS, EXPRESSION), how, id="by-how"))
            yield Static(classes="hint", markup=False)

    def on_mount(self) -> None:
        for choice in self.query(Choice):
            self.watch(choice, "value", self._typed, init=False)
        self._typed()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._count()

    @property
    def _chosen(self) -> View:
        values = {name: self.query_one(f"#by-{name}", Choice).value for name in self._fields}
        filters = [words[values[name]] for name, words in self._fields.items() if values[name] != ANY]
        is_regex = self.query_one("#by-how", Choice).value == EXPRESSION
        search = self.query_one("#by-search", Input).value
        # the first may come from a note, which names it
        first, *more = [*self._others, *filters] or [""]
        return self._view._replace(filter=first, also=tuple(more), search=search, regex=is_regex)

    @work(group="count", exclusive=True)
    async def _count(self) -> None:
        """Say how many rows pass."""
        view = self._chosen
        try:
            answer = await session_of(self).data_helper.ask("rows", **view._asdict(), count=0)
        except Superseded:
            return
        except WorkbenchError as error:
            if self.query(".hint"):
                self.hint(f"✕ {error}\n{WAYS}", "text")
            return
        if self.query(".hint"):
            self.hint(f"{answer['total']:,} of {self._profile.rows:,} rows pass.\n{WAYS}")

    @on(Input.Submitted)
    def action_accept(self) -> None:
        self.dismiss(self._chosen)
