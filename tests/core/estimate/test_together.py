"""Runs together cost what each costs alone, less what the frozen layers need not compute again."""

import pytest

from core.estimate.prices import Price
from core.estimate.together import together
from core.recipe import load

PRICE = Price(1, 2, 3, blocks=4, cache=5, epochs=1, once=10.0, epoch=1.0, besides=2.0, total=13.0)


@pytest.mark.parametrize(
    ("second", "shares"),
    [
        ({"train": {"lr": 1e-4, "seed": 5}, "data": {"probe": "on", "baseline": "counts"}}, True),
        ({"data": {"seed": 5}}, False),  # other texts
        ({"data": {"fold": "1/5"}}, False),
        ({"freeze": {"trainable": "last_block"}}, False),  # another boundary
        ({"model": {"context": 16}}, False),
        ({"speed": {"threads": 1}}, False),
    ],
)
def test_what_is_shared_is_what_a_cache_would_be_found_by(second, shares):
    found = together([(load(), PRICE), (load(second), PRICE)])
    assert found == ((16.0, 10.0, 1) if shares else (26.0, 0.0, 2))


def test_nothing_is_shared_that_is_not_kept_or_is_drawn_anew():
    off = load({"speed": {"cache": "run"}})
    assert together([(off, PRICE), (off, PRICE)]).shared == 0
    drawn = [load({"model": {"weights": "random"}, "train": {"seed": seed}}) for seed in (1, 2, 2)]
    assert together((recipe, PRICE) for recipe in drawn) == (29.0, 10.0, 2)
    whole = PRICE._replace(blocks=0, once=0.0, total=3.0)
    assert together([(load({"freeze": {"trainable": "all"}}), whole)] * 2) == (6.0, 0.0, 0)
