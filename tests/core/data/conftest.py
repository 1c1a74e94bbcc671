from pathlib import Path

import pytest

from core.data.read import Table


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data sets, where they are at hand."""
    folder = Path(__file__).parents[3] / "../shared/data"
    if not folder.is_dir():
        pytest.skip("the real data sets are not here")
    return folder.resolve()


@pytest.fixture
def file(tmp_path):
    """Writes a file of the given name and content, and returns its path."""

    def write(content: str | bytes, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def table():
    """A table straight from texts and labels."""

    def make(texts: list[str], labels: list[str]) -> Table:
        return Table(
            path="made up",
            texts=texts,
            labels=labels,
            rows=list(range(len(texts))),
            n_rows=len(texts),
            columns={"text": "text", "label": "label"},
            all_columns=["text", "label"],
            format="comma-separated, with header",
            encoding="UTF-8",
            quoting="none",
            skipped={},
            notes=[],
        )

    return make
