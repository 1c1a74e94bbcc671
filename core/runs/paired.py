"""Two settings of a group, or one and its baseline, on the test texts that both were asked: two tests, and a sentence.

Whether one is right more often has to hold for other texts, and for other seeds. For texts it is McNemar's exact test,
in which every text counts once: of several seeds, for the side that has it right more often. Counted once a seed, the
same hard text would pass for several. For seeds it is the paired t test over the seeds' differences. A difference is
shown where both tests show it, so the larger p counts (Berger 1982). Folds test every text once, and are no seeds: they
share most of what they learn from.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Self

import msgspec

from core.runs.compare import Verdict, level, shown
from core.statistics import mcnemar, paired_t
from core.wording import plural

Text = tuple[int, str, str]  # row number, text and label
Answers = Mapping[Text, bool]  # whether each test text is answered right


class Place(NamedTuple):
    """Of a run in its setting."""

    seed: int
    fold: int


class Paired(msgspec.Struct, frozen=True):
    """Of `rows` test texts the first side has `won` in more seeds than the second, and `lost` in fewer.

    `difference` is how much more often the first is right, as a share; `p_seeds` is None where there is one seed.
    """

    rows: int
    seeds: int
    won: int
    lost: int
    difference: float
    p_rows: float
    p_seeds: float | None
    p: float
    verdict: Verdict

    @classmethod
    def of(cls, rows: int, of_text: Collection[int], of_seed: Sequence[float]) -> Self:
        """From each text's and each seed's difference, the latter as shares of the texts."""
        won, lost = (sum(sign * gap > 0 for gap in of_text) for sign in (1, -1))
        difference = sum(of_text) / (rows * len(of_seed)) if rows else 0.0
        p_rows, p_seeds = mcnemar(won, lost), paired_t(of_seed)
        p = max(p_rows, p_seeds or 0.0)
        found: tuple[Verdict, ...] = ("even", "close", "better" if difference > 0 else "worse")
        return cls(rows, len(of_seed), won, lost, difference, p_rows, p_seeds, p, found[level(p)])

    @property
    def is_shown(self) -> bool:
        return self.verdict in ("better", "worse")

    @property
    def p_in_words(self) -> str:
        """'.06', '< .001'."""
        return shown(self.p)

    def sentence(self, first: str, second: str) -> str:
        """'a and b are 0.8 points apart; with 3 seeds and 776 test texts that is no difference shown (p .21).'"""
        on = f"{plural(self.seeds, 'seed')} and {plural(self.rows, 'test text')}"
        if not self.rows:
            return f"{first} and {second} share no test text."
        if self.difference == 0:
            return f"{first} and {second} are equally often right, with {on}."
        gap, p = points(abs(self.difference)), shown(self.p)
        if not self.is_shown:
            nearly = ", though it is close" if self.verdict == "close" else ""
            return f"{first} and {second} are {gap} apart; with {on} that is no difference shown (p {p}{nearly})."
        better, worse = (first, second) if self.difference > 0 else (second, first)
        doubt = " --seeds 3 would show how much another seed changes it." if self.p_seeds is None else ""
        return f"{better} is better than {worse} by {gap}: shown with {on} (p {p}).{doubt}"


def points(share: float) -> str:
    """0.008 -> '0.8 points', of per cent; more than nothing is never rounded to it."""
    return f"{share * 100:.1f} points" if share >= 0.0005 or share == 0 else "< 0.1 points"


def paired(first: Mapping[Place, Answers], second: Mapping[Place, Answers]) -> Paired:
    """What the runs in places that both sides have say of the texts that both were asked."""
    seeds = sorted({place.seed for place in first.keys() & second.keys()})
    both = [(_pooled(first, second, seed), _pooled(second, first, seed)) for seed in seeds]
    texts = set.intersection(*(one.keys() & other.keys() for one, other in both)) if both else set()
    if not texts:
        return Paired.of(0, (), ())
    of_text = [sum(one[text] - other[text] for one, other in both) for text in texts]
    of_seed = [sum(one[text] - other[text] for text in texts) / len(texts) for one, other in both]
    return Paired.of(len(texts), of_text, of_seed)


def _pooled(side: Mapping[Place, Answers], other: Mapping[Place, Answers], seed: int) -> dict[Text, bool]:
    """The answers of one seed, of all folds that both sides have."""
    places = [place for place in side if place.seed == seed and place in other]
    return {text: right for place in places for text, right in side[place].items()}
