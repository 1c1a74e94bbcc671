"""The card of an exported run says what is known of it, and its lines of Python run."""

import re
import tomllib
from pathlib import Path

import pytest

from core.evaluate.predict import Predictor
from core.export import transformers
from core.export.card import card
from core.options import merge
from core.recipe import load
from core.runs.events import Applied, Ended
from core.runs.folder import RunFolder
from core.runs.log import EventLog
from core.runs.root import create_run
from core.train.control_source import ControlSource
from core.wording import percent
from core.worker.finetune import attempt

ROWS = [("spam", f"free prize number {i}") if i % 3 == 0 else ("h|m", f"see you at {i}") for i in range(60)]
QUICK = {
    "data": {"duplicates": "keep"},
    "model": {"weights": "random", "context": 16},
    "freeze": {"trainable": "head"},
    "train": {"epochs": 1},
    "speed": {"threads": 1, "device": "cpu", "precision": "fp32", "cache": "off"},
}


def learned(root: Path, stop: bool, **layers) -> RunFolder:
    """A run of nano's head, through to its test or stopped at the first checkpoint."""
    root.mkdir(parents=True)
    # a copy of a training text is in the test for certain where there is one text
    (root / "messages.tsv").write_text("".join(f"{label}\t{text}\n" for label, text in [*ROWS, *ROWS]))
    run = create_run(root / "runs", load(merge(QUICK, {"data": {"path": str(root / "messages.tsv")}}, layers)))
    log, saved = EventLog(run), run.checkpoints / "last"
    for event in attempt(run, lambda *_: None, ControlSource(lambda: stop and saved.is_file()), resumed=False):
        log.last(event) if isinstance(event, Ended) else log.write(event)
    return run


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return learned(tmp_path_factory.mktemp("card") / "done", stop=False)


def exported(run, folder):
    asked = Predictor.open(run)
    transformers.export(
        asked.model, asked.recipe, asked.names, asked.tokenizer, folder, card(run, asked, "transformers")
    )
    return asked, (folder / "README.md").read_text()


def test_it_has_data_figures_with_intervals_leaks_and_the_recipe(done, tmp_path):
    _, words = exported(done, tmp_path / "out")
    test = done.result().test
    figures = f"| {percent(test.accuracy)} | {percent(test.low)} to {percent(test.high)} | {test.correct} of 24 right |"
    assert f"| test {figures}" in words and "| without leaks |" in words
    assert "| TF-IDF and logistic regression |" in words and "| always the most frequent label |" in words
    assert re.search(r"\| h\\\|m \| [\d.]+ % \| [\d.]+ % \| [\d.]+ % \| 16 \|", words)
    assert (
        "`messages.tsv`" in words
        and "test texts also stand in training" in words
        and "| in all | 84 | 12 | 24 |" in words
    )
    assert "Only the first 16 tokens" in words and "random weights" in words
    recipe = tomllib.loads(re.search(r"```toml\n(.*?)```", words, re.DOTALL)[1])
    assert recipe["freeze"]["trainable"] == "head" and recipe["data"]["path"] == "messages.tsv"
    load(recipe)
    assert str(done.path.parent.parent) not in words


def test_its_lines_of_python_run(done, tmp_path, monkeypatch, capsys):
    asked, words = exported(done, tmp_path / "out")
    code = re.search(r"```python\n(.*?)```", words, re.DOTALL)[1]
    monkeypatch.chdir(tmp_path / "out")
    exec(code, {})
    answers = asked.predict(["You have won a prize!", "see you at seven"])
    expected = [f"{answer.label} {answer.probabilities[answer.label]:.3f} {answer.text}" for answer in answers]
    assert capsys.readouterr().out.splitlines() == expected


def test_a_stopped_run_is_untested(tmp_path):
    run = learned(tmp_path / "stopped", stop=True, model={"readout": "first"}, train={"epochs": 2})
    asked, log = Predictor.open(run), EventLog(run)
    for step in (asked.step - 1, asked.step):
        log.write(Applied(id="x", control={"type": "rates", "lr": 1 / (step + 1), "head_lr": None}, step=step))
    words = card(run, asked, "onnx")
    assert f"On its way it was changed: from step {asked.step} on lr {1 / asked.step:.3g}.\n" in words
    assert "**Untested**: the run is stopped." in words and "sees no other" in words
    assert "onnxruntime" in words and "| in all |" in words
