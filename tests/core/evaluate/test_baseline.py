"""The book's comparison on IMDb: counting words."""

import csv
import gzip
from pathlib import Path

import pytest

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
