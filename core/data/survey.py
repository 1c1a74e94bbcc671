"""A file of labelled texts under a recipe, row by row: what its profile and its notes are made from."""

import os
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.architectures.lookup import architecture_for, preset_for
from core.data.copies import leaks, near_copies
from core.data.edited import Edited, edited
from core.data.labels import looking_alike, renamed
from core.data.parts import read_parts
from core.data.prepare import OTHER, Prepared, learned_labels, prepare, repeated
from core.data.read import Table
from core.data.scripts import SCRIPTS
from core.data.sizes import huge, tiny
from core.data.sources.source import Options
from core.datasets import called
from core.errors import BadData
from core.files import Progress, absolute
from core.recipe import Recipe
from core.runs.edits import Edits
from core.text.lookup import for_texts, tokenizer_of
from core.text.tokenizer import Tokenizer

COSTLY = 0.7  # tokens a character: above it the tokenizer was not made for the text
UNKNOWN = 0.1  # of a text's tokens: above it the tokenizer does not know much of it
WINDOW = 20_000  # texts whose tokens are held at a time


@dataclass(frozen=True, eq=False)
class Survey:
    """What a profile was made from, row by row; arrays are (N,) over the rows of the table."""

    source: tuple  # what the table and the lengths were read from
    edited: Edited  # the rows that were read, and what a person has mended in them
    labels: list[str]  # as they are learned: joined where the recipe says so
    tokenizer: Tokenizer
    lengths: np.ndarray  # tokens, before cutting
    split: np.ndarray  # str: train, validation, test, or "" where the row is left out
    leak: np.ndarray  # bool
    duplicate: np.ndarray  # bool
    conflict: np.ndarray  # bool
    near: np.ndarray  # bool: nearly the same as an earlier text, by `first_near`
    near_leak: np.ndarray  # bool
    rare: np.ndarray  # bool: of a label too rare to be split
    unknown: np.ndarray  # bool: much of the text is unknown to the tokenizer
    used: np.ndarray  # bool: rows in a split; all of them where there are no splits
    context: int
    most: int  # tokens that the model can read
    speed: float

    @property
    def table(self) -> Table:
        """The rows as they are learned from; those that were dropped are among them."""
        return self.edited.table

    def masks(self, filters: Iterable[str]) -> np.ndarray:
        """The rows (N,) bool that all of some filters show. Raises BadData as `mask` does."""
        shown = self.mask("")
        for each in filters:
            shown &= self.mask(each)
        return shown

    def mask(self, filter: str) -> np.ndarray:
        """The rows (N,) bool that a filter shows: `label NAME`, `split NAME`, `cut`, ...; empty is all.

        Raises BadData for a filter that does not exist.
        """
        kind, _, name = filter.partition(" ")
        match kind:
            case "":
                return np.ones(len(self.table.texts), dtype=bool)
            case "label":
                return np.fromiter((label == name for label in self.labels), bool, len(self.labels))
            case "alike":
                names = looking_alike(Counter(self.table.labels))
                either = {*names, *names.values()}
                return np.array([label in either for label in self.table.labels], dtype=bool)
            case "word":
                return self.table.having(name)
            case "split":
                return self.split == name
            case "edited":
                return self.edited.mended
            case "leak":
                return self.leak & (self.split == name) if name else self.leak
            case "near_leak":
                return self.near_leak & (self.split == name) if name else self.near_leak
            case "duplicate" | "conflict" | "near" | "rare" | "unknown":
                return getattr(self, kind)
            case "cut":
                return (self.lengths > self.context) & self.used
            case "longer":
                return (self.lengths > int(name)) & self.used
            case "script" if name in SCRIPTS:
                return self.table.scripts == SCRIPTS.index(name)
            case "language":
                return self.table.languages == name
            case "tiny":
                return tiny(self.table.sizes)
            case "huge":
                return huge(self.table.sizes)
            case "undecodable":
                return np.array(["\ufffd" in text for text in self.table.texts], dtype=bool)
            case "costly":
                foreign = np.array([not text.isascii() for text in self.table.texts], dtype=bool)
                return foreign & (self.lengths > COSTLY * np.array([len(text) for text in self.table.texts]))
        raise BadData(f"There is no filter {filter!r}.", "Choose one of those beside the notes.")


def survey(
    recipe: Recipe, progress: Progress, earlier: Survey | None, edits: Edits | None = None
) -> tuple[Survey, Prepared | None, str]:
    """Read, tokenize and split the file that a recipe names: the survey, the splits, or why there are none.

    The rows and lengths of the `earlier` survey are used again while the file has not changed. Raises BadData where
    the file cannot be read, or the `edits` are of other data.
    """
    data = recipe.data
    preset = preset_for(recipe)
    tokenizer = for_texts(tokenizer_of(preset, recipe.model.weights), preset, data.text)
    source = _source(recipe, tokenizer)
    if earlier is not None and earlier.source == source:
        table, lengths, speed = earlier.edited.read, earlier.lengths, earlier.speed
        unknown, near = earlier.unknown, earlier.near
    else:
        table = read_parts(data, progress)
        lengths, unknown = _tokenized(table.texts, tokenizer, progress)
        progress("languages", 0, 0, "")
        _ = table.languages  # found once, and kept
        progress("copies", 0, 0, "")
        near = near_copies(table.first, table.first_near)
        speed = measure()
    mended = edited(table, edits, called(data.path))
    table = mended.table
    prepared, problem = None, ""
    try:
        prepared = prepare(table, data)
    except BadData as error:
        problem = str(error)
    labels = learned_labels(table, data)
    duplicate, conflict = repeated(table, labels, data)
    few = prepared.rare if prepared is not None else {}
    rare = np.fromiter((label in few for label in labels), bool, len(labels))
    if data.rare_labels == "join":
        labels = renamed(labels, dict.fromkeys(few, OTHER))
    split = np.full(len(table.texts), "", dtype="<U10")
    if prepared is not None:
        split[np.searchsorted(table.rows, prepared.rows)] = prepared.split
    leak = leaks(table.first, split)
    most, wanted = architecture_for(recipe).max_tokens, recipe.model.context
    if wanted == "longest":
        wanted = longest(lengths, split)
    context = most if wanted == "model" else max(1, min(wanted, most))
    used = split != "" if prepared is not None else ~table.is_dropped
    found = Survey(
        source=source,
        edited=mended,
        labels=labels,
        tokenizer=tokenizer,
        lengths=lengths,
        split=split,
        leak=leak,
        duplicate=duplicate,
        conflict=conflict,
        near=near,
        near_leak=leaks(table.first_near, split) & ~leak,
        rare=rare,
        unknown=unknown,
        used=used,
        context=context,
        most=most,
        speed=speed,
    )
    return found, prepared, problem


def measure() -> float:
    """FLOP/s of fp32 matrix products on this machine, the best of a few short ones. For estimates only."""
    n = 768
    a, b = np.ones((n, n), np.float32), np.ones((n, n), np.float32)
    best = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * n**3 / best


def longest(lengths: np.ndarray, split: np.ndarray) -> int:
    """The most tokens that a text for training has, of `lengths` (N,); of all texts where none is."""
    training = lengths[split == "train"]
    return int((training if len(training) else lengths).max(initial=0))


def _source(recipe: Recipe, tokenizer: Tokenizer) -> tuple:
    data = recipe.data
    paths = (data.path, data.validation_path, data.test_path)
    part = (data.rows, data.seed, data.stratify) if data.rows != "all" else ()
    states = tuple(_state(absolute(path)) if path else None for path in paths)
    return (paths, states, Options.of(data), part, tokenizer.id)


def _state(path: Path) -> tuple[int, ...] | None:
    """What changes when a file does, or any in a folder; None where there is none."""
    if not path.is_dir():
        return (path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else None
    number = total = 0
    for at, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):  # of what cannot be looked at, the reading will tell
                found = os.lstat(os.path.join(at, name))
                place = os.path.relpath(os.path.join(at, name), path)
                number, total = number + 1, total + hash((place, found.st_mtime_ns, found.st_size))
    return number, total


def _tokenized(texts: list[str], tokenizer: Tokenizer, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """How many tokens each text has, (N,) int64, and whether much of it is unknown to the tokenizer, (N,) bool."""
    lengths, unknown = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts), dtype=bool)
    for start in range(0, len(texts), WINDOW):

        def so_far(name: str, done: int, total: int, unit: str, start: int = start) -> None:
            progress(name, start + done, len(texts), unit)

        for i, one in enumerate(tokenizer.encode_batch(texts[start : start + WINDOW], so_far), start):
            lengths[i], unknown[i] = max(1, len(one.ids)), _unknown(one.ids, tokenizer)
    return lengths, unknown


def _unknown(ids: np.ndarray, tokenizer: Tokenizer) -> bool:
    """Whether much of a text, whose ids are (T,), is unknown to a tokenizer; nothing is to one that takes bytes."""
    unknown = getattr(tokenizer, "unknown", None)
    return unknown is not None and int((ids == unknown).sum()) > UNKNOWN * len(ids)
