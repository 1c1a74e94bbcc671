"""Lines that are texts, one each, blank ones too: what there is to classify, not to learn from."""

from collections.abc import Iterator

from core.data.sources.input import Input
from core.data.sources.source import Again, Cells, Options, Row, sampled
from core.files import Progress

FORMAT = "a text a line"


def recognises(given: Input) -> float:
    """0: any text has lines, so that they are texts is for a person to say, or for want of anything better."""
    return 0


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """A row for each line."""

    def rows(phase: str = "read") -> Iterator[Row]:
        for line in given.lines(progress, phase):
            yield [line.removesuffix("\n").removesuffix("\r")]

    return Cells(["text"], Again(rows), sampled(rows("columns")), FORMAT, given.encoding, options)
