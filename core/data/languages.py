"""Which language texts are written in, as py3langid guesses from their first characters."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from core.rows import NOT_SURE

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LOOKED_AT = 2_000  # texts of a file, spread over it: each takes some tenths of a millisecond
MOST = 300  # characters of a text: they tell its language
SURE = 0.7  # probability; a text of which no language has so much is of none

# the codes that py3langid knows and what they are called in English; a rarer one is told as its code
_CODES = """
af Afrikaans, am Amharic, ar Arabic, as Assamese, az Azerbaijani, be Belarusian, bg Bulgarian, bn Bengali, br Breton,
bs Bosnian, ca Catalan, cs Czech, cy Welsh, da Danish, de German, el Greek, en English, eo Esperanto, es Spanish,
et Estonian, eu Basque, fa Persian, fi Finnish, fr French, fy Frisian, ga Irish, gd Scottish Gaelic, gl Galician,
gu Gujarati, ha Hausa, he Hebrew, hi Hindi, hr Croatian, ht Haitian Creole, hu Hungarian, hy Armenian, id Indonesian,
ig Igbo, is Icelandic, it Italian, ja Japanese, jv Javanese, ka Georgian, kk Kazakh, km Khmer, kn Kannada, ko Korean,
ku Kurdish, ky Kyrgyz, la Latin, lb Luxembourgish, lg Ganda, ln Lingala, lo Lao, lt Lithuanian, lv Latvian,
mg Malagasy, mk Macedonian, ml Malayalam, mn Mongolian, mr Marathi, ms Malay, mt Maltese, my Burmese, ne Nepali,
nl Dutch, nn Norwegian Nynorsk, no Norwegian, oc Occitan, om Oromo, or Odia, pa Punjabi, pl Polish, ps Pashto,
pt Portuguese, qu Quechua, ro Romanian, ru Russian, rw Kinyarwanda, sa Sanskrit, se Northern Sami, si Sinhala,
sk Slovak, sl Slovenian, sn Shona, so Somali, sq Albanian, sr Serbian, st Sotho, sv Swedish, sw Swahili, ta Tamil,
te Telugu, tg Tajik, th Thai, tk Turkmen, tl Tagalog, tr Turkish, tt Tatar, ug Uyghur, uk Ukrainian, ur Urdu, uz Uzbek,
vi Vietnamese, wuu Wu Chinese, xh Xhosa, yo Yoruba, yue Cantonese, zh Chinese, zu Zulu, pcm Nigerian Pidgin
"""
NAMES = dict(each.strip().split(" ", 1) for each in _CODES.replace("\n", " ").split(","))
_NOTHING_SAID = "zxx"  # its code for what is in no language


def languages_of(texts: Sequence[str]) -> np.ndarray:
    """(N,) str: the language of each text that was looked at, NOT_SURE where it cannot be told, "" for the others."""
    found = [""] * len(texts)
    for i in looked_at(len(texts)):
        found[i] = language_of(texts[i])
    return np.array(found, dtype=str)


def looked_at(n_texts: int) -> list[int]:
    """The rows that are looked at: all of them, or LOOKED_AT, at even distances."""
    return np.linspace(0, n_texts - 1, min(n_texts, LOOKED_AT)).round().astype(int).tolist()


def language_of(text: str) -> str:
    """The name of the language that a text is most likely in, or NOT_SURE."""
    code, probability = _identifier().classify(text[:MOST])
    return NAMES.get(code, code) if probability >= SURE and code != _NOTHING_SAID else NOT_SURE


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # it reads its model, for half a second

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
