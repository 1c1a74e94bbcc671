"""What figures of a sample are worth: an interval, and a paired test."""

import math
from collections.abc import Sequence

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


def deviation(values: Sequence[float]) -> float | None:
    """The standard deviation of a sample; None of fewer than two values."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def paired_t(differences: Sequence[float]) -> float | None:
    """The two-sided p of Student's paired t test (1908): whether differences are 0 in the mean. None of fewer than two.

    Where all are alike their mean is taken for certain, whatever it is.
    """
    spread = deviation(differences)
    if spread is None:
        return None
    n, mean = len(differences), math.fsum(differences) / len(differences)
    if spread <= 1e-12 * abs(mean):
        return 1.0 if mean == 0 else 0.0
    return _two_tails(abs(mean) / (spread / math.sqrt(n)), n - 1)


def _two_tails(t: float, freedom: int) -> float:
    """How often Student's t of so many degrees of freedom is further from 0 (Abramowitz and Stegun 26.7.3 and 4)."""
    angle, odd = math.atan(t / math.sqrt(freedom)), freedom % 2
    cosine, total = math.cos(angle), 0.0
    term = cosine if odd else 1.0
    for k in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * cosine * k / (k + 1)
    within = total * math.sin(angle)
    if odd:
        within = (angle + within) * 2 / math.pi
    return min(1.0, max(0.0, 1 - within))
