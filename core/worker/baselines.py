"""The baselines of a run: made once, kept in its folder, and compared with the network on the same test texts."""

import time
from collections.abc import Iterator
from typing import Literal

import numpy as np

from core.counting.tfidf import Split
from core.data import prepare
from core.evaluate import baseline
from core.evaluate.probe import probe
from core.files import Progress
from core.model.classifier import Classifier
from core.recipe import Recipe
from core.runs.baselines import BaselineAnswers, read_baselines, write_baselines
from core.runs.events import Baseline
from core.runs.folder import RunFolder
from core.runs.result import BaselineName, BaselineResult
from core.train.inputs import Inputs


class Baselines:
    """Those of one run. What an earlier attempt has made is read from its folder, unless all are to be made `anew`."""

    def __init__(self, run: RunFolder, prepared: prepare.Prepared, anew: bool = False):
        self._run = run
        self._labels = {split: prepared.labels[prepared.indices(split)] for split in prepare.SPLITS}
        n_test = len(self._labels["test"])
        self.found = [] if anew else [one for one in read_baselines(run) if len(one.answers) == n_test]

    def events(self) -> Iterator[Baseline]:
        """One for each that has been made."""
        for one in self.found:
            test = float((np.array(one.answers) == self._labels["test"]).mean())
            yield Baseline(name=one.name, validation=one.validation, test=test, seconds=one.seconds)

    def count(
        self, prepared: prepare.Prepared, kind: Literal["tfidf", "counts"] | None, progress: Progress
    ) -> Iterator[Baseline]:
        """Those that need no network: the most frequent label, and counting words of the `kind`, if any is given."""
        if not self.found:
            common = baseline.most_frequent(self._labels["train"])
            validation = float((self._labels["validation"] == common).mean())
            always = [common] * len(self._labels["test"])
            self._keep(BaselineAnswers(name="majority", validation=validation, answers=always, seconds=0.0))
        if kind and not self._has(kind):
            began = time.monotonic()
            counted = baseline.word_counts(
                kind, splits_of(prepared), len(prepared.names), lambda done, of: progress("baseline", done, of, "")
            )
            if counted is not None:
                self._keep(
                    BaselineAnswers(
                        name=kind,
                        validation=counted.validation,
                        half=counted.half,
                        answers=counted.answers.tolist(),
                        seconds=time.monotonic() - began,
                    )
                )
        yield from self.events()

    def probe(
        self, model: Classifier, inputs: Inputs, tests: Inputs, recipe: Recipe, progress: Progress
    ) -> Iterator[Baseline]:
        """The probe of a model that has learned nothing, where the recipe, which leaves nothing open, wants one."""
        if self._has("probe") or recipe.data.probe != "on":
            return
        began = time.monotonic()
        found = probe(model, inputs, tests, lambda done, of: progress("probe", done, of, "texts"))
        seconds = time.monotonic() - began
        self._keep(
            BaselineAnswers(name="probe", validation=found.validation, answers=found.answers.tolist(), seconds=seconds)
        )
        yield from list(self.events())[-1:]

    def results(self, right: np.ndarray) -> dict[BaselineName, BaselineResult]:
        """Each beside a classifier that is `right` (N,) bool on the test texts."""
        labels = self._labels["test"]
        found: dict[BaselineName, BaselineResult] = {}
        for one in self.found:
            its = np.array(one.answers) == labels
            found[one.name] = BaselineResult.of(
                int(its.sum()),
                len(labels),
                validation=one.validation,
                seconds=one.seconds,
                won=int((right & ~its).sum()),
                lost=int((its & ~right).sum()),
                half=one.half,
            )
        return found

    def _has(self, name: str) -> bool:
        return any(one.name == name for one in self.found)

    def _keep(self, one: BaselineAnswers) -> None:
        self.found.append(one)
        write_baselines(self._run, self.found)


def splits_of(prepared: prepare.Prepared) -> dict[str, Split]:
    """The texts of each split, and their labels (N,)."""
    found = {}
    for split in prepare.SPLITS:
        rows = prepared.indices(split)
        found[split] = Split([prepared.texts[i] for i in rows], prepared.labels[rows])
    return found
