"""What an encoder that nobody has trained further guesses for the gaps of a text."""

import re

import msgspec
import pytest
import torch
import transformers

from core.architectures.bert import BertArchitecture
from core.errors import BadModel, BadRecipe, WorkbenchError
from core.evaluate.masked_word import MaskedWords
from core.evaluate.question import WITH_A_GAP, MaskedQuestion, Question
from core.files import unwatched
from core.helper import language_model as helper
from core.model.bert import Bert
from core.model.masked import MaskedModel
from core.model.weights import published
from core.text.tokenizer_files import read_wordpiece

CONTEXT = 24
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SENTENCES = ("paris is the capital of france.", "the film was good, and we laughed.", "a dog runs over the road.")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A small BERT that has read a few sentences so often that it knows them by heart."""
    folder = tmp_path_factory.mktemp("vocabulary")
    words = sorted({word for text in SENTENCES for word in re.findall(r"\w+|\S", text)})
    (folder / "vocab.txt").write_text("\n".join([*SPECIAL, *words]))
    tokenizer = read_wordpiece(folder, 100, 0)
    mask = tokenizer.specials["[MASK]"]
    model = MaskedModel(Bert(BertArchitecture(1, 32, 2, CONTEXT, tokenizer.vocab, inner=32)))
    model.initialize(torch.Generator().manual_seed(0))
    texts = [torch.from_numpy(tokenizer.encode(text).ids).long() for text in SENTENCES]
    masked = [(ids.repeat(len(ids) - 2, 1), torch.arange(1, len(ids) - 1)) for ids in texts]
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(60):
        for ids, at in masked:
            each = torch.arange(len(at))
            gaps = ids.clone()
            gaps[each, at] = mask
            loss = torch.nn.functional.cross_entropy(model.logits(model.hidden(gaps)[each, at]), ids[each, at])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval(), tokenizer


@pytest.fixture
def words(tiny):
    return MaskedWords(*tiny, "folder")


@pytest.fixture
def folder(tiny, tmp_path):
    """The same model as a folder that transformers wrote."""
    model, tokenizer = tiny
    arch = model.shape
    config = transformers.BertConfig(**{k: v for k, v in arch.to_config().items() if k != "model_type"})
    theirs = transformers.BertForMaskedLM(config)
    head = arch.published_masked_head.items()
    state = {names[0]: model.get_parameter(ours) for ours, (names, *_) in head}
    theirs.load_state_dict(state | published(model.backbone, prefixed=True), strict=False)
    theirs.save_pretrained(tmp_path / "tiny")
    tokenizer.save(tmp_path / "tiny")
    return tmp_path / "tiny"


def asked(text, **more):
    return MaskedQuestion("bert", text, **more)


def test_the_word_that_it_learned_comes_first(words):
    answer = words.answer(asked(WITH_A_GAP))
    assert answer.parts == ["Paris is the ", " of France."] and answer.text == WITH_A_GAP
    ((first, *others),) = answer.gaps
    assert first.word == "capital" and first.probability > 0.5 and len(others) == 4
    shares = [word.probability for word in (first, *others)]
    assert shares == sorted(shares, reverse=True) and sum(shares) <= 1
    assert answer.weights == "folder" and answer.seconds >= 0


def test_gaps_are_marked_in_three_ways_and_each_has_its_words(words):
    answer = words.answer(asked("The ____ was [MASK], and we___.", top_k=3))
    assert answer.parts == ["The ", " was ", ", and we", "."]
    assert [gap[0].word for gap in answer.gaps] == ["film", "good", "laughed"]
    assert {len(gap) for gap in answer.gaps} == {3}
    assert words.answer(asked("[MASK]___", top_k=1)).parts == ["", "", ""]
    assert len(words.answer(asked("a ___", top_k=10**6)).gaps[0]) == words._tokenizer.vocab


@pytest.mark.parametrize("text", ["", "no gap __ here", "a <mask> of another model", "[mask]"])
def test_a_text_without_a_gap_is_told_how_to_mark_one(words, text):
    with pytest.raises(WorkbenchError, match=r"no gap to guess a word for. Mark one with ___ or \[MASK\]"):
        words.answer(asked(text))


def test_a_text_that_is_too_long_is_refused(words):
    fits = "a " * (CONTEXT - 3) + "___"
    assert len(words.answer(asked(fits)).gaps) == 1
    with pytest.raises(WorkbenchError, match=f"is 25 tokens long; bert reads {CONTEXT}. Shorten it"):
        words.answer(asked("a " + fits))


def test_words_that_look_special_stay_text(words):
    tokenizer = words._tokenizer
    ids = tokenizer.encode_masked("a [SEP] [PAD] [MASK]").ids.tolist()
    assert ids.count(tokenizer.specials["[SEP]"]) == 1 and tokenizer.specials["[PAD]"] not in ids
    assert ids.count(tokenizer.specials["[MASK]"]) == 1


def ask(**question):
    requests = helper.LanguageModelRequests()
    return msgspec.to_builtins(requests.ask(question, lambda *_, **__: None))


def test_a_folder_is_asked_by_the_helper_as_it_is_by_itself(folder, words):
    answer = ask(model=str(folder), text=WITH_A_GAP, top_k=2)
    assert set(answer) == {"text", "parts", "gaps", "seconds", "weights"} and answer["weights"] == "folder"
    (expected,) = words.answer(asked(WITH_A_GAP, top_k=2)).gaps
    assert [word["word"] for word in answer["gaps"][0]] == [word.word for word in expected]
    for found, word in zip(answer["gaps"][0], expected, strict=True):
        assert found["probability"] == pytest.approx(word.probability, abs=1e-6)


def test_weights_without_the_head_are_refused(folder):
    transformers.BertModel.from_pretrained(folder).save_pretrained(folder)
    with pytest.raises(BadModel, match="tiny hold no head that guesses masked words.* Choose another model"):
        ask(model=str(folder), text=WITH_A_GAP)


def test_a_tokenizer_without_a_mask_is_refused(folder):
    file = folder / "tokenizer.json"
    file.write_text(file.read_text().replace("[MASK]", "[HIDE]"))
    with pytest.raises(BadModel, match="The tokenizer of tiny has no token that masks a word"):
        ask(model=str(folder), text=WITH_A_GAP)


def test_random_weights_follow_from_the_seed(folder):
    found = [ask(model=str(folder), text="a ___", weights="random", seed=seed)["gaps"] for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_the_kind_of_model_decides_what_it_can_be_asked():
    with pytest.raises(BadRecipe, match="bert does not continue texts: it guesses masked words. Mark a gap"):
        Question("bert", "The film was").check()
    with pytest.raises(BadModel, match="gpt2 guesses no masked words. Choose another model"):
        MaskedWords.open(MaskedQuestion("gpt2", WITH_A_GAP), unwatched)
    with pytest.raises(BadRecipe, match="0 is not a number of words"):
        asked("a ___", top_k=0).check()
    assert ask(model="nano", text="The film was ___", tokens=1)["text"] == "The film was ___"  # it is text to it
