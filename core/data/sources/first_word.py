"""Lines that begin with their label: `label text`, or `label:finer text` as in TREC."""

import re
from collections import Counter

from core.data.columns import Rows
from core.data.sources.input import Input
from core.data.sources.source import Cells, Options
from core.files import Progress, unwatched

FORMS = {r"(\w+):(\w+)\s+(.+)": "label:finer label, space, text", r"(\S+)\s+(.+)": "label, space, text"}


def recognises(given: Input) -> float:
    """Little where the first words of the lines repeat, because such lines may have a form that says more; else 0."""
    return 0.1 if _found(given) else 0


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """Columns of labels, then one of texts, without names."""
    rows, form = _found(given, progress) or ([], "")
    return Cells([str(i) for i in range(max(map(len, rows)))], rows, form, given.encoding)


def _found(given: Input, progress: Progress = unwatched) -> tuple[Rows, str] | None:
    whole = [line.strip() for line in given.lines(progress) if line.strip()]
    for pattern, form in FORMS.items():
        found = [re.fullmatch(pattern, line, re.DOTALL) for line in whole]
        rows = [list(match.groups()) if match else [] for match in found]
        first = Counter(row[0] for row in rows if row)
        # labels repeat: words that happen to open a sentence mostly do not
        if sum(map(bool, found)) > 0.9 * len(whole) and 1 <= len(first) <= len(whole) / 10:
            return rows, form
    return None
