"""What the model helper answers. It keeps the classifier that was asked last, and what it has read of a text."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path

from torch import Tensor

from core import files
from core.evaluate.incremental import IncrementalClassifier
from core.evaluate.predict import Counter, Network, kept_checkpoint, open_predictor
from core.files import Progress
from core.runs import document
from core.runs.folder import RunFolder
from core.runs.predictions import Prediction
from core.text.tokenizer import Piece, Tokenizer, well_formed, whole
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
                if model.readout.answers_everywhere(model.causal) and not _ends_specially(self._predictor.tokenizer):
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
        """{"run", "checkpoint", "text", "at"} -> {"step", "answer": Prediction, "pieces", "curve", "before", "start",
        "why"}.

        `pieces` are [text, tokens] as `whole` makes them, `curve` has a row of probabilities, in the order of the
        labels, for each: the verdict had the text ended there. Of a long text these are those around the character
        `at`, or the last ones where that is left out; `before` counts the tokens and `start` the characters before
        them. Where there is no curve both are null, and `why` is the reason.
        """
        asked = self._at(args, progress)
        return {"step": asked.step, **self._read(asked, args["text"], args.get("at"))}

    def _read(self, asked: Network | Counter, text: str, at: int | None = None) -> dict:
        at = len(text) if at is None else at
        if isinstance(asked, Counter):
            return _counted(asked, well_formed(text), at)
        if self._incremental is None:
            answer = asked.predict([text])[0]
            no_curve = {"pieces": None, "curve": None, "before": 0, "start": 0, "why": _why_no_curve(asked)}
            return {"answer": answer, **no_curve}
        text, context = well_formed(text), asked.context
        tokens = asked.tokenizer.pieces(text)
        found = self._incremental.verdicts([piece.id for piece in tokens[:context]] or [asked.tokenizer.pad])
        probabilities = dict(zip(asked.names, found[-1].tolist(), strict=True))
        answer = Prediction(text, asked.names[int(found[-1].argmax())], probabilities, len(tokens) > context)
        return {"answer": answer, **_curve(_spoken(tokens[:context]), found, at), "why": ""}


def _counted(asked: Counter, text: str, at: int) -> dict:
    """The answer of a model that counts, and its verdict had the text ended after each of the words around `at`."""
    words = split(text)
    ends = [*accumulate(map(len, words), initial=0)]
    first, last = _window(ends, at, max(1, min(MOST_PIECES, MOST_READ // max(1, len(text)))))
    shown = ends[first + 1 : last + 1]
    curve = asked.model.probabilities([text[:end] for end in shown]).round(PLACES).tolist() if shown else []
    pieces = [(word, 1) for word in words[first:last]]
    (answer,) = asked.predict([text])
    return {"answer": answer, "pieces": pieces, "curve": curve, "before": first, "start": ends[first], "why": ""}


def _window(ends: list[int], at: int, most: int) -> tuple[int, int]:
    """Of pieces that end at these characters, the first being 0: which to show, at most so many, those that the
    character `at` is among, or else the last.
    """
    n = len(ends) - 1
    if at >= ends[max(0, n - most // 2)]:
        return max(0, n - most), n
    first = max(0, bisect_left(ends, at) - most // 2)
    return first, min(n, first + most)


def _ends_specially(tokenizer: Tokenizer) -> bool:
    """Whether a special token stands after every text: the verdict is read there, and at no other token."""
    pieces = tokenizer.pieces("a")
    return bool(pieces) and pieces[-1].special


def _spoken(tokens: Sequence[Piece]) -> list[tuple[str, int]]:
    """A text's tokens as `whole` makes them; special ones before it belong to the first piece of the text."""
    first = next((i for i, piece in enumerate(tokens) if not piece.special), len(tokens))
    pieces = list(whole(tokens[first:]))
    return [(pieces[0][0], pieces[0][1] + first), *pieces[1:]] if pieces else []


def _why_no_curve(asked: Network) -> str:
    """A sentence for one line of a small terminal."""
    model, arch = asked.model, asked.model.backbone.arch
    if not arch.causal:
        return f"{arch.title} reads the whole text at once: it has no verdict for each word."
    if not model.causal:
        return "Without a causal mask every token sees the whole text: no curve."
    if not model.readout.answers_everywhere(model.causal):
        return f"A verdict at every token needs the readout last_real or mean, not {model.readout.name}."
    return "Its tokenizer puts a special token after each text, where the verdict is read: no curve."


def _curve(pieces: list[tuple[str, int]], verdicts: Tensor, at: int) -> dict:
    """Those of some pieces that are shown, each with its row of probabilities (T, C), and what stands before them."""
    ends = list(accumulate((n for _, n in pieces), initial=0))
    characters = list(accumulate((len(text) for text, _ in pieces), initial=0))
    first, last = _window(characters, at, MOST_PIECES)
    if last == len(pieces):
        first = max(0, -(-(len(pieces) - MOST_PIECES) // DROPPED) * DROPPED)
    rows = verdicts[[end - 1 for end in ends[first + 1 : last + 1]]].double().round(decimals=PLACES)
    return {"pieces": pieces[first:last], "curve": rows.tolist(), "before": ends[first], "start": characters[first]}
