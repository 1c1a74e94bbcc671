"""What figures of a sample are worth: an interval, and a paired test."""


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

    Exact for any counts: binomial coefficients as whole numbers, rounded once at the end.
    """
    n = won + lost
    term = tail = 1  # coefficients 0 to k of n
    for k in range(min(won, lost)):
        term = term * (n - k) // (k + 1)
        tail += term
    return min(1.0, 2 * tail / 2**n)
