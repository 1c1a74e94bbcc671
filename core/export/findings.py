"""What the test of a run says, as Markdown. No torch."""

from collections.abc import Iterator

from core.export.markdown import table, words
from core.runs.result import ClassifierResult
from core.runs.verdict import sentences
from core.wording import clock, percent


def findings(result: ClassifierResult) -> Iterator[str]:
    """Lines: every accuracy with its interval, how it stands beside the baselines, and each label."""
    lines = [*result.lines(), *result.split_lines()]
    rows = [[line.name, percent(line.share), line.interval, line.words] for line in lines]
    yield from table(["", "accuracy", "95 % interval", ""], rows)
    if verdict := sentences(result):
        advice = [f"- {words(one)}" for one in result.advice]
        yield from (words(" ".join(verdict)), "", *advice, *([""] if advice else []))
    yield from table(
        ["label", "precision", "recall", "F1", "test texts"],
        [[name, *one.shares, f"{one.rows:,}"] for name, one in result.test.per_class.items()],
    )


def report(title: str, result: ClassifierResult) -> str:
    """A document of its own, with the confusion matrix."""
    labels, counts = result.labels, result.test.confusion
    return "\n".join(
        [
            f"# {words(title)}",
            "",
            *findings(result),
            *table(
                ["label, and what it is taken for", *labels],
                [[name, *(f"{n:,}" for n in row)] for name, row in zip(labels, counts, strict=True)],
            ),
            f"Weights of step {result.checkpoint:,}; took {clock(result.seconds.total)}.",
            "",
        ]
    )
