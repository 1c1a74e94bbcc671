"""Several tables with the same columns, one below the other; where their names say a split, in a column."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from core.data.columns import LOOK
from core.data.sources.input import Input
from core.data.sources.layouts import class_files, class_folders, pairs, split_of_name, tables, usable
from core.data.sources.source import Again, Cells, Damaged, Options, Row, Source, sampled
from core.data.splits import COLUMN, TRAIN
from core.errors import BadData
from core.files import Progress
from core.wording import plural

FEW = 20  # files that are looked into, where no name says that they are tables


class Tables:
    """The source of several tables; `source_of` finds that of each."""

    def __init__(self, source_of: Callable[[Input], Source]):
        self._source_of = source_of

    def recognises(self, given: Input) -> float:
        """1 for many files with tables among them, or a few of another name that are all of a known format."""
        return float(given.is_tree and bool(self._tables(given)))

    def _tables(self, given: Input) -> list[str]:
        assert given.tree is not None
        found, names = tables(given.tree.members), usable(given.tree.members)
        if found or len(names) > FEW or class_folders(names)[0] or pairs(names) or class_files(names):
            return found
        return names if all(self._is_known(given.member(name)) for name in names) else []

    def _is_known(self, one: Input) -> bool:
        try:
            return bool(self._source_of(one))
        except BadData:  # then there is more to be said of all the files together
            return False

    def read(self, given: Input, options: Options, progress: Progress) -> Cells:
        """All of those that have the columns of the training table, or where none is so called, all have the same.

        Raises BadData where they have not.
        """
        inputs = {name: given.member(name) for name in self._tables(given)}
        found = {name: self._source_of(one).read(one, options, progress) for name, one in inputs.items()}
        splits = {name: split_of_name(name) for name in found}
        main = next((name for name in found if splits[name] == TRAIN), next(iter(found)))
        names = found[main].names
        kept = [name for name, cells in found.items() if sorted(cells.names) == sorted(names)]
        left = [name for name in found if name not in kept]
        if left and not splits[main]:
            what = f"{given.name} holds {plural(len(found), 'table')} with different columns: {', '.join(found)}."
            raise BadData(what, "Name one of them, unpacked where they are in an archive.")
        has_split = len(kept) > 1 and all(splits[name] for name in kept) and COLUMN not in names

        def rows() -> Iterator[Row]:
            for name in kept:
                at = [found[name].names.index(column) for column in names]
                for row in found[name].rows:
                    yield _row(row, at, [splits[name]] * has_split)

        def sample() -> Iterator[Row]:
            for name in kept:
                at = [found[name].names.index(column) for column in names]
                yield from (_row(row, at, [splits[name]] * has_split) for row in found[name].sample)

        notes = [f"Read one after the other: {', '.join(kept)}."] if len(kept) > 1 else [f"Read: {main}."]
        notes += [
            f"Left out, because its columns are others: {name} ({', '.join(found[name].names)})." for name in left
        ]
        return replace(
            found[main],
            names=[*names, *[COLUMN] * has_split],
            rows=Again(rows),
            sample=sampled(sample())[:LOOK],
            encoding=" and ".join(dict.fromkeys(found[name].encoding for name in kept)),
            notes=[*notes, *(note for name in kept for note in found[name].notes)],
        )


def _row(row: Row, at: list[int], split: list[str]) -> Row:
    if isinstance(row, Damaged) or len(row) < len(at):
        return row
    return [*(row[i] for i in at), *split, *row[len(at) :]]
