"""Which of many cases of one kind the fast suite runs."""

from collections.abc import Sequence
from typing import Any

import pytest

MORE = pytest.mark.more


def first(n: int, cases: Sequence[Any], names: int = 1) -> list[Any]:
    """For `parametrize` with so many names: the first cases, and the others, which are of their kind, marked `more`."""
    return [case if i < n else _more(case, names) for i, case in enumerate(cases)]


def each(nth: int, cases: Sequence[Any], names: int = 1) -> list[Any]:
    """As `first`, with every so many-th case."""
    return [_more(case, names) if i % nth else case for i, case in enumerate(cases)]


def _more(case: Any, names: int) -> Any:
    return pytest.param(*case, marks=MORE) if names > 1 else pytest.param(case, marks=MORE)
