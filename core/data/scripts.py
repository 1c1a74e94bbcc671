"""Which script texts are written in, by the ranges of Unicode. Which language that is, a script alone does not say."""

import re
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from core.rows import NO_LETTERS

# the first and the last character of each block that holds a script's letters
_BLOCKS: dict[str, tuple[tuple[int, int], ...]] = {
    "Latin": ((0x41, 0x5A), (0x61, 0x7A), (0xAA, 0xAA), (0xBA, 0xBA), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2AF),
              (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF), (0xFB00, 0xFB06), (0xFF21, 0xFF3A),
              (0xFF41, 0xFF5A)),
    "Greek": ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
    "Cyrillic": ((0x400, 0x52F), (0x1C80, 0x1C8F), (0x2DE0, 0x2DFF), (0xA640, 0xA69F)),
    "Armenian": ((0x531, 0x58F),),
    "Hebrew": ((0x5D0, 0x5F4), (0xFB1D, 0xFB4F)),
    "Arabic": ((0x620, 0x65F), (0x66E, 0x6EF), (0x6FA, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFDFF),
               (0xFE70, 0xFEFC)),
    "Devanagari": ((0x900, 0x963), (0x971, 0x97F)),
    "Bengali": ((0x980, 0x9E3), (0x9F0, 0x9F1)),
    "Gurmukhi": ((0xA00, 0xA65), (0xA70, 0xA7F)),
    "Gujarati": ((0xA80, 0xAE3),),
    "Tamil": ((0xB80, 0xBE5),),
    "Telugu": ((0xC00, 0xC65),),
    "Kannada": ((0xC80, 0xCE5),),
    "Malayalam": ((0xD00, 0xD65),),
    "Sinhala": ((0xD80, 0xDE5),),
    "Thai": ((0xE00, 0xE3A), (0xE40, 0xE4E)),
    "Lao": ((0xE80, 0xECF), (0xEDC, 0xEDF)),
    "Tibetan": ((0xF00, 0xF1F), (0xF40, 0xFFF)),
    "Burmese": ((0x1000, 0x103F), (0x1050, 0x109F)),
    "Georgian": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF)),
    "Ethiopic": ((0x1200, 0x139F),),
    "Khmer": ((0x1780, 0x17D3),),
    "Mongolian": ((0x1820, 0x18AF),),
    "Hangul": ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7FB)),
    "kana": ((0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),
    "Han": ((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF),
            (0x20000, 0x3FFFF)),
}  # fmt: skip
SCRIPTS = (NO_LETTERS, *_BLOCKS)
WINDOW = 5_000  # texts whose characters are looked at together
MOST = 500  # characters of a text: they tell its script

_LETTER = re.compile("[A-Za-z]")
_STARTS = np.array([start for blocks in _BLOCKS.values() for start, _ in blocks], dtype=np.uint32)
_ENDS = np.array([end for blocks in _BLOCKS.values() for _, end in blocks], dtype=np.uint32)
_WHICH = np.array([n for n, blocks in enumerate(_BLOCKS.values(), 1) for _ in blocks], dtype=np.uint8)
_ORDER = np.argsort(_STARTS)
_STARTS, _ENDS, _WHICH = _STARTS[_ORDER], _ENDS[_ORDER], _WHICH[_ORDER]


def scripts_of(texts: Sequence[str]) -> np.ndarray:
    """(N,) uint8: the number in SCRIPTS of the script that most letters of each text are of, by its first characters.

    Japanese is Han and kana together: such a text is kana where a third of its letters are.
    """
    found = np.zeros(len(texts), dtype=np.uint8)
    others = []
    for i, text in enumerate(texts):
        if not text.isascii():
            others.append(i)
        elif _LETTER.search(text):  # most texts of most files, at once
            found[i] = SCRIPTS.index("Latin")
    for start in range(0, len(others), WINDOW):
        rows = others[start : start + WINDOW]
        found[rows] = _of_window([texts[i] for i in rows])
    return found


def _of_window(texts: Sequence[str]) -> np.ndarray:
    cut = [text[:MOST] for text in texts]
    ends = np.fromiter(accumulate(map(len, cut)), np.int64, len(cut))
    codes = np.frombuffer("".join(cut).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    at = np.searchsorted(_STARTS, codes, side="right") - 1
    script = np.where((at >= 0) & (codes <= _ENDS[at]), _WHICH[at], 0)
    text = np.repeat(np.arange(len(cut)), np.diff(ends, prepend=0))
    counts = np.bincount(text * len(SCRIPTS) + script, minlength=len(cut) * len(SCRIPTS)).reshape(len(cut), -1)
    letters = counts[:, 1:]
    kana, total = letters[:, SCRIPTS.index("kana") - 1], letters.sum(axis=1)
    kana[3 * kana >= np.maximum(total, 1)] += total.max(initial=0)
    return np.where(total > 0, letters.argmax(axis=1) + 1, 0).astype(np.uint8)
