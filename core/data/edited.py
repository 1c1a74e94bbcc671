"""The rows of a file as a person has mended them: relabelled, or dropped before the split."""

from typing import Literal, NamedTuple

import numpy as np

from core.data.prepare import Prepared
from core.data.read import Table
from core.data.splits import TEST
from core.errors import BadData
from core.runs.edits import Applied, Edit, Edits, digest
from core.wording import plural

Outcome = Literal["made", "done", "gone", "untaken", "other"]


class Edited(NamedTuple):
    """A table with its edits applied: the rows that were `read`, of which some have other labels or are dropped.

    `outcomes` are what became of each edit that counts, in their order.
    """

    table: Table
    read: Table
    outcomes: list[tuple[Edit, Outcome]]
    edits: Edits | None = None

    @property
    def relabelled(self) -> np.ndarray:
        """(N,) bool."""
        labels = zip(self.table.labels, self.read.labels, strict=True)
        changed = np.fromiter((one != other for one, other in labels), bool, len(self.read.labels))
        return changed & ~self.table.is_dropped

    @property
    def mended(self) -> np.ndarray:
        """(N,) bool: rows relabelled or dropped."""
        return self.relabelled | self.table.is_dropped

    def applied(self, prepared: Prepared | None = None) -> Applied:
        """What it came to, and in the test part where there is a split."""
        relabelled, outcomes = self.relabelled, [outcome for _, outcome in self.outcomes]
        tested = 0
        if prepared is not None:
            rows = prepared.rows[prepared.indices(TEST)]
            tested = int(np.isin(np.asarray(self.table.rows)[relabelled], rows).sum())
        return Applied(
            relabelled=int(relabelled.sum()),
            dropped=int(self.table.is_dropped.sum()),
            tested=tested,
            done=outcomes.count("done"),
            gone=outcomes.count("gone"),
            untaken=outcomes.count("untaken"),
            others=outcomes.count("other"),
        )


def edited(table: Table, edits: Edits | None, data: str) -> Edited:
    """Apply edits to the rows of what is called `data`. Copies of a row, with its label, are mended with it.

    Raises BadData where the edits were made in other data, and no text of theirs is in this.
    """
    wanted = edits.latest if edits else {}
    if edits is None or not wanted:
        return Edited(table, table, [], edits)
    hashes = {edit.text for edit in wanted.values()}
    labels, dropped = [*table.labels], np.zeros(len(table.texts), dtype=bool)
    there: dict[str, set[str]] = {}
    for i, (text, label) in enumerate(zip(table.texts, table.labels, strict=True)):
        if (key := digest(text)) not in hashes:
            continue
        there.setdefault(key, set()).add(label)
        if edit := wanted.get((key, label)):
            dropped[i] = edit.to is None
            labels[i] = label if edit.to is None else edit.to
    if not there and edits.data != data:
        what = f"The edits were made in {edits.data}, and no row of theirs is in {data}."
        do = f"Name the edits of this data, or do without the {plural(len(wanted), 'edit')}: --edits none."
        raise BadData(what, do)
    outcomes = [(edit, _outcome(edit, there.get(edit.text, set()), table.left_out)) for edit in wanted.values()]
    return Edited(table.mended(labels, dropped), table, outcomes, edits)


def _outcome(edit: Edit, labels: set[str], left_out: int) -> Outcome:
    """What becomes of an edit of a text that the data has with these labels, where so many rows are not taken."""
    if edit.label in labels:
        return "made"
    if not labels:
        return "untaken" if left_out else "gone"
    return "done" if edit.to in labels else "other"
