"""Which code page bytes are in that are no UTF-8: the one in which they make the most plausible text of one language.

Each reading is judged by its characters outside of ASCII: letters that a language uses count for it, the more frequent
the more; symbols within words, letters of another language, capitals within words and bytes without a meaning count
against it. That tells apart what is the same to a decoder: Windows-1252 and Windows-1250 differ in nothing but letters.
"""

import unicodedata
from functools import cache
from itertools import chain
from typing import NamedTuple

MOST = 8_000  # bytes with a character outside of ASCII near them that are judged
GOOD = frozenset("‘’“”„–—…«»‹›€£§°·•´`¿¡©®™\xa0\xad№¨ºª²³½¼¾×")  # typographic signs that stand in texts anywhere
LEAST = 0.3  # what is less plausible than this is taken for the most frequent code page
ALONE = frozenset("àèéêòóáùôоиаувясі")  # letters that are words
RARE = {"cp852": 0.1, "cp850": 0.1, "iso8859_6": 0.1, "iso8859_8": 0.05, "iso8859_5": 0.05}
WIDE = frozenset("，。！？、：；（）《》「」『』“”‘’…—・〜～ー　【】％")


class Language(NamedTuple):
    """A language's letters outside of ASCII, small ones only, the most frequent first, and its code pages."""

    name: str
    letters: str
    codecs: tuple[str, ...]


_WEST = ("cp1252", "iso8859_15", "mac_roman", "cp850")
_CENTRE = ("cp1250", "iso8859_2", "cp852")
_NORTH = ("cp1257", "iso8859_13")
_EAST = ("cp1251", "koi8_u", "iso8859_5", "cp866", "mac_cyrillic")
LANGUAGES = [
    Language("French", "éèàêçîôùâûëïœæ", _WEST),
    Language("German", "üäöß", _WEST),
    Language("Spanish", "óíáéñúü", _WEST),
    Language("Portuguese", "ãçéáíóêõúâàô", _WEST),
    Language("Italian", "èàùòéì", _WEST),
    Language("Catalan", "óàéíòèçúïü", _WEST),
    Language("Dutch", "ëéïóöüè", _WEST),
    Language("Swedish", "äåöé", _WEST),
    Language("Danish", "øåæé", _WEST),
    Language("Finnish", "äöå", _WEST),
    Language("Icelandic", "íáðéóöþúýæ", _WEST),
    Language("Irish", "áéíóú", _WEST),
    Language("Polish", "ąłęóżśćńź", _CENTRE),
    Language("Czech", "íáěéřýčžšůúťďňó", _CENTRE),
    Language("Slovak", "áíčéýžúšľťňôäďóĺŕ", _CENTRE),
    Language("Hungarian", "áéóöőíüűú", _CENTRE),
    Language("Romanian", "ăîşţâ", _CENTRE),
    Language("Croatian", "čšžćđ", _CENTRE),
    Language("Turkish", "ıiışğüöçâî", ("cp1254",)),
    Language("Lithuanian", "ėšųžįąūčę", _NORTH),
    Language("Latvian", "āīēšūļņžģčķ", _NORTH),
    Language("Estonian", "äõüöšž", _NORTH),
    Language("Russian", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", _EAST),
    Language("Ukrainian", "оаинвітерслкдумпязьбгчйхцїжшєщюфґ", _EAST),
    Language("Bulgarian", "аоеинтрсвдлпкмзъубгячщйхжцшфюь", _EAST),
    Language("Serbian", "аиоенртсјувкдпмлзгбчшцжћљњхђфџ", _EAST),
    Language("Greek", "αοιετσνηυρπκμλόωςίάέήδγχώθφβύξζψϊϋΐΰ", ("cp1253", "iso8859_7")),
    Language("Hebrew", "יוהלרתאמבשנדחקעפםגסצטזכןךץףװ", ("cp1255", "iso8859_8")),
    Language("Arabic", "اليمونرتبةعدسفهكقحجشصىخطأضذئزثءغظإآؤـپچژگ", ("cp1256", "iso8859_6")),
    Language("Thai", "าน่รอกเง้มยลวดทสตะปบคัหีแขจิ็ไพชำโถใผธุูึืณศซ์ษญฟฉฮฐภฝๆ", ("cp874",)),
    Language("Vietnamese", "đưôăâêơáàíóéúìòè\u0300\u0301\u0309\u0323\u0303", ("cp1258",)),
    Language(
        "Chinese",
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事"
        "成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实很服务房间酒店电话手机价格请您最",
        ("gb18030",),
    ),
    Language(
        "Chinese, traditional",
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事"
        "成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實很服務房間電話手機價格請您最",
        ("big5hkscs", "gb18030"),
    ),
    Language(
        "Japanese",
        "のいをしたにてとはるがでなかすられこっりもうあさまくそきだんれえおよめけみやちせつわろどじばずゃょひふほむゆごげびべ"
        "ぎぶぐざぜぞづぢぱぴぷぺぽャュョァィェォッンスルトイラアリクドシジタレコマフロテムプサキ日本人年大一中会国上出生",
        ("cp932", "euc_jp"),
    ),
    Language(
        "Korean",
        "이다는에의가을로하고지도나은를한서리기어아그있사라인시해자대게으부만것전일제보장들주요수니면정오여과스했까안없원무지마"
        "할합습세성구동선비내우소경모신상공때문말생위관실방식유진조화미드트",
        ("cp949",),
    ),
]
# of the pages of the East, how common a character is shows in its first byte too
_COMMON = {"gb18030": (0xB0, 0xD7), "big5hkscs": (0xA4, 0xC6), "cp932": (0x88, 0x97), "euc_jp": (0xB0, 0xCF)}
_COMMON["cp949"] = (0xB0, 0xC8)
CODECS = list(dict.fromkeys(chain.from_iterable(language.codecs for language in LANGUAGES)))


def code_page(data: bytes) -> str:
    """The most plausible codec of bytes that are not UTF-8; cp1252 where nothing says enough for another."""
    near = _near(data)
    # the less there is to judge, the more it takes to be another one than the most frequent
    doubt = 1 / (sum(byte >= 0x80 for byte in near) + 4)
    found = {codec: _plausible(near, codec) for codec in CODECS}
    found["cp1252"] = max(LEAST, found["cp1252"] + doubt)
    return max(CODECS, key=lambda codec: found[codec] - RARE.get(codec, 0) - 0.002 * CODECS.index(codec))


def _near(data: bytes) -> bytes:
    """The lines that have bytes outside of ASCII, evenly from all of them where they are many."""
    lines = [line for line in data.splitlines(keepends=True) if not line.isascii()]
    step = max(1, sum(map(len, lines)) // MOST)
    return b"".join(lines[::step])[: 2 * MOST]


def _plausible(data: bytes, codec: str) -> float:
    text = data.decode(codec, "replace")
    signs = [_sign(text, i, codec) for i, c in enumerate(text) if c >= "\x80"]
    return max((_mean(signs, language, codec) for language in LANGUAGES if codec in language.codecs), default=-9.0)


class _Sign(NamedTuple):
    character: str  # small
    worth: float  # where it is no letter
    factor: float  # where it is one: less where it stands as no letter does
    is_letter: bool


def _sign(text: str, i: int, codec: str) -> _Sign:
    c = text[i]
    before, after = text[i - 1 : i], text[i + 1 : i + 2]
    kind = unicodedata.category(c)
    if c in GOOD or c in WIDE:
        within = before.isalpha() and after.isalpha() and c not in "’´`\xad·"
        return _Sign(c, -0.5 if within and before >= "\x80" and c in GOOD else 0.5, 0, False)
    if c == "\ufffd" or kind in ("Cc", "Cn", "Co"):
        # Windows-1252 has five holes, which programs write to all the same
        return _Sign(c, -0.5 if codec == "cp1252" else -4, 0, False)
    if kind[0] not in "LM":
        return _Sign(c, -1, 0, False)
    factor = 1.0
    if kind == "Lu":
        factor = -1.0 if before.islower() else 0.8
    elif kind == "Ll" and before.isupper() and text[i - 2 : i - 1].isupper():
        factor = -0.5  # WORd
    if before.isdigit() or after.isdigit():
        factor = min(factor, -0.2)
    elif not before.isalpha() and not after.isalpha() and codec not in _COMMON:
        alone = 0.3 if codec in _LATIN else -0.5  # where all letters are outside of ASCII, hardly a word is one
        factor *= 0.9 if c.lower() in ALONE else alone
    if kind[0] == "L" and codec not in _LATIN and any(n and n < "\x80" and n.isalpha() for n in (before, after)):
        factor = min(factor, -0.5)
    return _Sign(c.lower(), 0, factor, True)


_LATIN = {*_WEST, *_CENTRE, *_NORTH, "cp1254", "cp1258", *_COMMON}


@cache
def _worths(language: Language) -> dict[str, float]:
    n = len(language.letters)
    return {letter: 1 - 0.6 * i / n for i, letter in reversed([*enumerate(language.letters)])}


def _mean(signs: list[_Sign], language: Language, codec: str) -> float:
    worths = _worths(language)
    return sum(_worth(sign, worths, codec) for sign in signs) / max(1, len(signs))


def _worth(sign: _Sign, worths: dict[str, float], codec: str) -> float:
    if not sign.is_letter:
        return sign.worth
    known = worths.get(sign.character)
    if known is not None:
        return known * sign.factor if sign.factor > 0 else sign.factor
    if codec in _COMMON:
        least, most = _COMMON[codec]
        first = sign.character.encode(codec, "replace")[0]
        return 0.35 if least <= first <= most else -0.3
    return -0.6 + min(0.0, sign.factor)
