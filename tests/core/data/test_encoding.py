"""How bytes spell text: found out from all of a file, or said by a person."""

import codecs

import pytest

from cases import each
from core.data.read import read
from core.data.sources.input import CHUNK
from core.data.sources.source import Options
from core.errors import BadData, BadRecipe
from core.recipe import load

SENTENCES = {
    "French": ["Le café est fermé à midi, revenez après.", "Où êtes-vous ? Le garçon a mangé tout le gâteau."],
    "German": ["Die Straße ist für heute gesperrt.", "Können Sie mir später über das Gerät erzählen?"],
    "Spanish": ["Mañana llegará el niño con su mamá.", "El señor está aquí, la canción terminó."],
    "Polish": ["Dziękuję, wszystko było świetne.", "Proszę zwrócić pieniądze, bo źle działa."],
    "Czech": ["Děkuji, všechno bylo v pořádku.", "Přišel jsem pozdě a dveře byly zavřené."],
    "Turkish": ["Teşekkürler, ürün çok güzel ışık veriyor.", "Kargo geç geldi, değiştirmek istiyorum şimdi."],
    "Russian": ["Спасибо, всё было очень хорошо.", "Товар пришёл поздно, верните деньги."],
    "Greek": ["Ευχαριστώ πολύ, ήταν υπέροχο.", "Το δέμα άργησε πολύ και ήταν χαλασμένο."],
    "Hebrew": ["תודה רבה, הכל היה מצוין.", "המשלוח הגיע מאוחר מאוד ושבור."],
    "Arabic": ["شكرا جزيلا كان كل شيء جيدا", "وصلت الشحنة متأخرة وكانت مكسورة"],
    "Chinese": ["房间很干净，服务员的态度也很好。", "等了两个小时还没有人来，非常失望。"],
    "Traditional": ["房間很乾淨，服務員的態度也很好。", "等了兩個小時還沒有人來，非常失望。"],
    "Japanese": ["部屋はとてもきれいで、サービスもよかったです。", "二時間待っても誰も来ませんでした。"],
    "Korean": ["방이 아주 깨끗하고 서비스도 좋았습니다.", "두 시간을 기다렸지만 아무도 오지 않았어요."],
}
PAGES = [
    *(("French", codec) for codec in ("cp1252", "mac_roman", "cp850")),
    *(("German", codec) for codec in ("cp1252", "iso8859-1")),
    ("Spanish", "cp1252"),
    *(("Polish", codec) for codec in ("cp1250", "iso8859-2")),
    *(("Czech", codec) for codec in ("cp1250", "iso8859-2")),
    *(("Turkish", codec) for codec in ("cp1254", "iso8859-9")),
    *(("Russian", codec) for codec in ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac_cyrillic")),
    *(("Greek", codec) for codec in ("cp1253", "iso8859-7")),
    ("Hebrew", "cp1255"),
    ("Arabic", "cp1256"),
    *(("Chinese", codec) for codec in ("gb18030", "gbk", "gb2312")),
    ("Traditional", "big5"),
    *(("Japanese", codec) for codec in ("shift_jis", "euc_jp", "iso2022_jp")),
    *(("Korean", codec) for codec in ("euc_kr", "cp949")),
]
WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8", "utf-8-sig")


def rows(language: str, n: int = 6) -> str:
    good, bad = SENTENCES[language]
    return "label,text\n" + f'good,"{good}"\nbad,"{bad}"\n' * n


@pytest.mark.parametrize(
    "language, codec",
    [*each(2, PAGES, names=2), *each(7, [(name, codec) for name in SENTENCES for codec in WIDE], names=2)],
)
def test_the_encoding_is_found_by_what_comes_out(file, language, codec):
    path = file(rows(language).encode(codec))
    found = read(path)
    assert (found.texts[:2], found.all_columns) == (SENTENCES[language], ["label", "text"])
    assert read(path, Options(encoding=found.options.encoding)).texts == found.texts
    assert (found.encoding and found.encoding == read(path, Options(encoding=found.options.encoding)).encoding) or (
        found.encoding == "UTF-8 with BOM"
    )


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32"])
def test_plain_english_in_wide_characters(file, codec):
    text = "label,text\n" + "ham,see you at the station\nspam,win a free phone\n" * 6
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(codec, b"")
    for start in ("", mark):
        table = read(file((start or b"") + text.encode(codec)))
        assert table.texts[1] == "win a free phone" and table.all_columns == ["label", "text"]


def test_all_of_a_file_decides(file):
    plain = "label,text\n" + "ham,see you at the station\nspam,win a free phone\n" * (CHUNK // 20)
    late = plain + "ham,Спасибо, всё было очень хорошо\nspam,верните мне деньги\n" * 3
    table = read(file(late.replace("Спасибо,", "Спасибо").encode("cp1251")))
    assert table.encoding == "Windows-1251" and table.texts[-1] == "верните мне деньги"
    table = read(file(plain.encode() + b"ham,caf\xe9 \xe0 la carte\n"))
    assert table.encoding == "Windows-1252" and table.texts[-1] == "café à la carte"


def test_utf8_with_a_few_lines_of_another_page_stays_utf8(file):
    table = read(file((rows("Russian") + "good,fine\n").encode() + b"bad,caf\xe9 closed\n"))
    assert table.encoding == "UTF-8, damaged" and table.texts[-1] == "caf\ufffd closed"


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-be", "cp1251"])
@pytest.mark.parametrize("n", [4, 5000, 3 * CHUNK])
def test_bytes_of_zero_that_fill_up_the_end_are_taken_away(file, codec, n):
    table = read(file(rows("Russian").encode(codec) + bytes(n)))
    assert table.texts[-1] == SENTENCES["Russian"][1] and table.n_rows == 12 and not table.skipped


def test_single_bytes_of_zero_are_part_of_the_text(file):
    for language in ("French", "Russian"):
        table = read(file(rows(language).replace(" ", "\0", 1).encode("cp1251" if language == "Russian" else "cp1252")))
        assert "\0" in table.texts[0] and table.texts[1] == SENTENCES[language][1]


def test_line_ends_are_mixed_and_nothing_else_ends_a_line(file):
    odd = "one\x85two\u2028three\x0b\x0cfour\x1c"
    path = file("label\ttext\r\n" + f"a\t{odd}\rb\tother text\na\tthird text\r\nb\tfourth text\n" * 3)
    table = read(path)
    assert table.texts[:4] == [odd, "other text", "third text", "fourth text"] and table.n_rows == 12


def test_a_person_may_say_how_it_is_spelled(file):
    data = b"label,text\n" + b"a,caf\xe9 one\nb,na\xefve two\n" * 3
    assert read(file(data), Options(encoding="cp1250")).texts[0] == "café one"
    table = read(file(data), Options(encoding="mac_roman"))
    assert table.texts[0] == "cafÈ one" and table.encoding == "Mac Roman" and table.options.encoding == "mac-roman"
    assert read(file(data), Options(encoding="utf-8")).texts[0] == "caf\ufffd one"
    assert read(file(rows("French").encode("utf-8-sig")), Options(encoding="utf8")).all_columns == ["label", "text"]
    assert read(file(data)).options.encoding == "cp1252"
    marked = codecs.BOM_UTF16_LE + rows("French").encode("utf-16-le")
    assert read(file(marked), Options(encoding="utf-16-le")).all_columns == ["label", "text"]


@pytest.mark.parametrize("codec", ["latin9000", "rot13", "hex", "idna", "undefined", "base64"])
def test_what_spells_no_text_is_refused(codec):
    with pytest.raises(BadRecipe, match=r"data.encoding: cannot be '.*'. It is auto, or a name"):
        load({"data": {"encoding": codec}})
    assert load({"data": {"encoding": "koi8-r"}}).data.encoding == "koi8-r"


def test_what_is_no_text_gets_a_sentence(file):
    with pytest.raises(BadData, match="bytes that stand for no character"):
        read(file(bytes(range(32)) * 50))
