"""What the data helper answers. It remembers the file looked at last."""

from collections.abc import Callable

import numpy as np

from core.architectures.models import MODELS
from core.data.profile import Survey, profile
from core.errors import BadData
from core.files import Progress
from core.model_files.kept import where
from core.recipe import load
from core.rows import Profile, Row
from core.text.tokenizer import whole

SHORT = 300  # characters of a text in the list of rows
MOST_PIECES = 4000  # tokens of a text that are shown one by one


def kinds() -> dict[str, Callable]:
    """The questions that this helper answers, by kind."""
    requests = DataRequests()
    return {"profile": requests.profile, "rows": requests.rows, "pieces": requests.pieces, "models": models}


class DataRequests:
    """Answers requests about the file that was looked at last."""

    def __init__(self) -> None:
        self._survey: Survey | None = None
        self._listed: tuple[tuple, np.ndarray] = ((), np.empty(0, dtype=np.int64))

    def profile(self, args: dict, progress: Progress) -> Profile:
        """{"recipe": a whole recipe} -> Profile."""
        found, survey = profile(load(args["recipe"]), progress, self._survey)
        self._survey, self._listed = survey, ((), np.empty(0, dtype=np.int64))
        return found

    def rows(self, args: dict, progress: Progress) -> dict:
        """{"filter", "search", "sort", "reverse", "start", "count"} -> {"total", "rows": [Row]}.

        `sort` is row, label or tokens. Everything may be left out.
        """
        survey = self._looked_at()
        wanted = (args.get("filter", ""), args.get("search", ""), args.get("sort", "row"), args.get("reverse", False))
        if self._listed[0] != wanted:
            self._listed = wanted, _order(survey, *wanted)
        order, start = self._listed[1], args.get("start", 0)
        return {
            "total": len(order),
            "rows": [_row(survey, i) for i in order[start : start + args.get("count", 100)].tolist()],
        }

    def pieces(self, args: dict, progress: Progress) -> dict:
        """{"row": its number} -> {"text", "label", "tokens", "pieces": [[text, tokens], ...]}.

        No piece cuts a character in half: tokens that share one stand together. Only the first MOST_PIECES
        tokens are taken apart.
        """
        survey = self._looked_at()
        table = survey.table
        i = int(np.searchsorted(table.rows, args["row"]))
        if i == len(table.rows) or table.rows[i] != args["row"]:
            raise BadData(f"Row {args['row']} has no text and label.", "Choose another row.")
        tokens = survey.tokenizer.pieces(table.texts[i])
        return {
            "text": table.texts[i],
            "label": table.labels[i],
            "tokens": len(tokens),
            "pieces": list(whole(tokens[:MOST_PIECES])),
        }

    def _looked_at(self) -> Survey:
        if self._survey is None:
            raise BadData("No file has been looked at yet.", "Name one first.")
        return self._survey


def models(args: dict, progress: Progress) -> dict[str, str]:
    """{} -> model name -> where its weights are: built in, on disk, or download. No network."""
    return {name: where(preset) for name, preset in MODELS.items()}


def _order(survey: Survey, filter: str, search: str, sort: str, reverse: bool) -> np.ndarray:
    shown = np.flatnonzero(survey.mask(filter))
    if search:
        wanted = search.lower()
        shown = np.array([i for i in shown if wanted in survey.table.texts[i].lower()], dtype=np.int64)
    if sort == "label":
        shown = shown[np.argsort(np.array(survey.table.labels)[shown], kind="stable")]
    elif sort == "tokens":
        shown = shown[np.argsort(survey.lengths[shown], kind="stable")]
    return shown[::-1] if reverse else shown


def _row(survey: Survey, i: int) -> Row:
    table = survey.table
    marks = {
        "duplicate": survey.duplicate[i],
        "conflict": survey.conflict[i],
        "leak": survey.leak[i],
        "cut": survey.lengths[i] > survey.context,
    }
    return Row(
        row=table.rows[i],
        label=table.labels[i],
        tokens=int(survey.lengths[i]),
        text=table.texts[i][:SHORT],
        split=str(survey.split[i]),
        marks=[mark for mark, is_so in marks.items() if is_so],
    )
