"""How a finished network stands beside the strongest baseline, in words, and what to try next. No torch."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from core.runs.compare import Comparison
from core.runs.result import BASELINES, ClassifierResult, FinalTest, Standing
from core.wording import on_one_line, percent, plural

RISES = 0.01  # of accuracy with twice as many labels: less is nothing to label more for
CONFUSED = 0.2  # of all errors, that one pair of classes makes: worth a look
FEW_ERRORS = 10
MOST_ADVICE = 3


def standing(won: int, lost: int) -> Standing:
    """Whether a network that alone is right on `won` texts is better than what alone is right on `lost`.

    By McNemar's exact test at 5 %.
    """
    found = Comparison(won + lost, won, lost).verdict
    return "even" if found == "close" else found


def in_words(test: FinalTest) -> str:
    """The verdict as a sentence. Where an older version tested, which gave none: only that a baseline is better, if so.

    A text is won where the network alone is right, and lost where it alone is wrong.
    """
    best = test.baselines.get(test.strongest or "")
    if test.verdict is None or test.strongest is None or best is None or best.won is None or best.lost is None:
        return _without_verdict(test)
    name = BASELINES[test.strongest].in_a_sentence
    said = {"better": f"Better than {name}", "even": f"No difference shown from {name}", "worse": f"Worse than {name}"}
    p = Comparison(test.rows, best.won, best.lost).p_in_words
    return f"{said[test.verdict]}: {plural(best.won, 'text')} won, {best.lost:,} lost (p {p})."


def _without_verdict(test: FinalTest) -> str:
    name, best = max(test.baselines.items(), key=lambda item: item[1].accuracy, default=(None, None))
    if name is None or best is None or best.accuracy <= test.accuracy:
        return ""
    return f"A baseline does better: {BASELINES[name].title}, {percent(best.accuracy)}."


def sentences(result: ClassifierResult) -> list[str]:
    """What is to be known of a result beside its figures: whether it gives all texts one label, and the verdict."""
    given = [
        name for name, n in zip(result.labels, map(sum, zip(*result.test.confusion, strict=True)), strict=True) if n
    ]
    alike = f"It says {on_one_line(given[0])} to every text." if len(given) == 1 and len(result.labels) > 1 else ""
    return [*filter(None, (alike, in_words(result.test)))]


class Setting(NamedTuple):
    """What advice depends on, besides the result: the model and what it learned with.

    `foreign` is whether most texts are in a script that the model was not made for, and `reads` the name of one that
    was, if there is any; `learns_more` the name of a model that learns more from such texts.
    """

    model: str
    everything: bool  # whether all layers learn
    reads_last: bool  # whether it is read out at one of the last positions
    foreign: bool = False
    reads: str = ""
    learns_more: str = ""


def advice(result: ClassifierResult, setting: Setting) -> list[str]:
    """What to try next, from what is known, in sentences: the most promising first."""
    test = result.test
    found = [*(_instead(test, setting) if test.verdict in ("even", "worse") else ())]
    return [*found, *_anyway(test, result.labels)][:MOST_ADVICE]


def _instead(test: FinalTest, setting: Setting) -> Iterator[str]:
    """For a network that is no better than a baseline."""
    perfect = test.correct == test.rows  # nothing can get more right, but something simpler as many
    if setting.foreign and setting.reads and not perfect:
        yield f"Most texts are in a script that {setting.model} was not made for: try the model {setting.reads}."
    if setting.learns_more and not setting.foreign and not perfect:
        yield f"Try the model {setting.learns_more}: it mostly learns more from such texts."
    if test.strongest == "tfidf":
        words = "is better here" if test.verdict == "worse" else "is as good here"
        yield f"TF-IDF {words}, and learns in seconds: take the model tfidf."
    if perfect:
        return
    probe = test.baselines.get("probe")
    if probe and probe.correct >= test.correct:
        often = "more often" if probe.correct > test.correct else "as often"
        yield f"Training did not help: a linear probe of the untouched model is right {often}. Try more epochs."
    if not setting.everything:
        yield "Let more layers learn, or all of them."
    if setting.reads_last:
        yield "Try the readout mean, which looks at all tokens."


def _anyway(test: FinalTest, labels: Sequence[str]) -> Iterator[str]:
    """What is worth knowing of any network."""
    counted = test.baselines.get("tfidf")
    if counted and counted.half is not None and (counted.validation or 0.0) - counted.half >= RISES:
        half, whole = percent(counted.half), percent(counted.validation or 0.0)
        yield f"More labels should help: with half of them TF-IDF gets {half} on validation, with all {whole}."
    wrong = test.rows - test.correct
    pairs = {(i, j): test.confusion[i][j] + test.confusion[j][i] for i in range(len(labels)) for j in range(i)}
    if len(labels) > 2 and wrong >= FEW_ERRORS:
        (one, other), errors = max(pairs.items(), key=lambda pair: pair[1])
        if errors >= CONFUSED * wrong:
            names = f"{on_one_line(labels[other])} and {on_one_line(labels[one])}"
            yield f"{errors:,} of {wrong:,} errors take {names} for each other. Can you tell their texts apart?"
