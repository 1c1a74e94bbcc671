"""Lines that begin with their label: `label text`, or `label:finer text` as in TREC."""

import re
from collections import Counter
from collections.abc import Iterator

from core.data.sources.input import Input
from core.data.sources.source import Again, Cells, Damaged, Options, Row, sampled
from core.files import Progress

FORMS = {r"(\w+):(\w+)\s+(.+)": "label:finer label, space, text", r"(\S+)\s+(.+)": "label, space, text"}


def recognises(given: Input) -> float:
    """Little where the first words of the lines repeat, because such lines may have a form that says more; else 0."""
    return 0.1 if _pattern(given) else 0


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """Columns of labels, then one of texts, without names."""
    pattern = re.compile(_pattern(given) or "", re.DOTALL)

    def rows(phase: str = "read") -> Iterator[Row]:
        for line in _lines(given.lines(progress, phase)):
            match = pattern.fullmatch(line)
            yield list(match.groups()) if match else Damaged("no label before the text")

    names = [str(i) for i in range(pattern.groups)]
    return Cells(names, Again(rows), sampled(rows("columns")), FORMS[pattern.pattern], given.encoding, options)


def _lines(lines: Iterator[str]) -> Iterator[str]:
    return (line for line in map(str.strip, lines) if line)


def _pattern(given: Input) -> str | None:
    """The form that nearly all of the first lines have, where the labels that it finds repeat."""
    whole = list(_lines(given.first_lines()))
    for pattern in FORMS:
        found = [re.fullmatch(pattern, line, re.DOTALL) for line in whole]
        first = Counter(match[1] for match in found if match)
        # labels repeat: words that happen to open a sentence mostly do not
        if sum(map(bool, found)) > 0.9 * len(whole) and 1 <= len(first) <= len(whole) / 10:
            return pattern
    return None
