"""The special tokens around a text: where a model's tokenizer.json puts them, and how texts are kept from being one."""

import re
from collections.abc import Iterable, Iterator, Mapping
from string import punctuation
from typing import NamedTuple

import numpy as np

from core.errors import BadModel

SAVE_AGAIN = "Save it again with a current transformers, or choose another model."


class Slot(NamedTuple):
    """A place in a form: these special ids, or the part of the text that has this number. `segment` is theirs."""

    ids: list[int]
    part: int | None
    segment: int = 0


class Forms(NamedTuple):
    """What a text of one part and one of two parts look like to the model; `names` have the special ids in them."""

    single: list[Slot]
    pair: list[Slot]
    names: dict[str, int]


def components(part: dict | None) -> Iterator[dict]:
    """A part of a tokenizer.json; where it is a sequence, each of what is in it."""
    if part and part["type"] == "Sequence":
        inside = next(value for value in part.values() if isinstance(value, list))
        yield from (each for one in inside for each in components(one))
    elif part:
        yield part


def forms(post_processor: dict | None) -> Forms:
    """The two forms that a post_processor gives. Raises BadModel for a kind of it that is not known here."""
    found = [part for part in components(post_processor) if part["type"] != "ByteLevel"]  # which changes offsets only
    first, second = Slot([], 0), Slot([], 1)
    match found:
        case []:
            return Forms([first], [first, second], {})
        case [{"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": known}]:
            names = {name: id for one in known.values() for name, id in zip(one["tokens"], one["ids"], strict=True)}
            result = Forms(_template(single, known), _template(pair, known), names)
        case [{"type": "BertProcessing", "cls": [cls, cls_id], "sep": [sep, sep_id]}]:
            alone = [Slot([cls_id], None), first, Slot([sep_id], None)]
            pair = [*alone, Slot([], 1, 1), Slot([sep_id], None, 1)]
            result = Forms(alone, pair, {cls: cls_id, sep: sep_id})
        case [{"type": "RobertaProcessing", "cls": [cls, cls_id], "sep": [sep, sep_id]}]:
            end = Slot([sep_id], None)
            alone = [Slot([cls_id], None), first, end]
            result = Forms(alone, [*alone, end, second, end], {cls: cls_id, sep: sep_id})
        case _:
            kinds = ", ".join(part["type"] for part in found)
            raise BadModel(f"Its post_processor ({kinds}) is not known here.", SAVE_AGAIN)
    for form, parts in ((result.single, [0]), (result.pair, [0, 1])):
        if sorted(slot.part for slot in form if slot.part is not None) != parts:
            raise BadModel("Its post_processor leaves out a part of the text or repeats it.", SAVE_AGAIN)
    return result


def _template(places: list[dict], known: dict) -> list[Slot]:
    form = []
    for place in places:
        ((kind, what),) = place.items()
        special = kind == "SpecialToken"
        ids = known[what["id"]]["ids"] if special else []
        form.append(Slot(ids, None if special else "AB".index(what["id"]), what["type_id"]))
    return form


def kept(special: np.ndarray, max_tokens: int) -> np.ndarray:
    """Which ids (T,) bool stay of a text that is to have `max_tokens`, where `special` (T,) bool marks its frame.

    All special ones stay while there is room. Of the rest the front of each part does: the longer part is
    shortened first, until both are equal, and is given the odd one.
    """
    room = max_tokens - int(special.sum())
    order = np.cumsum(special)  # the ids of a part have one number here, since special ones stand between two parts
    if room <= 0:
        return special & (order <= max_tokens)
    stays = special.copy()
    parts = [(~special & (order == n)).nonzero()[0] for n in np.unique(order[~special])]
    for n, part in enumerate(parts := sorted(parts, key=len)):
        share = min(len(part), room // (len(parts) - n))
        stays[part[:share]] = True
        room -= share
    return stays


def kind(model: dict) -> str:
    """Which kind a tokenizer.json's model is of; the older files, such as GPT-2's and RoBERTa's own, do not say."""
    marks = {"merges": "BPE", "unk_id": "Unigram", "continuing_subword_prefix": "WordPiece"}
    found = next((kind for mark, kind in marks.items() if mark in model), "WordLevel")
    return model.get("type", found)


def merges(model: dict) -> Iterator[tuple[str, str, str]]:
    """The merges of a tokenizer.json's BPE model: two tokens, and the one that they become."""
    skipped = len(model.get("continuing_subword_prefix") or "")
    for merge in model["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        yield left, right, left + right[skipped:]


def vocabulary(model: dict) -> dict[str, int]:
    """The tokens of a tokenizer.json's model with their ids. Unigram's are a list of pieces with scores."""
    vocab = model["vocab"]
    return vocab if isinstance(vocab, dict) else {piece: id for id, (piece, _) in enumerate(vocab)}


def holding(model: dict, names: Mapping[str, int]) -> dict:
    """A tokenizer.json's model with those tokens in its vocabulary that only its added tokens had, as far as it can.

    What is in the vocabulary has an id without being looked for in texts, as added tokens are.
    """
    vocab, known = model["vocab"], vocabulary(model)
    taken = set(known.values())
    missing = {name: id for name, id in names.items() if name not in known and id not in taken}
    if isinstance(vocab, dict):
        return model | {"vocab": vocab | missing}
    vocab = list(vocab)
    for name, id in sorted(missing.items(), key=lambda item: item[1]):
        if id == len(vocab):  # a list has no gaps
            vocab.append([name, 0.0])
    return model | {"vocab": vocab}


def reachable(file: dict, names: Iterable[str]) -> list[str]:
    """Those special tokens that the model of a tokenizer.json could find in a text, were nothing done about it."""
    model = file["model"]
    if kind(model) == "BPE" and not model.get("ignore_merges"):
        made = {together for *_, together in merges(model)}
        return [name for name in names if name in made]
    vocab = vocabulary(model)
    names = [name for name in names if name in vocab]
    if any(part["type"] == "BertPreTokenizer" for part in components(file.get("pre_tokenizer"))):
        return [name for name in names if not set(punctuation) & set(name)]  # each of which it sets apart
    return names


def splitting(file: dict, names: Iterable[str]) -> str:
    """The pattern after whose matches a text is to be split, so that no special token is found in it.

    Empty where no text could become one. Raises BadModel for names that cannot be split.
    """
    names = reachable(file, names)
    if short := [name for name in names if len(name) < 2]:
        raise BadModel(f"Its special token {short[0]!r} cannot be told from text.", SAVE_AGAIN)
    return "|".join(f"{re.escape(name[0])}(?={re.escape(name[1:])})" for name in names)


def guarded(file: dict, names: Iterable[str]) -> dict | None:
    """The file's pre_tokenizer, and after it one that splits what would be a special token after its first character.

    It is left as it is where no text could become a special token. Raises BadModel for names that cannot be split.
    """
    pattern = splitting(file, names)
    if not pattern:
        return file.get("pre_tokenizer")
    split = {
        "type": "Split",
        "pattern": {"Regex": pattern},
        "behavior": "MergedWithPrevious",
        "invert": False,
    }
    return {"type": "Sequence", "pretokenizers": [*components(file.get("pre_tokenizer")), split]}
