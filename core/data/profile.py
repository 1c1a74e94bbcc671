"""Looking at a file of labelled texts under a recipe: its profile, and what the profile was made from."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.architectures.lookup import architecture_for, preset_for
from core.architectures.models import MANY, MODELS
from core.data.copies import first_rows, leaks, near_copies
from core.data.labels import is_look_alike, looking_alike, renamed
from core.data.letters import hold_letters
from core.data.parts import read_parts
from core.data.prepare import OTHER, SPLITS, Prepared, label_names, learned_labels, prepare, repeated
from core.data.read import Table
from core.data.sources.source import Options
from core.errors import BadData
from core.files import Progress, absolute, unwatched
from core.recipe import Recipe
from core.recipe_data import Data
from core.rows import Note, Profile, Skipped
from core.text.lookup import tokenizer_of
from core.text.tokenizer import Tokenizer
from core.wording import escaped, on_one_line, percent, plural

COSTLY = 0.7  # tokens a character: above it the tokenizer was not made for the text
UNKNOWN = 0.1  # of a text's tokens: above it the tokenizer does not know much of it
SHOWN = 5  # labels in a note
FEW = 10  # rows of a label are little to learn from
WINDOW = 20_000  # texts whose tokens are held at a time


@dataclass(frozen=True, eq=False)
class Survey:
    """What a profile was made from, row by row; arrays are (N,) over the rows of the table."""

    source: tuple  # what the table and the lengths were read from
    table: Table
    labels: list[str]  # as they are learned: joined where the recipe says so
    tokenizer: Tokenizer
    lengths: np.ndarray  # tokens, before cutting
    split: np.ndarray  # str: train, validation, test, or "" where the row is left out
    leak: np.ndarray  # bool
    duplicate: np.ndarray  # bool
    conflict: np.ndarray  # bool
    near: np.ndarray  # bool: like an earlier text but for case and white space
    near_leak: np.ndarray  # bool
    rare: np.ndarray  # bool: of a label too rare to be split
    unknown: np.ndarray  # bool: much of the text is unknown to the tokenizer
    used: np.ndarray  # bool: rows in a split; all of them where there are no splits
    context: int
    speed: float

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
            case "split":
                return self.split == name
            case "leak":
                return self.leak & (self.split == name) if name else self.leak
            case "near_leak":
                return self.near_leak & (self.split == name) if name else self.near_leak
            case "duplicate" | "conflict" | "near" | "rare" | "unknown":
                return getattr(self, kind)
            case "cut":
                return (self.lengths > self.context) & self.used
            case "undecodable":
                return np.array(["\ufffd" in text for text in self.table.texts], dtype=bool)
            case "costly":
                foreign = np.array([not text.isascii() for text in self.table.texts], dtype=bool)
                return foreign & (self.lengths > COSTLY * np.array([len(text) for text in self.table.texts]))
        raise BadData(f"There is no filter {filter!r}.", "Choose one of those beside the notes.")


def profile(recipe: Recipe, progress: Progress = unwatched, earlier: Survey | None = None) -> tuple[Profile, Survey]:
    """Read, tokenize and split the file that a recipe names, and say what is worth knowing.

    The rows and lengths of the `earlier` survey are used again while the file has not changed. Raises BadData where
    the file cannot be read; where it can be read but not be learned from, `problem` says so.
    """
    data = recipe.data
    tokenizer = tokenizer_of(preset_for(recipe), recipe.model.weights)
    source = _source(recipe, tokenizer)
    if earlier is not None and earlier.source == source:
        table, lengths, speed = earlier.table, earlier.lengths, earlier.speed
        unknown, near = earlier.unknown, earlier.near
    else:
        table = read_parts(data, progress)
        lengths, unknown = _tokenized(table.texts, tokenizer, progress)
        near = near_copies(table.first, table.first_alike)
        speed = measure()
    prepared, problem = None, ""
    try:
        prepared = prepare(table, data)
    except BadData as error:
        problem = str(error)
    labels = learned_labels(table, data)
    duplicate, conflict = repeated(table, labels)
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
        wanted = _longest(lengths, split)
    context = most if wanted == "model" else max(1, min(wanted, most))
    used = split != "" if prepared is not None else np.ones(len(split), dtype=bool)
    survey = Survey(
        source=source,
        table=table,
        labels=labels,
        tokenizer=tokenizer,
        lengths=lengths,
        split=split,
        leak=leak,
        duplicate=duplicate,
        conflict=conflict,
        near=near,
        near_leak=leaks(table.first_alike, split) & ~leak,
        rare=rare,
        unknown=unknown,
        used=used,
        context=context,
        speed=speed,
    )
    return _profile(survey, prepared, problem, recipe), survey


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


def _source(recipe: Recipe, tokenizer: Tokenizer) -> tuple:
    data = recipe.data
    paths = (data.path, data.validation_path, data.test_path)
    return (paths, tuple(_state(absolute(path)) if path else None for path in paths), Options.of(data), tokenizer.id)


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


def _made_for_many(model: str) -> str:
    """A model whose tokenizer was made for many languages; empty where the chosen one is such a model."""
    made = [name for name, preset in MODELS.items() if preset.languages == MANY]
    return "" if model in made else next(iter(made), "")


def _better(recipe: Recipe, texts: list[str], per_character: float) -> str:
    """The name of a model that learns more from such texts than the recipe's; empty where none is known."""
    is_own = recipe.data.path != "sample" and recipe.model.weights == "pretrained"
    return preset_for(recipe).learns_less_than if is_own and per_character <= COSTLY and hold_letters(texts) else ""


def _longest(lengths: np.ndarray, split: np.ndarray) -> int:
    training = lengths[split == "train"]
    return int((training if len(training) else lengths).max(initial=0))


def _profile(survey: Survey, prepared: Prepared | None, problem: str, recipe: Recipe) -> Profile:
    table, names = survey.table, label_names(survey.labels)
    counts = Counter(survey.labels)
    characters = np.fromiter(map(len, table.texts), np.int64, len(table.texts))[survey.used].sum()
    splits = {split: prepared.counts(split) for split in SPLITS} if prepared else {}
    leaks, near = (
        {s: int(survey.mask(f"{kind} {s}").sum()) for s in SPLITS[1:]} if prepared else {}
        for kind in ("leak", "near_leak")
    )
    per_character = int(survey.lengths[survey.used].sum()) / max(1, int(characters))
    kept = {name: sum(split.get(name, 0) for split in splits.values()) for name in names}
    return Profile(
        path=table.path,
        format=table.format,
        encoding=table.encoding,
        quoting=table.options.quoting,
        rows=table.n_rows,
        columns=table.columns,
        all_columns=table.all_columns,
        labels={name: counts[name] for name in names},
        learning=kept if prepared else {},
        skipped=[Skipped(reason, rows) for reason, rows in table.skipped.items()],
        duplicates=int(survey.duplicate.sum()),
        conflicts=int(survey.conflict.sum()),
        splits=splits,
        leaks=leaks,
        lengths=_lengths(survey, names),
        context=survey.context,
        cut=int(survey.mask("cut").sum()),
        longest_training=_longest(survey.lengths, survey.split),
        tokens_per_character=per_character,
        notes=list(_notes(survey, splits, kept, per_character, recipe)),
        speed=survey.speed,
        near_copies=int(survey.near.sum()),
        near_leaks=near,
        split_column=table.split_column,
        files={split: path for split, path in table.files.items() if path},
        alternatives=table.others,
        alike=_alike(survey.labels),
        rare=dict(prepared.rare) if prepared else {},
        problem=problem,
    )


def _lengths(survey: Survey, names: list[str]) -> dict[str, dict[int, int]]:
    """Of each label, how many rows have how many tokens."""
    first = first_rows(survey.labels)[survey.used]  # a number for each label
    found: dict[str, dict[int, int]] = {name: {} for name in names}
    pairs, rows = np.unique(np.stack([first, survey.lengths[survey.used]]), axis=1, return_counts=True)
    for label, length, count in zip(*pairs.tolist(), rows.tolist(), strict=True):
        found[survey.labels[label]][length] = count
    return found


def _alike(labels: list[str]) -> dict[str, list[str]]:
    """Each label that others look like, and those."""
    found: dict[str, list[str]] = {}
    for label, name in looking_alike(Counter(labels)).items():
        found.setdefault(name, []).append(label)
    return found


def _notes(
    survey: Survey, splits: dict[str, dict[str, int]], kept: dict[str, int], per_character: float, recipe: Recipe
) -> Iterator[Note]:
    """The most pressing first."""

    def note(filter: str, one: str, several: str, warn: bool = True) -> Iterator[Note]:
        count = int(survey.mask(filter).sum())
        if count:
            yield Note(count, one if count == 1 else several, filter, warn)

    yield from survey.table.doubts  # they decide what is learned
    dropped = ", left out" if recipe.data.duplicates == "drop" else ""
    yield from note("leak test", "test text also in training", "test texts also in training")
    yield from note("leak validation", "validation text also in training", "validation texts also in training")
    # never one alone
    yield from note("conflict", "", f"rows whose text has different labels{dropped}", warn=not dropped)
    yield from note("duplicate", f"exact copy{dropped}", f"exact copies{dropped}", warn=False)
    near = "nearly in training"
    yield from note("near_leak test", f"test text {near}", f"test texts {near}")
    yield from note("near_leak validation", f"validation text {near}", f"validation texts {near}")
    yield from note("near", "copy with other case or spaces", "copies with other case or spaces", warn=False)
    yield from _of_labels(survey, recipe.data)
    unreadable = "with characters that cannot be read"
    yield from note("undecodable", f"text {unreadable}", f"texts {unreadable}")
    limit = f"longer than {survey.context:,} tokens, cut there"
    yield from note("cut", f"text {limit}", f"texts {limit}")
    other = _made_for_many(recipe.model.name)
    if per_character > COSTLY:
        script = f"in a foreign script: try {other}, made for {MANY}" if other else "in a script that costs many tokens"
        yield from note("costly", f"text {script}", f"texts {script}")
    unread = f"full of unknown tokens: try {other}" if other else "full of unknown tokens"
    yield from note("unknown", f"text {unread}", f"texts {unread}")
    if better := _better(recipe, survey.table.texts, per_character):
        yield Note(0, f"{better} learns more here", offers={"model.name": better})
    few = [name for name, rows in kept.items() if splits and 0 < rows < FEW]
    for name in few[:3]:
        yield Note(kept[name], f"rows of {on_one_line(name)} are few to learn from", f"label {name}", warn=True)
    if len(few) > 3:
        yield Note(len(few), f"labels have fewer than {FEW} rows", warn=True)
    for split, rows in splits.items():
        for name in [name for name, count in rows.items() if not count][:3]:
            yield Note(0, f"{split} has no row of {on_one_line(name)}", warn=True)
    yield from (Note(0, text, warn=True) for text in survey.table.notes)
    if recipe.data.balance == "undersample" and recipe.data.balance_first:
        yield Note(0, "Balanced before the split: validation and test do not have the file's shares.", warn=True)
    labels = survey.labels
    ((largest, count),) = Counter(labels).most_common(1) or [("", 0)]
    if count > len(labels) / 2:
        share = count / len(labels)
        yield Note(count, f"{largest}: {percent(share)} of the file by always saying it", f"label {largest}")


def _of_labels(survey: Survey, data: Data) -> Iterator[Note]:
    """Labels that look alike, and labels that are too rare to be split; what becomes of them stands first."""
    counts = Counter(survey.table.labels)
    alike = _alike(survey.table.labels)
    if alike:
        name, others = next(iter(alike.items()))
        spelled = ", ".join(f"{_told_apart(other)} ({counts[other]:,})" for other in others[:SHOWN])
        more = f"; {plural(len(alike) - 1, 'more label')} like that" if len(alike) > 1 else ""
        rows = sum(counts[other] for others in alike.values() for other in others)
        most = f"{on_one_line(name)} ({counts[name]:,}){more}"
        if data.join_labels == "on":
            text, other, do = f"joined: {spelled} with {most}", "off", "--join-labels off keeps them apart."
        else:
            text, other, do = f"rows say {spelled} where most say {most}", "on", "--join-labels on makes them one."
        yield Note(rows, text, "alike", warn=other == "on", offers={"data.join_labels": other}, do=do)
    few = Counter(label for label, is_rare in zip(survey.table.labels, survey.rare, strict=True) if is_rare)
    if few:
        is_asked, is_joined = data.rare_labels == "join", bool((survey.rare & survey.used).any())
        done = f"joined as {OTHER}" if is_joined else "left out, too few even joined" if is_asked else "left out"
        named = ", ".join(on_one_line(name) for name in list(few)[:SHOWN]) + (", …" if len(few) > SHOWN else "")
        text = f"{done}: {named}; too rare to be split, {plural(len(few), 'label')}"
        other = "leave_out" if is_asked else "join"
        do = "leaves them out" if is_asked else "makes one label of them"
        do = f"--rare-labels {other} {do}."
        yield Note(few.total(), text, "rare", warn=not is_joined, offers={"data.rare_labels": other}, do=do)


def _told_apart(label: str) -> str:
    """A label as it may be shown, with letters that look like Latin ones escaped where others are Latin."""
    mixed = any(char.isascii() and char.isalpha() for char in label)
    return "".join(escaped(c) if mixed and is_look_alike(c) else c for c in on_one_line(label))
