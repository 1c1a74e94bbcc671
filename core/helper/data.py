"""What the data helper answers. It remembers the file looked at last."""

import csv
import io
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from core import files
from core.architectures.file_names import CONFIG, WEIGHTS
from core.architectures.lookup import folder_of, preset_of
from core.architectures.models import MODELS
from core.architectures.preset import OwnFolder
from core.data.edited import Edited
from core.data.mend import Mended, index_of, make_again, mend, take_back
from core.data.prepare import prepare
from core.data.profile import Survey, profile
from core.data.search import holding, matching
from core.errors import BadData, BadModel
from core.files import Progress
from core.model_files.kept import where
from core.recipe import load
from core.recipe_data import Data
from core.rows import Profile, Row
from core.runs import edits
from core.runs.root import runs_root
from core.text.special_tokens import kept
from core.text.tokenizer import Piece, whole
from core.text.usable import demand_model

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
        "mend": requests.mend_row,
        "undo": requests.undo,
        "redo": requests.redo,
        "mended": requests.mended,
        "demand_folds": requests.demand_folds,
        "models": models,
    }


class DataRequests:
    """Answers requests about the file that was looked at last."""

    def __init__(self) -> None:
        self._survey: Survey | None = None
        self._data, self._root = Data(), Path()
        self._listed: tuple[tuple, np.ndarray] = ((), np.empty(0, dtype=np.int64))

    def profile(self, args: dict, progress: Progress) -> Profile:
        """{"recipe": a whole recipe, "root": the folder of the runs, where edits are; the usual one if left out} ->
        Profile.
        """
        recipe, root = load(args["recipe"]), runs_root(args.get("root"))
        found, survey = profile(recipe, progress, self._survey, edits.of_data(root, recipe.data))
        self._survey, self._listed = survey, ((), np.empty(0, dtype=np.int64))
        self._data, self._root = recipe.data, root
        return found

    def mend_row(self, args: dict, progress: Progress) -> dict:
        """{"row": its number, "to": a label, or null to drop it} -> {"what", ...} as below; it is on disk then."""
        return self._mended(mend, args["row"], args["to"])

    def undo(self, args: dict, progress: Progress) -> dict:
        """{} -> {"what": what has become of the row, in a sentence, ...}, and all that `mended` says."""
        return self._mended(take_back)

    def redo(self, args: dict, progress: Progress) -> dict:
        """{} -> {"what", ...} likewise."""
        return self._mended(make_again)

    def mended(self, args: dict, progress: Progress) -> dict:
        """{} -> {"mended": [[row, its label by now, or null where it is dropped], ...], all rows that were mended,
        "undo", "redo": whether there is an edit to take back, or one to make again}.
        """
        return _mended(self._looked_at().edited)

    def demand_folds(self, args: dict, progress: Progress) -> dict:
        """{"folds": how many} -> {}. Raises BadData where the rows cannot be cut into so many parts."""
        survey = self._looked_at()
        prepare(survey.table, self._data.model_copy(update={"fold": f"1/{args['folds']}"}))
        return {}

    def _mended(self, change: Callable[..., Mended], *args: Any) -> dict:
        read, file = self._looked_at().edited.read, edits.file_of(self._root, self._data)
        done = change(read, file, self._data, *args)
        return {"what": done.what, **_mended(done.edited)}

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
        return {"text": survey.table.texts[index_of(survey.table, args["row"])]}

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
        table, i = survey.table, index_of(survey.table, args["row"])
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


def _mended(edited: Edited) -> dict:
    table, made = edited.table, edited.edits
    places = np.flatnonzero(edited.mended).tolist()
    rows = [(table.rows[i], None if table.is_dropped[i] else table.labels[i]) for i in places]
    return {"mended": rows, "undo": bool(made and made.edits), "redo": bool(made and made.undone)}


def _chips(pieces: list[Piece]) -> Iterator[tuple[str, int, bool]]:
    for special, alike in groupby(pieces, key=lambda piece: piece.special):
        if special:
            yield from ((piece.content.decode(errors="replace"), 1, True) for piece in alike)
        else:
            yield from ((text, n_tokens, False) for text, n_tokens in whole(alike))


def models(args: dict, progress: Progress) -> dict[str, str]:
    """{"others": folders and addresses} -> model name -> where its weights are. No network.

    They are built in, on disk, to download or missing; where no run can start from what is there, it is why.
    """
    return {name: _where(name) for name in (*MODELS, *args.get("others", ()))}


def _where(name: str) -> str:
    if name not in MODELS and not (folder_of(name) / CONFIG).is_file():
        return "missing"
    try:
        preset = preset_of(name)
        own = preset.source.folder if isinstance(preset.source, OwnFolder) else None
        if own and not (own / WEIGHTS).is_file():
            return "missing"
        found = where(preset)
        if found == "on disk" and name not in MODELS:
            demand_model(preset)
    except BadModel as error:
        return str(error)
    return found


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
    table, before = survey.table, survey.edited.read.labels[i]
    marks = {
        "dropped": table.is_dropped[i],
        f"was {before}": table.labels[i] != before,
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
