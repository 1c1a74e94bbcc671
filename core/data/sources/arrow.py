"""Parquet files, and Arrow's own files and streams, which Feather and `datasets` write. They take pyarrow."""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from core.data.columns import LOOK
from core.data.sources import records
from core.data.sources.export import ClassNames, Record
from core.data.sources.input import Input
from core.data.sources.json_shapes import features_names
from core.data.sources.source import Cells, Options
from core.data.splits import COLUMN
from core.errors import BadData
from core.files import Progress

PARQUET, FILE, STREAM = "Parquet", "Arrow (Feather)", "Arrow stream"
SIGNATURES = {PARQUET: rb"PAR1(?![ -~])", FILE: rb"ARROW1\x00\x00", STREAM: rb"\xff{4}.{2}\x00\x00"}
BATCH = 1000  # rows that are held at a time
BUFFER = 1 << 20  # bytes of a column that are read at a time
_INDEX = re.compile(r"__index_level_\d+__")  # what pandas adds


def recognises(given: Input) -> float:
    """1 where the first bytes are those of one of the formats."""
    return float(bool(_kind(given.beginning)))


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """A row for each record, with a column for each field. Raises BadData, also where pyarrow is missing."""
    most = LOOK if given.is_cut_short else None
    form = _kind(given.beginning)
    return read_files(lambda: {given.name: given.on_disk}, given.name, form, options, progress, most=most)


def schema(given: Input) -> Any:
    """The types of the columns that are read, as pyarrow has them; None where the file is of another format."""
    if given.is_tree or not recognises(given):
        return None
    import pyarrow as pa

    with _Opened(given.on_disk, given.name) as opened:
        return pa.schema([opened.schema.field(name) for name in _readable(opened.schema)[0]])


def read_files(
    files: Callable[[], Mapping[str, Path]],
    name: str,
    form: str,
    options: Options,
    progress: Progress,
    splits: Sequence[str] = (),
    most: int | None = None,
) -> Cells:
    """The rows of files that belong together, one after another; no more than `most` of each, where that is given.

    `files` gives their names with where they lie, and `splits` name the part that each of them is.
    """
    sizes = [path.stat().st_size for path in files().values()]
    columns: dict[str, None] = {}
    left_out: dict[str, None] = {}
    class_names: ClassNames = {}
    for called, path in files().items():
        with _Opened(path, called) as opened:
            texts, others = _readable(opened.schema)
            columns |= dict.fromkeys(texts)
            left_out |= dict.fromkeys(others)
            class_names |= _class_names(opened.schema)

    def items(phase: str) -> Iterator[Record]:
        for i, (called, path) in enumerate(files().items()):
            with _Opened(path, called) as opened:
                told = partial(_told, progress, phase, sum(sizes[:i]), sizes[i], sum(sizes))
                for row in islice(opened.rows([*columns], told), most):
                    yield {**row, COLUMN: splits[i]} if splits and COLUMN not in row else row

    cells = records.read(name, items, form, "UTF-8", options, class_names)
    if left_out:
        cells.notes.append(f"Not read, because it is no text: {', '.join(left_out)}.")
    return cells


def _told(progress: Progress, phase: str, before: int, size: int, total: int, share: float) -> None:
    progress(phase, before + int(size * share), total, "bytes")


class _Opened(ExitStack):
    """A file of any of the formats, while it is read."""

    def __init__(self, path: Path, name: str):
        super().__init__()
        self._path, self._name = path, name

    def __enter__(self) -> "_Opened":
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            what = f"{self._name} is read with pyarrow, which is not installed."
            raise BadData(what, f"Install it with: {sys.executable} -m pip install pyarrow") from error
        super().__enter__()
        with open(self._path, "rb") as file:
            form = _kind(file.read(8))
        try:
            if form == PARQUET:
                self._parquet = self.enter_context(pq.ParquetFile(self._path, buffer_size=BUFFER))
                self.schema, self._batches = self._parquet.schema_arrow, self._of_parquet
            elif form:
                mapped = self.enter_context(pa.memory_map(str(self._path)))
                opens = pa.ipc.open_file if form == FILE else pa.ipc.open_stream
                self._reader = self.enter_context(opens(mapped))
                self.schema, self._batches = self._reader.schema, self._of_ipc
            else:
                raise BadData(f"{self._name} is compressed or packed.", "Unpack it, and name what comes out.")
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._damaged(error) from error
        again = [name for name, n in Counter(self.schema.names).items() if n > 1]
        if again:
            self.close()
            what = f"{self._name} has several columns named {again[0]}."
            raise BadData(what, "Write it again with a name of its own for each column.")
        return self

    def rows(self, columns: list[str], told: Callable[[float], None]) -> Iterator[dict[str, Any]]:
        """The rows with those of the columns that it has; `told` takes the share of them that has been read."""
        import pyarrow as pa

        here = [name for name in columns if name in self.schema.names]
        try:
            for batch, share in self._batches(here):
                for start in range(0, batch.num_rows, BATCH):
                    yield from batch.slice(start, BATCH).to_pylist()
                told(share)
        except OverflowError as error:
            what = f"{self._name} holds dates that cannot be read: {error}."
            raise BadData(what, "Write it again without that column, or with the dates as texts.") from error
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._damaged(error) from error

    def _of_parquet(self, columns: list[str]) -> Iterator[tuple[Any, float]]:
        done, total = 0, max(1, self._parquet.metadata.num_rows)
        for batch in self._parquet.iter_batches(BATCH, columns=columns):
            done += batch.num_rows
            yield batch, done / total

    def _of_ipc(self, columns: list[str]) -> Iterator[tuple[Any, float]]:
        is_file = hasattr(self._reader, "num_record_batches")
        n = self._reader.num_record_batches if is_file else 0
        found = map(self._reader.get_batch, range(n)) if is_file else self._reader
        for i, batch in enumerate(found):
            batch.validate(full=True)  # what is damaged is not only wrong: it could be read from anywhere in memory
            yield batch.select(columns), (i + 1) / n if n else 0.0

    def _damaged(self, error: Exception) -> BadData:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        return BadData(f"{self._name} is damaged: {why.rstrip('.')}.", "Fetch it again.")


def _kind(beginning: bytes) -> str:
    """The format that begins so, or nothing."""
    return next((form for form, signature in SIGNATURES.items() if re.match(signature, beginning, re.DOTALL)), "")


def _readable(schema: Any) -> tuple[list[str], list[str]]:
    """The columns that may hold texts or labels, and those that hold pictures, sounds, or lists of measurements."""
    names = [name for name in schema.names if not _INDEX.fullmatch(name)]
    others = [name for name in names if _is_other(schema.field(name).type)]
    return [name for name in names if name not in others], others


def _is_other(kind: Any) -> bool:
    import pyarrow as pa

    of_lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if any(is_list(kind) for is_list in of_lists):
        inner = kind.value_type
        return pa.types.is_floating(inner) or pa.types.is_binary(inner) or _is_other(inner)
    if pa.types.is_struct(kind):
        return any(pa.types.is_binary(kind.field(i).type) for i in range(kind.num_fields))
    return isinstance(kind, pa.ExtensionType)


def _class_names(schema: Any) -> ClassNames:
    """What numbers of classes mean, as `datasets` writes it beside the columns."""
    try:
        said = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        return features_names(said["info"]["features"])
    except (ValueError, KeyError, TypeError, AttributeError):  # somebody else's, or none: the numbers stay
        return {}
