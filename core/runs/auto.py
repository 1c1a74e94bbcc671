"""The best classifier within a budget: what is tried, in which order, for how long, and which is chosen. No torch.

- The word-count model is tried with any budget.
- Each model has two candidates: a probe, in which only a head learns and the model stays as it is, and a fine-tuning of
  at least a third of its usual epochs. Models are added, the fastest first, while the estimates of all candidates
  together fit into the budget. So a larger budget tries everything that a smaller one tries.
- Probes run first. Then the model with the best probe on validation is fine-tuned, for as many epochs as there is time
  for: at most its usual number, and the shortest fine-tunings of the other models must still fit. The others follow.
- On a machine that is slower than estimated, the best fine-tuning comes before a probe that would use up its time.
- The run that is best on validation is chosen.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

Kind = Literal["words", "probe", "fine-tuning"]
SHORTEST = 3  # a fine-tuning learns for one part in so many of its usual epochs at least

RULE = (
    "The run with the most right answers on validation is chosen; if two have equally many, the one with the lower "
    "loss on validation. The test set is not used to choose: its figure is shown for the chosen run only."
)


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Something to try, and the seconds that it is reckoned to take: `once` for what is frozen, `epoch` for each of its
    usual `epochs`, and `besides` for what comes before and after.
    """

    kind: Kind
    model: str
    once: float
    epoch: float
    besides: float
    epochs: int

    def seconds(self, epochs: int = 0) -> float:
        """In all, with so many epochs; 0 are the usual number."""
        return self.once + self.epoch * (epochs or self.epochs) + self.besides

    @property
    def fewest(self) -> int:
        """How many epochs it learns for at least."""
        return -(-self.epochs // SHORTEST) if self.kind == "fine-tuning" else self.epochs

    def epochs_within(self, seconds: float) -> int:
        """How many epochs so many seconds hold, the usual number at most; 0 where those are fewer than the fewest."""
        spare = seconds - self.once - self.besides
        if spare >= self.epoch * self.epochs:
            return self.epochs
        held = math.floor(max(0.0, spare) / self.epoch) if self.epoch else 0
        return held if held >= self.fewest else 0


class Budget(msgspec.Struct, frozen=True):
    """So many seconds for the candidates, which stand in the order of the settings of their group's plan.

    It is `over` once who kept to it has come to the end.
    """

    seconds: float
    candidates: list[Candidate]
    over: bool = False


class Outcome(NamedTuple):
    """What has come of a candidate so far: whether its run is `over`, what it took, for how many epochs it learns, 0
    where that is not known yet, and how good it is on validation; None where it has no result. `encoding` are the
    seconds in which the frozen layers read all texts, 0 where they did not, or found something of it done.
    """

    over: bool
    seconds: float
    epochs: int = 0
    validation: float | None = None
    loss: float = math.inf
    encoding: float = 0.0

    @property
    def rank(self) -> tuple[float, float]:
        """The larger the better."""
        return (-1.0 if self.validation is None else self.validation), -self.loss


class Step(NamedTuple):
    """The number of a candidate that is to be tried now, and for how many epochs."""

    number: int
    epochs: int


def taken_in(budget: Budget) -> list[int]:
    """The numbers of the candidates that a budget holds by estimate, in the order words, then model by model."""
    candidates, left = budget.candidates, budget.seconds
    found = [i for i, one in enumerate(candidates) if one.kind == "words"]
    left -= sum(candidates[i].seconds() for i in found)
    for number in _ladder(candidates):
        left -= candidates[number].seconds(candidates[number].fewest)
        if left < 0:
            break
        found.append(number)
    return found


def _ladder(candidates: Sequence[Candidate]) -> Iterator[int]:
    """Of each model the probe, then the fine-tuning, the fastest model first."""
    of_model: dict[str, list[int]] = {}
    for i, one in enumerate(candidates):
        if one.kind != "words":
            of_model.setdefault(one.model, []).append(i)

    def price(numbers: list[int]) -> float:
        return sum(candidates[i].seconds(candidates[i].fewest) for i in numbers)

    for numbers in sorted(of_model.values(), key=price):
        yield from sorted(numbers, key=lambda i: candidates[i].kind != "probe")


def next_step(budget: Budget, outcomes: Mapping[int, Outcome], spent: float) -> Step | None:
    """What is to be tried now, given what has come of the others and how many seconds are spent; None at the end."""
    if budget.over:
        return None
    candidates, left = budget.candidates, budget.seconds - spent
    slow = slowness(budget, outcomes)
    for number, outcome in outcomes.items():  # what was broken off goes on
        if not outcome.over and (candidates[number].kind == "words" or left >= candidates[number].besides * slow):
            return Step(number, candidates[number].epochs)
    fresh = [number for number in taken_in(budget) if number not in outcomes]
    looks = {candidates[i].model: outcome for i, outcome in outcomes.items() if candidates[i].kind == "probe"}
    tunings = [i for i in fresh if candidates[i].kind == "fine-tuning" and _result(looks, candidates[i].model)]
    tunings.sort(key=lambda i: looks[candidates[i].model].rank, reverse=True)
    # on a machine that is slower than reckoned, no further probe takes the time of what looks best so far
    reserved = sum(candidates[i].seconds(candidates[i].fewest) for i in tunings[:1])
    for number in fresh:
        one = candidates[number]
        if one.kind == "words" or (one.kind == "probe" and left >= (one.seconds() + reserved) * slow):
            return Step(number, one.epochs)
    for number in tunings:
        others = sum(candidates[i].seconds(candidates[i].fewest) for i in tunings if i != number)
        for room in (left / slow - others, left / slow):
            if epochs := candidates[number].epochs_within(room):
                return Step(number, epochs)
    # a slow machine may speed up again, and a run that is late is told to learn for less
    late = (i for i in tunings if candidates[i].seconds(candidates[i].fewest) <= left)
    return next((Step(i, candidates[i].fewest) for i in late), None)


def _result(looks: Mapping[str, Outcome], model: str) -> bool:
    return model in looks and looks[model].validation is not None


def slowness(budget: Budget, outcomes: Mapping[int, Outcome]) -> float:
    """How many times as long as reckoned the networks have taken to read the texts so far: other work on this machine,
    for the most. 1 where that is not known.
    """
    known = {i: one.encoding for i, one in outcomes.items() if one.encoding and budget.candidates[i].once}
    reckoned = sum(budget.candidates[i].once for i in known)
    return sum(known.values()) / reckoned if reckoned else 1.0


def chosen(outcomes: Mapping[int, Outcome]) -> int | None:
    """The number of the best; None before any has a result."""
    tested = [number for number, outcome in sorted(outcomes.items()) if outcome.validation is not None]
    return max(tested, key=lambda number: outcomes[number].rank, default=None)


def shortened(step: int, n_steps: int, epochs: int, to_go: float, left: float) -> int | None:
    """For how many epochs a run is to learn in place of `epochs`, which are `n_steps`, so as to end in time.

    After `step` steps the others take `to_go` seconds, and `left` remain for learning. Where not even the epoch that it
    is in can end in time, that one is its last: it may become faster. None where nothing changes.
    """
    if to_go <= left or step >= n_steps:
        return None
    per_epoch = n_steps / epochs
    within = math.floor((step + (n_steps - step) * max(0.0, left) / to_go) / per_epoch)
    fewer = max(within, 1, math.ceil(step / per_epoch))
    return fewer if fewer < epochs else None
