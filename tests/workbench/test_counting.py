"""A model that counts, in the app and on the command line; and what a verdict leads to."""

import json

import numpy as np
import pytest
from textual.widgets import TextArea

from cases import first
from core.architectures.models import COUNTING, MODELS
from core.recipe import load
from core.runs.result import BaselineResult, result_of, strongest_of
from core.runs.verdict import Setting, advice, in_words, standing
from workbench.app import WorkbenchApp
from workbench.cli.main import main
from workbench.widgets.footer import Footer
from workbench.widgets.layers import Layers


@pytest.fixture
def labels(tmp_path):
    """A file from whose words a label can be told."""
    path = tmp_path / "labels.tsv"
    rows = [("spam", "free prize call now") if i % 3 == 0 else ("ham", "lunch at home soon") for i in range(120)]
    path.write_text("".join(f"{label}\t{text} number {i}\n" for i, (label, text) in enumerate(rows)))
    return path


@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
@pytest.mark.more
async def test_it_is_chosen_trained_and_asked_in_the_app(labels, tmp_path, shown, until, size):
    app = WorkbenchApp(load({"data": {"path": str(labels)}, "model": {"name": COUNTING}}), tmp_path / "runs")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.session.draft.profile)
        assert "nothing is cut" in shown(app) and "Length in words" in shown(app)
        await until(pilot, lambda: " words  text" in shown(app))
        assert "tokens  text" not in shown(app)
        await pilot.press("2")
        await until(pilot, lambda: app.screen.query(Layers) and "n-grams → 2" in shown(app))
        words = shown(app)
        assert "TF-IDF" in words and "LoRA in" not in words and "ONNX only" in words and "at most" in words
        assert "no network" in words
        for key in ("space", "b", "l", "a", "plus", "P"):  # there is nothing to choose, or to measure
            await pilot.press(key)
        assert str(app.session.draft.recipe.plan) == "head" and not app.session.draft.measuring
        await pilot.press("t")
        await until(pilot, lambda: app.session.followed.history.result)
        await until(pilot, lambda: "Better than the majority" in shown(app) and "precision" in shown(app))
        assert "read values" not in app.screen.query_one(Footer).render().plain  # there are no curves
        await pilot.press("4")
        await until(pilot, lambda: app.screen.query(TextArea) and app.focused in app.screen.query(TextArea))
        await pilot.press(*"free", "space", *"lunch")
        await until(pilot, lambda: "after each token" in shown(app) and "lunch" in shown(app))
        await pilot.press("escape", "5")
        await until(pilot, lambda: "better" in shown(app) and COUNTING in shown(app))
        assert "head only" not in shown(app) and "readout" not in shown(app)


def test_on_the_command_line_it_is_trained_asked_and_exported(labels, tmp_path, capsys):
    def said(*words):
        assert main([*map(str, words), "--runs", str(tmp_path / "runs")]) == 0
        return capsys.readouterr().out

    result = json.loads(said("train", labels, "--model", COUNTING, "--json"))
    assert result["test"]["verdict"] == "better" and result["test"]["baselines"].keys() == {"majority"}
    (answer,) = json.loads(said("predict", "r1", "a free prize", "--json"))
    assert answer["label"] == "spam"
    assert "no network" in said("train", labels, "--model", COUNTING, "--dry-run")
    listed, shown = said("runs"), said("show", "r1")
    assert COUNTING in listed and "majority" in shown
    assert "n-grams" in listed and f"{COUNTING} · n-grams" in shown and "head" not in listed
    assert "context" not in listed and "readout" not in listed
    assert (
        main(["export", "r1", str(tmp_path / "out"), "--format", "transformers", "--runs", str(tmp_path / "runs")]) == 1
    )
    assert "--format onnx" in capsys.readouterr().err
    assert main(["show", "r1", "--code", "--runs", str(tmp_path / "runs")]) == 1
    assert "no network" in capsys.readouterr().err


@pytest.mark.more
def test_exported_it_says_the_same_in_onnxruntime(labels, tmp_path, capsys):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    runs = ["--runs", str(tmp_path / "runs")]
    assert main(["train", str(labels), "--model", COUNTING, "--json", *runs]) == 0
    capsys.readouterr()
    assert main(["export", "r1", str(tmp_path / "out"), *runs]) == 0
    capsys.readouterr()
    text = "Free lunch"
    assert main(["predict", "r1", text, "--json", *runs]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    session = onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx")
    given = {"words": text.lower().split(), "characters": list(text.lower())}
    (found,) = session.run(None, {name: np.array([units], dtype=object) for name, units in given.items()})
    assert found[0] == pytest.approx(list(answer["probabilities"].values()), abs=1e-5)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "counts words and characters" in card and "Better than the majority" in card


@pytest.mark.more
async def test_a_better_model_for_such_texts_is_named_and_one_key_starts_from_it(labels, tmp_path, shown, until):
    app = WorkbenchApp(load({"data": {"path": str(labels)}}), tmp_path / "runs")
    async with app.run_test(size=(120, 36)) as pilot:
        draft = app.session.draft
        await until(pilot, lambda: draft.profile and draft.models and "B  minilm learns more here" in shown(app))
        fetched = []
        app.session.fetcher.start = lambda name, choose: fetched.append((name, choose))
        draft.models = dict(draft.models) | {"minilm": "download"}
        await pilot.press("B")
        await until(pilot, lambda: fetched == [("minilm", True)])
        assert draft.recipe.model.name == "nano"
        draft.models = dict(draft.models) | {"minilm": "on disk"}
        await pilot.press("B")
        await until(pilot, lambda: draft.recipe.model.name == "minilm")
        await until(pilot, lambda: draft.profile and "learns more here" not in shown(app))


@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
async def test_a_card_says_that_the_network_lost_and_what_to_try(runs, shown, until, size):
    run = runs.write("done")
    document = runs.result(run)
    test = document["test"]
    test["baselines"]["tfidf"] |= {"won": 3, "lost": 21}
    test["verdict"] = "worse"
    document["advice"] = ["TF-IDF is better here, and learns in seconds: take the model tfidf."]
    run.result_file.write_text(json.dumps(document))
    lines = run.events_file.read_bytes().splitlines(keepends=True)
    last = json.loads(lines[-1]) | {"result": document}
    run.events_file.write_bytes(b"".join([*lines[:-1], json.dumps(last).encode() + b"\n"]))
    app = WorkbenchApp(load(), run.path.parent)
    async with app.run_test(size=size) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "Worse than TF-IDF: 3 texts won, 21 lost (p < .001)." in shown(app))
        assert "→ TF-IDF is better here, and learns in seconds" in shown(app)


def test_a_verdict_is_by_mcnemar_and_says_both_counts(runs):
    assert [standing(*counts) for counts in ((9, 5), (20, 4), (4, 20), (0, 0))] == ["even", "better", "worse", "even"]
    test = result_of(runs.result(runs.write("done"))).test
    assert in_words(test) == "No difference shown from TF-IDF: 9 texts won, 5 lost (p .42)."
    test.verdict = None
    assert in_words(test) == ""


def test_the_strongest_baseline_is_chosen_on_validation_and_learns_where_it_can():
    shares = {"majority": 0.5, "tfidf": 0.5, "probe": 0.5}
    found = {name: BaselineResult.of(1, 2, validation=share) for name, share in shares.items()}
    assert strongest_of(found) == "tfidf"
    found["probe"].validation = 0.75
    assert strongest_of(found) == "probe"
    assert strongest_of({"majority": found["majority"]}) == "majority"


def test_advice_follows_from_what_is_known(runs):
    result = result_of(runs.result(runs.write("done")))
    plain = Setting("nano", False, True, learns_more="minilm", reads="xlm-roberta")
    found = advice(result, plain)
    assert len(found) == 3 and "model minilm" in found[0] and "model tfidf" in found[1] and "all" in found[2]
    assert "model xlm-roberta" in advice(result, plain._replace(foreign=True))[0]
    done = plain._replace(everything=True, reads_last=False, learns_more="")
    assert [words[:6] for words in advice(result, done)] == ["TF-IDF", "More l"]
    result.test.verdict = "better"
    assert [words[:11] for words in advice(result, plain)] == ["More labels"]
    result.test.baselines["probe"].correct, result.test.verdict = 299, "worse"
    result.test.strongest = "probe"
    assert any("Training did not help" in words and "right more often" in words for words in advice(result, done))


def test_a_network_without_errors_is_not_told_how_to_make_fewer(runs):
    result = result_of(runs.result(runs.write("done")))
    test = result.test
    test.correct, test.verdict, test.baselines["probe"].correct = test.rows, "even", test.rows
    setting = Setting("nano", False, True, learns_more="minilm", foreign=False)
    assert [words[:6] for words in advice(result, setting)] == ["TF-IDF", "More l"]


def test_every_model_is_listed_with_the_counting_one_last(capsys):
    assert main(["models", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows][-1] == COUNTING and rows[-1]["context"] is None
    assert len(rows) == len(MODELS)
