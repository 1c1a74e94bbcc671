"""What learning will cost, for the recipe as it stands."""

from collections.abc import Callable

from rich.text import Text
from textual.widget import Widget

from core.architectures.lookup import preset_for
from core.errors import BadRecipe
from core.estimate.prices import Price, machine_memory, price
from core.estimate.speeds import busy
from core.export.expressible import departure
from core.runs.sweep import Plan
from core.wording import about, count, percent, plural, size
from workbench.formatting import bar
from workbench.screens.sweep_question import in_words, settings_and_seeds
from workbench.session.draft import Draft
from workbench.session.session import session_of
from workbench.session.sweep import Sweep
from workbench.themes import colour
from workbench.widgets.panel import Panel

NAME_WIDTH = 9
LOOKING = 5.0  # seconds between two looks at how busy the machine is
METER = 12


class PricePanel(Widget):
    """Every change of the recipe shows at once, with what the last one added."""

    DEFAULT_CSS = "PricePanel { padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._whole: tuple[Plan, float | None] | None = None  # what all runs are, and the seconds they take

    def on_mount(self) -> None:
        draft = session_of(self).draft
        self._memory, _ = machine_memory()
        self._now = self._before = self._price(draft)
        draft.recipe_changed.subscribe(self, self._recipe_changed)
        draft.profile_changed.subscribe(self, self._anew)
        draft.speeds_changed.subscribe(self, self._anew)
        session_of(self).sweep.changed.subscribe(self, self._count_all)
        self._count_all(session_of(self).sweep)
        self._look()
        self.set_interval(LOOKING, self._look)

    def _look(self) -> None:
        """Say on the rule when others compute here, so that a run would take longer than its price."""
        panel = next(node for node in self.ancestors if isinstance(node, Panel))
        crowded = busy()
        panel.subtitle = f"▲ busy, so longer: {crowded}" if crowded else ""

    @staticmethod
    def _price(draft: Draft) -> Price:
        return price(draft.recipe, draft.profile, draft.recipe.plan, draft.speeds)

    def _recipe_changed(self, draft: Draft) -> None:
        self._before, self._now = self._now, self._price(draft)
        self._count_all(session_of(self).sweep)

    def _anew(self, draft: Draft) -> None:
        """Something else than the recipe has changed the price: there is nothing to compare it with."""
        self._before = self._now = self._price(draft)
        self._count_all(session_of(self).sweep)

    def render(self) -> Text:
        return self._in_one_line() if self.size.height < 4 else self._in_full()

    def _in_one_line(self) -> Text:
        now, draft = self._now, session_of(self).draft
        counts = preset_for(draft.recipe).counts
        learns = f"at most {count(now.learns)} weights" if counts else f"learns {percent(now.learns / now.parameters)}"
        words = f"{learns} · {size(now.memory)}"
        if now.total is None:
            words += " · no tokenizer, no time" if draft.lacks_tokenizer else " · no data, no time"
        else:
            words += f" · {about(now.total)}" if draft.speeds else f" · about {about(now.total)}"
        if self._whole:
            return Text(in_words(*self._whole), colour(self, "focus"), no_wrap=True)
        if departure(draft.recipe):
            words += " · ONNX only"
        return Text(f"{words}  ", colour(self, "text"), no_wrap=True).append_text(self._source(short=True))

    def _in_full(self) -> Text:
        now = self._now
        rows = [
            ("learns", *self._learns()),
            ("memory", size(now.memory), f"of {size(self._memory)}"),
        ]
        lines = [self._row(*row) for row in [*rows, *self._times()]]
        lines.append(
            self._row(*self._all_runs(*self._whole), role="focus") if self._whole else self._row(*self._exports())
        )
        muted, text = colour(self, "muted"), colour(self, "text")
        difference = f"{'last key':<{NAME_WIDTH}}{_difference(self._before, now)}" if now != self._before else ""
        lines.append(Text(difference, muted))
        if now.memory > self._memory:
            lines.append(Text.assemble(("▲ ", colour(self, "warning")), ("more than this machine has", text)))
        else:
            lines.append(self._source(short=False))
        return Text("\n").join(lines)

    def _learns(self) -> tuple[str, str]:
        now = self._now
        if preset_for(session_of(self).draft.recipe).counts:
            return f"at most {now.learns:,}", "weights of n-grams"
        return f"{now.learns:,} of {now.parameters:,}", percent(now.learns / now.parameters)

    def _times(self) -> list[tuple[str, str, str]]:
        now, recipe = self._now, session_of(self).draft.recipe
        if now.total is None:
            return []
        if preset_for(recipe).counts:
            return [("in all", f"about {about(now.total)}", "counts, learns, tests")]
        off, thaws = recipe.speed.cache == "off", recipe.plan.depth and recipe.freeze.thaw_every
        once = "–", "the cache is off" if off else "thaws too soon for a cache" if thaws else "nothing below to cache"
        if now.blocks:
            once = about(now.once), f"{plural(now.blocks, 'block')}, cache {size(now.cache)}"
        other = (
            f"{'with' if off else 'without'} cache about {about(now.otherwise)}" if now.otherwise is not None else ""
        )
        return [
            ("once", *once),
            ("epoch", f"{about(now.epoch)}   × {now.epochs}", ""),
            ("other", about(now.besides), "loading, baseline, test"),
            ("in all", about(now.total), other),
        ]

    def _count_all(self, sweep: Sweep) -> None:
        """What all runs cost, where options vary."""
        self._whole = None
        if sweep.marked:
            plan = sweep.plan
            try:
                self._whole = plan, sweep.seconds(plan)
            except BadRecipe:  # what varies no longer goes with the recipe: starting it says so
                self._whole = plan, None
        self.refresh()

    @staticmethod
    def _all_runs(plan: Plan, seconds: float | None) -> tuple[str, str, str]:
        took = f", about {about(seconds)}" if seconds is not None else ""
        return "all runs", f"{plan.n_runs:,}{took}", settings_and_seeds(plan)

    def _exports(self) -> tuple[str, str, str]:
        if differs := departure(session_of(self).draft.recipe):
            return "exports", "to ONNX only", f"for its {differs}"
        return "exports", "to transformers, ONNX", ""

    def _source(self, short: bool) -> Text:
        """Where the times come from, or why there are none."""
        draft, muted = session_of(self).draft, colour(self, "muted")
        measuring = draft.measuring
        if measuring:
            share = measuring.done / measuring.total if measuring.total else 0.0
            line, done = Text("measuring " if short else "Measuring this machine  ", muted), bar(share, METER)
            return line.append(done, colour(self, "focus")).append("░" * (METER - len(done)), colour(self, "rule"))
        if draft.speeds:
            return Text("measured here" if short else "Measured here; within 25 % when idle.", muted)
        if preset_for(draft.recipe).counts and self._now.total is not None:
            return Text("" if short else "It learns all at once, on one core.", muted)
        if self._now.total is not None:
            return Text("P measures" if short else "Estimated. P measures this machine.", muted)
        words = "Times come when the file has been read." if draft.profiling else "Times need a file: 1 leads to Data."
        if draft.lacks_tokenizer:
            words = "Times need the model's tokenizer: fetch it."
        return Text("" if short else words, muted)

    def _row(self, name: str, figure: str, beside: str, role: str = "text") -> Text:
        line = Text.assemble(
            (f"{name:<{NAME_WIDTH}}", colour(self, "muted")), (figure, colour(self, role)), no_wrap=True
        )
        room = self.size.width - line.cell_len
        return line.append(f"{beside:>{room}}" if len(beside) < room else "", colour(self, "muted"))


def _difference(before: Price, now: Price) -> str:
    words = []
    if before.total is not None and now.total is not None:
        words.append(_change(now.total - before.total, about, 0.05))
    words.append(_change(now.memory - before.memory, size, 1))
    return "  ".join(words)


def _change(by: float, in_words: Callable[[float], str], least: float) -> str:
    """Signed; ± where it is less than can be said."""
    return f"{'±' if abs(by) < least else '−' if by < 0 else '+'}{in_words(abs(by) if abs(by) >= least else 0)}"
