"""Kaggle's mushrooms.csv, whose columns are codes: scikit-learn's decision tree on the columns themselves, beside
counting the words of the sentence that the recipe `mushrooms` makes of them.

    python tests/benchmarks/mushrooms.py mushrooms.csv [--rows N] [--learn-from N ...]

Both learn from the same training rows, and are asked about the same test rows: those of the recipe, by its seed.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from core.counting.tfidf import Split
from core.data.parts import read_parts
from core.data.prepare import prepare
from core.evaluate.baseline import word_counts
from core.recipe import load
from core.template import columns_in


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, help="of the file, each label's share kept")
    parser.add_argument("--learn-from", type=int, nargs="*", default=[], help="so many training rows, too")
    given = parser.parse_args()
    with open(given.file, encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    print("| learned from | test rows | decision tree % | seconds | counting words % | seconds |")
    print("|---|---|---|---|---|---|")
    for n in ["all", *given.learn_from]:
        data = {"path": str(given.file), "rows": given.rows or "all", "learn_from": n}
        recipe = load({"preset": "mushrooms", "data": data}).data
        prepared = prepare(read_parts(recipe), recipe)
        columns = columns_in(recipe.text)
        codes = OneHotEncoder().fit_transform([[rows[i][column] for column in columns] for i in prepared.rows])
        train, validation, test = (prepared.indices(split) for split in ("train", "validation", "test"))
        labels = prepared.labels

        began = time.process_time()
        tree = DecisionTreeClassifier(random_state=0).fit(codes[train], labels[train])
        by_tree = np.mean(tree.predict(codes[test]) == labels[test])
        seconds = time.process_time() - began

        began = time.process_time()
        splits = {
            split: Split([prepared.texts[i] for i in rows], labels[rows])
            for split, rows in zip(("train", "validation", "test"), (train, validation, test), strict=True)
        }
        by_words = np.mean(word_counts("tfidf", splits, len(prepared.names)).answers == labels[test])
        counting = time.process_time() - began
        print(
            f"| {len(train):,} | {len(test):,} | {100 * by_tree:.2f} | {seconds:.2f} | {100 * by_words:.2f} "
            f"| {counting:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
