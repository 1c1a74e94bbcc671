"""One life of a run whose model counts: from its folder to its result, in seconds."""

import os
import time
from collections.abc import Iterator

import numpy as np

from core import files
from core.counting import tfidf
from core.evaluate.predict import TFIDF
from core.files import Progress
from core.runs.events import Checkpointed, Ended, Evaluated, Event, Phase, Started
from core.runs.folder import RunFolder
from core.runs.origin import Base, Origin, write_origin
from core.runs.result import ClassifierResult, Seconds, encode_result
from core.runs.verdict import advice
from core.train import checkpoint
from core.train.control_source import ControlSource
from core.worker.advice import setting_of
from core.worker.baselines import Baselines, splits_of
from core.worker.final_test import final_test, loss_of, split_result
from core.worker.finetune import gather

STEP = 1  # it learns all at once


def attempt(run: RunFolder, progress: Progress, control_source: ControlSource, resumed: bool) -> Iterator[Event]:
    """Every event of one attempt, an Ended last; one that was stopped begins anew.

    `progress` writes phases and may raise to break off.
    """
    began = time.monotonic()
    recipe, prepared, _, notes = gather(run, run.recipe(), progress)
    yield from notes
    baselines = Baselines(run, prepared)
    yield from baselines.count(prepared, None, progress)
    write_origin(run, Origin(Base("none", "", "", ""), prepared.names))
    ready = time.monotonic()
    splits, n_classes = splits_of(prepared), len(prepared.names)
    fitted = tfidf.fit(
        splits["train"], splits["validation"], n_classes, lambda done, of: progress("count", done, of, "")
    )
    learned = time.monotonic()
    model, validation = fitted.model, splits["validation"].labels
    yield Started(
        pid=os.getpid(),
        n_steps=STEP,
        epochs=1,
        rows={split: len(rows.texts) for split, rows in splits.items()},
        labels=prepared.names,
        majority=float(np.bincount(validation).max() / len(validation)),
        learns=model.parameters,
        parameters=model.parameters,
        device="cpu",
        threads=1,
    )
    yield Phase(name="learn", done=STEP, total=STEP, unit="steps", step=STEP)
    ends = []
    for split in ("train", "validation"):
        p, labels = model.probabilities(splits[split].texts), splits[split].labels
        accuracy = float((p.argmax(axis=1) == labels).mean())
        ends.append(
            Evaluated(split=split, rows=len(p), loss=loss_of(p, labels), accuracy=accuracy, whole=True, step=STEP)
        )
    yield from ends
    checkpoint.put(run, STEP, {TFIDF: model.save}, best=True)
    yield Checkpointed(name=str(STEP), best=True, step=STEP)
    n = len(splits["test"].texts)
    progress("test", 0, n, "texts")
    test = final_test(run, prepared, model.probabilities(splits["test"].texts), baselines)
    progress("test", n, n, "texts")
    seconds = {"prepare": ready - began, "learn": learned - ready, "test": time.monotonic() - learned}
    result = ClassifierResult(
        run=str(run.path),
        name=run.name,
        checkpoint=STEP,
        labels=prepared.names,
        test=test,
        train=split_result(ends[0], ends[0].rows),
        validation=split_result(ends[1], ends[1].rows),
        seconds=Seconds(**seconds, total=sum(seconds.values())),
    )
    result.advice = advice(result, setting_of(recipe, prepared.texts))
    files.write(run.result_file, encode_result(result))
    yield Ended(state="done", result=result, step=STEP)
