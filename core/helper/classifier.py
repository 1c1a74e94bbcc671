"""What the model helper answers. It keeps the classifier that was asked last, and what it has read of a text."""

from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

from torch import Tensor

from core import files
from core.evaluate.incremental import IncrementalClassifier
from core.evaluate.predict import Counter, Network, kept_checkpoint, open_predictor
from core.files import Progress
from core.model.classifier import Classifier
from core.runs import document
from core.runs.folder import RunFolder
from core.runs.predictions import Prediction
from core.text.tokenizer import well_formed, whole
from core.text.words import split
from core.train.checkpoint import MANIFEST

MOST_PIECES = 200  # of a text, the last; more than a screen shows
DROPPED = 100  # pieces at a time, so that the first of those that are sent seldom is another
MOST_READ = 300_000  # characters, of all beginnings of a text together, that a model which counts reads at a key
PLACES = 4  # of a verdict on the way: more than a bar shows


def kinds() -> dict[str, Callable]:
    """The questions that this helper answers, by kind."""
    requests = ClassifierRequests()
    return {"open": requests.open, "predict": requests.predict, "typed": requests.typed}


class ClassifierRequests:
    """Answers requests with the classifier that was asked last, which it keeps."""

    def __init__(self) -> None:
        self._checkpoint: tuple[Path, bytes] | None = None  # its folder and its manifest, which tells it from others
        self._predictor: Network | Counter | None = None
        self._incremental: IncrementalClassifier | None = None

    def _at(self, args: dict, progress: Progress) -> Network | Counter:
        """The classifier that {"run": its folder, "checkpoint": best, last, a step or nothing} names."""
        run = RunFolder(args["run"])
        run.demand_sound()
        folder = run.checkpoint(args.get("checkpoint") or kept_checkpoint(run, run.recipe_as_known()[0]))
        checkpoint = folder, files.content(folder / MANIFEST, folder, most=document.MOST)
        if self._predictor is None or checkpoint != self._checkpoint:
            # two models at once may be more than fits
            self._predictor, self._incremental, self._checkpoint = None, None, None
            self._predictor, self._checkpoint = open_predictor(run, folder.name, progress), checkpoint
            if isinstance(self._predictor, Network):
                model = self._predictor.model
                if model.readout.answers_everywhere(model.causal):
                    self._incremental = IncrementalClassifier(model)
        return self._predictor

    def open(self, args: dict, progress: Progress) -> dict:
        """Load a classifier, so that the first question is answered at once: {"run", "checkpoint"} -> what it is."""
        asked = self._at(args, progress)
        self._read(asked, "")  # the first pass through a model is slower than the rest
        return {"step": asked.step, "labels": asked.names, "context": asked.recipe.model.context}

    def predict(self, args: dict, progress: Progress) -> dict:
        """{"run", "checkpoint", "texts"} -> {"step", "answers": [Prediction]}."""
        asked = self._at(args, progress)
        return {"step": asked.step, "answers": asked.predict(args["texts"])}

    def typed(self, args: dict, progress: Progress) -> dict:
        """{"run", "checkpoint", "text"} -> {"step", "answer": Prediction, "pieces", "curve", "before", "why"}.

        `pieces` are [text, tokens] as `whole` makes them, `curve` has a row of probabilities, in the order of the
        labels, for each: the verdict had the text ended there. Of a long text these are the last ones, and `before`
        counts the tokens before them. Where there is no curve both are null, and `why` is the reason.
        """
        asked = self._at(args, progress)
        return {"step": asked.step, **self._read(asked, args["text"])}

    def _read(self, asked: Network | Counter, text: str) -> dict:
        if isinstance(asked, Counter):
            return _counted(asked, well_formed(text))
        if self._incremental is None:
            answer = asked.predict([text])[0]
            return {"answer": answer, "pieces": None, "curve": None, "before": 0, "why": _why_no_curve(asked.model)}
        text, context = well_formed(text), asked.context
        tokens = asked.tokenizer.pieces(text)
        found = self._incremental.verdicts([piece.id for piece in tokens[:context]] or [asked.tokenizer.pad])
        probabilities = dict(zip(asked.names, found[-1].tolist(), strict=True))
        answer = Prediction(text, asked.names[int(found[-1].argmax())], probabilities, len(tokens) > context)
        return {"answer": answer, **_curve(list(whole(tokens[:context])), found), "why": ""}


def _counted(asked: Counter, text: str) -> dict:
    """The answer of a model that counts, and its verdict had the text ended after each of its last words."""
    words = split(text)
    ends = [*accumulate(map(len, words))]
    shown = ends[-max(1, min(MOST_PIECES, MOST_READ // max(1, len(text)))) :]
    curve = asked.model.probabilities([text[:end] for end in shown]).round(PLACES).tolist() if shown else []
    pieces = [(word, 1) for word in words[len(words) - len(shown) :]]
    (answer,) = asked.predict([text])
    return {"answer": answer, "pieces": pieces, "curve": curve, "before": len(words) - len(shown), "why": ""}


def _why_no_curve(model: Classifier) -> str:
    """A sentence for one line of a small terminal."""
    arch = model.backbone.arch
    if not arch.causal:
        return f"{arch.title} reads the whole text at once: it has no verdict for each word."
    if not model.causal:
        return "Without a causal mask every token sees the whole text: no curve."
    return f"A verdict at every token needs the readout last_real or mean, not {model.readout.name}."


def _curve(pieces: list[tuple[str, int]], verdicts: Tensor) -> dict:
    """The last of some pieces, each with its row of probabilities (T, C), and how many tokens stand before them."""
    ends = list(accumulate((n for _, n in pieces), initial=0))
    first = max(0, -(-(len(pieces) - MOST_PIECES) // DROPPED) * DROPPED)
    rows = verdicts[[end - 1 for end in ends[first + 1 :]]].double().round(decimals=PLACES)
    return {"pieces": pieces[first:], "curve": rows.tolist(), "before": ends[first]}
