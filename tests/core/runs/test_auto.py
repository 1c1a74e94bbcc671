"""The rule of a budget: what it tries, for how long, and which of it is chosen."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.runs.auto import Budget, Candidate, Outcome, chosen, next_step, shortened, slowness, taken_in

times = st.floats(0.01, 300)
MODELS = ["nano", "minilm", "gpt2", "bert"]


def candidate(kind, model, once=1.0, epoch=1.0, besides=2.0, epochs=6):
    return Candidate(kind=kind, model=model, once=once, epoch=epoch, besides=besides, epochs=epochs)


@st.composite
def all_candidates(draw):
    found = [candidate("words", "tfidf", 0.0, draw(times), draw(times), 1)]
    for name in MODELS[: draw(st.integers(0, 4))]:
        for kind in ("probe", "fine-tuning"):
            found.append(candidate(kind, name, draw(times), draw(times), draw(times), draw(st.integers(1, 50))))
    return found


def played(budget, looks, slow=1.0):
    """All steps until the end, where every run takes `slow` times its estimate; and the seconds that they took."""
    outcomes, steps, spent = {}, [], 0.0
    while step := next_step(budget, outcomes, spent):
        took = budget.candidates[step.number].seconds(step.epochs) * slow
        encoding = budget.candidates[step.number].once * slow
        outcomes[step.number] = Outcome(True, took, step.epochs, looks[step.number], 0.5, encoding)
        spent += took
        steps.append(step)
    return steps, spent


looks = st.lists(st.floats(0, 1), min_size=9, max_size=9)


@given(all_candidates(), st.floats(0.1, 3000), looks)
@settings(max_examples=200, deadline=None)
def test_the_budget_is_never_exceeded_by_estimate_but_for_words(candidates, seconds, looks):
    steps, spent = played(Budget(seconds, candidates), looks)
    assert steps[0].number == 0 and len({step.number for step in steps}) == len(steps)
    assert spent <= max(seconds, candidates[0].seconds()) + 1e-6
    for number, epochs in steps:
        assert candidates[number].fewest <= epochs <= candidates[number].epochs
    kinds = [candidates[step.number].kind for step in steps]
    assert kinds == sorted(kinds, key=["words", "probe", "fine-tuning"].index)
    probed = [candidates[step.number].model for step in steps if candidates[step.number].kind == "probe"]
    tuned = [candidates[step.number].model for step in steps if candidates[step.number].kind == "fine-tuning"]
    assert set(tuned) <= set(probed)
    of_probe = {one.model: looks[i] for i, one in enumerate(candidates) if one.kind == "probe"}
    assert all(of_probe[a] >= of_probe[b] for a, b in pairwise(tuned))


@given(all_candidates(), st.floats(0.1, 3000), st.floats(0, 3000), looks)
@settings(max_examples=200, deadline=None)
def test_a_larger_budget_tries_all_that_a_smaller_one_does(candidates, seconds, more, looks):
    small, large = Budget(seconds, candidates), Budget(seconds + more, candidates)
    assert taken_in(large)[: len(taken_in(small))] == taken_in(small)
    tried = [{step.number for step in played(budget, looks)[0]} for budget in (small, large)]
    assert tried[0] <= tried[1]
    assert tried[0] == set(taken_in(small))


@given(all_candidates(), st.floats(0.1, 3000), looks, st.floats(0.5, 20))
@settings(max_examples=100, deadline=None)
def test_it_ends_on_a_machine_of_any_speed(candidates, seconds, looks, slow):
    steps, _ = played(Budget(seconds, candidates), looks, slow)
    assert 1 <= len(steps) <= len(candidates)


NANO, MINILM = (
    [candidate("probe", "nano"), candidate("fine-tuning", "nano")],
    [
        candidate("probe", "minilm", epoch=2.0),
        candidate("fine-tuning", "minilm", once=2.0, epoch=20.0),
    ],
)
WORDS = candidate("words", "tfidf", 0.0, 1.0, 1.0, 1)


def test_what_looks_best_learns_first_and_longest():
    budget = Budget(150.0, [WORDS, *NANO, *MINILM])
    outcomes = {0: Outcome(True, 2, 1, 0.8), 1: Outcome(True, 9, 6, 0.7), 3: Outcome(True, 15, 6, 0.9)}
    assert next_step(budget, outcomes, 26) == (4, 5)  # 124 s hold five epochs beside 5 s of the other model
    assert next_step(budget, outcomes, 26 + 60) == (4, 2)
    assert next_step(budget, outcomes, 26 + 85) == (2, 6)  # what would not come to a third of its epochs is left out
    outcomes[1] = Outcome(True, 9, 6, 0.95)
    assert next_step(budget, outcomes, 26) == (2, 6)
    outcomes[1] = Outcome(True, 9, 6)  # it failed, and nothing is known of its looks
    assert next_step(budget, outcomes | {4: Outcome(True, 9)}, 26) is None


def test_epochs_go_by_how_fast_the_probes_were():
    budget = Budget(150.0, [WORDS, *NANO, *MINILM])
    outcomes = {0: Outcome(True, 2, 1, 0.8), 1: Outcome(True, 18, 6, 0.7, 0.5, 2.0), 3: Outcome(True, 30, 6, 0.9)}
    assert slowness(budget, outcomes) == 2 and slowness(budget, {0: outcomes[0]}) == 1
    assert next_step(budget, outcomes, 50) == (4, 2)
    # by estimate it has time for two epochs, and not as fast as the probe went: it is tried, with the fewest
    assert next_step(budget, outcomes, 100) == (2, 6)
    assert next_step(budget, outcomes | {2: Outcome(True, 18)}, 100) == (4, 2)
    assert next_step(budget, outcomes | {2: Outcome(True, 18)}, 107) is None


def test_on_a_slow_machine_what_looks_best_learns_before_another_probe():
    budget = Budget(150.0, [WORDS, *NANO, *MINILM])
    outcomes = {0: Outcome(True, 2, 1, 0.8), 1: Outcome(True, 18, 6, 0.7, 0.5, 1.0)}
    assert next_step(budget, outcomes, 20) == (3, 6)  # 15 s, and 5 s for the shortest fine-tuning of the other model
    assert next_step(budget, outcomes, 131) == (2, 6)
    assert next_step(budget, outcomes | {2: Outcome(True, 9, 6, 0.75)}, 131) == (3, 6)


def test_what_was_broken_off_goes_on_before_anything_new():
    budget = Budget(150.0, [WORDS, *NANO, *MINILM])
    assert next_step(budget, {0: Outcome(False, 500)}, 500) == (0, 1)  # words come to their end in any case
    outcomes = {0: Outcome(True, 2, 1, 0.8), 1: Outcome(False, 9)}
    assert next_step(budget, outcomes, 11) == (1, 6)
    assert next_step(budget, outcomes, 149) is None  # too little is left to come to a result


def test_the_choice_is_by_validation_and_then_by_loss():
    found = {
        0: Outcome(True, 1, 1, 0.9, 0.3),
        3: Outcome(True, 1, 1, 0.9, 0.2),
        4: Outcome(True, 1),
        5: Outcome(False, 1),
    }
    assert chosen(found) == 3
    assert chosen(found | {1: Outcome(True, 1, 1, 0.91, math.inf)}) == 1
    assert chosen({4: found[4]}) is None and chosen({}) is None


@pytest.mark.parametrize(
    ("step", "to_go", "left", "epochs"),
    [
        (20, 80.0, 90.0, None),  # in time
        (20, 80.0, 70.0, 9),
        (20, 80.0, 30.0, 5),
        (25, 75.0, 5.0, 3),  # the third epoch just ends
        (25, 75.0, 4.0, 3),  # not even that, if it becomes no faster
        (20, 80.0, 0.0, 2),  # at the end of the second, it is over
        (5, 95.0, 1.0, 1),
        (5, 95.0, -1.0, 1),
        (95, 5.0, 1.0, None),  # it is in its last
        (100, 0.0, -5.0, None),
    ],
)
def test_a_run_that_is_late_learns_for_fewer_whole_epochs(step, to_go, left, epochs):
    assert shortened(step, 100, 10, to_go, left) == epochs
