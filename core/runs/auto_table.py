"""What has come of a group that has a budget, from the folders of its runs: candidate by candidate. No torch."""

import math
from collections.abc import Iterator
from pathlib import Path

import msgspec

from core.architectures.models import MODELS
from core.errors import BadRecipe, BadRun
from core.runs import auto
from core.runs.auto import RULE, Budget, Outcome
from core.runs.events import Encoded, Planned, Started
from core.runs.folder import RunFolder
from core.runs.group import Group, find, names, runs_of
from core.runs.result import ClassifierResult, SplitResult
from core.wording import about, percent, plural

START = 2.5  # seconds from a worker's start to its first event, most of it libraries
OVER = ("done", "failed", "damaged")  # states of a run that is not taken up again


class Row(msgspec.Struct, kw_only=True):
    """A candidate: what was tried or `why` not, for how many epochs, what it took, and how good it is on validation.

    `run` and `state` are empty where it was not tried.
    """

    title: str
    kind: auto.Kind
    model: str
    run: str = ""
    state: str = ""
    epochs: int | None = None
    validation: float | None = None
    loss: float | None = None
    seconds: float = 0.0
    why: str = ""

    @property
    def in_words(self) -> str:
        """'TF-IDF', 'a probe of MiniLM 23M', 'MiniLM 23M fine-tuned'."""
        if self.kind == "words":
            return self.title
        return f"a probe of {self.title}" if self.kind == "probe" else f"{self.title} fine-tuned"


class AutoTable(msgspec.Struct, kw_only=True):
    """All candidates; `chosen` is the number of the best on validation, `run` its run, and `test` what it gets right
    there, which is told of no other.
    """

    name: str
    budget: float  # seconds
    spent: float  # seconds
    rows: list[Row]
    over: bool
    chosen: int | None = None
    run: str = ""
    test: SplitResult | None = None
    rule: str = RULE
    sentences: list[str] = []


def runs_by_candidate(root: Path, group: Group) -> dict[int, RunFolder]:
    """The runs of a group that has a budget, by the number of their candidate."""
    known = len(group.budget.candidates) if group.budget else 0
    return {member.setting: run for member, run in runs_of(root, group.name).items() if member.setting < known}


def outcome_of(run: RunFolder) -> Outcome:
    """What has come of a run. Its seconds are those of all attempts, and not those in between."""
    times: dict[int, list[float]] = {}
    epochs, encoding = 0, 0.0
    for event in run.log():
        times.setdefault(event.attempt, []).append(event.t)
        if isinstance(event, Started | Planned):  # later ones were told so
            epochs = event.epochs
        elif isinstance(event, Encoded) and not event.found:
            encoding = event.seconds
    seconds = sum(START + max(each) - min(each) for each in times.values())
    result = _result_of(run)
    if result is None:
        return Outcome(run.status().state in OVER, seconds, epochs, encoding=encoding)
    loss = math.inf if result.validation.loss is None else result.validation.loss
    return Outcome(True, seconds, epochs, result.validation.accuracy, loss, encoding)


def unfinished(root: Path, base: dict, seconds: float) -> Group | None:
    """A group that asks just this within the same budget and has not come to its end; None where there is none."""
    for name in names(root):
        try:
            group = find(root, name)
            if group and group.budget and group.plan.base == base and group.budget.seconds == seconds:
                outcomes = {i: outcome_of(run) for i, run in runs_by_candidate(root, group).items()}
                if auto.next_step(group.budget, outcomes, sum(one.seconds for one in outcomes.values())):
                    return group
        except (BadRun, BadRecipe):  # one that cannot be read is none that is gone on with
            continue
    return None


def auto_table(root: Path, group: Group) -> AutoTable:
    """What has come of a group that has a budget."""
    budget = group.budget
    assert budget is not None
    runs = runs_by_candidate(root, group)
    outcomes = {i: outcome_of(run) for i, run in runs.items()}
    spent = sum(one.seconds for one in outcomes.values())
    over = auto.next_step(budget, outcomes, spent) is None
    held = auto.taken_in(budget)
    rows = [_row(budget, i, runs.get(i), outcomes, i in held, over) for i in range(len(budget.candidates))]
    table = AutoTable(name=group.name, budget=budget.seconds, spent=spent, rows=rows, over=over)
    table.chosen = auto.chosen(outcomes)
    result = None if table.chosen is None else _result_of(runs[table.chosen])
    if table.chosen is not None and result:
        table.run = runs[table.chosen].name
        table.test = SplitResult.of(result.test.correct, result.test.rows, loss=result.test.loss)
        table.sentences = [*_sentences(table, result)]
    return table


def _result_of(run: RunFolder) -> ClassifierResult | None:
    return run.classifier_result() if run.status().state == "done" else None


def _row(budget: Budget, i: int, run: RunFolder | None, outcomes: dict[int, Outcome], held: bool, over: bool) -> Row:
    one = budget.candidates[i]
    title = MODELS[one.model].title if one.model in MODELS else one.model
    row = Row(title=title, kind=one.kind, model=one.model)
    if run is None:
        looks = {budget.candidates[k].model: out for k, out in outcomes.items() if budget.candidates[k].kind == "probe"}
        probed = looks.get(one.model)
        least = one.seconds(one.fewest)
        if not held:
            row.why = f"left out: it needs at least {about(least)}, and the budget has no room for that"
        elif one.kind == "fine-tuning" and probed and probed.over and probed.validation is None:
            row.why = "left out: its probe has no result"
        elif over:
            slow = auto.slowness(budget, outcomes)
            pace = ", at the speed of the probes" if slow != 1 else ""
            row.why = f"left out: it needs at least {about(least * slow)}{pace}, and there was less time left"
        return row
    status, outcome = run.status(), outcomes[i]
    row.run, row.state, row.seconds, row.epochs = run.name, status.state, outcome.seconds, outcome.epochs or None
    if outcome.validation is not None:
        row.validation, row.loss = outcome.validation, outcome.loss
    if status.state == "stopped" and over:
        row.why = f"stopped with a checkpoint when the budget ended; to continue it: workbench resume {run.name}"
    elif status.state not in ("done", "stopped"):
        row.why = f"{status.why} {status.do}".strip()
    return row


def _sentences(table: AutoTable, result: ClassifierResult) -> Iterator[str]:
    """Which was chosen and by what, what it gets right on the test, and what to do with it."""
    assert table.chosen is not None
    best, checked, test = table.rows[table.chosen], result.validation, result.test
    lesser = [row.validation for i, row in enumerate(table.rows) if row.validation is not None and i != table.chosen]
    others = f"; the next best is right on {percent(max(lesser))}" if lesser else ""
    yield f"Chosen: {table.run}, {best.in_words}, right on {percent(checked.accuracy)} of validation{others}."
    share = f"{percent(test.accuracy)} ({percent(test.low)} to {percent(test.high)})"
    yield f"It gets {share} of {plural(test.rows, 'test text')} right."
    yield f'Ask it: workbench predict {table.run} "a text"'
