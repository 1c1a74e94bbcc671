"""What the helper of doubts answers: which rows look mislabelled. It computes while the others go on answering."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from core import files
from core.data.edited import Edited, edited
from core.data.parts import read_parts
from core.data.prepare import label_names, learned_labels
from core.datasets import called
from core.evaluate.doubts import Doubts, doubts
from core.files import Progress
from core.recipe_data import Data
from core.rows import Doubt, DoubtsFound
from core.runs import edits
from core.runs.root import runs_root

VERSION = 1  # of how doubts are found: those of another are found anew
MOST = 5_000  # doubts that are listed
SHORT = 300  # characters of a text
KEPT = 30  # files, the latest used
ARRAYS = ("own", "other", "said", "margin")


def kinds() -> dict[str, Callable]:
    """{"data": what a recipe says of its data, "root": the folder of the runs} -> DoubtsFound."""
    return {"doubts": lambda args, progress: find(Data.model_validate(args["data"]), runs_root(args["root"]), progress)}


def find(data: Data, root: Path, progress: Progress, most: int = MOST) -> DoubtsFound:
    """The rows of a recipe's data that look mislabelled, as it is mended by now: the most doubted first.

    What was found before in the same rows is not computed again. Raises BadData where the data cannot be read.
    """
    mended = edited(read_parts(data, progress), edits.of_data(root, data), called(data.path))
    table, labels = mended.table, learned_labels(mended.table, data)
    there = np.flatnonzero(~table.is_dropped)
    found = _judged(mended, [labels[i] for i in there], there, progress)
    order = found.order
    alone = sorted({labels[i] for i in there[~found.judged]})
    return DoubtsFound(
        doubts=[_doubt(mended, labels, found, there, i) for i in order[:most].tolist()],
        total=len(order),
        rows=len(there),
        judged=int(found.judged.sum()),
        alone=alone,
    )


def _doubt(mended: Edited, labels: list[str], found: Doubts, there: np.ndarray, i: int) -> Doubt:
    row = int(there[i])
    table = mended.table
    return Doubt(
        row=table.rows[row],
        label=labels[row],
        said=found.names[found.other[i]],
        probability=float(found.said[i]),
        own=float(found.own[i]),
        margin=float(found.margin[i]),
        text=table.texts[row][:SHORT],
    )


def _judged(mended: Edited, labels: list[str], there: np.ndarray, progress: Progress) -> Doubts:
    """What is said of the rows `there`, (M,), which have these labels: as it was kept, or computed and kept."""
    texts = [mended.table.texts[i] for i in there]
    folder = files.cache_root() / "doubts"
    file = folder / f"{_key(texts, labels, mended.table.columns['text'])}.safetensors"
    if known := _kept(file, labels):
        return known
    progress("copies", 0, 0, "")
    near = mended.table.first_near[there]
    found = doubts(texts, labels, near, lambda done, of: progress("doubts", done, of, ""))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write(file, lambda path: save_file({name: getattr(found, name) for name in ARRAYS}, path))
    for old in sorted(folder.glob("*.safetensors"), key=files.modified_at)[:-KEPT]:
        old.unlink(missing_ok=True)
    return found


def _key(texts: list[str], labels: list[str], made_as: str) -> str:
    """What decides all that is said: the rows in their order, how their texts are made, and how they are judged."""
    digest = hashlib.sha256(msgspec.json.encode([VERSION, made_as]))
    for each in (texts, labels):
        digest.update(msgspec.json.encode([len(text) for text in each]))
        for text in each:
            digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def _kept(file: Path, labels: list[str]) -> Doubts | None:
    """What was found before; None where nothing was, or it cannot be read."""
    try:
        with safe_open(file, framework="np") as tensors:
            arrays = {name: tensors.get_tensor(name) for name in ARRAYS}
    except (OSError, SafetensorError):
        return None
    if any(len(array) != len(labels) for array in arrays.values()):
        return None
    return Doubts(label_names(labels), *(arrays[name] for name in ARRAYS))
