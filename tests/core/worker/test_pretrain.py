"""Pretraining as a run: the real process, killed and taken up again; what it makes; and what it refuses."""

import json
import random
import re
import shutil

import pytest
import torch
from safetensors.torch import load_file

from core.architectures.file_names import TOKENS
from core.architectures.models import MODELS
from core.errors import BadRun
from core.evaluate.predict import open_predictor
from core.pretraining import Pretraining
from core.runs.events import Ended, Noted, Sampled
from core.runs.launch import launch
from core.runs.root import create_run
from core.train.control_source import ControlSource
from core.worker.finetune import attempt
from core.worker.pretrain import pretrain

DEADLINE = 100  # seconds
NAMES = ["Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo"]
DONE = ["walks to", "sings for", "writes to", "looks at", "waits for", "dreams of"]


@pytest.fixture
def text(tmp_path):
    rng = random.Random(1)
    path = tmp_path / "stories.txt"
    lines = [
        f"{rng.choice(NAMES)} {rng.choice(DONE)} {rng.choice(NAMES)}, {rng.randint(1, 99)} times." for _ in range(700)
    ]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def new_pretraining(tmp_path, text):
    def make(paths=(text,), **train):
        recipe = {
            "text": {"paths": [*map(str, paths)], "held_out": 0.1},
            "train": {"batch": 1, "eval_every": 100, "eval_windows": 1, "checkpoint_seconds": 0.1, **train},
            "speed": {"threads": 1, "device": "cpu", "precision": "fp32"},
        }
        return create_run(tmp_path / "runs", Pretraining.of(recipe))

    return make


def silent(*_):
    pass


def events(run, kind):
    return [event for event in run.events()[0] if isinstance(event, kind)]


@pytest.mark.more
def test_what_it_makes_opens_elsewhere_and_can_be_fine_tuned(new_pretraining, new_run, tmp_path):
    transformers = pytest.importorskip("transformers")
    run = new_pretraining(epochs=0.2)
    said = list(pretrain(run, silent, ControlSource(), resumed=False))
    assert any("1 document:" in e.text and "held out" in e.text for e in said if isinstance(e, Noted))
    assert [e for e in said if isinstance(e, Sampled)]
    result = run.result()
    assert 0 < result.held_out.bits_per_byte < 8 and result.model == str(run.model_folder)
    config = json.loads((run.model_folder / "config.json").read_text())
    assert config["vocab_size"] == MODELS["nano"].architecture.vocab
    theirs = transformers.GPT2LMHeadModel.from_pretrained(run.model_folder).float().eval()
    weights = load_file(run.model_folder / "model.safetensors")
    assert torch.equal(theirs.transformer.wte.weight, weights["wte.weight"].float())

    with pytest.raises(BadRun, match="no classifier"):
        run.recipe()
    tuned = new_run(model={"weights": str(run.model_folder), "context": 32}, freeze={"trainable": "head"})
    assert isinstance(list(attempt(tuned, silent, ControlSource(), resumed=False))[-1], Ended)
    assert tuned.result() is not None and tuned.tokens_file.read_bytes() == (run.model_folder / TOKENS).read_bytes()

    # a run keeps what it started from: it can be asked when the one that made that is deleted
    before = open_predictor(tuned).predict(["Ada sings"])
    shutil.rmtree(run.path)
    assert open_predictor(tuned).tokenizer.id != "nano" and open_predictor(tuned).predict(["Ada sings"]) == before


def test_too_little_text_fails_with_a_sentence(new_pretraining, tmp_path):
    (tmp_path / "short.txt").write_text("a few words")
    (tmp_path / "empty.txt").write_text("\n")
    for name, words in {"short": "is .* tokens long; this model reads 512", "empty": "no text to learn from"}.items():
        run = new_pretraining([tmp_path / f"{name}.txt"])
        process = launch(run)
        assert process.wait(DEADLINE) == 1
        status = run.status()
        assert status.state == "failed" and re.search(words, status.why) and status.do
