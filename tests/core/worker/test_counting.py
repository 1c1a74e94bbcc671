"""A run whose model counts: trained, asked, resumed and damaged like any other."""

import json

import pytest

from core.errors import BadModel, BadRun
from core.evaluate.predict import TFIDF, Counter, open_predictor
from core.helper.classifier import kinds
from core.runs.events import Ended, Started
from core.runs.history import History
from core.runs.predictions import read_predictions
from core.train.control_source import ControlSource
from core.worker.counting import attempt


def live(run, stopping=lambda: False):
    return list(attempt(run, lambda *_: None, ControlSource(stopping), False))


@pytest.fixture
def counted(new_run):
    """A finished run, and its events."""
    run = new_run(model={"name": "tfidf", "weights": "pretrained"}, data={"probe": "auto"})
    return run, live(run)


def test_it_ends_with_its_result_and_files(counted):
    run, events = counted
    ended = events[-1]
    assert isinstance(ended, Ended) and ended.state == "done" and ended.result == run.result()
    result = ended.result
    assert result.test.rows == 18 and result.train.rows == 63 and result.validation.rows == 9
    assert result.test.baselines.keys() == {"majority"} == {result.test.strongest}
    assert result.test.verdict == "better" and result.labels == ["ham", "spam"]
    assert sum(one.right for one in read_predictions(run)[1]) == result.test.correct
    started = next(event for event in events if isinstance(event, Started))
    assert started.learns == started.parameters > 100 and started.n_steps == 1
    history = History.of(events)
    assert history.evaluations["validation"][0].whole and history.checkpoints[-1].best
    assert run.recipe().data.probe == "off"


@pytest.mark.parametrize("weights", ["random", "."])
def test_it_has_no_weights_to_choose(new_run, tmp_path, weights):
    with pytest.raises(BadModel, match="tfidf counts words: it has no weights.*Leave --weights out"):
        new_run(model={"name": "tfidf", "weights": weights})
    assert not (tmp_path / "runs").exists()


def test_it_is_asked_as_a_network_is(counted, labelled):
    run, _ = counted
    asked = open_predictor(run)
    assert isinstance(asked, Counter) and asked.names == ["ham", "spam"] and asked.step == 1
    texts = ["win a free prize", "see you at home", "", "\ud800"]
    together = asked.predict(texts)
    assert [one.label for one in together[:2]] == ["spam", "ham"] and not any(one.cut for one in together)
    assert [asked.predict([text])[0] for text in texts] == together
    assert all(sum(one.probabilities.values()) == pytest.approx(1) for one in together)


def test_play_has_its_verdict_after_every_word(counted):
    run, _ = counted
    typed = kinds()["typed"]
    text = "win a  free prize 很好"
    reply = typed({"run": str(run.path), "text": text}, None)
    assert [piece for piece, _ in reply["pieces"]] == ["win", " a", "  free", " prize", " 很", "好"]
    asked = open_predictor(run)
    for i, row in enumerate(reply["curve"]):
        beginning = "".join(piece for piece, _ in reply["pieces"][: i + 1])
        alone = asked.predict([beginning])[0].probabilities
        assert row == pytest.approx(list(alone.values()), abs=1e-4)
    assert reply["curve"][-1] == pytest.approx(list(reply["answer"].probabilities.values()), abs=1e-4)
    long = typed({"run": str(run.path), "text": "so many words " * 2_000}, None)
    assert long["before"] + len(long["pieces"]) == 6_001 and len(long["curve"]) == len(long["pieces"]) > 5
    assert typed({"run": str(run.path), "text": ""}, None)["curve"] == []


def test_two_of_one_recipe_are_equal_and_a_damaged_one_is_refused(counted, new_run):
    run, _ = counted
    again = new_run(model={"name": "tfidf", "weights": "pretrained"}, data={"probe": "auto"})
    live(again)
    files = [one.checkpoint("best") / TFIDF for one in (run, again)]
    assert files[0].read_bytes() == files[1].read_bytes()
    files[0].write_bytes(files[0].read_bytes()[:-1] + b"x")
    with pytest.raises(BadRun, match="damaged"):
        open_predictor(run)


def test_its_file_holds_no_code(counted):
    run, _ = counted
    head = (run.checkpoint("best") / TFIDF).read_bytes()
    size = int.from_bytes(head[:8], "little")
    assert {"weight", "bias", "words", "characters"} <= set(json.loads(head[8 : 8 + size]))
