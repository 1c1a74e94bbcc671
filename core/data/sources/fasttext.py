"""Lines as fastText takes them: words that begin with `__label__` are labels, the others are the text."""

import re
from collections.abc import Iterator

from core.data.sources.cell import cell
from core.data.sources.input import Input
from core.data.sources.source import Again, Cells, Options, Row, sampled
from core.files import Progress

_LABEL = re.compile(r"(?<!\S)__label__(\S+)\s*", re.IGNORECASE)


def recognises(given: Input) -> float:
    """1 where the first line and nearly all others have a label; 0 where commas part it from the text, as in CSV."""
    lines = [line for line in given.first_lines() if line.strip()]
    labels = [match[1] for line in lines if (match := _LABEL.search(line))]
    if not lines or not _LABEL.search(lines[0]) or sum("," in label for label in labels) > len(labels) / 2:
        return 0
    return float(len(labels) > 0.9 * len(lines))


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """Two columns, the label without what marks it, and the text; several labels are a list, as JSON has them."""

    def rows(phase: str = "read") -> Iterator[Row]:
        for line in given.lines(progress, phase):
            if line.strip():
                yield [cell(_LABEL.findall(line)), _LABEL.sub("", line).strip()]

    return Cells(["label", "text"], Again(rows), sampled(rows("columns")), "fastText lines", given.encoding, options)
