"""What figures of a sample are worth: an interval, and a paired test."""

import math

EXACT = 100_000  # counts; of more, the coefficients are numbers of many thousand digits


def wilson(right: int, rows: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % confidence interval of an accuracy (Wilson 1927); (0, 1) where there are no rows."""
    if rows == 0:
        return 0.0, 1.0
    p = right / rows
    centre = (p + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * (p * (1 - p) / rows + z * z / (4 * rows * rows)) ** 0.5
    # rounding must not keep a limit from being what it is
    return 0.0 if right == 0 else centre - half, 1.0 if right == rows else centre + half


def mcnemar(won: int, lost: int) -> float:
    """McNemar's exact two-sided p (McNemar 1947): how often fair coins fall as unevenly as `won` to `lost`, or more.

    Binomial coefficients as whole numbers, rounded once at the end; of more than EXACT counts by the normal curve with
    Edwards's correction (1948), which is no different then.
    """
    n = won + lost
    if n > EXACT:
        return math.erfc(max(0, abs(won - lost) - 1) / math.sqrt(2 * n))
    term = tail = 1  # coefficients 0 to k of n
    for k in range(min(won, lost)):
        term = term * (n - k) // (k + 1)
        tail += term
    return min(1.0, 2 * tail / 2**n)
