"""The sample is what its SAMPLE.md says: counts, copies, wrong labels, and nobody real in it."""

import csv
import re
from collections import Counter
from importlib.resources import files

import pytest

from core.data.prepare import copies, first_rows

ASSETS = files("core.assets")
FICTION = r"\b555-01\d\d\b|\b07700 900\d{3}\b"
RESERVED = re.compile(r"(?:^|\.)(?:example\.(?:com|net|org)|test|invalid)$")


@pytest.fixture(scope="module")
def said():
    return (ASSETS / "SAMPLE.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rows():
    """(label, text) of every row."""
    raw = (ASSETS / "sample.csv").read_bytes().decode("utf-8")
    assert raw.endswith("\n") and "\r" not in raw
    header, *rows = csv.reader(raw.splitlines(), strict=True)
    assert header == ["label", "text"]
    return [(label, text) for label, text in rows]


def test_counts(said, rows):
    for name, counted in (("rows", rows), ("without duplicates", set(rows))):
        count = Counter(label for label, _ in counted)
        assert f"| {name} | {count['ham']} | {count['spam']} | {len(counted)} |" in said
        assert count.keys() == {"ham", "spam"}


def test_the_duplicates_are_the_documented_ones_and_no_others(said, rows):
    documented = {int(a): int(b) for a, b in re.findall(r"^\| (\d+) \| (\d+) \|$", said, re.MULTILINE)}
    labels, texts = zip(*rows, strict=True)
    duplicate, conflict = copies(first_rows(texts), labels)
    assert len(documented) == 8 and set(duplicate.nonzero()[0]) == documented.keys() and not conflict.any()
    assert all(rows[row] == rows[first] for row, first in documented.items())
    spaceless = {"".join(text.casefold().split()) for text in texts}
    assert len(spaceless) == len(rows) - len(documented)


def test_the_wrong_labels_are_the_documented_ones(said, rows):
    documented = re.findall(r"^\| (\d+) \| (ham|spam) \| (ham|spam) \|$", said, re.MULTILINE)
    assert len(documented) == 3
    wrong = {rows[int(row)][1].split(",")[0]: (rows[int(row)][0], label, right) for row, label, right in documented}
    assert wrong == {
        "WINNER!! You were selected for a £900 prize reward. To claim call now": ("ham", "ham", "spam"),
        "Dear customer": ("ham", "ham", "spam"),
        "Mum says can you bring the big casserole dish back on Sunday": ("spam", "spam", "ham"),
    }


def test_every_text_is_one_clean_line(rows):
    for _, text in rows:
        assert text and text == text.strip() and "  " not in text
        assert text.isprintable(), text
        assert len(text.split()) <= 70


def test_no_number_mailbox_or_domain_could_be_somebodys(rows):
    numbers = 0
    for _, text in rows:
        rest, found = re.subn(FICTION, "", text)
        numbers += found
        assert not re.search(r"\d[\d ().-]{5,}\d|\+\d{2}", rest), text
        assert "@" not in text, text
        for host in re.findall(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", text.lower()):
            assert RESERVED.search(host), text
    assert numbers > 20
