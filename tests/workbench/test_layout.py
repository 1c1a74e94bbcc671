"""How lines are shared among panels, whatever the size."""

from hypothesis import given
from hypothesis import strategies as st

from workbench.layout import Column, Part, Place, Plan, fit

HERO = Part("hero", 9, 16, grows=2)


def heights(plan: Plan, width: int, height: int, **how) -> dict[str, int]:
    return {name: place.height for name, place in fit(plan, width, height, **how).places.items()}


def test_the_first_has_its_lines_and_what_finds_none_is_folded():
    plan = Plan.of(Part("top", 3), HERO, Part("log", 4, 9), ranks=("hero", "top", "log"))
    assert heights(plan, 80, 30) == {"top": 3, "hero": 18, "log": 9}
    assert heights(plan, 80, 16) == {"top": 3, "hero": 9, "log": 4}
    found = fit(plan, 80, 14)
    assert {name: place.height for name, place in found.places.items()} == {"top": 3, "hero": 11}
    assert found.folded == ["log"]
    assert heights(plan, 80, 6) == {"hero": 6}


def test_all_are_there_in_short_before_any_is_there_in_full():
    figures, weights = Part("figures", 8, brief=2), Part("weights", 4)
    plan = Plan.of(HERO, figures, weights, ranks=("hero", "figures", "weights"))
    assert heights(plan, 80, 15) == {"hero": 9, "figures": 2, "weights": 4}
    assert heights(plan, 80, 21) == {"hero": 9, "figures": 8, "weights": 4}


def test_one_that_is_ranked_twice_has_what_there_is_before_those_below_it():
    card, labels = Part("card", 9, brief=3), Part("labels", 4)
    plan = Plan.of(card, HERO, labels, ranks=("hero", "card", "card", "labels"))
    assert heights(plan, 80, 14) == {"card": 5, "hero": 9}
    assert heights(plan, 80, 22) == {"card": 9, "hero": 9, "labels": 4}


def test_columns_stand_side_by_side_where_the_width_allows():
    charts = [Column((Part(name, 9, 16, grows=2),), cells=50) for name in ("loss", "accuracy")]
    plan = Plan.of(charts, ranks=("loss", "accuracy"))
    assert fit(plan, 101, 12).places == {"loss": Place(0, 0, 50, 12), "accuracy": Place(50, 0, 51, 12)}
    assert fit(plan, 99, 20).places == {"loss": Place(0, 0, 99, 11), "accuracy": Place(0, 11, 99, 9)}
    assert fit(plan, 99, 12).folded == ["accuracy"]


def test_a_column_whose_parts_are_folded_leaves_its_width_to_the_others():
    row = [Column((Part("a", 3),)), Column((Part("b", 9),))]
    plan = Plan.of(row, HERO, ranks=("hero", "a", "b"))
    assert fit(plan, 80, 12).places["a"] == Place(0, 0, 80, 3)


def test_what_is_opened_takes_the_place_of_the_first_and_what_is_zoomed_all_of_it():
    plan = Plan.of(HERO, Part("log", 4), ranks=("hero", "log"))
    found = fit(plan, 80, 10, opened="log")
    assert (found.places, found.folded) == ({"log": Place(0, 0, 80, 10)}, ["hero"])
    assert fit(plan, 80, 20, opened="log") == fit(plan, 80, 20)
    assert fit(plan, 80, 20, zoomed="log").places == {"log": Place(0, 0, 80, 20)}


@st.composite
def plans(draw) -> Plan:
    names = iter("abcdefghij")

    def part() -> Part:
        least = draw(st.integers(2, 12))
        brief = draw(st.sampled_from([0, min(2, least)]))
        return Part(next(names), least, draw(st.integers(0, 20)), brief, draw(st.integers(0, 3)))

    rows = []
    for _ in range(draw(st.integers(1, 4))):
        n = draw(st.integers(1, 2))
        cells = draw(st.integers(20, 60))
        rows.append([Column((part(),), draw(st.integers(1, 3)), cells) for _ in range(n)])
    every = [part.name for row in rows for column in row for part in column.parts]
    return Plan.of(*rows, ranks=draw(st.permutations(every)))


@given(plans(), st.integers(60, 200), st.integers(14, 58))
def test_every_cell_is_used_once_and_every_part_is_on_show_or_named(plan, width, height):
    found = fit(plan, width, height)
    names = {part.name for row in plan.rows for column in row for part in column.parts}
    assert {*found.places} | {*found.folded} == names and not {*found.places} & {*found.folded}
    assert plan.ranks[0] in found.places
    cells = [
        (x, y)
        for place in found.places.values()
        for x in range(place.x, place.x + place.width)
        for y in range(place.y, place.y + place.height)
    ]
    assert sorted(cells) == [(x, y) for x in range(width) for y in range(height)]
    parts = {part.name: part for row in plan.rows for column in row for part in column.parts}
    for name, place in found.places.items():
        part = parts[name]
        assert place.height >= min(height, part.brief or part.least)
