from itertools import pairwise

import numpy as np
import pytest

from core.data.batches import FULL, filled, plan, sample, steps

LENGTHS = np.random.default_rng(0).integers(1, 60, size=101)
POLICIES = ("fixed", "dynamic", "bucketed")


def rows(batches) -> list[int]:
    return [int(row) for batch in batches for row in batch.rows]


def groups(batches) -> list[list[int]]:
    return [batch.rows.tolist() for batch in batches]


@pytest.mark.parametrize("policy", POLICIES)
def test_every_text_once_in_batches_of_the_size(policy):
    batches = plan(LENGTHS, policy, 8, seed=1, epoch=0, drop_last=False, context=64)
    assert sorted(rows(batches)) == list(range(101))
    assert sorted(len(batch.rows) for batch in batches) == [5] + [8] * 12


@pytest.mark.parametrize("policy", POLICIES)
def test_the_order_is_a_function_of_seed_and_epoch(policy):
    def order(seed, epoch):
        return groups(plan(LENGTHS, policy, 8, seed, epoch, False, 64))

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)
    assert order(1, 2) != order(2, 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_planning_leaves_the_global_generator_alone(policy):
    np.random.seed(0)
    before = np.random.get_state()[1].tolist()
    plan(LENGTHS, policy, 8, 1, 0, True, 64)
    sample(LENGTHS, policy, 8, 64, 2, 1)
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize("policy", POLICIES)
def test_drop_last_leaves_out_a_random_remainder(policy):
    left_out = set()
    for epoch in range(30):
        batches = plan(LENGTHS, policy, 8, 1, epoch, True, 64)
        assert all(len(batch.rows) == 8 for batch in batches)
        left_out |= set(range(101)) - set(rows(batches))
    assert len(left_out) > 50  # not the longest over and over
    assert plan(LENGTHS[:7], policy, 8, 1, 0, True, 64) == []


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("policy", POLICIES)
def test_accumulated_batches_make_the_steps_of_one_large_batch(policy, drop_last):
    whole = plan(LENGTHS, policy, 16, 1, 3, drop_last, 64)
    for size in (1, 2, 8):
        found = steps(LENGTHS, policy, size, 16 // size, 1, 3, drop_last, 64)
        assert [rows(step) for step in found] == groups(whole)
        assert all(len(batch.rows) <= size for step in found for batch in step)


def test_without_padding_no_text_is_left_out():
    assert [len(step) for step in steps(LENGTHS, "none", 1, 8, 1, 0, True, 64)] == [8] * 12 + [5]


def test_widths():
    assert {b.width for b in plan(LENGTHS, "fixed", 8, 1, 0, False, 64)} == {64}
    for policy in ("dynamic", "bucketed"):
        assert all(b.width == LENGTHS[b.rows].max() for b in plan(LENGTHS, policy, 8, 1, 0, False, 64))
    assert isinstance(plan([3, 4], "dynamic", 2, 1, 0, False, 64)[0].width, int)


def test_buckets_hold_similar_lengths_and_differ_between_epochs():
    lengths = np.repeat([5, 50], 40)
    first, second = (plan(lengths, "bucketed", 8, 1, epoch, False, 64) for epoch in (0, 1))
    assert all(len(set(lengths[batch.rows])) == 1 for batch in first)
    assert {frozenset(group) for group in groups(first)} != {frozenset(group) for group in groups(second)}
    assert [batch.width for batch in first] != sorted(batch.width for batch in first)

    def padded(policy):
        batches = plan(LENGTHS, policy, 8, 1, 0, False, 64)
        return sum(batch.width * len(batch.rows) for batch in batches)

    assert padded("bucketed") < padded("dynamic") < padded("fixed")


@pytest.mark.parametrize("width", [None, 64])
def test_filled_batches_hold_every_text_once_and_are_as_large_as_may_be(width):
    lengths = np.concatenate([LENGTHS] * 9)
    batches = filled(lengths, width)
    assert sorted(rows(batches)) == list(range(len(lengths)))
    assert lengths[rows(batches)].tolist() == sorted(lengths)
    for batch, following in pairwise(batches):
        assert batch.width == width or batch.width == lengths[batch.rows].max()
        assert len(batch.rows) * batch.width <= FULL
        # one text more, padded to the width it brings, would not have fitted
        assert (len(batch.rows) + 1) * (width or lengths[following.rows[0]]) > FULL
    assert groups(batches) == groups(filled(lengths, width))


def test_a_text_longer_than_a_full_batch_stands_alone():
    assert groups(filled(np.array([3, 5000, 4]))) == [[0, 2], [1]]


def test_the_quick_sample_is_fixed_and_the_books_is_the_beginning():
    assert rows(sample(LENGTHS, "fixed", 8, 64, 3, seed=1)) == list(range(24))
    for policy in ("dynamic", "bucketed"):
        drawn = sample(LENGTHS, policy, 8, 64, 3, seed=1)
        assert len(set(rows(drawn))) == 24 and set(rows(drawn)) != set(range(24))
        assert groups(drawn) == groups(sample(LENGTHS, policy, 8, 64, 3, seed=1))
        assert rows(drawn) != rows(sample(LENGTHS, policy, 8, 64, 3, seed=2))
    assert sorted(rows(sample(LENGTHS[:5], "bucketed", 8, 64, 3, 1))) == list(range(5))


@pytest.mark.parametrize("policy", POLICIES)
def test_no_texts_no_batches(policy):
    assert plan(np.array([], int), policy, 8, 1, 0, False, 64) == filled(np.array([], int)) == []
