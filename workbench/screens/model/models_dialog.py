"""All models by family, to choose one, or to name a folder or an address on the hub."""

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.architectures.file_names import CONFIG
from core.architectures.lookup import HUB, by_family, lacks_small_files, preset_of, short_name
from core.architectures.preset import ModelPreset
from core.errors import WorkbenchError
from core.wording import count, on_one_line
from workbench import keys
from workbench.formatting import cut, pad
from workbench.screens.dialog import Dialog, field
from workbench.screens.model.backbone import WHERE, weights_in_words
from workbench.session.session import Session, session_of
from workbench.themes import colour
from workbench.widgets.lines import Headings, ItemList
from workbench.widgets.panel import Panel

NAME, SIZE, LANGUAGES, CONTEXT, LICENCE = 17, 7, 13, 6, 10  # cells
TYPED = f"a folder with {CONFIG}, or {HUB}owner/name"


class Models(ItemList[ModelPreset | str]):
    """The families, and under each its models; the cursor stands on models only."""

    DEFAULT_CSS = "Models { max-height: 58vh; }"
    BINDINGS = keys.bindings("models")

    def headings(self, width: int) -> Text:
        languages = pad("languages", LANGUAGES)
        words = f"{'':<{NAME + 3}}{'size':>{SIZE}}  {languages}{'reads':>{CONTEXT}}  {pad('licence', LICENCE)} weights"
        return Text(cut(words, width), colour(self, "muted"), no_wrap=True)

    def line(self, index: int, width: int) -> Text:
        item = self.items[index]
        text, muted = colour(self, "text"), colour(self, "muted")
        if isinstance(item, str):
            return Text(f" {item}", muted, no_wrap=True)
        session, arch = session_of(self), item.architecture
        line = Text(f"   {pad(on_one_line(short_name(item.name)), NAME)}", text, no_wrap=True)
        line.append(f"{count(sum(arch.parameters().values())):>{SIZE}}  {pad(item.languages, LANGUAGES)}", muted)
        line.append(f"{item.reads:>{CONTEXT}}  {pad(item.licence, LICENCE)} ", muted)
        if session.fetcher.name == item.name:
            progress = session.fetcher.progress
            share = f" {progress.done / progress.total:.0%}".replace("%", " %") if progress and progress.total else " …"
            return line.append(f"fetching{share}", colour(self, "focus"))
        where = weights_in_words(item.name, session.draft.recipe, session.draft.models)
        return line.append(cut(where, width - line.cell_len), muted if where.startswith("fetch") else text)

    def validate_cursor(self, cursor: int) -> int:
        cursor = super().validate_cursor(cursor)
        if self.items and isinstance(self.items[cursor], str):
            cursor = super().validate_cursor(cursor + (1 if cursor >= self.cursor or not cursor else -1))
        return cursor

    @property
    def model(self) -> ModelPreset:
        """The one under the cursor."""
        assert isinstance(self.selected, ModelPreset)
        return self.selected

    def action_fetch(self) -> None:
        session_of(self).fetcher.toggle(self.model.name)


class ModelsDialog(Dialog[str | None]):
    """Returns the name of the model to start from, or None where all stays as it is.

    An address that is not here is fetched when the person asks for it a second time.
    """

    PLACE = "models_dialog"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._asked = ""  # an address that is not here, when it was asked for first

    def compose(self) -> ComposeResult:
        models = Models()
        with Panel(title="Models", subtitle="enter takes it · f fetches it · esc leaves", classes="dialog"):
            yield Headings(models)
            yield models
            yield Static(classes="hint", markup=False)
            yield field("another", Input(placeholder=TYPED))

    def on_mount(self) -> None:
        models, draft = self.query_one(Models), self._session.draft
        families = by_family(draft.others.values()).items()
        items: list[ModelPreset | str] = []
        for family, presets in families:
            items += [family, *presets]
        models.styles.height = len(items)  # as many as there are, up to its style's most
        models.show_items(items)
        names = [item if isinstance(item, str) else item.name for item in models.items]
        models.cursor = names.index(draft.recipe.model.name)
        models.focus()
        for signal in (self._session.fetcher.changed, draft.profile_changed):
            signal.subscribe(self, lambda _: models.refresh())
        self._describe()

    @on(Models.Moved)
    def _describe(self) -> None:
        preset = self.query_one(Models).model
        arch = preset.architecture
        sees = "each token sees those before it" if arch.causal else "every token sees the whole text"
        own = f"A {arch.title} of your own, {preset.name}: {sees}."
        where = self._session.draft.models.get(preset.name, "…")
        self.hint((preset.about or own) if where in WHERE else f"✕ {where}")

    @on(Input.Changed)
    def _typing(self) -> None:
        self._asked = ""

    @on(Models.Chosen)
    def action_accept(self) -> None:
        self.dismiss(self.query_one(Models).model.name)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        if not name:
            return
        try:
            missing = name.startswith(HUB) and lacks_small_files(name)
            if not missing:
                preset_of(name)
        except WorkbenchError as error:
            self.hint(f"✕ {error}", "text")
            return
        if not missing:
            self.dismiss(name)
        elif self._asked == name:
            self._session.fetcher.start(name, choose=True)
            self.dismiss()
        else:
            self._asked = name
            self.hint(f"{name} is not on this machine. Press enter again to fetch it from the hub.", "text")

    def action_back(self) -> None:
        if isinstance(self.focused, Input):
            self.query_one(Models).focus()
            self._describe()
        else:
            self.dismiss()
