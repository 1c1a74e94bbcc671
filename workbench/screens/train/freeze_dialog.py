"""What learns from now on: the ladder of a live run, and what a change would cost it."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from core.architectures.lookup import architecture_for
from core.estimate.prices import rungs
from core.estimate.remaining import extra_seconds, plan_now
from core.estimate.speeds import Speeds
from core.freeze import FreezePlan
from core.recipe import Recipe
from core.runs.history import History
from core.wording import about
from workbench import keys
from workbench.screens.dialog import Dialog
from workbench.screens.train.weights import listed
from workbench.session.followed import Followed
from workbench.session.session import session_of
from workbench.widgets.layers import Layers
from workbench.widgets.panel import Panel
from workbench.widgets.part_marks import LEGEND

NO_CHANGE = "space thaws or freezes a part; + − a b h l v as on Model. It takes effect at the next step."
SOMETHING_LEARNS = "Something has to learn: thaw another part first."
NOTICED = 0.5  # seconds more or fewer that are worth a word


class FreezeDialog(Dialog[str | None]):
    """Returns what is to learn, as a recipe names it, or None where all stays as it is."""

    PLACE = "freeze_dialog"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, name: str, recipe: Recipe, history: History, speeds: Speeds | None):
        super().__init__()
        self._name, self._recipe, self._history, self._speeds = name, recipe, history, speeds
        self._plan = self._began = plan_now(recipe, history)

    def compose(self) -> ComposeResult:
        with Panel(title=f"What learns in {self._name}", subtitle="enter changes it · esc leaves it", classes="dialog"):
            yield Layers()
            yield Static(classes="hint", markup=False)

    def on_mount(self) -> None:
        # as many as there are, wherever the cursor stands
        self.query_one(Layers).styles.height = len(rungs(architecture_for(self._recipe)))
        self._show()
        session_of(self).followed.run_changed.subscribe(self, self._keep_up)

    def on_resize(self) -> None:
        self.query(Layers).refresh(layout=True)  # the panel keeps its height otherwise, as its width stays

    def _keep_up(self, _: Followed) -> None:
        """Where the run learns with another plan meanwhile, ask for the same difference from that."""
        now = plan_now(self._recipe, self._history)
        if now != self._began:
            self._plan, self._began = carried(self._began, self._plan, now), now
            self._show()

    def _show(self) -> None:
        labels = len(self._history.started.labels) if self._history.started else 2
        self.query_one(Layers).show(self._recipe.with_plan(self._plan), None, None, labels)
        words = consequences(self._recipe, self._history, self._began, self._plan, self._speeds)
        self.hint(f"{LEGEND}\n{words or NO_CHANGE}")

    @on(Layers.Planned)
    def _planned(self, event: Layers.Planned) -> None:
        if event.plan.parts:
            self._plan = event.plan
            self._show()
        else:
            self.hint(SOMETHING_LEARNS)

    def action_accept(self) -> None:
        self.dismiss(str(self._plan) if self._plan != self._began else None)

    def action_back(self) -> None:
        layers = self.query_one(Layers)
        if layers.choosing:
            layers.action_range()
        else:
            super().action_back()


def carried(began: FreezePlan, plan: FreezePlan, now: FreezePlan) -> FreezePlan:
    """What comes of changing `now` as `plan` changed `began`; all stays as it is where nothing would learn then."""
    changed = now.without(began.parts - plan.parts).with_parts(plan.parts - began.parts)
    return changed if changed.parts else now


def consequences(recipe: Recipe, history: History, now: FreezePlan, plan: FreezePlan, speeds: Speeds | None) -> str:
    """What comes of learning with another plan than the present one, in sentences; empty where it is that."""
    if plan == now:
        return ""
    places = [part for part in rungs(architecture_for(recipe)) if plan.of_part(part) != now.of_part(part)]
    thaws, freezes = ({part for part in places if not before.of_part(part)} for before in (now, plan))
    otherwise = set(places) - thaws - freezes
    sentences = []
    if history.reads_cache and any(_below(part, now) for part in thaws):
        sentences.append(
            f"{_named(thaws, plan)} {_verb(thaws, 'is', 'are')} below the cached output, which must be computed again."
        )
    elif thaws:
        sentences.append(f"{_named(thaws, plan)} {_verb(thaws, 'thaws', 'thaw')}.")
    if freezes:
        verb, its = _verb(freezes, "freezes", "freeze"), _verb(freezes, "its", "their")
        sentences.append(f"{_named(freezes, plan)} {verb} with {its} present weights.")
    for kind, words in (("lora.", "by adapters"), ("blocks.", "whole")):
        if turned := {part for part in otherwise if (plan.of_part(part) or "").startswith(kind)}:
            sentences.append(f"{_named(turned, plan)} {_verb(turned, 'learns', 'learn')} {words} now.")
    if history.trainables and history.trainables[-1].thaws:
        sentences.append("After this change the run thaws no more blocks by itself.")
    more = extra_seconds(recipe, history, plan, speeds)
    if more is None:
        sentences.append("What it costs is known after the first steps.")
    elif abs(more) < NOTICED:
        sentences.append("The rest takes as long as before.")
    else:
        it = f"Training {_verb(thaws, 'it', 'them')}" if thaws == set(places) else "The change"
        why = ": what lies below is encoded again" if more > 0 and not thaws else ""
        sentences.append(f"{it} {'costs' if more > 0 else 'saves'} {about(abs(more))}{' more' * (more > 0)}{why}.")
    verb = "thaws" if thaws == set(places) else "freezes" if freezes == set(places) else "changes it"
    return " ".join([*sentences, f"Enter {verb}, esc leaves it."])


def _below(part: str, plan: FreezePlan) -> bool:
    """Whether a place in `parts_of` lies under the lowest block that learns."""
    if plan.depth is None:
        return False
    return part == "embeddings" or (part.startswith("blocks.") and int(part.removeprefix("blocks.")) < plan.depth)


def _named(parts: set[str], plan: FreezePlan) -> str:
    words = listed(parts, plan.n_blocks)
    return words[0].upper() + words[1:]


def _verb(parts: set[str], one: str, several: str) -> str:
    return one if len(parts) == 1 else several
