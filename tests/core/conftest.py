"""Real data where it is at hand, small files, tables, model folders and runs."""

import dataclasses
import json
from pathlib import Path

import msgspec
import pytest
from safetensors.torch import save_file

from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS
from core.data.read import Table
from core.data.sources.source import Options
from core.model.weights import published
from core.options import merge
from core.recipe import load
from core.runs.root import create_run
from small import small


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data sets, where they are at hand."""
    folder = Path(__file__).parents[2] / "../shared/data"
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
            options=Options("text", "label", "none"),
            skipped={},
            notes=[],
        )

    return make


@pytest.fixture
def save_folder():
    """A function that writes a backbone's config.json and model.safetensors."""

    def save(backbone, folder):
        folder.mkdir(parents=True, exist_ok=True)
        save_file(published(backbone), folder / "model.safetensors", metadata={"format": "pt"})
        config = {"architectures": ["GPT2Model"]} | backbone.arch.to_config()
        (folder / "config.json").write_text(json.dumps(config))

    return save


@pytest.fixture
def tiny(monkeypatch):
    """In this process, nano is a model of three narrow blocks."""
    monkeypatch.setitem(
        MODELS, "nano", dataclasses.replace(MODELS["nano"], architecture=GPT2Architecture(3, 32, 2, 64, 8192))
    )


@pytest.fixture
def messages(labelled):
    return labelled(90)


@pytest.fixture
def new_run(tmp_path, messages):
    """A function that makes a run of the small recipe, changed by the given layer."""

    def make(**changes):
        usual = small(messages, eval_every=5, eval_batches=2)
        return create_run(tmp_path / "runs", load(merge(usual, changes)))

    return make


@pytest.fixture
def same_test():
    """Whether two results of a test are equal, whatever time their baselines took."""

    def timeless(test):
        beside = {name: msgspec.structs.replace(one, seconds=None) for name, one in test.baselines.items()}
        return msgspec.structs.replace(test, baselines=beside)

    return lambda one, other: timeless(one) == timeless(other)
