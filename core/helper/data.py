"""What the data helper answers. It remembers the file looked at last."""

import csv
import io
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import numpy as np

from core import files
from core.architectures.file_names import WEIGHTS
from core.architectures.lookup import preset_of
from core.architectures.models import MODELS
from core.architectures.preset import OwnFolder
from core.data.profile import Survey, profile
from core.data.search import holding, matching
from core.errors import BadData, BadModel
from core.files import Progress
from core.model_files.kept import where
from core.recipe import load
from core.rows import Profile, Row
from core.text.special_tokens import kept
from core.text.tokenizer import Piece, whole

SHORT = 300  # characters of a text in the list of rows
MOST_PIECES = 4000  # tokens of a text that are shown one by one


def kinds() -> dict[str, Callable]:
    """The questions that this helper answers, by kind."""
    requests = DataRequests()
    return {
        "profile": requests.profile,
        "rows": requests.rows,
        "place": requests.place,
        "save": requests.save,
        "text": requests.text,
        "found_as": requests.found_as,
        "pieces": requests.pieces,
        "models": models,
    }


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
        """{"filter", "also", "search", "regex", "sort", "reverse", "start", "count"} -> {"total", "rows": [Row]}.

        `also` are further filters, `regex` is whether the search is a regular expression, and `sort` is row, label or
        tokens. Everything may be left out. Raises BadData for a search that is no regular expression or takes too long.
        """
        survey = self._looked_at()
        order, start = self._order(survey, args, progress), args.get("start", 0)
        return {
            "total": len(order),
            "rows": [_row(survey, i) for i in order[start : start + args.get("count", 100)].tolist()],
        }

    def place(self, args: dict, progress: Progress) -> dict:
        """{"row": its number, and which rows as `rows` takes it} -> {"place": where it stands among them}; 0 where
        it does not.
        """
        survey = self._looked_at()
        places = np.flatnonzero(np.asarray(survey.table.rows)[self._order(survey, args, progress)] == args["row"])
        return {"place": int(places[0]) if len(places) else 0}

    def save(self, args: dict, progress: Progress) -> dict:
        """{"path", and which rows as `rows` takes it} -> {}: all of them, with their whole texts, are there as CSV."""
        survey = self._looked_at()
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["row", "label", "tokens", "split", "marks", "text"])
        for i in self._order(survey, args, progress).tolist():
            row = _row(survey, i)
            marks = ", ".join(row.marks)
            writer.writerow([row.row, row.label, row.tokens, row.split, marks, survey.table.texts[i]])
        with files.writing(Path(args["path"]).parent, "The rows cannot be written"):
            files.write(Path(args["path"]), out.getvalue())
        return {}

    def _order(self, survey: Survey, args: dict, progress: Progress) -> np.ndarray:
        """The places (N,) in the table of the rows that a question is about."""
        filters = tuple(filter(None, (args.get("filter", ""), *args.get("also", ()))))
        search = (args.get("search", ""), args.get("regex", False))
        wanted = (filters, search, args.get("sort", "row"), args.get("reverse", False))
        if self._listed[0] != wanted:
            self._listed = wanted, _order(survey, *wanted, progress)
        return self._listed[1]

    def text(self, args: dict, progress: Progress) -> dict:
        """{"row": its number} -> {"text"}, the whole of it."""
        survey = self._looked_at()
        return {"text": survey.table.texts[_index(survey, args["row"])]}

    def found_as(self, args: dict, progress: Progress) -> dict:
        """{} -> how the file was read, as `Options` has it, with what was found out in place of `auto`."""
        return self._looked_at().table.options._asdict()

    def pieces(self, args: dict, progress: Progress) -> dict:
        """{"row": its number, "context"} ->
        {"text", "label", "tokens", "kept", "pieces": [[text, tokens, special], ...], "cut": [number of a piece, ...]}.

        `kept` is how many tokens a context leaves, the recipe's where it is 0 or not named, and `cut` are the pieces
        that it cuts.
        No piece cuts a character in half: tokens that share one stand together. Special tokens are not in the text,
        and have a name in place of it. Only the first MOST_PIECES tokens are taken apart.
        """
        survey = self._looked_at()
        table, i = survey.table, _index(survey, args["row"])
        tokens = survey.tokenizer.pieces(table.texts[i])
        stays = kept(np.array([token.special for token in tokens], dtype=bool), args.get("context") or survey.context)
        chips = list(_chips(tokens[:MOST_PIECES]))
        ends = np.cumsum([n_tokens for _, n_tokens, _ in chips])
        return {
            "text": table.texts[i],
            "label": survey.labels[i],
            "tokens": len(tokens),
            "kept": int(stays.sum()),
            "pieces": chips,
            "cut": [n for n, end in enumerate(ends) if not stays[end - chips[n][1] : end].all()],
        }

    def _looked_at(self) -> Survey:
        if self._survey is None:
            raise BadData("No file has been looked at yet.", "Name one first.")
        return self._survey


def _index(survey: Survey, row: int) -> int:
    """Where the row with this number stands in the table. Raises BadData where it has no text and label."""
    rows = survey.table.rows
    i = int(np.searchsorted(rows, row))
    if i == len(rows) or rows[i] != row:
        raise BadData(f"Row {row} has no text and label.", "Choose another row.")
    return i


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


def _order(
    survey: Survey, filters: tuple[str, ...], search: tuple[str, bool], sort: str, reverse: bool, progress: Progress
) -> np.ndarray:
    shown = np.flatnonzero(survey.masks(filters))
    words, is_regex = search
    if words:
        shown = (matching if is_regex else holding)(survey.table.texts, shown, words, progress)
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
