"""What is worth knowing of a file of labelled texts before anything is learned from it, in sentences."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np

from core.architectures.lookup import preset_for
from core.data.giveaways import GiveAway, giveaways
from core.data.labels import looking_alike, told_apart
from core.data.prepare import OTHER, SPLITS
from core.data.sizes import HUGE, TINY
from core.data.splits import TEST, TRAIN, VALIDATION
from core.data.survey import Survey
from core.data.swapped import differing
from core.data.written import of_writing
from core.recipe import Recipe
from core.recipe_data import Data
from core.rows import Note
from core.text.lookup import about_pairs
from core.wording import on_one_line, percent, plural

SHOWN = 5  # labels in a note
JUDGED = 40  # rows: of fewer, each can be looked at
FEW = 10  # rows of a label are little to learn from
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = ((datetime(*day, tzinfo=UTC) - EPOCH).total_seconds() for day in ((1, 1, 1), (9999, 12, 31)))


def notes(
    survey: Survey, splits: dict[str, dict[str, int]], kept: dict[str, int], per_character: float, recipe: Recipe
) -> Iterator[Note]:
    """The most pressing first."""

    def note(filter: str, one: str, several: str, warn: bool = True) -> Iterator[Note]:
        count = int(survey.mask(filter).sum())
        if count:
            yield Note(count, one if count == 1 else several, filter, warn)

    yield from survey.table.doubts  # they decide what is learned
    yield from _of_edits(survey)
    if said := about_pairs(survey.tokenizer, preset_for(recipe), recipe.data.text):
        yield Note(0, said)
    if splits:
        yield from _of_the_split(survey, recipe.data)
        yield from _of_the_order(survey, recipe.data)
    dropped = ", left out" if recipe.data.duplicates != "keep" else ""
    with_near = recipe.data.duplicates == "drop_near"
    kind = "exact or near" if with_near else "exact"
    yield from note("leak test", "test text also in training", "test texts also in training")
    yield from note("leak validation", "validation text also in training", "validation texts also in training")
    yield from _of_both(survey)
    # never one alone
    text = "the same or nearly the same text" if with_near else "the same text"
    yield from note("conflict", "", f"rows with {text} but different labels{dropped}", warn=not dropped)
    earlier = f"of earlier texts{dropped}"
    yield from note("duplicate", f"{kind} copy of an earlier text{dropped}", f"{kind} copies {earlier}", warn=False)
    near = "nearly the same as a training text"
    yield from note("near_leak test", f"test text {near}", f"test texts {near}")
    yield from note("near_leak validation", f"validation text {near}", f"validation texts {near}")
    how = "only a few words, capitals or spaces differ"
    offers = {"data.duplicates": "drop" if with_near else "drop_near"}
    do = "--duplicates drop keeps them." if with_near else "--duplicates drop_near leaves them out."
    for one in note("near", f"near copy of an earlier text: {how}", f"near copies of earlier texts: {how}", warn=False):
        # who keeps copies wants all of them; and where most texts are alike, they are so by their kind
        if recipe.data.duplicates != "keep" and (with_near or one.count <= len(survey.labels) / 2):
            one = msgspec.structs.replace(one, offers=offers, do=do)
        yield one
    yield from _of_labels(survey, recipe.data)
    for sign in _giveaways(survey):
        told = f"the word “{on_one_line(sign.word)}”, which gives {_label(sign.label)} away"
        how = f"{percent(sign.share)} of the texts with that label have it, and almost no others"
        yield from note(f"word {sign.word}", "", f"texts have {told}: {how}")
    unreadable = "with characters that cannot be read"
    do = "Name the encoding with --encoding if it was guessed wrong: characters that are lost stay lost."
    found = note("undecodable", f"text {unreadable}", f"texts {unreadable}")
    yield from (msgspec.structs.replace(one, do=do) for one in found)
    limit = f"longer than {survey.context:,} tokens, cut there"
    yield from note("cut", f"text {limit}", f"texts {limit}")
    # another model is no help where nothing can be learned
    yield from (each for each in of_writing(survey, per_character, recipe) if splits or "model.name" not in each.offers)
    for kind, words in (
        ("tiny", f"of {TINY} characters or fewer"),
        ("huge", f"over {HUGE} times as long as the median"),
    ):
        yield from note(kind, f"text {words}", f"texts {words}", warn=False)
    few = [name for name, rows in kept.items() if splits and 0 < rows < FEW]
    for name in few[:3]:
        yield Note(kept[name], f"rows of {_label(name)} are few to learn from", f"label {name}", warn=True)
    if len(few) > 3:
        yield Note(len(few), f"labels have fewer than {FEW} rows", warn=True)
    for split, rows in splits.items():
        for name in [name for name, count in rows.items() if not count][:3]:
            asked = sum(splits[other][name] for other in SPLITS[1:])
            wrong = f": {plural(asked, 'answer')} on it can only be wrong" if split == TRAIN and asked else ""
            yield Note(0, f"{split} has no row of {_label(name)}{wrong}", warn=True)
    yield from (Note(0, text, warn=True) for text in survey.table.notes)
    if recipe.data.balance == "undersample" and recipe.data.balance_first:
        yield Note(0, "Balanced before the split: validation and test do not have the file's shares.", warn=True)
    if len(set(survey.labels)) > 1 and len(survey.labels) >= JUDGED:
        text = "a quick model says which rows look mislabelled"
        yield Note(0, text, does="doubts", do="--doubts lists them, and workbench mend relabels or drops a row.")
    labels = survey.labels
    ((largest, count),) = Counter(labels).most_common(1) or [("", 0)]
    if len(labels) > count > len(labels) / 2:
        share = count / len(labels)
        yield Note(count, f"Always answering {_label(largest)} is right for {percent(share)}", f"label {largest}")


def _giveaways(survey: Survey) -> list[GiveAway]:
    """The words that give a class away; those of the labels in the file are found once."""
    table = survey.table
    return table.giveaways if survey.labels == table.labels else giveaways(table.contents, survey.labels)


def _label(name: str) -> str:
    """A label as a sentence names it: a word by itself, but 'label 1', because a code alone is read as a number."""
    is_code = len(name) < 2 or not any(map(str.isalpha, name))
    return f"{'label ' * is_code}{on_one_line(name)}"


def _of_edits(survey: Survey) -> Iterator[Note]:
    """What a person has mended, and what is not there any more to be mended."""
    applied = survey.edited.applied()
    rows = applied.relabelled + applied.dropped
    if rows:
        yield Note(rows, f"mended: {applied.relabelled:,} relabelled, {applied.dropped:,} dropped", "edited")
    yield from (Note(0, words, warn=True) for words in applied.idle)


def _of_the_split(survey: Survey, data: Data) -> Iterator[Note]:
    """What keeps rows together in the split."""
    table = survey.table
    if data.group:
        groups = len(set(table.groups))
        if groups == len(table.groups):
            column = on_one_line(data.group)
            what = f"Each row has a group of its own in column {column}, which so keeps nothing together."
            yield Note(0, what, warn=True, do="Name another column with --group, or leave it out.")
            return
        yield Note(0, f"Split by column {data.group}: {plural(groups, 'group')}, each of them in one part only.")
    if table.times is not None:
        when = _day if table.are_dates else _as_days(table.times)
        ends = [when(table.times[survey.split == name].min(initial=np.inf)) for name in SPLITS[1:]]
        first, last = (when(found(table.times)) for found in (np.min, np.max))
        yield Note(
            0, f"Split by column {data.time}, {first} to {last}: validation begins with {ends[0]}, test with {ends[1]}."
        )


def _of_both(survey: Survey) -> Iterator[Note]:
    """Texts of the test that stand in validation, too, as where one file is given for both."""
    first = survey.table.first
    count = int(np.isin(first[survey.split == TEST], first[survey.split == VALIDATION]).sum())
    if count:
        one = count == 1
        text = f"test {'text' if one else 'texts'} also in validation, which chooses the weights that are tested"
        yield Note(count, text, warn=True, do="Give validation and test different rows.")


def _of_the_order(survey: Survey, data: Data) -> Iterator[Note]:
    """What is learned from in both orders, and what becomes of labels then."""
    if data.swapped is None:
        if data.swapped_labels:
            labels = on_one_line(" and ".join(data.swapped_labels))
            yield Note(0, f"{labels} stay as they are: no two columns are exchanged.", do="--swap names the columns.")
        return
    trained = (survey.split == TRAIN) & differing(survey.table)
    columns, labels = on_one_line(" and ".join(data.swapped)), ", labels too" if data.swapped_labels else ""
    text = f"training rows once more, {columns} exchanged{labels}"
    yield Note(int(trained.sum()), text, "split train", do="--swap '' learns from each row once.")


def _day(moment: float) -> str:
    """Seconds since 1970 as a day; of infinitely many, which are none, the word for them."""
    # a zone, or a last second that is rounded up, leads out of the years that there are
    return str((EPOCH + timedelta(seconds=np.clip(moment, FIRST, LAST))).date()) if np.isfinite(moment) else str(moment)


def _as_days(numbers: np.ndarray) -> Callable[[float], str]:
    """How to say one of some numbers (N,): as a day, where all look like seconds or milliseconds since 1970, or as it
    stands there.
    """
    for second, least, most in ((1, 1e8, 4e9), (1000, 6e11, 4e12)):
        if least < numbers.min() and numbers.max() < most:
            return lambda number: _day(number / second)
    return lambda number: f"{number:.15g}"


def _of_labels(survey: Survey, data: Data) -> Iterator[Note]:
    """Labels that look alike, and labels that are too rare to be split; what becomes of them stands first."""
    counts = Counter(survey.table.labels)
    found = alike(survey.table.labels)
    if found:
        name, others = next(iter(found.items()))
        spelled = ", ".join(f"{told_apart(other)} ({counts[other]:,})" for other in others[:SHOWN])
        more = f"; {plural(len(found) - 1, 'other label')} with several spellings" if len(found) > 1 else ""
        rows = sum(counts[other] for others in found.values() for other in others)
        most = f"{on_one_line(name)} ({counts[name]:,}){more}"
        if data.join_labels == "on":
            text, other, do = f"joined: {spelled} with {most}", "off", "--join-labels off keeps them apart."
        else:
            text = f"rows have {spelled}, another spelling of {most}"
            other, do = "on", "--join-labels on makes them one label."
        yield Note(rows, text, "alike", warn=other == "on", offers={"data.join_labels": other}, do=do)
    few = Counter(label for label, is_rare in zip(survey.table.labels, survey.rare, strict=True) if is_rare)
    if few:
        is_asked, is_joined = data.rare_labels == "join", bool((survey.rare & survey.used).any())
        done = f"joined as {OTHER}" if is_joined else "left out, too few even joined" if is_asked else "left out"
        what = "row" if few.total() == 1 else "rows"
        named = ", ".join(on_one_line(name) for name in list(few)[:SHOWN]) + (", …" if len(few) > SHOWN else "")
        text = f"{what} {done}: {named} ({'a label' if len(few) == 1 else f'{len(few):,} labels'} too rare to split)"
        other = "leave_out" if is_asked else "join"
        do = "leaves them out" if is_asked else "makes one label of them"
        do = f"--rare-labels {other} {do}."
        yield Note(few.total(), text, "rare", warn=not is_joined, offers={"data.rare_labels": other}, do=do)


def alike(labels: list[str]) -> dict[str, list[str]]:
    """Each label that others look like, and those."""
    found: dict[str, list[str]] = {}
    for label, name in looking_alike(Counter(labels)).items():
        found.setdefault(name, []).append(label)
    return found
