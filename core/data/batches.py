"""Which texts make which batch: a pure plan. The order is f(seed, epoch), from a generator of its own."""

from typing import NamedTuple

import numpy as np

FULL = 1024  # positions: enough for the full speed of matrix products, few enough for caches, and to be broken off


class Batch(NamedTuple):
    """`rows` (B,) are indices into the lengths that were planned; the batch is padded to `width` tokens."""

    rows: np.ndarray
    width: int


def plan(
    lengths: np.ndarray, policy: str, size: int, seed: int, epoch: int, drop_last: bool, context: int
) -> list[Batch]:
    """The batches of one epoch of learning.

    `lengths` (N,) are tokens, cut to the context; an empty text counts as the one token it is read as.
    `fixed` pads random batches to the context and `dynamic` to their longest text; `bucketed` puts texts of
    similar length together and shuffles the batches. `drop_last` leaves out a random remainder, so that fewer
    texts than one batch give none.
    """
    rng = np.random.default_rng([seed, epoch])
    rows = rng.permutation(len(lengths))
    if drop_last:
        rows = rows[: len(rows) - len(rows) % size]
    if policy != "bucketed":
        return _cut(rows, lengths, policy, size, context)
    batches = _cut(_by_length(rows, lengths), lengths, policy, size, context)
    return [batches[i] for i in rng.permutation(len(batches))]


def steps(
    lengths: np.ndarray, policy: str, size: int, together: int, seed: int, epoch: int, drop_last: bool, context: int
) -> list[list[Batch]]:
    """The optimizer steps of one epoch: in each, `together` batches of `size` texts, whose gradients add up.

    A step holds the texts that `plan` puts into one batch of `size * together`; its other arguments are those of
    `plan`. Without padding a batch is one text for that reason alone, and a step may have fewer: none is left out.
    """
    whole = plan(lengths, policy, size * together, seed, epoch, drop_last and policy != "none", context)
    return [_cut(step.rows, lengths, policy, size, context) for step in whole]


def filled(lengths: np.ndarray, width: int | None = None) -> list[Batch]:
    """Every text once, shortest first, as many together as fill FULL positions with their padding; one at least.

    For passes without learning, whose batches may be as large as the machine likes. `lengths` (N,) are tokens; texts
    are padded to `width`, or where it is None to the longest of their batch.
    """
    lengths = np.asarray(lengths)
    rows = _by_length(np.arange(len(lengths)), lengths)
    widths = np.full(len(rows), width) if width else lengths[rows]
    found, first = [], 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or (end + 1 - first) * widths[end] > FULL:
            found.append(Batch(rows[first:end], int(widths[end - 1])))
            first = end
    return found


def drawn(lengths: np.ndarray, most: int, seed: int, width: int | None = None) -> list[Batch]:
    """At most so many texts, drawn at random by the seed, in batches as those of `filled`."""
    rows = np.sort(np.random.default_rng(seed).permutation(len(lengths))[:most])
    return [Batch(rows[batch.rows], batch.width) for batch in filled(lengths[rows], width)]


def sample(lengths: np.ndarray, policy: str, size: int, context: int, batches: int, seed: int) -> list[Batch]:
    """Up to `batches` batches for the quick evaluation, the same ones every time.

    With `fixed` they are the first in the stored order, as in the book; otherwise a random sample.
    """
    rows = np.arange(len(lengths))
    if policy != "fixed":
        rows = np.random.default_rng(seed).permutation(rows)
    rows = rows[: size * batches]
    if policy == "bucketed":
        rows = _by_length(rows, lengths)
    return _cut(rows, lengths, policy, size, context)


def _by_length(rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    # stable, so that texts of equal length stay shuffled
    return rows[np.argsort(np.asarray(lengths)[rows], kind="stable")]


def _cut(rows: np.ndarray, lengths: np.ndarray, policy: str, size: int, context: int) -> list[Batch]:
    lengths = np.asarray(lengths)
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [Batch(part, context if policy == "fixed" else int(lengths[part].max())) for part in parts]
