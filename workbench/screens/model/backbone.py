"""The model to start from, among all others by family: what it is, and where its weights are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from core.architectures.lookup import by_family, preset_for, short_name
from core.architectures.models import MODELS
from core.architectures.preset import ModelPreset, Source, is_folder
from core.errors import WorkbenchError
from core.recipe import Recipe
from core.wording import on_one_line, plural, size
from workbench import keys
from workbench.formatting import bar, cut
from workbench.session.complain import complain
from workbench.session.fetcher import Fetcher
from workbench.session.session import session_of
from workbench.themes import colour
from workbench.widgets.arrows import turned

WHERE = {
    "built in": "built in",
    "on disk": "on disk",
    "random": "random weights",
    "missing": "not there any more",
    "download": "fetch",
    "…": "…",  # not known yet
}
METER, MOST_NAME = 12, 24  # cells
BETWEEN = "  ·  "


def weights_in_words(name: str, recipe: Recipe, models: Mapping[str, str]) -> str:
    """Where a model's weights would come from: 'on disk', 'fetch 548 MB', 'random weights', a folder.

    'cannot be used' where no run can start from them.
    """
    chosen = recipe.model.weights if name == recipe.model.name else "pretrained"
    if chosen == "random":
        return WHERE["random"]
    if is_folder(chosen):
        return on_one_line(Path(chosen).name)
    where = models.get(name, "…")
    source = MODELS[name].source if name in MODELS else None
    if where == "download" and isinstance(source, Source):
        return f"fetch {size(source.size)}"
    return WHERE.get(where, "cannot be used")


def progress_in_words(fetcher: Fetcher) -> str:
    """'45.2 of 440.4 MB', or what is done in place of it."""
    progress = fetcher.progress
    if progress is None or not progress.total:
        return "fetching …"
    if progress.name == "download":
        return f"{size(progress.done)} of {size(progress.total)}"
    return f"checking {progress.done / progress.total:.0%}".replace("%", " %")


class Place(NamedTuple):
    """A model's place on the line of all: its cells, counted from the first model's, and its family."""

    preset: ModelPreset
    family: str
    start: int
    end: int


def places(families: Mapping[str, Sequence[ModelPreset]]) -> list[Place]:
    """One place beside the other; a family has room for its title above them."""
    found, at = [], 0
    for family, presets in families.items():
        after_title = at + cell_len(family) + 2
        for preset in presets:
            end = at + 1 + cell_len(_called(preset))  # the first cell marks the chosen one
            found.append(Place(preset, family, at, end))
            at = end + 1
        at = max(at, after_title) + 1
    return found


def _called(preset: ModelPreset) -> str:
    return cut(on_one_line(short_name(preset.name)), MOST_NAME)


class Backbone(Widget, can_focus=True):
    """Left and right, or a click, choose; every panel shows the consequences at once. Enter leads to the list of all.

    In one line only the chosen model is shown.
    """

    DEFAULT_CSS = "Backbone { height: 3; }"
    BINDINGS = keys.bindings("backbone")

    class AllWanted(Message):
        """The person wants to see all models."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn: list[Place] = []

    def on_mount(self) -> None:
        session = session_of(self)
        for signal in (session.draft.recipe_changed, session.draft.profile_changed):
            signal.subscribe(self, lambda _: self.refresh())
        session.fetcher.changed.subscribe(self, lambda _: self.refresh())

    @property
    def _chosen(self) -> str:
        return session_of(self).draft.recipe.model.name

    def _places(self) -> list[Place]:
        return places(by_family(session_of(self).draft.others.values()))

    def render(self) -> Text:
        return self._in_one_line() if self.size.height < 3 else Text("\n").join([*self._all(), self._about()])

    def _in_one_line(self) -> Text:
        all_of_them = [place.preset.name for place in self._places()]
        more = f"  ← {all_of_them.index(self._chosen) + 1} of {len(all_of_them)} →"
        line = Text("▌" if self.has_focus else " ", colour(self, "focus"), no_wrap=True)
        line.append_text(self._about(self.size.width - cell_len(more) - 1, short=True))
        return line.append(more, colour(self, "focus" if self.has_focus else "rule"))

    def _all(self) -> list[Text]:
        """Families and their models; in a narrow terminal those around the chosen one."""
        found, width = self._places(), self.size.width - 2
        chosen = next(place for place in found if place.preset.name == self._chosen)
        # two cells at each end say that there are more
        first = next(p.start for p in found if chosen.end - p.start <= width - 4 * (found[-1].end > width))
        last = width if found[-1].end - first <= width else width - 2
        self._drawn = [
            place._replace(start=place.start - first, end=place.end - first)
            for place in found
            if place.start >= first and place.end - first <= last
        ]
        text, muted, focus = (colour(self, role) for role in ("text", "muted", "focus"))
        titles, names = Text(no_wrap=True), Text(no_wrap=True)
        family = ""
        for place in self._drawn:
            is_chosen = place.preset.name == chosen.preset.name
            if place.family != family:
                family = place.family
                titles.pad_right(place.start + 2 - titles.cell_len)
                titles.append(family, text if family == chosen.family else muted)
            names.pad_right(place.start + 1 - names.cell_len)
            names.append("▌" if is_chosen else " ", focus)
            names.append(_called(place.preset), f"bold {text}" if is_chosen else muted)
        if first and len(names.plain) > 1:
            names = Text.assemble(("‹", focus), names[1:], no_wrap=True)
        if self._drawn[-1].preset is not found[-1].preset:
            names.append("  ›", focus)
        return [titles, names]

    def _about(self, room: int = 0, short: bool = False) -> Text:
        """What the chosen model is, and where its weights are."""
        session, preset = session_of(self), preset_for(session_of(self).draft.recipe)
        arch, fetcher = preset.architecture, session.fetcher
        text, muted = colour(self, "text"), colour(self, "muted")
        where: Text | str = weights_in_words(preset.name, session.draft.recipe, session.draft.models)
        if fetcher.name == preset.name:
            progress = fetcher.progress
            share = progress.done / progress.total if progress and progress.total else 0.0
            done = bar(share, METER)
            where = Text.assemble((done, colour(self, "focus")), ("░" * (METER - len(done)), colour(self, "rule")))
            where.append(f" {progress_in_words(fetcher)}", text)
        facts = [f"{arch.n_blocks} blocks", f"reads {plural(arch.max_tokens, 'token')}"]
        facts = ["no network", "reads all of a text"] if preset.counts else facts
        facts = [preset.languages] if short else [*facts, preset.languages, preset.licence]
        dot = BETWEEN if not short else " · "
        line = Text("" if short else "  ", muted, no_wrap=True).append(on_one_line(preset.title), f"bold {text}")
        line.append(dot.join(["", *filter(None, facts), ""]))
        line.append_text(where if isinstance(where, Text) else Text(where, text))
        if room and line.cell_len > room:
            line.truncate(room, overflow="ellipsis")
        return line

    def _choose(self, index: int) -> None:
        names = [place.preset.name for place in self._places()]
        try:
            session_of(self).draft.start_from(names[max(0, min(index, len(names) - 1))])
        except WorkbenchError as error:
            complain(self.app, error)

    def _step(self, by: int) -> None:
        self._choose([place.preset.name for place in self._places()].index(self._chosen) + by)

    def action_previous_model(self) -> None:
        self._step(-1)

    def action_next_model(self) -> None:
        self._step(1)

    def action_fetch(self) -> None:
        session_of(self).fetcher.toggle(self._chosen)

    def action_all_models(self) -> None:
        self.post_message(self.AllWanted())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        fetcher = session_of(self).fetcher
        return action != "fetch" or fetcher.name == self._chosen or fetcher.lacks(self._chosen)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if by := turned(self.render().plain, at):
            self._step(by)
            return
        if at is None:
            return
        if self.size.height < 3 or at.y == 2:
            self.action_all_models()
            return
        place = next((place for place in self._drawn if place.start <= at.x - 1 < place.end), None)
        if place and at.y == 1:
            names = [each.preset.name for each in self._places()]
            self._choose(names.index(place.preset.name))
