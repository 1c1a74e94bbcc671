"""Tokenizers from files that transformers wrote, against transformers itself."""

import json
import lzma
import time
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, trainers

import decoders
from cases import each
from core import assets
from core.architectures.file_names import SETTINGS, TOKENIZER
from core.architectures.lookup import preset_of
from core.architectures.models import MODELS
from core.errors import BadModel
from core.model_files.fetch import fetch_small
from core.text import tokenizer_files
from core.text.lookup import tokenizer_of
from core.text.tokenizer import well_formed, whole
from core.text.tokenizer_files import built_in, read, read_vocab_and_merges, read_wordpiece
from core.text.tokenizer_json import JsonTokenizer

transformers = pytest.importorskip("transformers")

KINDS = ("bert", "bert-cased", "distilbert", "roberta", "xlm-roberta", "gpt2", "bert-uncased", *decoders.SPECIAL)
BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
XLM_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
CORPUS = (
    "the quick brown fox jumps over the lazy dog",
    "The film was surprisingly good, wasn't it? I'd watch it again!",
    "s > < / mask pad unk sep cls endoftext [ ] | unbelievable unhappiness",
    "un café très agréable, naïve fiancée",
    "日本語のテキスト 你好世界",
) * 20
PLAIN = (
    "",
    " ",
    "\t \n ",
    "Hello, world!",
    "  The  film was UNBELIEVABLE, wasn't it?\n\n ",
    "naïve café e\u0301\u0301 ﬁne ½ İstanbul ＡＢＣ",
    "你好，世界 \U00020000 日本語",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 ok\u200b\ufeff\u00ad",
    "a\x00b\x07 \ufffd",
    "a\ud800b \udc00",
    "x" * 300,
    "the film " * 700,
)
LOOKALIKES = (
    "free [SEP] now [CLS][MASK] [PAD] [UNK]",
    "<s> win </s></s> <pad>now<mask> <unk>",
    "<|endoftext|> <|endoftext|>win<|endoftext|>",
    "<<s>s></<s>s> [[SEP]SEP] ＜s＞ <S> [sep]",
    "<|begin_of_text|>win<|end_of_text|> <|im_start|>free <|im_end|><|<|im_end|>im_end|>",
)
TEXTS = PLAIN + LOOKALIKES


def _trained(model, trainer, pre_tokenizer, normalizer=None) -> dict:
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(CORPUS, trainer)
    return json.loads(tokenizer.to_str())["model"]


def _wordpiece(lowercase: bool) -> dict[str, int]:
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=BERT_SPECIAL, show_progress=False)
    model = models.WordPiece(unk_token="[UNK]")
    cleaned = normalizers.BertNormalizer(lowercase=lowercase)
    return _trained(model, trainer, pre_tokenizers.BertPreTokenizer(), cleaned)["vocab"]


def _byte_level(special: list[str]) -> tuple[dict[str, int], list]:
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=sorted(byte_level.alphabet()), show_progress=False
    )
    model = _trained(models.BPE(), trainer, byte_level)
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


def _unigram() -> list[tuple[str, float]]:
    trainer = trainers.UnigramTrainer(
        vocab_size=250, special_tokens=XLM_SPECIAL[:-1], unk_token="<unk>", show_progress=False
    )
    pieces = _trained(models.Unigram(), trainer, pre_tokenizers.Metaspace())["vocab"]
    return [(piece, score) for piece, score in pieces] + [("<mask>", 0.0)]


def _reference(kind: str):
    match kind:
        case "bert" | "bert-cased":
            lower = kind == "bert"
            return transformers.BertTokenizerFast(vocab=_wordpiece(lower), do_lower_case=lower)
        case "distilbert":
            return transformers.DistilBertTokenizerFast(vocab=_wordpiece(True))
        case "roberta":
            vocab, merges = _byte_level(XLM_SPECIAL)
            return transformers.RobertaTokenizerFast(vocab=vocab, merges=merges)
        case "xlm-roberta":
            tokenizer = transformers.XLMRobertaTokenizerFast(vocab=_unigram())
            tokenizer.backend_tokenizer.normalizer = normalizers.NFKC()
            return tokenizer
        case "gpt2":
            vocab, merges = _byte_level(["<|endoftext|>"])
            return transformers.GPT2TokenizerFast(vocab=vocab, merges=merges, pad_token="<|endoftext|>")
        case "smollm2" | "llama3" | "qwen3":
            made, end = decoders.tokenizer_json(kind, CORPUS), decoders.SPECIAL[kind][-1]
            made = tokenizers.Tokenizer.from_str(made)
            return transformers.PreTrainedTokenizerFast(tokenizer_object=made, pad_token=end, eos_token=end)
    return transformers.BertTokenizerFast(tokenizer_object=tokenizers.Tokenizer.from_str(built_in(kind)._json))


@cache
def _pair(kind, folder):
    """transformers' tokenizer, and ours from the file that it wrote."""
    theirs = _reference(kind)
    theirs.save_pretrained(folder / kind)
    return theirs, read(folder / kind / TOKENIZER, len(theirs), theirs.pad_token_id)


@pytest.fixture(params=KINDS)
def pair(request, tmp_path_factory):
    return _pair(request.param, tmp_path_factory.getbasetemp())


def _same(ours, theirs, *parts, **limits):
    found = theirs(*map(well_formed, parts), return_token_type_ids=True, **limits)
    assert ours.ids.tolist() == found["input_ids"]
    assert ours.ids.dtype == np.int32
    if not theirs.num_special_tokens_to_add(pair=True):  # of decoders, which have no segments
        return
    types = found["token_type_ids"]
    assert (ours.segments.tolist() if ours.segments is not None else None) == (types if any(types) else None)


def test_texts_and_pairs_have_the_ids_that_transformers_gives(pair):
    theirs, ours = pair
    for text in PLAIN:
        _same(ours.encode(text), theirs, text)
        for other in PLAIN[1:-1]:  # transformers takes an empty second text for none
            _same(ours.encode(text, other), theirs, text, other)
    assert ours.vocab == len(theirs)


@pytest.mark.parametrize("text", ["the {} fox", "{}", "so{}far, {}{} the\n {} dog", "un café\u3000{}!", " {} "])
def test_a_masked_text_has_the_ids_that_transformers_gives(pair, text):
    theirs, ours = pair
    assert ours.mask == theirs.mask_token
    if ours.mask is None:
        with pytest.raises(BadModel, match="no token that masks a word"):
            ours.encode_masked("the fox")
        return
    text = text.replace("{}", ours.mask)
    assert ours.encode_masked(text).ids.tolist() == theirs(text)["input_ids"]
    assert ours.encode_masked(text).ids.tolist().count(ours.specials[ours.mask]) == text.count(ours.mask)
    assert ours.encode(text).ids.tolist().count(ours.specials[ours.mask]) == 0


def test_a_token_is_named_as_a_person_reads_it(tmp_path_factory):
    tokenizer = built_in("bert-uncased")
    assert [tokenizer.name_of(id) for id in (101, 4509, 2088, 999_999)] == ["[CLS]", "##ish", "world", ""]
    _, ours = _pair("xlm-roberta", tmp_path_factory.getbasetemp())
    names = {token: ours.name_of(id) for token, id in ours._tokenizer.get_vocab().items()}
    for token, name in names.items():
        assert name == (token.removeprefix("▁") or " ") or token in ours.specials
    assert any(token.startswith("▁") and name for token, name in names.items())


def test_no_text_yields_a_special_id(pair):
    _, ours = pair
    byte_level = b"\xc3" in ours.bytes_of(range(ours.vocab))
    special = set(ours.specials.values()) - (set() if byte_level else {ours.unknown})
    frame = [id for id in ours.encode("").ids.tolist() if id in special]
    texts = (*TEXTS, *(f"{a}{name}{b}" for name in ours.specials for a in ("", "x", " ", "\n") for b in ("", "x", " ")))
    for text in texts:
        assert [id for id in ours.encode(text).ids.tolist() if id in special] == frame, text


def test_a_batch_is_encoded_as_its_texts_are_and_tells_how_far_it_is(pair):
    _, ours = pair
    heard = []
    found = ours.encode_batch(TEXTS * 40, lambda *args: heard.append(args))
    for text, one in zip(TEXTS, found, strict=False):
        assert one.ids.tolist() == ours.encode(text).ids.tolist()
    assert [done for _, done, _, _ in heard] == [0, 500, len(TEXTS) * 40]


def test_pieces_join_to_the_text_and_carry_its_ids(pair):
    _, ours = pair
    for text in TEXTS:
        pieces = ours.pieces(text)
        assert [piece.id for piece in pieces] == ours.encode(text).ids.tolist()
        content = [piece for piece in pieces if not piece.special]
        joined = "".join(part for part, _ in whole(content))
        assert joined == (well_formed(text) if content else "")
        assert {piece.content.decode() for piece in pieces if piece.special} <= ours.specials.keys()


def test_pieces_show_what_each_id_stands_for():
    pieces = built_in("bert-uncased").pieces(" Unbelievable: Wörldish [SEP] ")
    assert [piece.content.decode() for piece in pieces] == [
        "[CLS]", " Unbelievable", ":", " Wörld", "ish", " [", "SEP", "] ", "[SEP]",
    ]  # fmt: skip
    assert [piece.special for piece in pieces] == [True, *[False] * 7, True]
    assert built_in("bert-uncased").bytes_of([101, 4509, 2088, 999_999]) == [b"", b"ish", b"world", b""]


def test_bytes_are_divided_among_the_ids_that_share_a_character(tmp_path_factory):
    for kind in ("gpt2", "roberta"):
        _, ours = _pair(kind, tmp_path_factory.getbasetemp())
        for text in ("x \U0001f600\U0001f469y", "  un café   \n  日本語のテキ 你好世 語世\u0301  "):
            pieces = [piece for piece in ours.pieces(text) if not piece.special]
            assert [piece.content for piece in pieces] == ours.bytes_of(piece.id for piece in pieces)
    _, ours = _pair("xlm-roberta", tmp_path_factory.getbasetemp())
    read_back = b"".join(ours.bytes_of(ours.encode("the lazy dog").ids.tolist()))
    assert read_back == b" the lazy dog"


def test_texts_are_shortened_as_transformers_does(pair):
    theirs, ours = pair
    a, b, c = "the quick brown fox", "unbelievable unhappiness, wasn't it?", "dog"
    n = theirs.num_special_tokens_to_add()
    for max_tokens in range(max(1, n), 20):
        limit = {"truncation": True, "max_length": max_tokens}
        _same(ours.shorten(ours.encode(a), max_tokens), theirs, a, **limit)
    n = theirs.num_special_tokens_to_add(pair=True)
    if not n:  # nothing marks the border
        assert ours.shorten(ours.encode(a, b), 7).ids.tolist() == ours.encode(a, b).ids.tolist()[:7]
        assert ours.shorten(ours.encode(""), 7).ids.tolist() == [ours.pad]
        return
    for one, other in ((a, b), (b, a), (a, c), (c, b), (a, a), ("", b)):
        for max_tokens in range(n, 40):
            limit = {"truncation": "longest_first", "max_length": max_tokens}
            _same(ours.shorten(ours.encode(one, other), max_tokens), theirs, one, other, **limit)
    frame = ours.encode("").ids.tolist()
    assert ours.shorten(ours.encode(a), 1).ids.tolist() == frame[:1]
    assert ours.shorten(ours.encode(""), 9).ids.tolist() == frame


def test_it_reads_back_as_it_was_saved(pair, tmp_path):
    _, ours = pair
    ours.save(tmp_path)
    again = read(tmp_path / TOKENIZER, ours.vocab, ours.pad)
    assert again.id == str(tmp_path / TOKENIZER) and again.vocab == ours.vocab and again.specials == ours.specials
    assert [again.encode(text).ids.tolist() for text in TEXTS] == [ours.encode(text).ids.tolist() for text in TEXTS]
    again.save(tmp_path / "..")
    assert (tmp_path / ".." / TOKENIZER).read_bytes() == (tmp_path / TOKENIZER).read_bytes()


def test_older_files_which_say_less_are_read_too(pair):
    _, ours = pair
    file = json.loads(ours._json)
    del file["model"]["type"]
    file = {name: value for name, value in file.items() if value is not None}
    older = JsonTokenizer("older", json.dumps(file), ours.pad)
    assert [older.encode(text).ids.tolist() for text in TEXTS] == [ours.encode(text).ids.tolist() for text in TEXTS]
    assert older.vocab == ours.vocab and older.unknown == ours.unknown


@pytest.mark.parametrize("segments", [True, False])
def test_transformers_gives_equal_ids_from_the_exported_files(pair, tmp_path, segments):
    _, ours = pair
    inputs = ["input_ids", *(["token_type_ids"] if segments else []), "attention_mask"]
    for name, content in ours.exported(100, inputs).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert theirs.pad_token_id == ours.pad and theirs.model_max_length == 100
    assert theirs.mask_token_id == ours.specials.get("[MASK]", ours.specials.get("<mask>"))
    for text in map(well_formed, TEXTS):
        found = theirs(text)
        assert found["input_ids"] == ours.encode(text).ids.tolist(), text
        assert ("token_type_ids" in found) == segments
        if not ours.encode("").ids.size:  # nothing marks the border of a pair, where it would be shortened
            continue
        found = theirs(text, f"a {text}", truncation=True)
        expected = ours.shorten(ours.encode(text, f"a {text}"), 100)
        assert found["input_ids"] == expected.ids.tolist()
        if segments and expected.segments is not None:
            assert found["token_type_ids"] == expected.segments.tolist()


def test_the_tokenizers_library_alone_gives_equal_ids(pair):
    _, ours = pair
    alone = tokenizers.Tokenizer.from_str(ours.standalone(60))
    texts = [well_formed(text) for text in TEXTS]
    found = alone.encode_batch(texts)
    assert len({len(one.ids) for one in found}) == 1
    for text, one in zip(texts, found, strict=True):
        ids = [id for id, real in zip(one.ids, one.attention_mask, strict=True) if real]
        expected = ours.encode(text)
        assert ids == (ours.shorten(expected, 60).ids.tolist() if len(expected.ids) else [])
        assert set(one.ids[len(ids) :]) <= {ours.pad}


@pytest.mark.more
@pytest.mark.parametrize("kind", ["bert-uncased", "xlm-roberta", "gpt2"])
@pytest.mark.parametrize("text", each(3, ["ab1!", "a", " ", "<s>", "字", "!", "e\u0301"]))
def test_long_texts_take_time_in_proportion(kind, text, tmp_path_factory):
    _, ours = _pair(kind, tmp_path_factory.getbasetemp())
    start = time.process_time()
    ours.encode(text * (500_000 // len(text)))
    assert time.process_time() - start < 10
    long = text * (20_000 // len(text))
    assert b"".join(piece.content for piece in ours.pieces(long) if not piece.special).decode() in (long, "")


def test_more_than_two_parts_are_refused():
    assert built_in("bert-uncased").encode().ids.tolist() == [101, 102]
    with pytest.raises(ValueError):
        built_in("bert-uncased").encode("a", "b", "c")


def test_the_one_that_comes_with_the_program_is_berts(monkeypatch, tmp_path):
    ours = built_in("bert-uncased")
    assert (ours.id, ours.pad, ours.vocab, ours.unknown) == ("bert-uncased", 0, 30522, 100)
    assert ours is built_in("bert-uncased") and ours.specials["[MASK]"] == 103
    assert 100 not in ours.encode("[UNK]").ids
    # the ids that BERT's own tokenizer gives
    assert ours.encode("Hello, world!").ids.tolist() == [101, 7592, 1010, 2088, 999, 102]
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    name, *_ = tokenizer_files.BUILT_IN["bert-uncased"]
    for content in (b"no xz", lzma.compress(b"{}")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadModel, match="Reinstall"):
            built_in.__wrapped__("bert-uncased")


def _changed(**changes) -> str:
    return json.dumps(json.loads(built_in("bert-uncased")._json) | changes)


DAMAGED = {
    "no json": ("{", "holds no tokenizer"),
    "a list": ("[]", "holds no tokenizer"),
    "deep": ("[" * 100_000, "holds no tokenizer"),
    "nothing": ("{}", "holds no tokenizer"),
    "no model": (_changed(model={"type": "BPE"}), "holds no tokenizer"),
    "no such model": (_changed(model={"type": "Other", "vocab": {}}), "It cannot be read"),
    "no such processor": (_changed(post_processor={"type": "Other"}), r"\(Other\) is not known"),
    "merges of nothing": (_changed(model={"type": "BPE", "vocab": {}, "merges": [["a", "b"]]}), "do not go together"),
    "two of one id": (
        _changed(model={"type": "BPE", "vocab": dict.fromkeys("ab", 0) | {"ab": 1}, "merges": ["a b"]}),
        "do not go together",
    ),
    "another prefix": (
        _changed(model={"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"],
                        "continuing_subword_prefix": "x"}),
        "do not go together",
    ),
    "a template of nothing": (
        _changed(post_processor={"type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": {}}),
        "leaves out a part",
    ),
    "no unknown": (
        _changed(model={"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "?"}),
        "no token for what it does not know",
    ),
    "another id": (
        _changed(added_tokens=[{"id": 7, "content": "the", "special": False, "single_word": False, "lstrip": False,
                                "rstrip": False, "normalized": True}]),
        "another id",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGED)
def test_what_is_no_tokenizer_is_refused_in_a_sentence(what, tmp_path):
    content, match = DAMAGED[what]
    (tmp_path / TOKENIZER).write_text(content)
    with pytest.raises(BadModel, match=match) as refused:
        read(tmp_path / TOKENIZER, 30522, 0)
    assert str(tmp_path / TOKENIZER) in str(refused.value)


def test_files_that_cannot_be_read_or_do_not_fit_are_refused(tmp_path):
    with pytest.raises(BadModel, match="cannot be read"):
        read(tmp_path / TOKENIZER, 30522, 0)
    (tmp_path / TOKENIZER).write_bytes(b"\xff\xfe")
    with pytest.raises(BadModel, match="cannot be read"):
        read(tmp_path / TOKENIZER, 30522, 0)
    built_in("bert-uncased").save(tmp_path)
    with pytest.raises(BadModel, match="has 30,522 ids, but the model's embeddings have 30,521 rows"):
        read(tmp_path / TOKENIZER, 30521, 0)
    assert read(tmp_path / TOKENIZER, 30528, 0).vocab == 30522


def test_a_tokenizer_on_which_the_library_panics_is_refused_in_a_sentence():
    steps = [{"type": "Prepend", "prepend": ""}, {"type": "Lowercase"}]
    panics = JsonTokenizer("panics", _changed(normalizer={"type": "Sequence", "normalizers": steps}), 0)
    for ask in (panics.encode, panics.pieces, panics.encode_masked):
        with pytest.raises(BadModel, match="A text with the tokenizer panics cannot be read"):
            ask("a text")


def test_a_special_token_is_out_of_reach_of_whole_words_too():
    """Models that look a word up before they take it apart."""
    token = {"id": 0, "content": "<s>", "special": True}
    token |= dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    vocab = {piece: id for id, piece in enumerate(["<s>", "<", "s", ">", "s>", "a", "[UNK]"])}
    common = {"added_tokens": [token], "normalizer": None, "post_processor": None, "decoder": None}
    for model in (
        {"type": "BPE", "vocab": vocab, "merges": [["s", ">"]], "ignore_merges": True},
        {"type": "BPE", "vocab": vocab, "merges": [["s", ">"], ["<", "s>"]]},
        {"type": "WordLevel", "vocab": vocab, "unk_token": "[UNK]"},
    ):
        file = {"version": "1.0", "truncation": None, "padding": None, "pre_tokenizer": {"type": "WhitespaceSplit"}}
        ours = JsonTokenizer("small", json.dumps(file | common | {"model": model}), 0)
        assert ours.encode("a <s> a").ids.tolist() == [5, 1, 4, 5]
    with pytest.raises(BadModel, match="cannot be told from text"):
        common["added_tokens"][0] |= {"content": "a", "id": 5}
        JsonTokenizer("small", json.dumps(file | common | {"model": model}), 0)


def _declared(content: str, id: int, special: bool) -> dict:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": id, "content": content, "special": special} | flags


@pytest.mark.parametrize(
    ("declared", "pad", "name"),
    [
        ([], 0, "<pad>"),  # special by its name alone
        ([_declared("<pad>", 0, False)], 0, "<pad>"),
        ([_declared("<fill>", 9, False)], 9, "<fill>"),  # special as the pad, and in no vocabulary
        ([_declared("<fill>", 9, True)], 9, "<fill>"),
        ([], 9, "<|pad 9|>"),  # the pad has no name at all
    ],
)
@pytest.mark.parametrize("kind", ["Unigram", "WordLevel", "BPE"])
def test_a_token_is_special_by_its_name_or_as_the_pad_too(kind, declared, pad, name, tmp_path):
    pieces = ["<pad>", "<unk>", *"<pad>f", "fill"]
    vocab = {piece: id for id, piece in enumerate(dict.fromkeys(pieces))}
    model = {
        "Unigram": {"type": "Unigram", "unk_id": 1, "vocab": [[piece, -float(id)] for piece, id in vocab.items()]},
        "WordLevel": {"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"},
        "BPE": {"type": "BPE", "vocab": vocab, "merges": [], "unk_token": "<unk>", "ignore_merges": True},
    }[kind]
    file = {"version": "1.0", "added_tokens": declared, "pre_tokenizer": None, "post_processor": None, "model": model}
    ours = JsonTokenizer("small", json.dumps(file | {"normalizer": None, "decoder": None}), pad)
    assert ours.specials[name] == pad
    for file, content in ours.exported(90, ["input_ids"]).items():
        (tmp_path / file).write_text(content, encoding="utf-8")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    alone = tokenizers.Tokenizer.from_file(str(tmp_path / TOKENIZER))
    assert (theirs.pad_token, theirs.pad_token_id) == (name, pad)
    for text in (name, f"fill{name}", f"{name}{name} <unk>", "<pad>", "fill"):
        ids = ours.encode(text).ids.tolist()
        assert pad not in ids and theirs(text)["input_ids"] == alone.encode(text).ids == ids


@pytest.mark.parametrize(
    "config", [{}, {"do_lower_case": False}, {"strip_accents": False}, {"tokenize_chinese_chars": False}]
)
def test_a_vocabulary_of_words_is_read_as_transformers_does(tmp_path, config):
    vocab = _wordpiece(False)
    (tmp_path / "vocab.txt").write_text("".join(f"{token}\n" for token in sorted(vocab, key=vocab.get)))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", **config}))
    theirs = transformers.BertTokenizer.from_pretrained(tmp_path)
    ours = read_wordpiece(tmp_path, len(vocab), 0)
    for text in PLAIN:
        _same(ours.encode(text), theirs, text)
        _same(ours.encode(text, "a film"), theirs, text, "a film")
    with pytest.raises(BadModel, match="rows"):
        read_wordpiece(tmp_path, len(vocab) - 1, 0)


@pytest.mark.parametrize("kind", ["BertTokenizer", "DistilBertTokenizerFast"])
@pytest.mark.parametrize(
    "config",
    [
        {"do_lower_case": True},
        {"do_lower_case": False},
        {"do_lower_case": True, "strip_accents": False},
        {"strip_accents": True},
        {"tokenize_chinese_chars": False},
    ],
)
def test_what_settings_say_of_letters_comes_before_the_tokenizer_beside_them(tmp_path, kind, config):
    for lower in (True, False):
        made = transformers.BertTokenizerFast(vocab=_wordpiece(lower), do_lower_case=lower, strip_accents=not lower)
        made.backend_tokenizer.save(str(tmp_path / TOKENIZER))
        (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind, **config}))
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
        theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
        ours = read(tmp_path / TOKENIZER, 30522, 0, family="bert")
        (tmp_path / "kept").mkdir(exist_ok=True)
        ours.save(tmp_path / "kept")
        for text in PLAIN:
            _same(ours.encode(text), theirs, text)
            _same(read(tmp_path / "kept" / TOKENIZER, 30522, 0).encode(text), theirs, text)


@pytest.mark.parametrize("kind", ["smollm2", "llama3", "qwen3", "bert"])
def test_what_was_exported_is_read_again_with_its_pad(kind, tmp_path):
    """And can be exported once more: its pad is told from texts, though it calls no token special."""
    theirs = _reference(kind)
    ours = JsonTokenizer(kind, theirs.backend_tokenizer.to_str(), theirs.pad_token_id)
    for name, content in ours.exported(90, ["input_ids"]).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    again = read(tmp_path / TOKENIZER, 30522, theirs.pad_token_id, family="bert" if kind == "bert" else "llama")
    assert again.specials[theirs.pad_token] == again.pad == ours.pad
    for text in TEXTS:
        assert again.encode(text).ids.tolist() == ours.encode(text).ids.tolist()
    assert again.exported(90, ["input_ids"])[SETTINGS] == ours.exported(90, ["input_ids"])[SETTINGS]


def test_that_a_file_does_not_declare_its_mask_is_said_alone(tmp_path):
    made = json.loads(built_in("bert-uncased").as_json())
    ours = JsonTokenizer("bare", json.dumps(made | {"added_tokens": []}), 0)
    with pytest.raises(BadModel, match=r"^The tokenizer bare has no token that masks a word\. Choose another model\.$"):
        ours.encode_masked("a [MASK]")


def test_where_settings_say_nothing_of_letters_the_tokenizer_counts_as_docs_say(tmp_path):
    """Which is what transformers reads where it is told to take the file as it stands, and not otherwise."""
    made = transformers.BertTokenizerFast(vocab=_wordpiece(False), do_lower_case=False)
    made.backend_tokenizer.save(str(tmp_path / TOKENIZER))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    anew = transformers.AutoTokenizer.from_pretrained(tmp_path)
    (tmp_path / SETTINGS).write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    as_it_stands = transformers.AutoTokenizer.from_pretrained(tmp_path)
    (tmp_path / SETTINGS).write_text("{}")
    ours = read(tmp_path / TOKENIZER, 30522, 0, family="bert")
    assert ours.encode("A Film").ids.tolist() != anew("A Film")["input_ids"] == anew("a film")["input_ids"]
    for text in PLAIN:
        _same(ours.encode(text), as_it_stands, text)


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("kind", ["RobertaTokenizer", "GPT2Tokenizer"])
def test_settings_say_whether_a_space_stands_before_a_text(tmp_path, kind, named, said):
    family = kind.removesuffix("Tokenizer").lower()
    vocab, merges = _byte_level(XLM_SPECIAL if family == "roberta" else ["<|endoftext|>"])
    for before in (True, False):
        made = getattr(transformers, kind)(vocab=vocab, merges=merges, add_prefix_space=before)
        made.backend_tokenizer.save(str(tmp_path / TOKENIZER))
        settings = {"add_prefix_space": said} | ({"tokenizer_class": f"{kind}Fast"} if named else {})
        (tmp_path / SETTINGS).write_text(json.dumps(settings))
        (tmp_path / "config.json").write_text(json.dumps({"model_type": family}))
        theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
        ours = read(tmp_path / TOKENIZER, 30522, 1, family=family)
        for text in PLAIN:
            _same(ours.encode(text), theirs, text)


@pytest.mark.parametrize("config", [{}, {"do_lower_case": False}, {"do_lower_case": True, "strip_accents": False}])
@pytest.mark.parametrize("files", ["vocab.txt", TOKENIZER])
@pytest.mark.parametrize(
    ("family", "named"),
    [("bert", {}), ("bert", {"tokenizer_class": None}), ("distilbert", {"tokenizer_class": "DistilBertTokenizer"})],
)
def test_an_address_is_read_as_transformers_reads_its_files(tmp_path, hub, family, named, files, config):
    """Whatever context its settings speak of: it is that of the model."""
    vocab, arch = _wordpiece(False), MODELS[family].architecture
    (tmp_path / "vocab.txt").write_text("".join(f"{token}\n" for token in sorted(vocab, key=vocab.get)))
    if files == TOKENIZER:
        made = transformers.BertTokenizerFast(vocab=vocab, do_lower_case="do_lower_case" not in config)
        made.backend_tokenizer.save(str(tmp_path / TOKENIZER))
    settings = {"model_max_length": 8, **named, **config}
    (tmp_path / SETTINGS).write_text(json.dumps(settings))
    (tmp_path / "config.json").write_text(json.dumps(arch.to_config()))
    hub.files |= {name: (tmp_path / name).read_bytes() for name in ("config.json", SETTINGS, files)}
    preset = fetch_small("hub:owner/tiny")
    ours, theirs = tokenizer_of(preset, "pretrained"), transformers.AutoTokenizer.from_pretrained(tmp_path)
    folder = tokenizer_of(preset_of(str(tmp_path)), "pretrained")
    assert theirs.model_max_length == 8 and preset.architecture == arch
    for text in PLAIN:
        _same(ours.encode(text), theirs, text)
        assert folder.encode(text).ids.tolist() == ours.encode(text).ids.tolist()
    (tmp_path / "run").mkdir()
    ours.save(tmp_path / "run")
    assert tokenizer_files.read(tmp_path / "run" / TOKENIZER, arch.vocab, 0).as_json() == ours.as_json()


@pytest.mark.parametrize("said", [{"do_lower_case": None}, {"do_lower_case": "no"}, {"strip_accents": 1}])
def test_what_is_neither_yes_nor_no_is_said_of_the_settings_that_say_it(tmp_path, said):
    built_in("bert-uncased").save(tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join([*BERT_SPECIAL, "a"]))
    (tmp_path / SETTINGS).write_text(json.dumps({"tokenizer_class": "BertTokenizer", **said}))
    for reader in (lambda: read(tmp_path / TOKENIZER, 30522, 0, family="bert"), lambda: read_wordpiece(tmp_path, 9, 0)):
        with pytest.raises(BadModel, match=r"tokenizer_config\.json says that .* neither true nor false"):
            reader()


def test_a_tokenizer_of_endless_lists_is_refused_whatever_stands_beside_it(tmp_path):
    (tmp_path / TOKENIZER).write_text("[" * 100_000)
    (tmp_path / SETTINGS).write_text(json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True}))
    with pytest.raises(BadModel, match="holds no tokenizer"):
        read(tmp_path / TOKENIZER, 30522, 0, family="bert")


def test_settings_that_cannot_be_read_are_refused(tmp_path):
    built_in("bert-uncased").save(tmp_path)
    for content in ("[]", "{", "[" * 100_000):
        (tmp_path / "tokenizer_config.json").write_text(content)
        with pytest.raises(BadModel, match=r"tokenizer_config\.json cannot be read"):
            read(tmp_path / TOKENIZER, 30522, 0, family="bert")


def test_a_text_has_one_encoding_where_merges_would_be_left_out_at_random(tmp_path):
    made = tokenizers.Tokenizer(tokenizers.models.BPE({"a": 0, "b": 1, "ab": 2, "abab": 3}, [("a", "b"), ("ab", "ab")]))
    whole = made.encode("abab" * 50).ids
    made.model.dropout = 0.5
    (tmp_path / TOKENIZER).write_text(made.to_str())
    ours = read(tmp_path / TOKENIZER, 9, 8)
    assert [ours.encode("abab" * 50).ids.tolist() for _ in range(3)] == [whole] * 3
    assert tokenizers.Tokenizer.from_str(ours.standalone(400)).encode("abab" * 50).ids == whole


@pytest.mark.parametrize("kind", ["GPT2Tokenizer", "RobertaTokenizer"])
def test_a_vocabulary_with_merges_is_read_as_transformers_does(tmp_path, kind):
    vocab, merges = _byte_level(["<|endoftext|>"] if kind == "GPT2Tokenizer" else XLM_SPECIAL)
    (tmp_path / "vocab.json").write_text(json.dumps(vocab))
    lines = "".join(f"{a} {b}\n" for a, b in merges)
    (tmp_path / "merges.txt").write_text(f"#version: 0.2\n{lines}", encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind}))
    theirs = getattr(transformers, kind).from_pretrained(tmp_path)
    ours = read_vocab_and_merges(tmp_path, len(vocab), 0)
    for text in PLAIN:
        _same(ours.encode(text), theirs, text)
    pieces = [piece for piece in ours.pieces("  un   café \n  ") if not piece.special]
    assert [piece.content for piece in pieces] == ours.bytes_of(piece.id for piece in pieces)
    with pytest.raises(BadModel, match="rows"):
        read_vocab_and_merges(tmp_path, len(vocab) - 1, 0)


def test_a_folder_s_own_tokenizer_is_the_one_that_is_used(tmp_path):
    preset = SimpleNamespace(
        name="any",
        tokenizer="bert-uncased",
        architecture=SimpleNamespace(vocab=30522, pad=0, skips_pads=False, family="bert"),
    )
    assert tokenizer_of(preset, "random") is tokenizer_of(preset, str(tmp_path)) is built_in("bert-uncased")
    (tmp_path / "vocab.txt").write_text("\n".join([*BERT_SPECIAL, "a"]))
    assert tokenizer_of(preset, str(tmp_path)).encode("a b").ids.tolist() == [2, 5, 1, 3]
    vocab, merges = _byte_level([])
    (tmp_path / "vocab.json").write_text(json.dumps(vocab))
    (tmp_path / "merges.txt").write_text("".join(f"{a} {b}\n" for a, b in merges), encoding="utf-8")
    assert tokenizer_of(preset, str(tmp_path)).encode("a b").ids.tolist() == [vocab["a"], vocab["Ġ"], vocab["b"]]
    built_in("bert-uncased").save(tmp_path)
    assert tokenizer_of(preset, str(tmp_path)).id == str(tmp_path / TOKENIZER)


def test_older_files_of_another_kind_or_damaged_are_refused(tmp_path):
    for name in ("vocab.json", "merges.txt", "vocab.txt"):
        (tmp_path / name).write_text("neither\n")
    for reader in (read_vocab_and_merges, read_wordpiece):
        with pytest.raises(BadModel, match="Put back"):
            reader(tmp_path, 9, 0)
        (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "OtherTokenizer"}')
        with pytest.raises(BadModel, match="OtherTokenizer without tokenizer.json"):
            reader(tmp_path, 9, 0)
        (tmp_path / "tokenizer_config.json").write_text("[]")
        with pytest.raises(BadModel, match="cannot be read"):
            reader(tmp_path, 9, 0)
        (tmp_path / "tokenizer_config.json").unlink()
