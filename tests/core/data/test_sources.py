"""A format is one source: recognised, read, and refused where there is none for it."""

from collections import Counter

import pytest

from core.data.read import read
from core.data.sources import registry
from core.data.sources.source import Cells, Damaged, Options, sampled
from core.errors import BadData
from core.recipe_data import READING


class Equations:
    """Lines of `label = text`."""

    def recognises(self, given):
        lines = [line for line in given.lines() if line.strip()]
        return sum(" = " in line for line in lines) / len(lines)

    def read(self, given, options, progress):
        parts = [[part.strip() for part in line.split(" = ", 1)] for line in given.lines(progress)]
        rows = [row if len(row) == 2 else Damaged("no equation") for row in parts]
        return Cells(["left", "right"], rows, sampled(rows), "equations", given.encoding, options)


class Signed:
    """What begins as a database does, without asking whether it is text."""

    def recognises(self, given):
        return float(given.beginning.startswith(b"SQLite format 3"))

    def read(self, given, options, progress):
        rows = [["see you", "ham"], ["win", "spam"]] * 10
        return Cells(["said", "kind"], rows, sampled(rows), "signed", "binary", options)


LINES = "".join(
    f"{'spam' if i % 3 == 0 else 'ham'} = {'win a prize' if i % 3 == 0 else 'see you'} {i}\n" for i in range(30)
)


def test_a_source_by_content_is_a_line_in_the_registry(file, monkeypatch):
    path = file(LINES + "nothing\n")
    assert read(path).format == "label, space, text"
    monkeypatch.setattr(registry, "SOURCES", [*registry.SOURCES, Equations()])
    heard = []
    table = read(path, progress=lambda *report: heard.append(report))
    assert (table.format, table.encoding, table.columns) == ("equations", "UTF-8", {"text": "right", "label": "left"})
    assert Counter(table.labels) == {"ham": 20, "spam": 10} and table.texts[:2] == ["win a prize 0", "see you 1"]
    assert table.skipped == {"no equation": 1} and heard[-1][1] == path.stat().st_size
    assert read(file("label,text\n" + "ham,a = b\nspam,c = d\n" * 9)).format == "comma-separated, with header"


def test_a_source_by_signature_is_asked_before_anything_is_taken_for_text(file, monkeypatch):
    path = file(b"SQLite format 3\x00\x00\x00")
    with pytest.raises(BadData, match="is an SQLite database, not a table of texts"):
        read(path)
    monkeypatch.setattr(registry, "SOURCES", [Signed(), *registry.SOURCES])
    table = read(path)
    assert (table.format, table.encoding, table.columns["text"], len(table.texts)) == ("signed", "binary", "said", 20)


def test_a_sample_of_many_rows_is_random_and_the_same_every_time():
    rows = [Damaged("empty") if i % 10 == 0 else [str(i)] for i in range(100_000)]
    sample = sampled(rows)
    assert sample == sampled(iter(rows)) and len(sample) == len({row[0] for row in sample}) == 2000
    at = sorted(int(row[0]) for row in sample)
    assert all(20 < sum(start <= i < start + 2000 for i in at) < 65 for start in range(0, 100_000, 2000))
    assert sampled(rows[:1500]) == [row for row in rows[:1500] if not isinstance(row, Damaged)]


def test_the_options_of_reading_are_those_of_the_recipe():
    assert set(Options._fields) == set(READING)
