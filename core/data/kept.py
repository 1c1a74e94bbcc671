"""The rows that a run learns from, kept in its folder, so that it never reads their source again."""

import csv
import gzip
import io

import msgspec
import numpy as np

from core import files
from core.data.prepare import Prepared, label_names
from core.runs.folder import RunFolder
from core.runs.kept_rows import Row, damaged, kept_rows


def save(prepared: Prepared, run: RunFolder) -> None:
    """Keep the rows in the run: data.jsonl.gz for the engine, split.csv for whoever wants to compare."""
    named = [prepared.names[i] for i in prepared.labels]
    columns = (prepared.rows.tolist(), prepared.texts, named, prepared.split.tolist())
    encode = msgspec.json.Encoder().encode
    lines = b"".join(encode(Row(*values)) + b"\n" for values in zip(*columns, strict=True))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["row", "label", "split"])
    writer.writerows((row, label, split) for row, _, label, split in zip(*columns, strict=True))
    files.write(run.split_file, table.getvalue())
    files.write(run.data_file, gzip.compress(lines, 6, mtime=0))  # last: a run that has it is not prepared again


def load(run: RunFolder, text: str) -> Prepared:
    """The rows that a run keeps, in their order, their texts made as its recipe says with `text`.

    Raises BadRun where they are missing or damaged.
    """
    lines = list(kept_rows(run))
    if not lines:
        raise damaged(run)
    names = label_names([line.label for line in lines])
    number = {name: i for i, name in enumerate(names)}
    return Prepared(
        rows=np.array([line.row for line in lines]),
        texts=[line.text for line in lines],
        labels=np.array([number[line.label] for line in lines]),
        names=names,
        split=np.array([line.split for line in lines]),
        text=text,
    )
