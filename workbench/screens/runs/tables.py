"""The tables of groups, each read anew once a run of its group has come to something."""

import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from core.errors import WorkbenchError
from core.runs.group_table import GroupTable
from workbench.screens.runs.folding import Fold
from workbench.session.helper import Helper, Superseded
from workbench.session.live import rest_after


class Tables:
    """Of the groups under a root, by name. The helper reads them: a table takes many files."""

    def __init__(self, root: Path, helper: Helper):
        self._root, self._helper = root, helper
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

    async def read(self, fold: Fold) -> None:
        """Read the table of a group, or why there is none."""
        began, name = time.monotonic(), fold.name
        try:
            answer = await self._helper.ask("table", root=str(self._root), name=name)
            self._found[name], self._problems[name] = msgspec.convert(answer, GroupTable, strict=False), ""
        except Superseded:  # the app is about to end
            return
        except WorkbenchError as error:
            self._found.pop(name, None)
            self._problems[name] = str(error)
        now = time.monotonic()
        self._read[name] = fold.results, now + rest_after(now - began)
