"""A tokenizer as a tokenizer.json describes it, on the tokenizers library."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from functools import cached_property
from itertools import accumulate, chain, islice, pairwise
from json import dumps, loads
from pathlib import Path
from typing import Self

import numpy as np
import tokenizers

from core import files
from core.architectures.file_names import SETTINGS, TOKENIZER
from core.errors import BadModel
from core.files import Progress, unwatched
from core.template import parts_of
from core.text.byte_bpe import CHUNK
from core.text.byte_spelling import spelling
from core.text.special_tokens import (
    SAVE_AGAIN,
    components,
    forms,
    guarded,
    holding,
    kept,
    kind,
    merges,
    splitting,
    vocabulary,
)
from core.text.tokenizer import Encoding, Piece, Tokenizer, well_formed

# what transformers calls the special tokens, and the names that the families give them
ROLES = {
    "cls_token": ("[CLS]", "<s>"),
    "sep_token": ("[SEP]", "</s>"),
    "mask_token": ("[MASK]", "<mask>"),
    "unk_token": ("[UNK]", "<unk>", "<|endoftext|>"),
    "bos_token": ("<s>", "<|endoftext|>"),
    "eos_token": ("</s>", "<|endoftext|>"),
    "pad_token": ("[PAD]", "<pad>"),
}
KNOWN = dict.fromkeys(name for names in ROLES.values() for name in names)
PUT_BACK = "Put back the file that belongs to the model."
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_BYTE_OF = {character: byte for byte, character in spelling().items()}


class JsonTokenizer(Tokenizer):
    """A tokenizer as the text of a tokenizer.json describes it. Every string is ordinary text, `[SEP]` and `<s>` too.

    `specials` are the ids of its special tokens by name: those that the file calls so, and those that are known by
    their name, or as the pad, where it does not. `unknown` is the id of what it does not know, which is the only
    special one that a text may yield. The file's own settings of length and padding are not heeded. Where it `pairs`,
    a text that says where its second part begins is read as a pair.
    """

    pairs = False

    def __init__(self, id: str, json: str, pad: int):
        """Raises BadModel where it is no tokenizer.json, or one that is not known here."""
        self.id, self.pad, self._json = id, pad, json
        try:
            file = loads(json)
            self._read(file)
        except BadModel as error:
            raise BadModel(f"The tokenizer {id} cannot be used. {error.what}", error.do) from error
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RuntimeError) as error:
            raise BadModel(f"{id} holds no tokenizer.", PUT_BACK) from error

    def _read(self, file: dict) -> None:
        model = file["model"]
        if kind(model) == "BPE":
            _demand_whole(model)
        self._single, self._pair, names = forms(file.get("post_processor"))
        framed = {id for slot in (*self._single, *self._pair) for id in slot.ids}
        self._frame = np.array(sorted(framed), dtype=np.int32)
        added = file.get("added_tokens", [])
        special = (token for token in added if token["special"] or token["content"] in KNOWN or token["id"] == self.pad)
        vocab = vocabulary(model)
        self.specials = {token["content"]: token["id"] for token in special} | names
        self.specials |= {name: vocab[name] for name in KNOWN if name in vocab}
        padding = (file.get("padding") or {}).get("pad_token")
        if padding in vocab and vocab[padding] == self.pad:  # so in what was exported, where no token is called special
            self.specials[padding] = self.pad
        all_names = {id: name for name, id in (vocab | self.specials).items()}
        self._pad_name = all_names.get(self.pad, f"<|pad {self.pad}|>")
        if self.pad not in all_names:
            self.specials[self._pad_name] = self.pad
        plain = _plain(file, self.specials)
        with reading("It"):
            self._tokenizer = tokenizers.Tokenizer.from_str(dumps(plain))
        self._tokenizer.post_processor = None  # it would change the offsets
        self._added = {token["id"]: token["content"] for token in plain["added_tokens"]}
        for id, content in self._added.items():
            if self._tokenizer.token_to_id(content) != id:
                raise BadModel(f"Its token {content!r} has another id in the vocabulary than {id}.", SAVE_AGAIN)
        vocab = self._tokenizer.get_vocab()
        self.vocab = max([*vocab.values(), *self.specials.values()]) + 1
        name = model.get("unk_token")
        self.unknown: int | None = model.get("unk_id") if kind(model) == "Unigram" else vocab.get(name)
        if self.unknown is None and kind(model) != "BPE":  # which leaves out what it does not know
            raise BadModel("It has no token for what it does not know.", SAVE_AGAIN)
        self._names = {id: name for name, id in self.specials.items()}
        self._prefix = model["continuing_subword_prefix"] if kind(model) == "WordPiece" else ""
        parts = (*components(file.get("pre_tokenizer")), *components(file.get("decoder")))
        self._byte_level = any(part["type"] == "ByteLevel" for part in parts)

    def encode(self, *parts: str) -> Encoding:
        """Of one part, or of the two of a pair; raises ValueError for more."""
        if len(parts) > 2:
            raise ValueError("a model reads a text or a pair of texts")
        return self._framed(*self._ids(self._parts(*parts) if len(parts) == 1 else parts or ("",)))

    def _parts(self, text: str) -> list[str]:
        return parts_of(text) if self.pairs else [text]

    @property
    def knows_pairs(self) -> bool:
        """Whether special tokens stand between the two parts of a pair, and around it those of a single text."""
        places = [next(i for i, slot in enumerate(self._pair) if slot.part == part) for part in (0, 1)]
        ends = self._pair[: places[0]], self._pair[places[1] + 1 :]
        before, after = ([id for slot in end for id in slot.ids] for end in ends)
        return bool(self.between) and places[0] < places[1] and (before, after) == self.around

    def for_pairs(self) -> Self:
        """This one, which `pairs`."""
        made = copy(self)
        made.pairs = True
        return made

    @cached_property
    def mask(self) -> str | None:
        """The special token that hides a word, where there is one."""
        return next((name for name in ROLES["mask_token"] if name in self.specials), None)

    def encode_masked(self, text: str) -> Encoding:
        """`encode` of a text in which `mask` is the special token; every other string is text as ever.

        The ids are those of transformers. Raises BadModel where the tokenizer has no mask.
        """
        with self._at_work():
            found = self._masking.encode(well_formed(text), add_special_tokens=False)
        return self._framed(found.ids)

    @cached_property
    def _masking(self) -> tokenizers.Tokenizer:
        """Finds the mask in a text. With it goes the space before it, where the file says so."""
        known = (token for token in loads(self._json).get("added_tokens", []) if token["content"] == self.mask)
        if (mask := next(known, None)) is None:
            raise BadModel(f"The tokenizer {self.id} has no token that masks a word.", "Choose another model.")
        found = tokenizers.Tokenizer.from_str(self._tokenizer.to_str())
        sides = {side: mask[side] for side in ("lstrip", "rstrip")}
        found.add_special_tokens([tokenizers.AddedToken(mask["content"], normalized=False, **sides)])
        if found.token_to_id(mask["content"]) != mask["id"]:
            raise BadModel(f"The mask of the tokenizer {self.id} is not in its vocabulary.", SAVE_AGAIN)
        return found

    def name_of(self, id: int) -> str:
        """A token as it is named to a person: no space before it, but the prefix of what goes on with a word."""
        if id in self._names:
            return self._names[id]
        begins = (self._tokenizer.id_to_token(id) or "").startswith(self._prefix)
        name = (self._prefix if begins else "") + self._bytes(id).decode(errors="replace")
        return name.strip(" ") or name

    def encode_batch(self, texts: Sequence[str], progress: Progress = unwatched) -> list[Encoding]:
        encoded: list[Encoding] = []
        for start in range(0, len(texts), CHUNK):
            progress("tokens", start, len(texts), "texts")
            parted = [self._parts(text) for text in texts[start : start + CHUNK]]
            ids = iter(self._ids([*chain.from_iterable(parted)]))
            encoded += (self._framed(*islice(ids, len(parts))) for parts in parted)
        progress("tokens", len(texts), len(texts), "texts")
        return encoded

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        with self._at_work():
            found = self._tokenizer.encode_batch_fast(list(map(well_formed, texts)), add_special_tokens=False)
        return [one.ids for one in found]

    def _at_work(self) -> AbstractContextManager[None]:
        """The library reads some files, and panics once a text comes."""
        return reading(f"A text with the tokenizer {self.id}")

    def _framed(self, *parts: list[int]) -> Encoding:
        ids: list[int] = []
        segments: list[int] = []
        for slot in self._single if len(parts) == 1 else self._pair:
            found = slot.ids if slot.part is None else parts[slot.part]
            ids += found
            segments += [slot.segment] * len(found)
        return _encoding(np.array(ids, dtype=np.int32), np.array(segments, dtype=np.int32))

    def shorten(self, encoding: Encoding, max_tokens: int) -> Encoding:
        """As transformers' `longest_first` does. A pair without special tokens is one text to it."""
        ids, segments = encoding
        if not len(ids):
            return Encoding(np.array([self.pad], dtype=np.int32))
        if len(ids) <= max_tokens:
            return encoding
        stays = kept(np.isin(ids, self._frame), max_tokens)
        return _encoding(ids[stays], None if segments is None else segments[stays])

    def pieces(self, text: str) -> list[Piece]:
        """Joined, the contents of those that are not special are the text, unless it yields no ids at all.

        What no id stands for, such as spaces, goes with the id that follows; at the end, with the last.
        """
        parts = self._parts(well_formed(text))
        with self._at_work():
            found = [self._tokenizer.encode(part, add_special_tokens=False) for part in parts]
        pieces: list[Piece] = []
        for slot in self._single if len(parts) == 1 else self._pair:
            pieces += [Piece(id, self._names[id].encode(), special=True) for id in slot.ids]
            if slot.part is not None:
                ids, offsets = found[slot.part].ids, found[slot.part].offsets
                pieces += map(Piece, ids, self._contents(parts[slot.part], ids, offsets))
        return pieces

    def _contents(self, text: str, ids: list[int], offsets: list[tuple[int, int]]) -> list[bytes]:
        """The bytes of the text that each id stands for; `offsets` are in characters."""
        contents: list[bytes] = []
        start = 0
        while (first := len(contents)) < len(ids):
            last, end = first + 1, offsets[first][1]
            while last < len(ids) and offsets[last][0] < end:  # ids that share a character
                end = max(end, offsets[last][1])
                last += 1
            end = max(start, end)
            contents += _divided(text[start:end].encode(), self.bytes_of(ids[first:last]))
            start = end
        if contents:
            contents[-1] += text[start:].encode()
        return contents

    def bytes_of(self, ids: Iterable[int]) -> list[bytes]:
        return [self._bytes(id) for id in ids]

    def _bytes(self, id: int) -> bytes:
        if id in self._added:
            return self._added[id].encode()
        token = None if id in self._names else self._tokenizer.id_to_token(id)
        if token is None:
            return b""
        if self._byte_level:
            return b"".join(bytes([_BYTE_OF[c]]) if c in _BYTE_OF else c.encode() for c in token)
        if byte := _BYTE.fullmatch(token):
            return bytes.fromhex(byte[1])
        return token.removeprefix(self._prefix).replace("▁", " ").encode()

    @property
    def around(self) -> tuple[list[int], list[int]]:
        """The special ids before a text, and those after it."""
        place = next(i for i, slot in enumerate(self._single) if slot.part is not None)
        before, after = self._single[:place], self._single[place + 1 :]
        return [int(id) for slot in before for id in slot.ids], [int(id) for slot in after for id in slot.ids]

    @property
    def between(self) -> list[int]:
        """The special ids between the two parts of a pair. Before and after it stand those of a single text."""
        first, second = (next(i for i, slot in enumerate(self._pair) if slot.part == part) for part in (0, 1))
        return [id for slot in self._pair[first + 1 : second] for id in slot.ids]

    @property
    def normalizers(self) -> list[str]:
        """The kinds of what is done to a text before it is cut, in order."""
        return [part["type"] for part in components(loads(self._json).get("normalizer"))]

    @property
    def splits(self) -> str:
        """The pattern after whose matches a text is split, so that it becomes no special token; empty for none."""
        return splitting(loads(self._json), self.specials)

    @property
    def adds(self) -> bool:
        """Whether tokens that a text may have are found in it without being in the vocabulary."""
        return not self._added.keys() <= set(vocabulary(loads(self._json)["model"]).values())

    def save(self, folder: Path) -> None:
        files.write(folder / TOKENIZER, self._json)

    def as_json(self) -> str:
        return self._json

    def exported(self, context: int, inputs: Sequence[str]) -> dict[str, str]:
        """The files, by name, from which transformers makes an equal tokenizer for a model that reads `context` tokens.

        `inputs` are the names of what the model takes. The special tokens that transformers is told of, it would look
        for in texts, unless it is told to split them.
        """
        names = {role: name for role, known in ROLES.items() for name in reversed(known) if name in self.specials}
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "split_special_tokens": True,
            "model_max_length": context,
            "padding_side": "right",
            "truncation_side": "right",
            "model_input_names": list(inputs),
            **names,
            "pad_token": self._pad_name,
        }
        return {TOKENIZER: self.standalone(context), SETTINGS: dumps(config, ensure_ascii=False, indent=2)}

    def standalone(self, context: int) -> str:
        """A tokenizer.json from which the tokenizers library alone gives equal ids, at most `context`, and padded."""
        truncation = {"direction": "Right", "max_length": context, "strategy": "LongestFirst", "stride": 0}
        padding = {
            "strategy": "BatchLongest",
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": self.pad,
            "pad_type_id": 0,
            "pad_token": self._pad_name,
        }
        file = _plain(loads(self._json), self.specials)
        return dumps(file | {"truncation": truncation, "padding": padding}, ensure_ascii=False)


def _encoding(ids: np.ndarray, segments: np.ndarray | None) -> Encoding:
    return Encoding(ids, segments if segments is not None and segments.any() else None)


def _plain(file: dict, specials: dict[str, int]) -> dict:
    """A tokenizer.json to which special tokens are text, and which does not shorten or pad."""
    added = file.get("added_tokens", [])
    # the library numbers added tokens from the end of the vocabulary on, unless they are in it
    model = holding(file["model"], specials | {token["content"]: token["id"] for token in added})
    if model.get("dropout"):  # which leaves out merges at random, where one text is to have one encoding
        model["dropout"] = None
    file |= {"model": model}
    return file | {
        "truncation": None,
        "padding": None,
        "added_tokens": [token for token in added if token["content"] not in specials],
        "pre_tokenizer": guarded(file, specials),
    }


def _demand_whole(model: dict) -> None:
    """Raises BadModel where the merges of a BPE model do not go with its vocabulary: the library may crash on them."""
    vocab, prefix = model["vocab"], model.get("continuing_subword_prefix") or ""
    tokens = {token for merge in merges(model) for token in merge}
    prefixed = all(right.startswith(prefix) for _, right, _ in merges(model))
    if not (tokens <= vocab.keys() and prefixed and len(set(vocab.values())) == len(vocab)):
        raise BadModel("Its merges and its vocabulary do not go together.", PUT_BACK)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Raises BadModel, which begins with `what`, where the tokenizers library cannot read what is done inside."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, BadModel):
        raise
    except BaseException as error:  # the library raises plain Exceptions, and panics that are none
        raise BadModel(f"{what} cannot be read: {error}.", PUT_BACK) from error


def _divided(span: bytes, spelled: Sequence[bytes]) -> Iterator[bytes]:
    """The bytes of a text that some ids share, a part for each: as they spell it, or else in equal parts."""
    joined = b"".join(spelled)
    if joined.endswith(span) or span.endswith(joined):
        extra = len(span) - len(joined)  # of a space before the text, in one of them
        ends = [max(0, extra + end) for end in accumulate(map(len, spelled))]
    else:
        ends = [len(span) * n // len(spelled) for n in range(1, len(spelled) + 1)]
    return (span[start:end] for start, end in pairwise([0, *ends]))
