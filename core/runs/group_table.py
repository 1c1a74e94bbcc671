"""What a group of runs has come to so far: a row for each setting, and sentences with their uncertainty. No torch."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from core.errors import BadRun
from core.exercises import EXERCISES, Asked
from core.runs.baselines import read_baselines
from core.runs.compare import in_words
from core.runs.folder import RunFolder
from core.runs.group import Group, runs_of
from core.runs.halving import IN_WORDS, Halved, halved
from core.runs.paired import Answers, Paired, Place, paired, points
from core.runs.predictions import read_predictions
from core.runs.records import Member, State
from core.runs.result import BASELINES, ClassifierResult, SplitResult
from core.runs.sweep import called, titles
from core.statistics import deviation, wilson
from core.wording import duration, percent, plural

HOW = (
    "test is the mean of the runs, ± their standard deviation, and the 95 % interval is for other texts. p is the "
    "larger of McNemar's exact test, in which each text counts once, and the paired t test over seeds."
)


class Row(msgspec.Struct, kw_only=True):
    """A setting: `done` of its `planned` runs, what they come to, and how they stand beside their best baseline.

    `mean` is the share of all test answers that are right, `deviation` that of the runs' shares, `low` and `high` the
    95 % interval of the mean for other texts; `seconds` is what a run took on average. `stopped` says after what a
    setting was stopped early; `validation` and `loss` are those of then, and nothing of it is tested. `mark` is the
    setting's place on the `axis` of its table, where that has one.
    """

    title: str
    values: dict[str, str]
    planned: int
    mark: str = ""
    runs: list[str] = []
    states: dict[State, int] = {}
    done: int = 0
    mean: float | None = None
    deviation: float | None = None
    low: float | None = None
    high: float | None = None
    validation: float | None = None
    loss: float | None = None
    seconds: float | None = None
    baseline: str = ""
    baseline_mean: float | None = None
    beside: Paired | None = None
    stopped: str = ""


class Between(msgspec.Struct):
    """Two rows, by their number, compared."""

    first: int
    second: int
    found: Paired


class GroupTable(msgspec.Struct, kw_only=True):
    """All rows; `best` is the number of the one that is best on validation, `between` it and the next best, or the
    last row and the one before it where the question is about those. `axis` says what grows from row to row, where
    they stand in an order.
    """

    name: str
    question: str
    axis: str = ""
    seeds: int
    folds: int
    varied: list[str]
    rows: list[Row]
    done: int
    planned: int
    best: int | None = None
    between: Between | None = None
    sentences: list[str] = []
    problems: list[str] = []

    def title(self, row: int) -> str:
        """What a row is called away from its column: 'lr 0.0003'."""
        return called(self.rows[row].title, self.varied)


class _Tested(msgspec.Struct):
    """A run that is done: its result, its answers and those of its baselines."""

    result: ClassifierResult
    answers: Answers
    baselines: dict[str, Answers]


def table_of(root: Path, group: Group) -> GroupTable:
    """The table as far as the runs are done. Raises BadRun and BadRecipe where the group's plan cannot be read."""
    plan, problems = group.plan, []
    recipes, exercise = plan.recipes(), EXERCISES.get(group.exercise)
    each = plan.seeds * max(1, plan.folds)
    rows = [
        Row(title=title, values={name: in_words(value) for name, value in setting.items()}, planned=each)
        for title, setting in zip(titles(plan, recipes), plan.settings, strict=True)
    ]
    tested: list[dict[Place, _Tested]] = [{} for _ in rows]
    failed: dict[str, list[str]] = {}  # runs by what they say of it
    runs = runs_of(root, group.name)
    if group.halving:
        _stop_early(rows, halved([one.member for one in plan.planned(group.name)], runs))
    for member, run in sorted(runs.items(), key=_order):
        if not plan.has(member):
            continue
        row, status = rows[member.setting], run.status()
        state = status.state
        if state in ("failed", "damaged"):
            failed.setdefault(f"{status.why} {status.do}".strip(), []).append(run.name)
        row.runs.append(run.name)
        row.states[state] = row.states.get(state, 0) + 1
        if state == "done" and not row.stopped:
            try:
                tested[member.setting][Place(member.seed, member.fold)] = _tested(run)
            except BadRun as error:
                problems.append(str(error))
    problems += [f"{_some(names)} failed. {words}".rstrip() for words, names in failed.items()]
    for row, of_row, recipe in zip(rows, tested, recipes, strict=True):
        row.mark = exercise.mark(recipe) if exercise and exercise.axis else ""
        if of_row:
            _fill(row, of_row)
    found = GroupTable(
        name=group.name,
        question=exercise.question if exercise else "",
        axis=exercise.axis if exercise else "",
        seeds=plan.seeds,
        folds=plan.folds,
        varied=plan.names,
        rows=rows,
        done=sum(row.done for row in rows),
        # what a budget does not hold is not made
        planned=sum(row.planned for row in rows if not row.stopped and (row.runs or not group.budget)),
        problems=problems,
    )
    ask = exercise.pair if exercise else "best"
    full = [i for i, row in enumerate(rows) if row.mean is not None]
    if full:
        ranked = sorted(full, key=lambda i: _on_validation(rows[i]))
        found.best = ranked[-1]
        if group.budget:
            _tell_of_one(rows, found.best)
            full = ranked = [found.best]
        if len(full) > 1:
            pair = (full if ask == "last" else ranked)[:-3:-1]
            found.between = Between(pair[0], pair[1], _compared(tested, pair[0], pair[1]))
        found.sentences = [*_sentences(found, tested, ask)]
    return found


def _some(names: Sequence[str]) -> str:
    """'r4', or 'r4 and 26 more'."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _stop_early(rows: Sequence[Row], found: Halved) -> None:
    """Write into the rows of settings that were stopped early how good they were then."""
    for number, (share, mark) in found.stopped.items():
        row = rows[number]
        row.stopped = IN_WORDS[share]
        if mark.accuracy >= 0:
            row.validation, row.loss = mark.accuracy, -mark.quietness


def _tell_of_one(rows: list[Row], chosen: int) -> None:
    """Where one is chosen by validation, leave out what the test says of the others."""
    for row in rows[:chosen] + rows[chosen + 1 :]:
        row.mean = row.deviation = row.low = row.high = row.baseline_mean = row.beside = None


def _order(item: tuple[Member, RunFolder]) -> tuple[int, int, int]:
    return item[0].setting, item[0].seed, item[0].fold


def _tested(run: RunFolder) -> _Tested:
    result = run.demand_result()
    if not isinstance(result, ClassifierResult):
        raise BadRun(f"{run.name} has no test result.")
    labels, texts = read_predictions(run)
    keys = [(one.row, one.text, one.label) for one in texts]
    baselines: dict[str, Answers] = {
        one.name: {
            key: 0 <= answer < len(labels) and labels[answer] == key[2]
            for key, answer in zip(keys, one.answers, strict=True)
        }
        for one in read_baselines(run)
        if len(one.answers) == len(keys)
    }
    return _Tested(result, dict(zip(keys, (one.right for one in texts), strict=True)), baselines)


def _fill(row: Row, runs: Mapping[Place, _Tested]) -> None:
    """Write what the runs of a setting come to into its row."""
    tests = [one.result.test for one in runs.values()]
    row.done = len(runs)
    row.mean = _share(tests)
    row.deviation = deviation([test.accuracy for test in tests])
    texts = len({text for one in runs.values() for text in one.answers})
    row.low, row.high = wilson(round(row.mean * texts), texts)
    checked = [one.result.validation for one in runs.values()]
    row.validation = _share(checked)
    losses = [each.loss for each in checked if each.loss is not None]
    row.loss = sum(losses) / len(losses) if losses else None
    row.seconds = sum(one.result.seconds.total for one in runs.values()) / len(runs)
    strongest = Counter(test.strongest for test in tests if test.strongest)
    if strongest:
        row.baseline = strongest.most_common(1)[0][0]
        beside = {place: one.baselines[row.baseline] for place, one in runs.items() if row.baseline in one.baselines}
        if beside:
            row.baseline_mean = _share(
                [test.baselines[row.baseline] for test in tests if row.baseline in test.baselines]
            )
            row.beside = paired({place: one.answers for place, one in runs.items()}, beside)


def _share(splits: Sequence[SplitResult]) -> float:
    return sum(split.correct for split in splits) / (sum(split.rows for split in splits) or 1)


def _on_validation(row: Row) -> tuple[float, float]:
    """What makes a setting the best: validation accuracy, then the lower loss; the test has no say."""
    return row.validation or 0.0, -(row.loss or 0.0)


def _compared(tested: Sequence[Mapping[Place, _Tested]], first: int, second: int) -> Paired:
    sides = ({place: one.answers for place, one in tested[i].items()} for i in (first, second))
    return paired(*sides)


def _sentences(table: GroupTable, tested: Sequence[Mapping[Place, _Tested]], ask: Asked) -> Iterator[str]:
    assert table.best is not None
    best, between = table.rows[table.best], table.between
    for after in dict.fromkeys(row.stopped for row in table.rows if row.stopped):
        names = [table.title(i) for i, row in enumerate(table.rows) if row.stopped == after]
        yield f"Stopped after {after}, as the worse half on validation: {', '.join(names)}."
    if table.axis:
        yield from _shape(table)
    if between:
        if ask == "last":
            yield _curve(table.rows[between.first], table.rows[between.second], between.found)
        else:
            yield f"Best on validation: {table.title(table.best)}, right on {percent(best.mean or 0)} of the test."
        yield between.found.sentence(table.title(between.first), table.title(between.second))
    if ask == "best":
        others = [i for i, row in enumerate(table.rows) if i != table.best and row.mean is not None]
        beside = {i: _compared(tested, table.best, i) for i in others}
        yield from filter(None, [_worse(table, beside), _cheaper(table, beside)])
    if best.beside:
        kind = BASELINES[best.baseline].in_a_sentence if best.baseline in BASELINES else best.baseline
        yield best.beside.sentence(table.title(table.best) if table.varied else "The model", kind)


def _shape(table: GroupTable) -> Iterator[str]:
    """What the picture shows: the first and the last setting, the highest where it is neither, and the time."""
    rows = [row for row in table.rows if row.mean is not None]
    if len(rows) < 2:
        return
    first, last, highest = rows[0], rows[-1], max(rows, key=lambda row: row.mean or 0.0)
    ends = f"the test goes from {percent(first.mean or 0)} to {percent(last.mean or 0)}"
    is_between = (highest.mean or 0) > max(first.mean or 0, last.mean or 0)
    top = f", with {percent(highest.mean or 0)} at {highest.mark} as the most" if is_between else ""
    time = f"a run takes {duration(_took(first))} at first and {duration(_took(last))} at last"
    yield f"The curve: over {table.axis}, {first.mark} to {last.mark}, {ends}{top}; {time}."


def _curve(last: Row, before: Row, found: Paired) -> str:
    """What the end of a curve over labels says of labelling more."""
    step = f"From {before.title} labels to {last.title}"
    if found.is_shown and found.difference > 0:
        return f"{step} it still gains {points(found.difference)}: labelling more is likely to pay."
    return f"{step} no gain is shown: whether labelling more would pay is not to be seen here."


def _worse(table: GroupTable, beside: Mapping[int, Paired]) -> str:
    """The settings that are shown to be worse than the best and are not the next best, which has its own sentence."""
    second = table.between.second if table.between else None
    worse = [(i, found) for i, found in beside.items() if found.verdict == "better" and i != second]
    said = ", ".join(f"{table.title(i)} (by {points(found.difference)})" for i, found in worse)
    return f"Shown to be worse than the best: {said}." if said else ""


def _cheaper(table: GroupTable, beside: Mapping[int, Paired]) -> str:
    """The setting that takes least time of those not shown to be worse than the best; empty for the best itself."""
    assert table.best is not None
    rows, fastest = table.rows, table.best
    for i, found in beside.items():
        if found.rows and found.verdict in ("even", "worse") and _took(rows[i]) < _took(rows[fastest]):
            fastest = i
    if fastest == table.best:
        return ""
    took = f"{duration(_took(rows[fastest]))} a run, against {duration(_took(rows[table.best]))}"
    share = percent(rows[fastest].mean or 0)
    return f"The fastest that is not shown to be worse: {table.title(fastest)}, {share} in {took}."


def _took(row: Row) -> float:
    return row.seconds or 0.0


def progress_in_words(table: GroupTable) -> str:
    """'5 of 12 runs done, 1 failed'."""
    states: Counter[str] = Counter()
    for row in table.rows:
        states.update({} if row.stopped else row.states)
    missing = table.planned - sum(states.values())
    rest = [f"{n} {state}" for state, n in states.items() if state != "done"]
    rest += [f"{missing} not made yet"] if missing else []
    early = sum(bool(row.stopped) for row in table.rows)
    rest += [f"{plural(early, 'setting')} stopped early"] if early else []
    return ", ".join([f"{table.done} of {plural(table.planned, 'run')} done", *rest])
