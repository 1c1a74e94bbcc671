"""The side of scikit-learn: its own vectors of words and characters, and its regression with C chosen on validation."""

import time

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_union
from speed_sides.child import serve

MOST = 50_000  # n-grams of a kind
C = (1, 10, 100)


def measure(job: dict) -> dict:
    train, validation, test = (job["splits"][split] for split in ("train", "validation", "test"))
    began = time.perf_counter()
    vectors = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=MOST),
        TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, max_features=MOST),
    )
    learned, checked = vectors.fit_transform(train[0]), vectors.transform(validation[0])
    models = [OneVsRestClassifier(LogisticRegression(C=c, solver="liblinear")).fit(learned, train[1]) for c in C]
    best = max(models, key=lambda model: model.score(checked, validation[1]))
    predicted = best.predict(vectors.transform(test[0]))
    return {
        "seconds": time.perf_counter() - began,
        "accuracy": float((predicted == test[1]).mean()),
        "c": best.estimator.C,
    }


if __name__ == "__main__":
    serve(measure)
