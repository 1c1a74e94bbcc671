"""The language of texts, and what follows from it: the notes, and a model that knows it."""

import subprocess
import sys

import numpy as np
import pytest

from core.architectures.models import MODELS
from core.data.languages import LOOKED_AT, language_of, languages_of, looked_at
from core.data.profile import profile
from core.recipe import load
from core.rows import NOT_SURE, language_of_most

SAID = {
    "The train to the coast leaves at seven and arrives before noon.": "English",
    "Der Zug an die Küste fährt um sieben und kommt vor Mittag an.": "German",
    "Le train pour la côte part à sept heures et arrive avant midi.": "French",
    "El tren a la costa sale a las siete y llega antes del mediodía.": "Spanish",
    "Поезд на побережье отправляется в семь и прибывает до полудня.": "Russian",
    "酒店的房间很大,服务员也很热情,下次还会来住。": "Chinese",
    "ホテルの部屋は広くて、とても良かったです。": "Japanese",
    "객실이 넓고 직원들도 친절해서 다시 오고 싶어요.": "Korean",
    "القطار إلى الساحل يغادر في الساعة السابعة صباحا ويصل إلى المدينة قبل الظهر بقليل.": "Arabic",
}
UNTOLD = ["", " \n", "12:30", "😀😀", "\ud800", "\0", "ok", "!!! ???"]
GERMAN = next(text for text, language in SAID.items() if language == "German")
ENGLISH = next(iter(SAID))


@pytest.mark.parametrize("text", SAID)
def test_a_sentence_tells_its_language(text):
    assert language_of(text) == language_of(text * 200) == SAID[text]


@pytest.mark.parametrize("text", UNTOLD)
def test_what_tells_no_language_is_not_guessed(text):
    assert language_of(text) == NOT_SURE


def test_of_many_texts_some_at_even_distances_are_looked_at():
    assert looked_at(0) == [] and looked_at(1) == [0] and looked_at(LOOKED_AT) == list(range(LOOKED_AT))
    rows = looked_at(10 * LOOKED_AT)
    assert len(set(rows)) == LOOKED_AT and rows[0] == 0 and rows[-1] == 10 * LOOKED_AT - 1
    assert set(np.diff(rows)) <= {9, 10, 11}
    assert languages_of([ENGLISH, GERMAN]).tolist() == ["English", "German"] and languages_of([]).shape == (0,)


def test_most_texts_are_in_a_language_where_enough_of_them_tell_it():
    assert language_of_most({"German": 60, NOT_SURE: 30, "English": 10}) == "German"
    assert language_of_most({NOT_SURE: 70, "German": 30}) == "German"
    assert language_of_most({NOT_SURE: 90, "German": 10}) == ""
    assert (
        language_of_most({"German": 50, "English": 50}) == language_of_most({NOT_SURE: 5}) == language_of_most({}) == ""
    )


@pytest.fixture
def look(tmp_path):
    def look(texts, model="minilm"):
        path = tmp_path / "texts.csv"
        path.write_text("label,text\n" + "".join(f'{"ab"[i % 2]},"{i} {text}"\n' for i, text in enumerate(texts)))
        return profile(load({"data": {"path": str(path)}, "model": {"name": model}}))

    return look


def test_texts_in_another_language_than_most_are_counted_and_shown(look):
    found, survey = look([ENGLISH] * 40 + [GERMAN] * 3 + ["!!!", *SAID])
    assert found.language == "English" and found.languages["German"] == 4 and found.languages[NOT_SURE] == 1
    (note,) = (note for note in found.notes if note.filter.startswith("language "))  # one of each other may be a guess
    assert (note.count, note.text) == (4, "texts seem to be in German; most are in English")
    assert survey.mask("language German").nonzero()[0].tolist() == [40, 41, 42, 45]
    assert survey.masks(["language German", "label b"]).sum() == 2
    assert not any("was trained on" in note.text for note in found.notes)


def test_a_model_that_knows_the_language_is_offered(look):
    def offered(texts, model):
        return {
            name for note in look(texts, model)[0].notes if "model.name" in note.offers for name in note.offers.values()
        }

    assert offered([GERMAN] * 40, "minilm") == offered([GERMAN] * 40, "nano") == {"xlm-roberta"}
    assert offered([GERMAN] * 40, "tfidf") == set()
    assert offered([ENGLISH] * 40, "minilm") == set() and offered([ENGLISH] * 40, "nano") == {"minilm"}
    (note,) = (note for note in look([GERMAN] * 40)[0].notes if "model.name" in note.offers)
    assert (
        "German texts, it seems; minilm was trained on English, xlm-roberta on 100 languages" in note.text and note.warn
    )


def test_each_model_knows_english_and_some_know_more():
    knowing = {name for name, preset in MODELS.items() if preset.knows("German")}
    assert knowing == {"xlm-roberta", "qwen3-0.6b", "tfidf"}
    assert all(preset.knows("English") and preset.knows("") for preset in MODELS.values())


@pytest.mark.more
def test_of_a_data_set_by_name_it_is_known_and_nothing_is_loaded_to_guess_it():
    code = """
import sys
from core.data.profile import profile
from core.recipe import load
found = profile(load({"data": {"path": "sample"}}))[0]
assert found.languages == {"English": found.rows}, found.languages
print(*[name for name in sys.modules if name.startswith("py3langid")])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
