"""Where tokenizers come from: with the program, a tokenizer.json, or the vocabulary files of older folders."""

import errno
import hashlib
import lzma
import os
from functools import cache
from json import dumps, loads
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from core import assets, files
from core.architectures.file_names import BPE_FILE, MERGES_FILE, SETTINGS, WORDPIECE_FILE
from core.errors import BadModel
from core.text.special_tokens import SAVE_AGAIN, components
from core.text.tokenizer_json import PUT_BACK, JsonTokenizer, reading

# those that come with the program: the compressed file, the SHA-256 of the JSON inside, and the pad id
BUILT_IN = {
    "bert-uncased": (
        "bert-uncased.tokenizer.json.xz",
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        0,
    )
}
MOST = 1 << 28  # bytes of a file; those of 250,000 tokens take a tenth of that
BPE_CLASSES = ("GPT2Tokenizer", "RobertaTokenizer")
WORDPIECE_CLASSES = ("BertTokenizer", "DistilBertTokenizer")
# the kind of a family's tokenizer, where the settings beside it name none
USUAL_CLASSES = {
    **dict.fromkeys(("bert", "distilbert"), "BertTokenizer"),
    "gpt2": "GPT2Tokenizer",
    "roberta": "RobertaTokenizer",
}
SPACE = "add_prefix_space"  # of GPT-2's and RoBERTa's kind: in settings as in a tokenizer.json
# what settings of BERT's kind say of letters -> the same in a tokenizer.json
LETTERS = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}
# what they leave out where they say something
UNSAID = {"lowercase": True, "strip_accents": None, "handle_chinese_chars": True}


@cache
def built_in(name: str) -> JsonTokenizer:
    """A tokenizer that comes with the program, by the name that a model's preset gives. Raises KeyError for another."""
    file, sha256, pad = BUILT_IN[name]
    path = assets.FOLDER / file
    reinstall = "Reinstall the workbench."
    try:
        content = lzma.decompress(path.read_bytes())
    except (OSError, lzma.LZMAError) as error:
        raise BadModel(f"The tokenizer in {path} cannot be read: {error}.", reinstall) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BadModel(f"{path} is damaged.", reinstall)
    return JsonTokenizer(name, content.decode(), pad)


def read(file: Path, vocab: int, pad: int, family: str = "") -> JsonTokenizer:
    """The tokenizer of a tokenizer.json, for a model whose embeddings have `vocab` rows.

    With the model's `family`, what settings beside it say is heeded, as where a model is published, and not where a run
    keeps it.
    Raises BadModel where it cannot be read, or has more ids than that.
    """
    try:
        json = files.content(file, most=MOST).decode()
    except (OSError, ValueError) as error:
        raise BadModel(f"The tokenizer in {file} cannot be read: {error}.", PUT_BACK) from error
    return fitting(JsonTokenizer(str(file), _as_set(file, json, family) if family else json, pad), vocab)


def _as_set(file: Path, json: str, family: str) -> str:
    """A tokenizer.json with what the settings beside it say, which transformers heeds before it.

    That is, of BERT's kind, what they say of letters; of GPT-2's and RoBERTa's, whether a space is put before a text.
    Raises BadModel where these cannot be read.
    """
    config = _settings(file.parent)
    kind = str(config.get("tokenizer_class") or USUAL_CLASSES.get(family, "")).removesuffix("Fast")
    letters = _letters(config, file.parent) if kind in WORDPIECE_CLASSES else {}
    space = config.get(SPACE) if kind in BPE_CLASSES else None
    if not letters and space is None:
        return json
    try:
        found = loads(json)
        if letters and found["normalizer"]["type"] == "BertNormalizer":
            found["normalizer"] |= UNSAID | letters
        for part in components(found.get("pre_tokenizer")):
            if space is not None and part["type"] == "ByteLevel":
                part[SPACE] = bool(space)
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError):
        return json  # what is no tokenizer is said by who reads it
    return dumps(found, ensure_ascii=False)


def fitting(tokenizer: JsonTokenizer, vocab: int) -> JsonTokenizer:
    """The tokenizer, if every id of it has one of `vocab` rows in the model's embeddings. Raises BadModel if not."""
    if tokenizer.vocab > vocab:
        raise BadModel(
            f"{tokenizer.id} has {tokenizer.vocab:,} ids, but the model's embeddings have {vocab:,} rows.",
            PUT_BACK,
        )
    return tokenizer


def read_vocab_and_merges(folder: Path, vocab: int, pad: int) -> JsonTokenizer:
    """GPT-2's or RoBERTa's kind, from vocab.json and merges.txt, for a model whose embeddings have `vocab` rows.

    Raises BadModel where they cannot be read, are of another kind, or have more ids than that.
    """
    file = folder / BPE_FILE
    config = _config(folder, BPE_CLASSES)
    with reading(f"{file} or {MERGES_FILE}"):
        for each in (file, folder / MERGES_FILE):  # nothing else is opened by a library
            with files.reading(each) as opened:
                if os.fstat(opened.fileno()).st_size > MOST:
                    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(each))
        tokenizer = Tokenizer(models.BPE(*models.BPE.read_file(str(file), str(folder / MERGES_FILE))))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=bool(config.get(SPACE, False)))
    tokenizer.decoder = decoders.ByteLevel()
    ids = tokenizer.get_vocab()
    if {"<s>", "</s>", "<mask>"} <= ids.keys():  # RoBERTa's
        _add_special(tokenizer, "<s>", "<pad>", "</s>", "<unk>", "<mask>")
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", ids["</s>"]), ("<s>", ids["<s>"]))
    else:
        _add_special(tokenizer, "<|endoftext|>")
    return fitting(JsonTokenizer(str(file), tokenizer.to_str(), pad), vocab)


def read_wordpiece(folder: Path, vocab: int, pad: int) -> JsonTokenizer:
    """BERT's and DistilBERT's kind, from vocab.txt, for a model whose embeddings have `vocab` rows.

    Raises BadModel where it cannot be read, is of another kind, or has more ids than that.
    """
    file = folder / WORDPIECE_FILE
    config = _config(folder, WORDPIECE_CLASSES)
    try:
        text = files.content(file, most=MOST).decode().replace("\r\n", "\n")
        tokens = text.removesuffix("\n").split("\n")
    except (OSError, ValueError) as error:
        raise BadModel(f"{file} cannot be read: {error}.", PUT_BACK) from error
    ids = {token: id for id, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))  # noqa: S106 - a token of a text
    tokenizer.normalizer = normalizers.BertNormalizer(**_letters(config, folder))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = _add_special(tokenizer, "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    if missing := {"[UNK]", "[CLS]", "[SEP]"} - special.keys():
        raise BadModel(f"{file} holds no {min(missing)}.", PUT_BACK)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", special["[SEP]"]), ("[CLS]", special["[CLS]"]))
    return fitting(JsonTokenizer(str(file), tokenizer.to_str(), pad), vocab)


def _config(folder: Path, classes: tuple[str, ...]) -> dict:
    """The settings beside a vocabulary, if any. Raises BadModel where they are of another class of tokenizers."""
    config = _settings(folder)
    kind = str(config.get("tokenizer_class") or classes[0])
    if kind.removesuffix("Fast") not in classes:
        raise BadModel(f"{folder} holds a {kind} without tokenizer.json, which cannot be read.", SAVE_AGAIN)
    return config


def _letters(config: dict, folder: Path) -> dict[str, Any]:
    """What settings of BERT's kind say of letters. Raises BadModel where that is neither yes nor no."""
    said = {theirs: config[theirs] for theirs in LETTERS if theirs in config}
    for name, value in said.items():
        if not isinstance(value, bool) and (value is not None or name != "strip_accents"):
            what = f"{folder / SETTINGS} says that {name} is {repr(value)[:40]}, neither true nor false."
            raise BadModel(what, PUT_BACK)
    return {LETTERS[name]: value for name, value in said.items()}


def _settings(folder: Path) -> dict:
    """The settings beside a tokenizer, if any. Raises BadModel where they cannot be read."""
    file = folder / SETTINGS
    if not file.is_file():
        return {}
    try:
        config = loads(files.content(file, most=MOST))
        if not isinstance(config, dict):
            raise ValueError("it is no table")
    except (OSError, ValueError, RecursionError) as error:
        raise BadModel(f"{file} cannot be read: {error}.", PUT_BACK) from error
    return config


def _add_special(tokenizer: Tokenizer, *names: str) -> dict[str, int]:
    """Make special those of the tokens that the vocabulary has: their ids by name."""
    found = {name: id for name in names if (id := tokenizer.token_to_id(name)) is not None}
    # RoBERTa's mask stands for a word with the space before it
    tokenizer.add_special_tokens(
        [AddedToken(name, special=True, normalized=False, lstrip=name == "<mask>") for name in found]
    )
    return found
