"""Any table in any separated format reads back as it was written, and any bytes give rows or one sentence."""

import bz2
import gzip
import lzma
import resource
import sys
import tempfile
import time
import zipfile
from itertools import cycle
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from core.data.read import read
from core.data.sources.input import Input
from core.data.sources.source import Options
from core.data.texts import open_texts
from core.errors import BadData

QUOTES = {"csv": '"', "backslash": '"', "single": "'", "single_backslash": "'", "spaced": '"', "excel": '"'}
MARKS = [",", ";", "\t", "|", "^", "~", "@", "||", "::", " ||| ", "\x1f", "\x01", "%", "->"]
ENDS = [["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\r\n", "\n", "\r"]]
CODECS = [
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
    *("cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "iso8859-15", "mac-roman", "cp850", "koi8-r"),
    *("gb18030", "big5hkscs", "cp932", "euc-jp", "cp949"),
]
PACKED = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zip": None}
SECONDS, MEMORY = 20, 200 * 2**20  # of the processor for a file of some kilobytes; bytes


def fast_and_slow(fast, slow):
    """A test of few examples in the fast suite, of more in what CI runs beside it, and of many, marked as slow."""
    many = pytest.param(slow, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])
    return pytest.mark.parametrize("n", [fast // 6, pytest.param(fast, marks=pytest.mark.more), many])


def checked(n, check, *strategies):
    """Run a check on n examples."""
    # what is made from a seed does not shrink
    phases = [Phase.explicit, Phase.generate]
    health = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    known = settings(
        max_examples=n, deadline=None, database=None, derandomize=n < 1000, suppress_health_check=health, phases=phases
    )
    known(given(*strategies)(check))()


def field(cell, mark, quoting, always):
    """A cell as it is written; without quotes where there are none, or where it needs none."""
    if quoting == "none":
        return cell
    quote = QUOTES[quoting]
    escaped = quoting.endswith("backslash")
    inner = cell.replace("\\", "\\\\").replace(quote, "\\" + quote) if escaped else cell.replace(quote, quote * 2)
    if always or cell == "" or cell[0] in "# =" or set(cell) & {quote, "\r", "\n", *mark} or (escaped and "\\" in cell):
        return f"={quote}{inner}{quote}" if quoting == "excel" else f"{quote}{inner}{quote}"
    return cell


def written(rows, mark, quoting, always, ends):
    between = f"{mark} " if quoting == "spaced" else mark
    lines = (between.join(field(cell, mark, quoting, always) for cell in row) for row in rows)
    return "".join(line + end for line, end in zip(lines, cycle(ends)))


def saved(folder, data, packed):
    path = Path(folder) / f"data.csv{packed}"
    if packed == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data.csv", data)
    else:
        path.write_bytes(PACKED[packed](data))
    return path


TEXT = st.text(
    st.one_of(
        st.sampled_from("\"'\\,;\t|^~@:%=#-> \n\r\x1f[]{}<>"),
        st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\0\ufdd0\ufeff"),
        st.sampled_from("äöüßéèçñøåłśžčőčšăéèäжщыяαβγω你好的是あいうカ한국어אבגعربيनมาก"),
    ),
    min_size=1,
    max_size=30,
)
LABELS = st.sampled_from(["ham", "spam", "not sure", "a, b", "so 'so'", 'so "so"', "x\\y", "grün", "да", "#1", "=2"])


@fast_and_slow(120, 6000)
def test_any_table_reads_back_the_same_when_it_is_said_how(n):
    def check(rows, quoting, always, mark, ends, codec, packed, order):
        assume(not (mark == "'" or ("backslash" in quoting and "\\" in mark)))
        names = ["id", "text", "label", "when"]
        cells = [[str(i), text, label, f"2024-03-{i + 1:02}"] for i, (text, label) in enumerate(rows)]
        # what the encoding does not know, and what cannot be written without quotes, is not in the table
        cells = [[cell.encode(codec, "ignore").decode(codec, "ignore") for cell in row] for row in cells]
        if quoting == "none":
            cells = [["".join(c for c in cell if c not in {"\r", "\n", *mark}) for cell in row] for row in cells]
        if quoting == "excel":  # Excel's own, in which an equals sign that begins a field is part of its form
            cells = [[cell.replace("=", "") for cell in row] for row in cells]
        table = [[row[i] for i in order] for row in [names, *cells]]
        data = written(table, mark, quoting, always, ends).encode(codec)
        options = Options("text", "label", quoting, codec, mark, 0, "yes", "none")
        kept = [row for row in cells if row[1].strip() and row[2].strip()]
        with tempfile.TemporaryDirectory() as folder:
            path = saved(folder, data, packed)
            if not kept:
                return
            found = read(path, options)
            assert found.texts == [row[1] for row in kept]
            assert found.labels == [row[2].strip() for row in kept]
            assert (found.n_rows, sorted(found.all_columns)) == (len(cells), sorted(names))
            texts = open_texts(Input(str(path), encoding=codec), options._replace(label="auto"))
            assert [[*row.cells] for row in texts.rows] == table[1:]

    checked(
        n,
        check,
        st.lists(st.tuples(TEXT, LABELS), min_size=1, max_size=6),
        st.sampled_from([*QUOTES, "none"]),
        st.booleans(),
        st.sampled_from(MARKS),
        st.sampled_from(ENDS),
        st.sampled_from(CODECS),
        st.sampled_from([*PACKED]),
        st.permutations(range(4)),
    )


SENTENCES = {
    "English": "it's late, isn't it? I'll call you when the train, the last one, is in and we can talk about her plan",
    "German": "könntest du bitte, wenn du Zeit hast, die Schlüssel für das Büro größer und früher über Straße schön",
    "French": "l'été dernier, nous étions très contents d'aller à la plage où il n'y avait personne, même après midi",
    "Russian": "сегодня вечером, если будет время, мы пойдём в кино и потом домой, чтобы поговорить обо всём",
    "Polish": "dziękuję bardzo, że przyszłaś, może jutro pójdziemy razem do kina, żeby obejrzeć coś zupełnie nowego",
    "Greek": "σήμερα το πρωί, όταν ξύπνησα, είδα ότι έξω έβρεχε και αποφάσισα να μείνω σπίτι για να διαβάσω λίγο",
    "Chinese": "今天 天气 很好 ， 我们 一起 去 公园 走走 吧 ， 晚上 回家 吃饭 看 电影 房间 很 干净 服务 也 不错",
}
PAGES = {"German": "cp1252", "French": "cp1252", "Russian": "cp1251", "Polish": "cp1250", "Greek": "cp1253"}
NAMES = [("id", "date", "label", "text"), ("nr", "datum", "klasse", "nachricht"), ("row", "created", "type", "body")]
CLASSES = [("ham", "spam"), ("positive", "negative", "neutral"), ("0", "1"), ("Beschwerde", "Lob, Dank", "Frage")]


def realistic(random, language):
    """Rows of an id, a date, a label and a text: sentences of a language with all that stands in texts."""
    words = SENTENCES[language].split()
    classes = random.choice(CLASSES)
    quotes, breaks, number = random.random() < 0.5, random.random() < 0.3, random.choice([1, 1000])
    rows = []
    for i in range(random.randint(30, 90)):
        text = " ".join(random.choices(words, k=random.randint(4, 25)))
        if quotes and random.random() < 0.4:
            said = " ".join(random.choices(words, k=3))
            text += random.choice([f' "{said}"', f", he said: '{said}'.", f' "{said}", she said', f" ({said}; no)"])
        if breaks and random.random() < 0.2:
            text += "\n" + " ".join(random.choices(words, k=5)) + random.choice(["", "\n\nTom"])
        date = f"2024-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        rows.append([str(number + i), date, classes[i % len(classes)] if i < 9 else random.choice(classes), text])
    return rows


@fast_and_slow(50, 3000)
@pytest.mark.more
def test_a_realistic_table_reads_back_the_same_without_a_word(n):
    def check(seed, language, quoting, always, mark, end, codec, packed, names, order):
        rows = realistic(Random(seed), language)
        if quoting == "none":
            rows = [[cell.replace("\n", " ").replace(mark, " ") for cell in row] for row in rows]
        table = [[row[i] for i in order] for row in [list(names), *rows]]
        spelled = PAGES.get(language, "utf-8") if codec == "page" else codec
        data = written(table, mark, quoting, always, [end]).encode(spelled)
        with tempfile.TemporaryDirectory() as folder:
            found = read(saved(folder, data, packed))
        assert found.columns == {"text": names[3], "label": names[2]} and found.all_columns == table[0]
        assert found.labels == [row[2] for row in rows]
        # a blank after every separator is only known to be none of the text where there are quotes behind it
        texts = [text.removeprefix(" ") for text in found.texts] if quoting == "spaced" else found.texts
        assert texts == [row[3] for row in rows] and not found.skipped

    checked(
        n,
        check,
        st.integers(0, 2**32),
        st.sampled_from([*SENTENCES]),
        st.sampled_from([*QUOTES, "none"]),
        st.booleans(),
        st.sampled_from([",", ";", "\t", "|"]),
        st.sampled_from(["\n", "\r\n", "\r"]),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "page"]),
        st.sampled_from([*PACKED]),
        st.sampled_from(NAMES),
        st.permutations(range(4)),
    )


def rows_or_a_sentence(data):
    """Read bytes as data and as texts to classify: whatever they are, nothing but BadData is raised, and soon."""
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        path.write_bytes(data)
        for attempt in (
            lambda: len(read(path).texts),
            lambda: sum(1 for _ in open_texts(Input(str(path))).rows),
            lambda: len(read(path, Options(separator=",", quoting="backslash", header="no")).texts),
        ):
            try:
                attempt()
            except BadData as error:
                assert error.what and error.do and "\n" not in error.what
    assert time.process_time() - begin < SECONDS


@st.composite
def mutated(draw):
    """A valid file, part of which is cut out, doubled, changed or replaced."""
    random = Random(draw(st.integers(0, 2**32)))
    rows = realistic(random, draw(st.sampled_from([*SENTENCES])))[: draw(st.integers(1, 40))]
    quoting = draw(st.sampled_from([*QUOTES, "none"]))
    text = written([list(NAMES[0]), *rows], draw(st.sampled_from(MARKS)), quoting, draw(st.booleans()), ["\n"])
    data = bytearray(text.encode(draw(st.sampled_from(["utf-8", "utf-16", "utf-32-be", "gb18030"]))))
    packed = draw(st.sampled_from([*PACKED]))
    if packed and packed != ".zip" and draw(st.booleans()):
        data = bytearray(PACKED[packed](bytes(data)))
    for _ in range(draw(st.integers(0, 8))):
        at, n = random.randrange(len(data) + 1), random.choice([1, 1, 2, 5, 50, 1000])
        new = random.choice(
            [b"", b'"', b"'", b"\\", b"\r", b"\n", b"\0", b",", b'","', b'""', b"\xff", random.randbytes(n)]
        )
        data[at : at + random.choice([0, n])] = new * random.choice([1, 1, n])
    return bytes(data)


@fast_and_slow(50, 3000)
@pytest.mark.parametrize("kind", ["bytes", "text", "mutated"])
def test_any_bytes_give_rows_or_a_sentence(n, kind):
    made = {
        "bytes": st.binary(max_size=3000),
        "text": st.text(st.sampled_from("ab ,;|\t\"'\\\n\r#=[]{}:\0é\ufeff0"), max_size=400).map(lambda t: t.encode()),
        "mutated": mutated(),
    }
    before = most_memory()
    checked(n, rows_or_a_sentence, made[kind])
    assert most_memory() - before < MEMORY


def most_memory():
    """The most that this process ever took, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
