"""The tables of groups, each read anew once a run of its group has come to something."""

import time
from collections.abc import Iterable
from pathlib import Path

from core.errors import WorkbenchError
from core.runs import group as groups
from core.runs.group_table import GroupTable, table_of
from workbench.screens.runs.folding import Fold
from workbench.session.live import rest_after


class Tables:
    """Of the groups under a root, by name. A table takes many files: `read` is for a thread of its own."""

    def __init__(self, root: Path):
        self._root = root
        self._read: dict[str, tuple[tuple, float]] = {}  # what each was made of, and when it may be made again
        self._found: dict[str, GroupTable] = {}
        self._problems: dict[str, str] = {}

    def of(self, name: str) -> GroupTable | None:
        """As far as it has been read; None where it has not, or cannot be."""
        return self._found.get(name)

    def problem(self, name: str) -> str:
        """Why a group has no table; empty where it has, or has not been read."""
        return self._problems.get(name, "")

    def stale(self, folds: Iterable[Fold]) -> list[Fold]:
        """Those of some groups whose table has to be read, and was not just a moment ago."""
        now = time.monotonic()
        return [fold for fold in folds if (found := self._read.get(fold.name, ((), 0.0)))[1] <= now
                and found[0] != fold.results]  # fmt: skip

    def read(self, fold: Fold) -> None:
        """Read the table of a group, or why there is none."""
        began = time.monotonic()
        problem = f"What {fold.name} was to run is not known any more: its file in .groups is gone."
        try:
            group = groups.find(self._root, fold.name)
            if group:
                self._found[fold.name], problem = table_of(self._root, group), ""
        except (WorkbenchError, OSError) as error:
            problem = str(error)
        if problem:
            self._found.pop(fold.name, None)
        self._problems[fold.name] = problem
        now = time.monotonic()
        self._read[fold.name] = fold.results, now + rest_after(now - began)
