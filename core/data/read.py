"""A file of labelled texts to rows: what was read, what was skipped, and why."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from sys import intern

import numpy as np

from core.data.choose import NONE, Chosen, choose
from core.data.column import YES
from core.data.copies import first_rows
from core.data.giveaways import GiveAway, giveaways, words_of
from core.data.grouped import moments
from core.data.labels import parted, renamed, several, spelled_alike
from core.data.languages import languages_of
from core.data.near import first_near
from core.data.room import Room, demand
from core.data.scripts import scripts_of
from core.data.sizes import characters
from core.data.sources.input import Input
from core.data.sources.registry import source_of
from core.data.sources.source import Cells, Damaged, Options, misfit
from core.data.splits import split_of
from core.data.templated import renderer, templated
from core.datasets import dataset_named
from core.errors import BadData
from core.files import Progress, unwatched
from core.options import AUTO
from core.rows import Note
from core.template import Template, contents, exchanged
from core.wording import on_one_line, plural

ANY = Options()
MISSING = {"", "NULL", r"\N"}  # what databases write for no label
JOIN = "join"  # what becomes of several labels of a text: a class of their own
NO_LABEL, SEVERAL_LABELS = "no label", "several labels"


@dataclass(frozen=True)
class Table:
    """The rows of a file that have a text and a label.

    `rows` are their numbers in the file as read, from 0: skipped rows count, header and blank lines do not.
    """

    path: str
    texts: list[str]
    labels: list[str]
    rows: list[int]
    n_rows: int  # rows in the file, skipped ones included
    columns: dict[str, str]  # "text" and "label" -> the column's name, or its number where there is no header
    all_columns: list[str]
    format: str  # "tab-separated, no header"
    encoding: str  # "UTF-8", "Windows-1252", ...
    options: Options  # as found; left open where the format has no such thing
    skipped: dict[str, int]  # reason -> rows
    notes: list[str]  # what was guessed or left out, in sentences
    origin: str = ""  # where a data set that was fetched came from, in a sentence
    splits: list[str] = field(default_factory=list)  # of each row, where the file's own are kept to; else empty
    split_column: str = ""  # that says train, validation and test, kept to or not; empty where none does
    others: dict[str, list[str]] = field(default_factory=dict)  # "text", "label" -> columns that it could be besides
    doubts: list[Note] = field(default_factory=list)  # what a person may want otherwise
    files: dict[str, str] = field(default_factory=dict)  # validation, test -> a file of their own, or ""
    groups: list[str] = field(default_factory=list)  # of each row, where they keep rows together; else empty
    times: np.ndarray | None = None  # (N,) float64, of each row, where the rows are split by them
    are_dates: bool = False  # whether these are seconds since 1970, and not numbers of any kind
    dropped: np.ndarray | None = None  # (N,) bool, of each row, where a person has dropped some
    swapped: list[str] = field(default_factory=list)  # of each row, its text with two columns exchanged; else empty
    language: str = ""  # where it is known, and need not be guessed
    left_out: int = 0  # rows with a text and a label that are not taken, where a part of them is

    @property
    def contents(self) -> Sequence[str]:
        """What the columns of each text hold, without what a template says between them."""
        return contents(self.texts, self.columns["text"])

    @cached_property
    def first(self) -> np.ndarray:
        """(N,) int64: the row where each text stands first, as `copies` compares them."""
        return first_rows(self.texts)

    @cached_property
    def first_near(self) -> np.ndarray:
        """(N,) int64: the row where what each text is nearly the same as stands first."""
        return first_near(self.contents)

    @cached_property
    def giveaways(self) -> list[GiveAway]:
        """The words that give a label of the file away."""
        return giveaways(self.contents, self.labels)

    @cached_property
    def scripts(self) -> np.ndarray:
        """(N,) uint8: the script of each text, by its number in `SCRIPTS`."""
        return scripts_of(self.contents)

    @cached_property
    def languages(self) -> np.ndarray:
        """(N,) str: the language of each text that was looked at, as `languages_of` has it."""
        return np.full(len(self.texts), self.language) if self.language else languages_of(self.contents)

    @cached_property
    def sizes(self) -> np.ndarray:
        """(N,) int64: how many characters each text has."""
        return characters(self.texts)

    def having(self, word: str) -> np.ndarray:
        """(N,) bool: the texts that have a word, as `words_of` finds it."""
        if word not in self._having:
            self._having[word] = np.fromiter((word in words_of(each) for each in self.contents), bool, len(self.texts))
        return self._having[word]

    @cached_property
    def _having(self) -> dict[str, np.ndarray]:
        return {}

    @property
    def is_dropped(self) -> np.ndarray:
        """(N,) bool: rows that a person has dropped, which are there to be seen, but no part of any split."""
        return np.zeros(len(self.texts), dtype=bool) if self.dropped is None else self.dropped

    def mended(self, labels: list[str], dropped: np.ndarray) -> "Table":
        """The same rows with other labels, and some (N,) bool dropped; what is known of their texts stays known."""
        found = replace(self, labels=labels, dropped=dropped)
        for name in ("first", "first_near", "scripts", "languages", "sizes", "_having"):
            if name in vars(self):
                vars(found)[name] = vars(self)[name]
        return found


def read(path: str | Path, options: Options = ANY, progress: Progress = unwatched) -> Table:
    """Read a file of a format that `sources.registry` lists, compressed with gzip or not; or a data set by its name.

    `progress("find", "columns" or "read", done, total, "bytes")` may raise to cancel, and so may those of
    `fetch.fetch`. Raises BadData where there is no such file or nothing in it reads as labelled texts.
    """
    given, known = Input(str(path), progress, options.encoding), dataset_named(str(path))
    demand(given.name, given.about)
    own = source_of(given, options).read(given, options, progress)
    cells = templated(own, options.text)
    names = cells.names
    try:
        chosen = choose(names, cells.sample, given.name, options)
    except BadData as error:
        raise BadData(error.what, error.do, own.names) from error
    swapped = Template.parse(exchanged(options.text, *options.swap.split(","))) if options.swap else None
    swap = renderer(names, swapped) if swapped else None
    found = _Usable(cells, chosen, options.several_labels == JOIN, swap)
    label = ", ".join(names[i] for i in chosen.label)
    split = names[chosen.split] if chosen.split is not None else ""
    if chosen.time is not None:
        found.keep_dated(names[chosen.time], given.name)
    if chosen.kept_to and not found.texts and found.skipped["no split"]:
        what = f"Column {split} of {given.name} says nothing of train, validation and test."
        raise BadData(what, "Name another column with --split, or none.", own.names)
    return one_spelling(
        Table(
            path=str(given.path),
            texts=found.texts,
            labels=found.labels,
            rows=found.rows,
            n_rows=found.n_rows,
            columns={"text": names[chosen.text], "label": label},
            all_columns=own.names,
            format=cells.format,
            encoding=cells.encoding,
            options=cells.options._replace(
                text=names[chosen.text],
                label=label,
                encoding=given.codec if given.codec != AUTO else cells.options.encoding,
                split=split if chosen.kept_to else NONE,
            ),
            skipped=dict(found.skipped),
            notes=[*filter(None, [given.doubt]), *cells.notes, *chosen.notes],
            origin=given.origin,
            splits=found.splits,
            split_column=split,
            others=chosen.others,
            doubts=chosen.doubts,
            groups=found.groups,
            times=found.times,
            are_dates=found.are_dates,
            swapped=found.swapped,
            language=known.language if known else "",
        )
    )


def one_spelling(table: Table) -> Table:
    """The table with labels that are certainly one class, such as 1 and 1.0, spelled as one, and a note of that."""
    counts = Counter(table.labels)
    names = spelled_alike(counts)
    if not names:
        return table
    spellings: dict[str, list[str]] = {}
    for label, name in names.items():
        spellings.setdefault(name, []).append(label)
    notes = [
        f"{' and '.join(others)} ({plural(sum(counts[label] for label in others), 'row')}) "
        f"{'is' if len(others) == 1 else 'are'} read as the class {name}."
        for name, others in spellings.items()
    ]
    return replace(table, labels=renamed(table.labels, names), notes=[*table.notes, *notes])


class _Usable:
    """The rows that have a text and one label, how many rows there are, and why the others are left out."""

    def __init__(self, cells: Cells, chosen: Chosen, joins: bool, swap: Callable[[list[str]], str] | None = None):
        self.texts: list[str] = []
        self.swapped: list[str] = []
        self.labels: list[str] = []
        self.rows: list[int] = []
        self.splits: list[str] = []
        self.groups: list[str] = []
        self.times: np.ndarray | None = None
        self.are_dates = False
        self._moments: list[str] = []
        self.skipped: Counter[str] = Counter()
        text_i = chosen.text
        labels = _Labels(chosen, cells.names, joins)
        split_i = chosen.split if chosen.kept_to and chosen.split is not None else None
        split_name = cells.names[split_i] if split_i is not None else ""
        n, most = len(cells.names), max(*chosen.label, text_i, split_i or 0, chosen.group or 0, chosen.time or 0)
        room = Room()
        number = -1
        for number, row in enumerate(cells.rows):
            if isinstance(row, Damaged):
                self.skipped[row.reason] += 1
                continue
            if reason := misfit(row, n, most):
                self.skipped[reason] += 1
                continue
            label, reason = labels.of(row)
            if reason:
                self.skipped[reason] += 1
                continue
            text = row[text_i]
            if not text.strip():
                self.skipped["no text"] += 1
                continue
            if split_i is not None:
                split = split_of(row[split_i], split_name)
                if not split:
                    self.skipped["no split"] += 1
                    continue
                self.splits.append(split)
            if chosen.group is not None:
                # a row of which nothing is said is a group of its own
                self.groups.append(row[chosen.group].strip() or f"\0{number}")
            if chosen.time is not None:
                self._moments.append(row[chosen.time])
            room.take(text)
            self.texts.append(text)
            if swap:
                self.swapped.append(swap(row))
                room.take(self.swapped[-1])
            self.labels.append(label)
            self.rows.append(number)
        self.n_rows = number + 1

    def keep_dated(self, column: str, file: str) -> None:
        """Leave out the rows without a date. Raises BadData where the column holds hardly any."""
        times, self.are_dates = moments(self._moments)
        dated = np.isfinite(times)
        if len(times) and dated.mean() < 0.5:
            example = on_one_line(next(cell for cell, one in zip(self._moments, dated, strict=True) if not one))
            what = f"Column {column} of {file} holds no dates or numbers in most rows, but {example[:60]!r}."
            raise BadData(what, "Name another column with --time.")
        if lost := int((~dated).sum()):
            self.skipped["no date"] = lost
        for name in ("texts", "swapped", "labels", "rows", "splits", "groups"):
            values = getattr(self, name)
            setattr(self, name, [value for value, keep in zip(values, dated, strict=True) if keep] if values else [])
        self.times = times[dated]


class _Labels:
    """What the label's cells of a row say: the label, or why there is none."""

    def __init__(self, chosen: Chosen, names: Sequence[str], joins: bool):
        self._at, self._parted_by, self._names, self._joins = chosen.label, chosen.parted_by, names, joins
        self._known: dict[str, tuple[str, str]] = {}

    def of(self, row: Sequence[str]) -> tuple[str, str]:
        if len(self._at) > 1:
            found = [self._names[i] for i in self._at if row[i].strip().lower() in YES]
            return (found[0], "") if len(found) == 1 else ("", SEVERAL_LABELS if found else NO_LABEL)
        cell = row[self._at[0]]
        known = self._known.get(cell)
        if known is None:
            known = self._known[cell] = self._read(cell.strip())
        return known

    def _read(self, cell: str) -> tuple[str, str]:
        labels = several(cell)
        if labels is None and self._parted_by:
            labels = parted(cell, self._parted_by)
        if labels is None or labels == [cell]:
            labels = [] if cell in MISSING else [cell]
        if self._joins and len(labels) > 1:
            labels = [", ".join(sorted(labels))]
        if len(labels) > 1:
            return "", SEVERAL_LABELS
        return (intern(labels[0]), "") if labels else ("", NO_LABEL)  # a label is held once, however many rows say it
