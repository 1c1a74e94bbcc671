"""What the data helper answers. It remembers the file looked at last."""

from collections.abc import Callable, Iterator
from itertools import groupby

import numpy as np

from core.architectures.lookup import preset_of
from core.architectures.models import MODELS, WEIGHTS, OwnFolder
from core.data.profile import Survey, profile
from core.errors import BadData, BadModel
from core.files import Progress
from core.model_files.kept import where
from core.recipe import load
from core.rows import Profile, Row
from core.text.tokenizer import Piece, whole

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
        """{"row": its number} -> {"text", "label", "tokens", "pieces": [[text, tokens, special], ...]}.

        No piece cuts a character in half: tokens that share one stand together. Special tokens are not in the text,
        and have a name in place of it. Only the first MOST_PIECES tokens are taken apart.
        """
        survey = self._looked_at()
        table = survey.table
        i = int(np.searchsorted(table.rows, args["row"]))
        if i == len(table.rows) or table.rows[i] != args["row"]:
            raise BadData(f"Row {args['row']} has no text and label.", "Choose another row.")
        tokens = survey.tokenizer.pieces(table.texts[i])
        return {
            "text": table.texts[i],
            "label": survey.labels[i],
            "tokens": len(tokens),
            "pieces": list(_chips(tokens[:MOST_PIECES])),
        }

    def _looked_at(self) -> Survey:
        if self._survey is None:
            raise BadData("No file has been looked at yet.", "Name one first.")
        return self._survey


def _chips(pieces: list[Piece]) -> Iterator[tuple[str, int, bool]]:
    for special, alike in groupby(pieces, key=lambda piece: piece.special):
        if special:
            yield from ((piece.content.decode(errors="replace"), 1, True) for piece in alike)
        else:
            yield from ((text, n_tokens, False) for text, n_tokens in whole(alike))


def models(args: dict, progress: Progress) -> dict[str, str]:
    """{"others": folders and addresses} -> model name -> where its weights are. No network.

    They are built in, on disk, to download, or missing.
    """
    return {name: _where(name) for name in (*MODELS, *args.get("others", ()))}


def _where(name: str) -> str:
    try:
        preset = preset_of(name)
    except BadModel:
        return "missing"
    own = preset.source.folder if isinstance(preset.source, OwnFolder) else None
    return "missing" if own and not (own / WEIGHTS).is_file() else where(preset)


def _order(survey: Survey, filter: str, search: str, sort: str, reverse: bool) -> np.ndarray:
    shown = np.flatnonzero(survey.mask(filter))
    if search:
        wanted = search.lower()
        shown = np.array([i for i in shown if wanted in survey.table.texts[i].lower()], dtype=np.int64)
    if sort == "label":
        shown = shown[np.argsort(np.array(survey.labels)[shown], kind="stable")]
    elif sort == "tokens":
        shown = shown[np.argsort(survey.lengths[shown], kind="stable")]
    return shown[::-1] if reverse else shown


def _row(survey: Survey, i: int) -> Row:
    table = survey.table
    marks = {
        "duplicate": survey.duplicate[i],
        "conflict": survey.conflict[i],
        "near copy": survey.near[i],
        "leak": survey.leak[i],
        "near leak": survey.near_leak[i],
        "cut": survey.lengths[i] > survey.context,
    }
    return Row(
        row=table.rows[i],
        label=survey.labels[i],
        tokens=int(survey.lengths[i]),
        text=table.texts[i][:SHORT],
        split=str(survey.split[i]),
        marks=[mark for mark, is_so in marks.items() if is_so],
    )
