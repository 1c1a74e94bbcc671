"""The classifier that counts: TF-IDF of words and characters, and logistic regression."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from scipy import sparse

from core.counting.ngrams import Characters, Ngrams, Words, normalized
from core.errors import BadRun

LOOSENESS = (1.0, 10.0, 100.0)  # values of C that are tried; of equally good ones the strictest is taken
USUAL = 10.0  # the one that is taken without trying, where each takes long
WORK = 50_000_000  # entries of vectors times classes, above which only that one is fitted
VOCABULARY = {Words: 20_000_000, Characters: 5_000_000}  # characters of training texts that n-grams are found in
LONG_WORDS = 20  # characters: a script without spaces has words that are longer, on average
TOLERANCE = 1.0  # of the solver; ten times less takes twice as long and gets no more right
CERTAIN = 30.0  # the logit of a class that is the only one; the opposite, of one that training does not hold
WEIGHTS = 25_000_000  # in all classes


class Split(NamedTuple):
    """Texts, and the index of the label of each (N,)."""

    texts: Sequence[str]
    labels: np.ndarray


@dataclass
class Tfidf:
    """Ready to be asked. `weight` (C, F) and `bias` (C,); of two classes only the second has a row.

    `c` says how loosely it fits: the inverse of how strongly its weights are kept small.
    """

    kinds: list[Ngrams]
    weight: np.ndarray
    bias: np.ndarray
    n_classes: int
    c: float

    @property
    def parameters(self) -> int:
        """How many numbers it has learned."""
        return self.weight.size + self.bias.size

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """(N, C) of texts: the sigmoid of each class's own logit, all of them made to add up to 1."""
        return self.of_vectors(vectors(self.kinds, texts))

    def of_vectors(self, counted: sparse.csr_matrix) -> np.ndarray:
        """The same (N, C) of the TF-IDF (N, F) of texts."""
        return self.from_logits(self._logits(counted))

    def from_logits(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities (N, C) from logits (N, C), or (N, 1) where there are two classes."""
        each = 1 / (1 + np.exp(-logits))
        if self.n_classes == 2:
            return np.concatenate([1 - each, each], axis=1)
        return each / each.sum(axis=1, keepdims=True)

    def _logits(self, counted: sparse.csr_matrix) -> np.ndarray:
        return np.asarray(counted @ self._columns, dtype=np.float64) + self.bias

    @cached_property
    def _columns(self) -> np.ndarray:
        """The weights as products with vectors take them (F, C)."""
        return np.ascontiguousarray(self.weight.T)

    def right(self, counted: sparse.csr_matrix, labels: np.ndarray) -> float:
        """The share of vectors whose label it gives."""
        return float((self.of_vectors(counted).argmax(axis=1) == labels).mean())

    def save(self, path: Path) -> None:
        """Write all of it to one safetensors file. Raises OSError."""
        # as tensors, too: a head of named words would stand in another order every time
        tensors = {"weight": self.weight, "bias": self.bias}
        tensors |= {"n_classes": np.array([self.n_classes]), "c": np.array([self.c])}
        for kind in self.kinds:
            name = kind.units.kind
            known = "\n".join(kind.units.known) if name == "words" else "".join(kind.units.known)
            tensors[name] = np.frombuffer(known.encode("utf-8", "surrogatepass"), dtype=np.uint8)
            tensors[f"{name}.keys"], tensors[f"{name}.idf"] = kind.keys, kind.idf
        save_file(tensors, path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises BadRun where the file is not one of `save`."""
        try:
            with safe_open(path, framework="np") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
            kinds = []
            for kind in (Words, Characters):
                name = kind.kind
                if name in tensors:
                    text = tensors[name].tobytes().decode("utf-8", "surrogatepass")
                    known = list(text) if kind is Characters else text.split("\n") if text else []
                    kinds.append(Ngrams(kind(known), tensors[f"{name}.keys"], tensors[f"{name}.idf"]))
            return cls(kinds, tensors["weight"], tensors["bias"], int(tensors["n_classes"][0]), float(tensors["c"][0]))
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise BadRun(f"{path} is damaged: {error}.", "Train it again.") from error


class Fitted(NamedTuple):
    """A classifier, the share of validation texts that it gets right, and that share after half of the training texts.

    `half` is None where learning once takes long enough.
    """

    model: Tfidf
    validation: float
    half: float | None


def fit(train: Split, validation: Split, n_classes: int, progress: Callable[[int, int], None]) -> Fitted:
    """Learn from training texts; how loosely is chosen on validation. `progress(done, of)` may raise to break off."""
    kinds, counted = count(train.texts, n_classes)
    checked = vectors(kinds, validation.texts)
    tried = LOOSENESS if counted.nnz * n_classes <= WORK else (USUAL,)
    done, total = 0, (len(tried) + (tried == LOOSENESS)) * n_classes

    def one_more() -> None:
        nonlocal done
        done += 1
        progress(min(done, total), total)

    def regress(rows: slice, c: float) -> Tfidf:
        found = regression(counted[rows], train.labels[rows], n_classes, c, one_more)
        return Tfidf(kinds, *found, n_classes, c)

    progress(0, total)
    models = [regress(slice(None), c) for c in tried]
    shares = [model.right(checked, validation.labels) for model in models]
    best = models[int(np.argmax(shares))]  # the first of equals
    half = regress(slice(0, len(train.labels) // 2), best.c) if tried == LOOSENESS else None
    return Fitted(best, max(shares), half.right(checked, validation.labels) if half else None)


def count(texts: Sequence[str], n_classes: int) -> tuple[list[Ngrams], sparse.csr_matrix]:
    """The n-grams of texts that are to be told apart into so many classes, and the TF-IDF (N, F) of the texts."""
    kinds = learn_kinds(texts)
    counted = vectors(kinds, texts)
    few = WEIGHTS // n_classes
    if counted.shape[1] > few:  # the n-grams of many classes would make more weights than memory holds
        kinds = [_most_frequent(kind, few // len(kinds)) for kind in kinds]
        counted = vectors(kinds, texts)
    return kinds, counted


def learn_kinds(texts: Sequence[str]) -> list[Ngrams]:
    """Words, and characters too, unless the texts are so long that words alone say all and characters take minutes."""
    texts = [normalized(text) for text in texts]
    characters = sum(map(len, texts))
    words = sum(text.count(" ") + 1 for text in texts)
    long = characters > VOCABULARY[Characters] and characters / max(1, words) < LONG_WORDS
    units: list[Words | Characters] = [Words()] if long else [Words(), Characters()]
    return [Ngrams.learn(each, texts, VOCABULARY[type(each)]) for each in units]


def vectors(kinds: Sequence[Ngrams], texts: Sequence[str]) -> sparse.csr_matrix:
    """TF-IDF (N, F) of texts, the columns of one kind after those of the other."""
    texts = [normalized(text) for text in texts]
    return sparse.hstack([kind.vectors(texts) for kind in kinds], format="csr")


def _most_frequent(kind: Ngrams, most: int) -> Ngrams:
    """The n-grams that the most texts hold, which are those of the lowest weight."""
    kept = np.sort(np.argsort(kind.idf, kind="stable")[:most])
    return Ngrams(kind.units, kind.keys[kept], kind.idf[kept])


def regression(
    counted: sparse.csr_matrix,
    labels: np.ndarray,
    n_classes: int,
    c: float,
    one_more: Callable[[], None],
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (C, F) and biases (C,) of logistic regression from vectors (N, F) to labels (N,).

    There is one regression for each class, against all others. `one_more` is called as each of them is done.
    """
    from sklearn.linear_model import LogisticRegression

    wide = counted.astype(np.float64)  # once, and not for every class

    def one(label: int) -> tuple[np.ndarray, float]:
        of_it = labels == label
        share = of_it.mean()
        if share in (0, 1) or not counted.nnz:  # nothing to be learned but how frequent it is
            with np.errstate(divide="ignore"):
                return np.zeros(counted.shape[1]), float(np.log(share / (1 - share)).clip(-CERTAIN, CERTAIN))
        model = LogisticRegression(C=c, solver="liblinear", dual=True, tol=TOLERANCE, max_iter=200, random_state=0)
        model.fit(wide, of_it)
        return model.coef_[0], float(model.intercept_[0])

    weights, biases = [], []
    # one after another: the solver draws from one source of random numbers, whatever thread it runs in
    for label in [1] if n_classes == 2 else range(n_classes):
        weight, bias = one(label)
        weights.append(weight.astype(np.float32))
        biases.append(bias)
        one_more()
    return np.array(weights), np.array(biases, dtype=np.float32)
