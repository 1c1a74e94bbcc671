"""Many files without tables: a folder or a file for each class, or texts and their labels in two files."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from random import Random

from core.data.columns import LOOK
from core.data.sources.encoding import Spelling, is_text, mark_of, named, spelling
from core.data.sources.input import Input
from core.data.sources.layouts import Pair, Place, class_files, class_folders, pairs, split_of_name, usable
from core.data.sources.source import Again, Cells, Damaged, Options, Row, sampled
from core.data.sources.tree import Tree
from core.data.splits import COLUMN
from core.errors import BadData
from core.files import Progress, unwatched
from core.options import AUTO
from core.wording import plural

MOST_EACH = 10_000_000  # bytes of a file that is one text
TOO_LARGE, NO_TEXT = "a file of more than 10 MB", "a file that is no text"
EVERY = 500  # files between two calls of progress
LAYOUTS = "Put the texts of each class into a folder of its own, named after it, or all into one table."
FEW = 20  # files that tell for all
SHORT = 50  # characters of a label


def recognises(given: Input) -> float:
    """1 for many files."""
    return float(given.is_tree)


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """Columns text and label, split where the files have one, and the file. Raises BadData where no class shows."""
    tree = given.tree
    assert tree is not None
    names = usable(tree.members)
    if not names:
        raise BadData(f"{given.name} holds no texts: all files in it are pictures or documents.", LAYOUTS)
    folders, others = class_folders(names)
    if folders:
        cells = _folders(tree, folders, options, progress)
    elif found := pairs(names) or _equal(given, names):
        cells, others = _parallel(given, found, options, progress), Counter()
        paired = {name for pair in found for name in (pair.texts, pair.labels)}
        others["that no file of labels or texts belongs to"] = len({*names} - paired)
    elif (places := class_files(names)) and _have_lines(given, names):
        cells = _files(given, places, options, progress)
    else:
        what = f"{given.name} holds {plural(len(names), 'file')}, and no class shows: neither folders of classes, "
        raise BadData(f"{what}nor a file for each, nor texts beside labels.", LAYOUTS)
    others += Counter({f"that is {one}" if n == 1 else f"that are {all}": n for (one, all), n in tree.left_out.items()})
    cells.notes.extend(f"Left out: {plural(n, 'file')} {where}." for where, n in others.items() if n)
    return cells


def _names(split: bool) -> list[str]:
    return ["text", "label", *[COLUMN] * split, "file"]


def _row(text: str, place: Place, name: str, split: bool) -> list[str]:
    return [text, place.label, *[place.split] * split, name]


def _folders(tree: Tree, places: dict[str, Place], options: Options, progress: Progress) -> Cells:
    split = any(place.split for place in places.values())
    some = [*places] if len(places) <= LOOK else sorted(Random(0).sample([*places], LOOK))
    looked = list(_contents(tree, dict.fromkeys(some, 0), progress, "columns"))
    plain = options.encoding == AUTO  # then most are UTF-8, and those of the sample that are not tell of the others
    strange = b"\n".join(data for _, data in looked if isinstance(data, bytes) and not (plain and _by_itself(data)))
    other = spelling(strange, [strange], tree.path.name, options.encoding) if strange else named("cp1252")

    def row(name: str, data: bytes | Damaged) -> Row:
        if isinstance(data, Damaged):
            return data
        how = (_by_itself(data) if plain else None) or other
        return _row(data.decode(how.codec, how.errors), places[name], name, split)

    def rows() -> Iterator[Row]:
        return (row(name, data) for name, data in _contents(tree, dict.fromkeys(places, 0), progress, "read"))

    sample = [found for name, data in looked if not isinstance(found := row(name, data), Damaged)]
    alone = [how.words for _, data in looked if plain and isinstance(data, bytes) and (how := _by_itself(data))]
    spelled = [*alone, *[other.words] * bool(strange)]
    classes = len({place.label for place in places.values()})
    form = f"a folder for each of {classes} classes, a file for each text"
    return Cells(_names(split), Again(rows), sample, form, " and ".join(dict.fromkeys(spelled)), options)


def _contents(
    tree: Tree, wanted: dict[str, int], progress: Progress, phase: str
) -> Iterator[tuple[str, bytes | Damaged]]:
    done = 0
    for done, (name, stream) in enumerate(tree.contents(wanted), 1):
        if done % EVERY == 1:
            progress(phase, done - 1, len(wanted), "files")
        data = stream.read(MOST_EACH + 1)
        if len(data) > MOST_EACH:
            yield name, Damaged(TOO_LARGE)
        else:
            yield name, data if is_text(data) else Damaged(NO_TEXT)
    progress(phase, done, done, "files")


def _by_itself(data: bytes) -> Spelling | None:
    """How a file is spelled that says so itself: by its mark, or by being UTF-8; None for one of a code page."""
    if marked := mark_of(data):
        return named(marked)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return named("utf-8")


def _files(given: Input, places: dict[str, Place], options: Options, progress: Progress) -> Cells:
    """A row for each line of files of which each is a class."""
    split = any(place.split for place in places.values())
    inputs = {name: given.member(name) for name in places}

    def rows(phase: str = "read") -> Iterator[Row]:
        for name, place in places.items():
            lines = inputs[name].lines(progress, phase)
            yield from (_row(line.strip(), place, name, split) for line in lines if line.strip())

    spelled = dict.fromkeys(one.encoding for one in inputs.values())
    form = f"a file for each of {len({place.label for place in places.values()})} classes, a line for each text"
    return Cells(_names(split), Again(rows), sampled(rows("columns")), form, " and ".join(spelled), options)


def _equal(given: Input, names: list[str]) -> list[Pair]:
    """Two files of as many lines, of which one holds few short values that repeat: the labels."""
    if len(names) != 2:
        return []
    inputs = [given.member(name) for name in names]
    values = [Counter(line.strip() for line in islice(one.first_lines(), LOOK)) for one in inputs]
    labels = min((0, 1), key=lambda i: len(values[i]))
    few, many = values[labels], values[1 - labels]
    repeat = len(few) <= min(few.total() / 3, len(many) / 2) and all(len(value) <= SHORT for value in few)
    if not repeat or len({sum(1 for _ in one.lines()) for one in inputs}) > 1:
        return []
    return [Pair(names[1 - labels], names[labels], split_of_name(names[labels]))]


def _have_lines(given: Input, names: list[str]) -> bool:
    """Whether most files hold several lines, as one with all texts of a class does; a few of them tell."""
    some = [given.member(name) for name in names[:FEW]]
    several = [len([line for line in islice(one.first_lines(), LOOK) if line.strip()]) > 1 for one in some]
    return sum(several) > len(several) / 2


def _parallel(given: Input, found: list[Pair], options: Options, progress: Progress) -> Cells:
    """A row for each line of two files. Raises BadData where they have not the same number of lines."""
    split = any(pair.split for pair in found)
    inputs = {name: given.member(name) for pair in found for name in (pair.texts, pair.labels)}
    for pair in found:
        n_texts, n_labels = (
            sum(1 for _ in inputs[name].lines(progress, "columns")) for name in (pair.texts, pair.labels)
        )
        if n_texts != n_labels:
            what = f"{pair.texts} has {plural(n_texts, 'line')}, and {pair.labels}, its labels, {n_labels:,}."
            raise BadData(what, "Each line of one belongs to that line of the other: fix the one that is incomplete.")

    def rows(phase: str = "read") -> Iterator[Row]:
        for pair in found:
            texts, labels = inputs[pair.texts].lines(progress, phase), inputs[pair.labels].lines(unwatched, phase)
            for text, label in zip(texts, labels, strict=False):
                yield _row(text.strip(), Place(label.strip(), pair.split), pair.texts, split)

    spelled = dict.fromkeys(one.encoding for one in inputs.values())
    form = "texts and labels in two files, line by line"
    return Cells(_names(split), Again(rows), sampled(rows("columns")), form, " and ".join(spelled), options)
