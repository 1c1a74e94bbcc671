"""What the model helper answers. It keeps the classifier that was asked last."""

from collections.abc import Callable
from pathlib import Path

from core.evaluate.predict import Predictor, kept
from core.files import Progress
from core.runs.checkpoint import MANIFEST
from core.runs.folder import RunFolder


def kinds() -> dict[str, Callable]:
    """The questions that this helper answers, by kind."""
    desk = _Desk()
    return {"open": desk.open, "predict": desk.predict}


class _Desk:
    def __init__(self) -> None:
        self._checkpoint: tuple[Path, bytes] | None = None  # its folder and its manifest, which tells it from others
        self._predictor: Predictor | None = None

    def _at(self, args: dict) -> Predictor:
        """The classifier that {"run": its folder, "checkpoint": best, last, a step or nothing} names."""
        run = RunFolder(args["run"])
        folder = run.checkpoint(args.get("checkpoint") or kept(run, run.recipe()))
        checkpoint = folder, (folder / MANIFEST).read_bytes()
        if checkpoint != self._checkpoint:
            self._predictor, self._checkpoint = None, None  # two models at once may be more than fits
            self._predictor, self._checkpoint = Predictor.open(run, folder.name), checkpoint
        return self._predictor

    def open(self, args: dict, progress: Progress) -> dict:
        """Load a classifier, so that the first question is answered at once: {"run", "checkpoint"} -> what it is."""
        asked = self._at(args)
        asked.predict([""])  # the first pass through a model is slower than the rest
        return {"step": asked.step, "labels": asked.names, "context": asked.recipe.model.context}

    def predict(self, args: dict, progress: Progress) -> dict:
        """{"run", "checkpoint", "texts"} -> {"step", "answers": [Prediction]}."""
        asked = self._at(args)
        return {"step": asked.step, "answers": asked.predict(args["texts"])}
