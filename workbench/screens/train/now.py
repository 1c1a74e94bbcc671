"""The present figures of a run, as a small table or as one line."""

from rich.text import Text
from textual.widget import Widget

from core.estimate.prices import machine_memory
from core.runs.history import History, Point
from core.runs.records import Status
from core.wording import count, duration, percent, plural, rate, size
from workbench.themes import colour

MEAN_OVER = 50  # steps; one batch's loss says little


class Now(Widget):
    """Figures of `history`, each with what it counts."""

    DEFAULT_CSS = "Now { height: 1fr; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__()
        self._history, self._status = History(), Status("starting")

    def show(self, history: History, status: Status) -> None:
        self._history, self._status = history, status
        self.refresh()

    def render(self) -> Text:
        figures = self._figures()
        return self._line() if self.size.height < len(figures) else self._table(figures)

    @property
    def rows(self) -> int:
        """Lines of the table."""
        return len(self._figures())

    def _loss(self) -> tuple[float, int] | None:
        latest = self._history.losses[-MEAN_OVER:]
        return (sum(latest) / len(latest), len(latest)) if latest else None

    def _figures(self) -> list[tuple[str, str, str]]:
        """Name, figure and what it counts."""
        history, loss = self._history, self._loss()
        seen: Point | None = next(reversed(history.evaluations["validation"]), None)
        rows = []
        if self._status.state == "paused":
            rows.append(("paused", f"{history.step:,}", f"of {plural(history.n_steps, 'step')}; p goes on"))
        if loss:
            rows.append(("loss", f"{loss[0]:.3f}", f"training, mean of {plural(loss[1], 'step')}"))
        if seen:
            unit = "text" if history.started and history.started.labels else "window"
            where = f"validation, {plural(seen.rows, unit)}, step {seen.step:,}"
            rows.append(("" if loss else "loss", f"{seen.loss:.3f}", where))
            rows.append(("accuracy", percent(seen.accuracy), where))
        if history.steps_per_second:
            words = f"steps/s · {history.tokens_per_second:,.0f} tokens/s"
            rows.append(("speed", f"{history.steps_per_second:.3g}", words))
        if history.rates:
            words = "S changes it" if history.is_training and self._status.alive else ""
            rows.append(("rate", rate(history.rates[-1]), words))
        if history.rss:
            rows.append(("memory", size(history.rss), f"of {size(machine_memory()[0])}"))
        if history.cache_savings is not None:
            words = "saved so far" if history.cache_savings >= 0 else "not yet earned back"
            rows.append(("cache", duration(abs(history.cache_savings)), words))
        return rows

    def _table(self, rows: list[tuple[str, str, str]]) -> Text:
        muted = colour(self, "muted")
        return Text("\n").join(
            Text.assemble((f"{name:<10}", muted), f"{figure:>8}", (f"  {words}", muted)) for name, figure, words in rows
        )

    def _line(self) -> Text:
        """As much as there is room for, the most telling first."""
        history, loss = self._history, self._loss()
        seen: Point | None = next(reversed(history.evaluations["validation"]), None)
        parts = ["paused"] if self._status.state == "paused" else []
        parts += [f"loss {loss[0]:.3f}"] if loss else []
        if seen:
            parts.append(f"validation {seen.loss:.3f}, {percent(seen.accuracy)}")
        if history.steps_per_second:
            parts.append(f"{history.steps_per_second:.3g} steps/s")
            if history.cache_savings and history.cache_savings > 0:
                parts.append(f"cache saved {duration(history.cache_savings)}")
            parts.append(size(history.rss))
            parts += [f"{count(history.tokens_per_second)} tokens/s", f"rate {rate(history.rates[-1])}"]
        while len(" · ".join(parts)) > self.content_region.width:
            parts.pop()
        return Text(" · ".join(parts))
