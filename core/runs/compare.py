"""Two runs compared on their common test rows: which is right more often, and whether that is proof. No torch."""

from typing import Any, Literal, NamedTuple

from core.options import AUTO, Options, options
from core.recipe import Recipe
from core.runs.folder import RunFolder
from core.runs.predictions import read_predictions
from core.statistics import mcnemar
from core.template import Template
from core.wording import on_one_line, rate

Verdict = Literal["better", "worse", "close", "even"]
CLOSE, PROOF = 0.1, 0.05  # what p is below


class Comparison(NamedTuple):
    """Of the `rows` that both runs were tested on, only the first run is right on `won`, only the second on `lost`."""

    rows: int
    won: int
    lost: int

    @property
    def p(self) -> float:
        return mcnemar(self.won, self.lost)

    @property
    def verdict(self) -> Verdict:
        return ("even", "close", "better" if self.won > self.lost else "worse")[level(self.p)]

    @property
    def p_in_words(self) -> str:
        """'.06', '< .001'."""
        return shown(self.p)

    @property
    def in_words(self) -> str:
        """'p .06: close, not proof'."""
        if not self.rows:
            return "They share no test row."
        words = "close, not proof" if self.verdict == "close" else self.verdict
        return f"p {self.p_in_words}: {words}"


def compare(run: RunFolder, other: RunFolder) -> Comparison:
    """Two finished runs on the test rows that they share. Raises BadRun where one has no answers to be read."""
    mine, its = answers(run), answers(other)
    both = mine.keys() & its.keys()
    won = sum(mine[row] and not its[row] for row in both)
    lost = sum(its[row] and not mine[row] for row in both)
    return Comparison(len(both), won, lost)


def answers(run: RunFolder) -> dict[tuple[int, str, str], bool]:
    """Row number, text and label of every test row of a finished run -> whether it is right there.

    A row number alone will not do: runs may have learned from different files. Raises BadRun where there are none.
    """
    return {(one.row, one.text, one.label): one.right for one in read_predictions(run)[1]}


def level(p: float) -> int:
    """0 where p proves nothing, 1 where it is close to it, 2 where a difference is shown."""
    return (p < CLOSE) + (p < PROOF)


def shown(p: float) -> str:
    """.06, .003, < .001: never rounded across a limit that a verdict hangs on."""
    if p < 0.001:
        return "< .001"
    digits = 2 if p >= 0.01 else 3
    while level(round(p, digits)) != level(p):
        digits += 1
    return f"{p:.{digits}f}".strip("0").rstrip(".")


# how fast, and in how much memory; left open, it comes to what is free when a run begins, and teaches nothing else
OF_THE_MOMENT = {"speed.threads", "speed.cache_memory"}


def different(
    recipe: Options, other: Options, asked: Options | None = None, its_asked: Options | None = None
) -> tuple[list[tuple[str, Any, Any]], int]:
    """The options in which two recipes of a kind differ, each with both values, and how many are equal.

    Where it is known what was `asked` for, an option that was asked for alike is equal, whatever came of it.
    """
    rows = [(option.name, option.of(recipe), option.of(other)) for option in options(type(recipe))]
    found = [row for row in rows if row[1] != row[2]]
    if asked and its_asked:
        alike = {option.name for option in options(type(asked)) if option.of(asked) == option.of(its_asked)}
        found = [row for row in found if row[0] not in alike]
    return found, len(rows) - len(found)


def changed(recipe: Options, rows: int | None) -> list[tuple[str, Any, Any]]:
    """The options that a person has set: name, value, default. What a run finds for itself is none of them.

    `rows` is how many texts the run learns from, where that is known.
    """
    found = recipe.defaults(rows) if isinstance(recipe, Recipe) else {}
    return [
        (name, value, usual)
        for name, value, usual in different(recipe, type(recipe)())[0]
        if value != found.get(name) and (usual != AUTO or name in found or _is_template(name, value))
    ]


def _is_template(name: str, value: Any) -> bool:
    return name == "data.text" and Template.parse(value) is not None


def in_words(value: Any) -> str:
    """An option's value for a person."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return rate(value, 6)
    return on_one_line(", ".join(value) if isinstance(value, tuple) else str(value)) or "none"
