"""The card of an exported run says what is known of it, and its lines of Python run."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from transformers import BertConfig, BertModel

from core.architectures.models import MODELS
from core.evaluate.predict import Network, open_predictor
from core.export import transformers
from core.export.card import card
from core.options import merge
from core.recipe import load
from core.runs.events import Applied, Ended
from core.runs.folder import RunFolder
from core.runs.log import EventLog
from core.runs.origin import Base, Origin
from core.runs.result import encode_result
from core.runs.root import create_run
from core.runs.verdict import in_words
from core.text.tokenizer_files import built_in
from core.train.control_source import ControlSource
from core.wording import percent
from core.worker.finetune import attempt

ROWS = [("spam", f"free prize number {i}") if i % 3 == 0 else ("h|m", f"see you at {i}") for i in range(60)]
QUICK = {
    "data": {"duplicates": "keep"},
    "model": {"weights": "random", "context": 16, "readout": "last_real"},
    "freeze": {"trainable": "head"},
    "train": {"epochs": 1, "keep": "best"},
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
    asked = open_predictor(run)
    transformers.export(
        asked.model, asked.recipe, asked.names, asked.tokenizer, folder, card(run, asked, "transformers")
    )
    return asked, (folder / "README.md").read_text()


def test_it_has_data_figures_with_intervals_leaks_and_the_recipe(done, tmp_path):
    _, words = exported(done, tmp_path / "out")
    test = done.result().test
    figures = f"| {percent(test.accuracy)} | {percent(test.low)} to {percent(test.high)} | {test.correct} of 24 right |"
    assert f"| test {figures}" in words and "| without leaks |" in words
    assert "| TF-IDF | " in words and "| always the most frequent label |" in words
    assert re.search(r"\| h\\\|m \| [\d.]+ % \| [\d.]+ % \| [\d.]+ % \| 16 \|", words)
    assert (
        "`messages.tsv`" in words
        and "test texts are also in training" in words
        and "| in all | 84 | 12 | 24 |" in words
    )
    assert "Only the first 16 tokens" in words and "random weights" in words
    recipe = tomllib.loads(re.search(r"```toml\n(.*?)```", words, re.DOTALL)[1])
    assert recipe["freeze"]["trainable"] == "head" and recipe["data"]["path"] == "messages.tsv"
    load(recipe)
    assert str(done.path.parent.parent) not in words


def test_its_advice_stands_under_the_verdict(tmp_path):
    run = learned(tmp_path / "run", stop=False)
    result = run.classifier_result()
    result.advice = ["TF-IDF is better: try --model tfidf."]
    run.result_file.write_bytes(encode_result(result))
    said = card(run, open_predictor(run), "onnx")
    assert f"{in_words(result.test)}\n\n- TF-IDF is better" in said and "\n\n\n" not in said


def test_its_lines_of_python_run(done, tmp_path, monkeypatch, capsys):
    asked, words = exported(done, tmp_path / "out")
    code = re.search(r"```python\n(.*?)```", words, re.DOTALL)[1]
    monkeypatch.chdir(tmp_path / "out")
    exec(code, {})
    answers = asked.predict(["You have won a prize!", "see you at seven"])
    expected = [f"{answer.label} {answer.probabilities[answer.label]:.3f} {answer.text}" for answer in answers]
    assert capsys.readouterr().out.splitlines() == expected


@pytest.mark.more
def test_of_an_own_encoder_it_says_what_is_known_and_no_folder(tmp_path):
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
    config = BertConfig(**sizes, vocab_size=30522, max_position_embeddings=32)
    BertModel(config).save_pretrained(tmp_path / "mine" / "tiny-bert")
    built_in("bert-uncased").save(tmp_path / "mine" / "tiny-bert")
    name = str(tmp_path / "mine" / "tiny-bert")
    kind = {"name": name, "weights": "pretrained", "readout": "first", "head": "own"}
    run = learned(tmp_path / "run", stop=False, model=kind)
    asked, words = exported(run, tmp_path / "out")
    assert "Fine-tuned with workbench from the weights in tiny-bert;" in words and str(tmp_path) not in words
    assert "Which languages its tokenizer was made for is not known" in words and "English" not in words
    assert "It does not tell upper from lower case." in words and "licence" not in words and "base_model" not in words
    assert "The answer is read at the first token. Every token sees all of the text.\n" in words
    code = re.search(r"```python\n(.*?)```", words, re.DOTALL)[1]
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=tmp_path / "out", capture_output=True, text=True, timeout=90
    )
    answers = asked.predict(["You have won a prize!", "see you at seven"])
    expected = [f"{answer.label} {answer.probabilities[answer.label]:.3f} {answer.text}" for answer in answers]
    assert done.stdout.splitlines() == expected


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nano", ["made for English, and it was pretrained on English: of other", "under the MIT licence"]),
        ("xlm-roberta", ["made for 100 languages, and it was pretrained on 100 languages.\n", "the MIT licence"]),
        (
            "minilm",
            ["does not tell upper from lower case", "under the Apache-2.0 licence", "sees all of the text.\n"],
        ),
    ],
)
def test_it_says_what_the_model_began_with(done, trained, monkeypatch, name, says):
    of = trained(name)
    source = MODELS[name].source
    base = Base("built in", name, "", "") if name == "nano" else Base("pretrained", source.repo, "", "", "a" * 40)
    monkeypatch.setattr("core.export.card.demand_origin", lambda run: Origin(base, of.labels))
    words = card(done, Network(of.model, of.tokenizer, of.recipe, of.labels, 1), "onnx")
    assert all(each in words for each in says), words
    if name != "nano":
        assert words.startswith("---\npipeline_tag: text-classification\nlibrary_name: onnx\nbase_model: ")
        assert f"from {source.repo} at revision aaaaaaa;" in words


def test_a_stopped_run_is_untested(tmp_path):
    run = learned(tmp_path / "stopped", stop=True, model={"readout": "first"}, train={"epochs": 2})
    asked, log = open_predictor(run), EventLog(run)
    for step in (asked.step - 1, asked.step):
        log.write(Applied(id="x", control={"type": "rates", "lr": 1 / (step + 1), "head_lr": None}, step=step))
    words = card(run, asked, "onnx")
    assert f"On its way it was changed: from step {asked.step} on lr {1 / asked.step:.3g}.\n" in words
    assert "**Untested**: the run is stopped." in words and "sees no other" in words
    assert "onnxruntime" in words and "| in all |" in words
