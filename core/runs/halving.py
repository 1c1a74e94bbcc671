"""Successive halving: after a share of the epochs, the worse half of the settings stops (Jamieson and Talwalkar 2016).

Settings are judged by the mean of their runs on all of validation at the end of the first epoch by which that share has
passed; the test has no say. The logs of the runs say all of it, so whenever it is asked, the answer is the same.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from core.runs.events import Evaluated, Event, Started
from core.runs.folder import RunFolder
from core.runs.records import Member

SHARES = (0.25, 0.5)  # of the epochs
IN_WORDS = {0.25: "a quarter of its epochs", 0.5: "half of its epochs"}


class Mark(NamedTuple):
    """What a run, or the mean of a setting's runs, is on validation at some time; the larger the better."""

    accuracy: float
    quietness: float  # the loss, negative

    @classmethod
    def mean(cls, marks: Sequence["Mark"]) -> "Mark":
        return cls(*(sum(each) / len(marks) for each in zip(*marks, strict=True)))


NONE = Mark(-1.0, -math.inf)  # of a run that came to nothing


class Stopped(NamedTuple):
    """A setting that has stopped, after which share of the epochs, and how good it was then."""

    share: float
    mark: Mark


class Halved(NamedTuple):
    """Settings that go on, by their numbers, and those that have stopped. `share` is how much of their epochs the
    former learn now, before it is decided again; None: all of them.
    """

    going: list[int]
    stopped: dict[int, Stopped]
    share: float | None


class Course:
    """How good a run was at the end of each epoch, as far as its log says. Feed it events in their order."""

    def __init__(self) -> None:
        self._started: Started | None = None
        self._marks: dict[int, Mark] = {}  # by steps

    def apply(self, event: Event) -> None:
        """Take in an event; what a later attempt repeats comes out the same."""
        if isinstance(event, Started):
            self._started = self._started or event
        elif isinstance(event, Evaluated) and event.split == "validation" and event.whole:
            self._marks[event.step] = Mark(event.accuracy, -event.loss)

    def at(self, share: float) -> Mark | None:
        """How good the run was once it had learned for a share of its epochs; None before that."""
        if self._started is None:
            return None
        epochs = self._started.epochs
        return self._marks.get(math.ceil(share * epochs) * (self._started.n_steps // epochs))


def mark_of(run: RunFolder, share: float) -> Mark | None:
    """How good a run was once it had learned for a share of its epochs, or at its end where that came first.

    None where it has yet to come there; of one that has failed, the least.
    """
    course = Course()
    for event in run.log():
        course.apply(event)
    if mark := course.at(share):
        return mark
    state, result = run.status().state, run.classifier_result()
    if state == "done" and result:
        loss = result.validation.loss
        return Mark(result.validation.accuracy, -math.inf if loss is None else -loss)
    return NONE if state in ("failed", "damaged") else None


def halved(planned: Collection[Member], runs: Mapping[Member, RunFolder]) -> Halved:
    """Which settings of a group go on, given the places of all its runs and the runs that there are."""
    of_setting: dict[int, list[Member]] = defaultdict(list)
    for member in planned:
        of_setting[member.setting].append(member)
    going, stopped = sorted(of_setting), dict[int, Stopped]()
    for share in SHARES:
        if len(going) == 1:
            break
        marks: dict[int, Mark] = {}
        for setting in going:
            each = [mark_of(runs[member], share) if member in runs else None for member in of_setting[setting]]
            known = [mark for mark in each if mark is not None]
            if len(known) < len(each):
                return Halved(going, stopped, share)
            marks[setting] = Mark.mean(known)
        ranked = sorted(going, key=lambda setting: marks[setting], reverse=True)
        half = -(-len(ranked) // 2)
        stopped |= {setting: Stopped(share, marks[setting]) for setting in ranked[half:]}
        going = sorted(ranked[:half])
    return Halved(going, stopped, None)


def due(found: Halved, planned: Collection[Member], runs: Mapping[Member, RunFolder]) -> list[Member]:
    """The places whose runs have yet to come as far as it is decided next."""

    def is_there(member: Member) -> bool:
        if member not in runs:
            return False
        if found.share is None:
            return runs[member].status().state == "done"
        return mark_of(runs[member], found.share) is not None

    return [member for member in planned if member.setting in found.going and not is_there(member)]


class Rung:
    """Says at every look at a run whether it has learned for a share of its epochs, and is to be stopped there."""

    def __init__(self, share: float):
        self._share = share
        self._seen: dict[str, tuple[Course, int]] = {}

    def __call__(self, run: RunFolder) -> bool:
        if run.queued_file.exists():
            return False
        course, offset = self._seen.get(run.name, (Course(), 0))
        events, offset = run.events(offset)
        for event in events:
            course.apply(event)
        self._seen[run.name] = course, offset
        return course.at(self._share) is not None
