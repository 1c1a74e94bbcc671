"""How a screen shares its lines among its parts: one rule for every size of terminal.

A screen lists its parts where they stand, and ranks them. The first of the ranks is what the screen is for: it always
has the lines that make it of use. The others follow as far as there is room, first all of them in short, then each in
full, then with more than that. What finds no room is folded: it is named in the rule of the first, and takes its place
when it is opened.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

SIDE = 30  # cells of a column, if nothing else is said


@dataclass(frozen=True)
class Part:
    """What has lines of its own, most often a panel; its rule counts as one of them.

    `least` lines show it in full, `most` are all that it can use, and of lines that nobody needs it takes `grows`
    shares. Where `least` are not to be had, `brief` lines show it in short; with 0 it has no short form.
    """

    name: str
    least: int
    most: int = 0
    brief: int = 0
    grows: int = 0


@dataclass(frozen=True)
class Column:
    """Parts below one another, in a `share` of the width and in `cells` at least."""

    parts: tuple[Part, ...]
    share: int = 1
    cells: int = SIDE


@dataclass(frozen=True)
class Plan:
    """Rows of columns from the top down. `ranks` names all of the parts, the most important first.

    A part that is ranked twice is there in short from the first place on, and in full, as far as that goes, from the
    second.
    """

    rows: tuple[tuple[Column, ...], ...]
    ranks: tuple[str, ...]

    @classmethod
    def of(cls, *rows: Part | Sequence[Column], ranks: Iterable[str]) -> "Plan":
        """A row that is one part has the whole width. Ranks of parts that are not there are left out."""
        found = tuple((Column((row,)),) if isinstance(row, Part) else tuple(row) for row in rows)
        names = {part.name for row in found for column in row for part in column.parts}
        return cls(found, tuple(name for name in ranks if name in names))


class Place(NamedTuple):
    x: int
    y: int
    width: int
    height: int


class Fit(NamedTuple):
    """Where each part on show stands, and the names of the others, the most important first."""

    places: dict[str, Place]
    folded: list[str]


def fit(plan: Plan, width: int, height: int, opened: str = "", zoomed: str = "") -> Fit:
    """Places for all the parts of a plan that `width` cells and `height` lines have room for.

    `opened` is a folded part that stands in the place of the first; `zoomed` has all of the screen.
    """
    names = [part.name for row in plan.rows for column in row for part in column.parts]
    if zoomed in names:
        return _fit({zoomed: Place(0, 0, width, height)}, plan)
    bands = [band for row in plan.rows for band in _bands(row, width)]
    lines = _shared(plan, bands, height)
    places: dict[str, Place] = {}
    y = 0
    for band in bands:
        high, x = _height(band, lines), 0
        shown = [column for column in band if any(lines[part.name] for part in column.parts)]
        for i, column in enumerate(shown):
            rest, shares = width - x, sum(each.share for each in shown[i:])
            cells = rest * column.share // shares
            _spread(column, lines, high)
            top = y
            for part in column.parts:
                if lines[part.name]:
                    places[part.name] = Place(x, top, cells, lines[part.name])
                    top += lines[part.name]
            x += cells
        y += high
    first = plan.ranks[0]
    if opened in names and opened not in places:
        places[opened] = places.pop(first)
    return _fit(places, plan)


def _fit(places: dict[str, Place], plan: Plan) -> Fit:
    return Fit(places, [name for name in dict.fromkeys(plan.ranks) if name not in places])


def _bands(row: tuple[Column, ...], width: int) -> Iterable[tuple[Column, ...]]:
    """A row's columns side by side as far as the width allows, the others below them."""
    band: list[Column] = []
    for column in row:
        if band and sum(each.cells for each in [*band, column]) > width:
            yield tuple(band)
            band = []
        band.append(column)
    yield tuple(band)


def _height(band: tuple[Column, ...], lines: dict[str, int]) -> int:
    return max(sum(lines[part.name] for part in column.parts) for column in band)


def _shared(plan: Plan, bands: list[tuple[Column, ...]], height: int) -> dict[str, int]:
    """The lines of each part; 0 for those that are folded."""
    parts = {part.name: part for row in plan.rows for column in row for part in column.parts}
    ranked = [parts[name] for name in plan.ranks]
    lines = dict.fromkeys(parts, 0)

    def take(part: Part, wanted: int) -> bool:
        """Give a part so many lines, if there are as many."""
        before = lines[part.name]
        lines[part.name] = max(before, wanted)
        if sum(_height(band, lines) for band in bands) <= height:
            return True
        lines[part.name] = before
        return False

    lines[ranked[0].name] = min(ranked[0].brief or ranked[0].least, height)
    for i, part in enumerate(ranked):
        if part in ranked[:i]:
            any(take(part, wanted) for wanted in range(part.least, lines[part.name], -1))
        else:
            take(part, part.brief or part.least)
    for part in ranked:
        if lines[part.name]:
            take(part, part.least)
    for part in ranked:
        while lines[part.name] and lines[part.name] < part.most and take(part, lines[part.name] + 1):
            pass
    growing = [part for part in ranked if part.grows and lines[part.name]] or ranked[:1]
    extra = dict.fromkeys([part.name for part in growing], 0)
    while growing:
        part = min(growing, key=lambda part: extra[part.name] / (part.grows or 1))
        if take(part, lines[part.name] + 1):
            extra[part.name] += 1
        else:
            growing.remove(part)
    return lines


def _spread(column: Column, lines: dict[str, int], height: int) -> None:
    """Have a column fill the height of its band: what is over goes to a part that grows, or else to the last."""
    shown = [part for part in column.parts if lines[part.name]]
    taker = next((part for part in shown if part.grows), shown[-1])
    lines[taker.name] += height - sum(lines[part.name] for part in shown)


def joint(places: dict[str, Place], name: str) -> str:
    """What the rule of a part begins with, by what touches its corner."""
    here = places[name]
    if not here.x:
        return "─"
    beside = any(place.y == here.y and place.x + place.width == here.x for place in places.values())
    above = any(place.x == here.x and place.y + place.height == here.y for place in places.values())
    return "┼" if beside and above else "├" if above else "┬"
