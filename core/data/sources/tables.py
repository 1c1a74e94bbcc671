"""Several tables with the same columns, one below the other; where their names say a split, in a column."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from core.data.column import Column
from core.data.columns import LOOK
from core.data.sources import fasttext, json_records
from core.data.sources.input import Input
from core.data.sources.layouts import Place, class_files, class_folders, pairs, split_of_name, tables, usable
from core.data.sources.source import Again, Cells, Damaged, Options, Row, Source, Valued
from core.data.splits import COLUMN, TRAIN
from core.errors import BadData
from core.files import Progress
from core.options import AUTO
from core.wording import plural

FEW = 20  # files that are looked into, where no name says that they are tables


class Tables:
    """The source of several tables; `source_of` finds that of each."""

    def __init__(self, source_of: Callable[[Input, Options], Source]):
        self._source_of = source_of

    def recognises(self, given: Input) -> float:
        """1 for many files with tables among them, or a few of another name that are all of a known format."""
        return float(given.is_tree and bool(self._tables(given)))

    def _tables(self, given: Input) -> list[str]:
        assert given.tree is not None
        found, names = tables(given.tree.members), usable(given.tree.members)
        if found or len(names) > FEW or class_folders(names)[0] or pairs(names):
            return found
        if labelled := [name for name in names if _says_its_labels(given.member(name))]:
            return labelled
        if class_files(names):
            return []
        return names if all(self._is_known(given.member(name)) for name in names) else []

    def _is_known(self, one: Input) -> bool:
        try:
            return bool(self._source_of(one, Options()))
        except BadData:  # then there is more to be said of all the files together
            return False

    def read(self, given: Input, options: Options, progress: Progress) -> Cells:
        """All of those that have the columns of the training table, or where none is so called, all have the same.

        Only what each is like is held, and a sample of all: the rows of one after another are read from their files.
        Raises BadData where the columns are others.
        """
        assert given.tree is not None
        members = given.tree.members
        # where a person says what separates columns, that is what the files have
        chosen = self._tables(given) or (usable(members) if options.separator != AUTO else [])
        if given.is_cut_short:
            chosen = chosen[:FEW]
        sizes = [members[name] for name in chosen]

        def read(i: int, phase: str, options: Options) -> Cells:
            one = given.member(chosen[i])

            def told(part: str, done: int, total: int, unit: str) -> None:
                here = sizes[i] * done // max(1, total) if part == phase else 0
                progress(phase, sum(sizes[:i]) + here, sum(sizes), "bytes")

            return self._source_of(one, options).read(one, options, told)

        splits = {name: split_of_name(name) for name in chosen}
        found, unread = dict[str, Cells](), dict[str, BadData]()
        for i, name in enumerate(chosen):
            try:
                found[name] = _in_short(read(i, "columns", options), len(chosen))
            except BadData as error:
                if splits[name] or TRAIN not in splits.values():
                    raise
                unread[name] = error  # what lies beside the splits need be no table
        main = next((name for name in found if splits[name] == TRAIN), next(iter(found)))
        names = found[main].names
        kept = [name for name, cells in found.items() if sorted(cells.names) == sorted(names)]
        left = [name for name in found if name not in kept]
        if left and not splits[main]:
            what = f"{given.name} holds {plural(len(found), 'table')} with different columns: {_some(found)}."
            raise BadData(what, "Name one of them, unpacked where they are in an archive.")
        at = {name: [found[name].names.index(column) for column in names] for name in kept}
        has_split = len(kept) > 1 and all(splits[name] for name in kept) and COLUMN not in names
        beside: dict[str, dict[str, str]] = {name: {COLUMN: splits[name]} if has_split else {} for name in kept}
        if classes := _classes(kept, names, [row for name in kept for row in found[name].sample]):
            beside = {name: beside[name] | {"label": classes[name].label} for name in kept}

        def rows() -> Iterator[Row]:
            for i, name in enumerate(chosen):
                if name in kept:
                    cells = read(i, "read", found[name].options)
                    if cells.names != found[name].names:
                        what = f"{name} in {given.name} was changed while it was read."
                        raise BadData(what, "Try again; where something still writes to it, with a copy.")
                    yield from (_row(row, at[name], beside[name]) for row in cells.rows)

        rows_of_all = [_row(row, at[name], beside[name]) for name in kept for row in found[name].sample]
        notes = [f"Read one after the other: {_some(kept)}."] if len(kept) > 1 else [f"Read: {main}."]
        notes += [
            f"Left out, because its columns are others: {name} ({', '.join(found[name].names)})." for name in left
        ]
        notes += [f"Left out: {error.what}" for error in unread.values()]
        notes += ["The names of the files, or of their folders, are read as the label."] * bool(classes)
        return replace(
            found[main],
            names=[*names, *[COLUMN] * has_split, *["label"] * bool(classes)],
            rows=Again(rows),
            sample=[row for row in rows_of_all if not isinstance(row, Damaged)],
            encoding=" and ".join(dict.fromkeys(found[name].encoding for name in kept)),
            notes=[*notes, *dict.fromkeys(note for name in kept for note in found[name].notes)],
        )


def _classes(kept: list[str], names: list[str], sample: list[list[str]]) -> dict[str, Place]:
    """The class of each table, where their names or folders tell classes and no column does; else nothing."""
    columns = sorted((Column(i, name, sample) for i, name in enumerate(names)), key=lambda column: column.length)
    # the longest is the text, even where most of its values repeat
    if len(kept) < 2 or "label" in names or any(column.is_label for column in columns[:-1]):
        return {}
    found = class_folders(kept)[0] or class_files(kept)
    labels = {place.label for place in found.values()}
    # files that are only numbered are parts of one table
    told_apart = len({re.sub(r"\d+", "", label) for label in labels}) == len(labels)
    return found if len(found) == len(kept) and told_apart else {}


def _says_its_labels(one: Input) -> bool:
    """Whether a file is of a form in which each text has its label: then its name says none."""
    try:
        return max(fasttext.recognises(one), json_records.recognises(one)) == 1
    except BadData:  # of what is no text, all the files together tell more
        return False


def _in_short(cells: Cells, n: int) -> Cells:
    """What a table is like, with its share of a sample of `n` tables and without its rows."""
    share = max(1, LOOK // n)
    few = [*cells.sample] if len(cells.sample) <= share else Random(0).sample(list(cells.sample), share)
    return replace(cells, rows=(), sample=few)


def _some(names: dict[str, Cells] | list[str]) -> str:
    named = list(names)
    return ", ".join(named[:FEW]) + (f" and {len(named) - FEW:,} more" if len(named) > FEW else "")


def _row(row: Row, at: list[int], added: dict[str, str]) -> Row:
    """A row in the order of the main table's columns, and what is added to it after them."""
    if isinstance(row, Damaged) or len(row) < len(at):
        return row
    cells = [*(row[i] for i in at), *added.values(), *row[len(at) :]]
    return Valued(cells, {**row.values, **added}) if isinstance(row, Valued) else cells
