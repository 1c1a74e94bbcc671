"""What many files are to one another, told from their names alone: which class each is of, and which split."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from core.data.sources.tree import BESIDE
from core.data.splits import is_unlabelled, split_called, split_in

LABEL_WORDS = {"label", "labels", "y", "target", "targets", "class", "classes", "category", "categories", "gold"}
LABEL_WORDS |= {"intent", "intents", "sentiment", "sentiments"}
TEXT_WORDS = {"text", "texts", "x", "data", "sentence", "sentences", "document", "documents", "docs", "message"}
TEXT_WORDS |= {"messages", "review", "reviews", "tweet", "tweets", "input", "inputs", "in", "source", "utterances"}
TABLES = re.compile(
    r"\.(csv|tsv|tab|jsonl?|ndjson|parquet|arrow|feather|xlsx?|xlsm|ods)(\.(gz|bz2|xz|lzma|zst|zip))?$", re.IGNORECASE
)
PLAIN = re.compile(r"(\.(txt|text|raw|gz|bz2|xz|csv|tsv))+$", re.IGNORECASE)  # endings that name no class
MOST_CLASSES = 300  # files in one folder that may each be of a class


class Place(NamedTuple):
    """What the place of a file says of all that is in it; empty where it says nothing."""

    label: str
    split: str


class Pair(NamedTuple):
    """Two files of which each line of one belongs to that line of the other."""

    texts: str
    labels: str
    split: str


def usable(members: Iterable[str]) -> list[str]:
    """Those that are not there for people to read, or pictures."""
    return [name for name in members if not BESIDE.search(name)]


def class_folders(members: Iterable[str]) -> tuple[dict[str, Place], Counter[str]]:
    """The files in folders of which each is a class, and how many others there are of what kind. No files: none are so.

    The last folder is the class; what lies in a folder above such ones is of none.
    """
    inside: dict[PurePosixPath, list[str]] = defaultdict(list)
    for name in members:
        inside[PurePosixPath(name).parent].append(name)
    above = {parent for folder in inside for parent in folder.parents}
    found, others = dict[str, Place](), Counter[str]()
    for folder, names in inside.items():
        if folder in above or split_called(folder.name) or not folder.name:
            others["outside of the folders of the classes"] += len(names)
        elif is_unlabelled(folder.name):
            others[f"in {folder}, which have no label"] += len(names)
        else:
            split = next(filter(None, map(split_in, reversed(folder.parts[:-1]))), "")
            found.update(dict.fromkeys(names, Place(folder.name, split)))
    classes = {place.label for place in found.values()}
    return (found, others) if len(classes) > 1 and len(found) > len(classes) else ({}, Counter())


def class_files(members: Iterable[str]) -> dict[str, Place]:
    """The files of which each is a class, by what tells their names apart; none where they do not lie side by side."""
    paths = [PurePosixPath(name) for name in members]
    parents = {path.parent for path in paths if not split_in(path.parent.name)}
    parents = parents or {path.parent.parent for path in paths}
    if len(parents) > 1 or not 2 <= len(paths) <= MOST_CLASSES:
        return {}
    words = [_words(path) for path in paths]
    splits = [split_of_name(str(path)) for path in paths]
    labels = _told_apart([[word for word in each if not split_in(word)] for each in words])
    places = [Place(label, split) for label, split in zip(labels, splits, strict=True)]
    one_each = (
        len(set(places)) == len(places)
        and all(label and not label.isdecimal() for label in labels)
        and len(set(labels)) > 1
    )
    if not one_each or len({bool(split) for split in splits}) > 1:
        return {}
    return dict(zip(map(str, paths), places, strict=True))


def pairs(members: Iterable[str]) -> list[Pair]:
    """Files of texts beside files of labels, by their names."""
    roles: dict[tuple[PurePosixPath, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in members:
        path = PurePosixPath(name)
        words = [word.lower() for word in _words(path)]
        split = split_of_name(name)
        role = "labels" if LABEL_WORDS & {*words} else "texts" if TEXT_WORDS & {*words} else "others"
        roles[path.parent, split][role].append(name)
    found = []
    for (_, split), files in roles.items():
        texts = files["texts"] or files["others"]
        if len(files["labels"]) == len(texts) == 1:
            found.append(Pair(texts[0], files["labels"][0], split))
    return found


def split_of_name(name: str) -> str:
    """The split that a file's name says, or else its folder's."""
    path = PurePosixPath(name)
    return next(filter(None, map(split_in, (PLAIN.sub("", path.name), *reversed(path.parts[:-1])))), "")


def tables(members: Mapping[str, int]) -> list[str]:
    """Those that are tables by their names, unless more of the others are texts of classes."""
    found = [name for name in usable(members) if TABLES.search(name)]
    return found if len(found) >= len(class_folders(usable(members))[0]) / 2 else []


def _words(path: PurePosixPath) -> list[str]:
    return [word for word in re.split(r"[._\s-]+", PLAIN.sub("", path.name)) if word]


def _told_apart(words: list[list[str]]) -> list[str]:
    """The words of each less those that all begin or end with."""
    shortest = min(map(len, words))
    start = next((i for i in range(shortest) if len({each[i] for each in words}) > 1), shortest)
    end = next((i for i in range(shortest - start) if len({each[-1 - i] for each in words}) > 1), shortest - start)
    return ["_".join(each[start : len(each) - end]) for each in words]
