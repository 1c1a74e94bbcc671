"""The book's comparison on IMDb: counting words."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from core.counting.tfidf import Split
from core.data.prepare import prepare
from core.data.read import read
from core.data.sources.source import Options
from core.evaluate import baseline
from core.recipe import load
from core.worker.baselines import splits_of

REVIEWS = Path(__file__).parents[3] / "../shared/data/imdb"


@pytest.fixture
def reviews(tmp_path) -> Path:
    """A file of the reviews in the order in which the book reads theirs."""
    if not REVIEWS.is_dir():
        pytest.skip("the IMDb reviews are not here")
    path = tmp_path / "reviews.csv"
    with open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["label", "text"])
        for split in ("test", "train"):
            with gzip.open(REVIEWS / f"{split}.csv.gz", "rt", encoding="utf-8", newline="") as file:
                rows = [
                    (row["label"] == "neg", f"{row['id']}_{row['rating']}.txt", row["text"])
                    for row in csv.DictReader(file)
                ]
            writer.writerows(("neg" if negative else "pos", text) for negative, _, text in sorted(rows))
    return path


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_counting_words_gets_what_the_book_says(reviews):
    data = load({"preset": "imdb/gpt2"}).data
    prepared = prepare(read(str(reviews), Options.of(data)), data)
    splits = {split: prepared.indices(split) for split in ("train", "validation", "test")}
    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": 35_000,
        "validation": 5_000,
        "test": 10_000,
    }
    found = baseline.word_counts("counts", splits_of(prepared), 2)
    assert 100 * found.validation == pytest.approx(88.62, abs=1)
    assert 100 * (found.answers == prepared.labels[splits["test"]]).mean() == pytest.approx(88.85, abs=1)


def test_texts_without_blanks_are_told_apart_by_their_characters():
    """A word count sees each Chinese text as one word that no other has."""
    kinds = ("房间很干净服务也很好", "房间很脏服务也很差")
    texts = [f"第{chr(0x4E00 + 7 * i)}{chr(0x5200 + 11 * i)}次{kinds[i % 2]}值得一说" for i in range(120)]
    labels = np.array([i % 2 for i in range(120)])
    parts = {"train": slice(0, 80), "validation": slice(80, 100), "test": slice(100, 120)}
    splits = {name: Split(texts[part], labels[part]) for name, part in parts.items()}
    found = baseline.word_counts("tfidf", splits, 2)
    assert (found.answers == labels[parts["test"]]).mean() == found.validation == 1
