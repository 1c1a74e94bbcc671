"""A run from its folder to its result, in this process; and that resuming is exact wherever it was stopped."""

import csv
import json
import shutil

import msgspec
import pytest
import torch

from cases import each, first
from core.data.mend import mend, take_back
from core.data.parts import read_parts
from core.errors import BadData, BadModel, WorkbenchError
from core.evaluate.predict import open_predictor
from core.recipe import load
from core.runs import edits
from core.runs.events import (
    Changed,
    Checkpointed,
    Encoded,
    Ended,
    Evaluated,
    Followed,
    Noted,
    Started,
    Steps,
)
from core.runs.folder import RunFolder
from core.runs.kept_rows import kept_rows
from core.runs.margins import read_margins
from core.train import checkpoint, finetune
from core.train.control_source import ControlSource
from core.train.inputs import Remembering
from core.worker.finetune import attempt

pytestmark = pytest.mark.usefixtures("tiny")


def never() -> bool:
    return False


def live(run, stopping=never, resumed=False):
    return list(attempt(run, lambda *_: None, ControlSource(stopping), resumed))


def weights(run, name="last"):
    return checkpoint.read(run.checkpoint(name), checkpoint.WEIGHTS)


def test_a_run_ends_with_its_result_and_files(new_run):
    run = new_run()
    events = live(run)
    ended = events[-1]
    assert isinstance(ended, Ended) and ended.state == "done"
    result = ended.result
    assert result == run.result()
    assert result.run == str(run.path)
    test = result.test
    assert test.low < test.accuracy <= test.high
    assert test.rows == 18 == sum(map(sum, test.confusion))
    assert test.clean == test.unseen == test.accuracy and test.clean_rows == test.unseen_rows == 18
    assert test.baselines.keys() == {"majority", "tfidf", "probe"} and test.verdict in ("better", "even", "worse")
    assert test.baselines["majority"].accuracy == pytest.approx(12 / 18)
    best = test.baselines[test.strongest]
    assert best.validation == max(one.validation for one in test.baselines.values())
    assert best.won - best.lost == test.correct - best.correct
    assert set(test.per_class) == {"ham", "spam"} == set(result.labels)
    assert result.train.low < result.train.accuracy and (result.train.rows, result.validation.rows) == (63, 9)
    assert result.seconds.total > 0
    with open(run.split_file) as file:
        splits = list(csv.DictReader(file))
    assert len(splits) == 90 and {s["split"] for s in splits} == {"train", "validation", "test"}
    with open(run.predictions_file, newline="") as file:
        said = list(csv.DictReader(file))
    assert len(said) == 18
    assert sum(s["label"] == s["predicted"] for s in said) == test.correct
    assert {int(s["row"]) for s in said} == {int(s["row"]) for s in splits if s["split"] == "test"}


def test_a_run_keeps_the_margin_of_each_training_row_resumed_or_not(new_run):
    run, broken = new_run(), new_run()
    live(run)
    margins = read_margins(run)
    with open(run.split_file) as file:
        training = {int(row["row"]): row["label"] for row in csv.DictReader(file) if row["split"] == "train"}
    assert {one.row: one.label for one in margins} == training
    assert {one.seen for one in margins} == {2} and all(one.other != one.label for one in margins)
    steps = iter(range(14))
    live(broken, stopping=lambda: next(steps, None) is None)
    assert not broken.margins_file.exists()
    live(broken, resumed=True)
    assert broken.margins_file.read_bytes() == run.margins_file.read_bytes()


def test_a_run_goes_on_from_a_checkpoint_of_an_older_version_that_kept_no_margins(new_run):
    run, steps = new_run(), iter(range(14))
    live(run, stopping=lambda: next(steps, None) is None)
    folder = run.checkpoint("last")
    manifest = json.loads((folder / checkpoint.MANIFEST).read_text())
    del manifest["sha256"][checkpoint.MARGINS]
    (folder / checkpoint.MANIFEST).write_text(json.dumps(manifest))
    (folder / checkpoint.MARGINS).unlink()
    assert live(run, resumed=True)[-1].state == "done"
    assert not run.margins_file.exists()


def test_edits_are_applied_before_the_split_and_the_run_keeps_them(new_run, messages, tmp_path):
    plain = new_run()
    live(plain)
    with open(plain.split_file) as file:
        rows = list(csv.DictReader(file))
    tested = next(int(row["row"]) for row in rows if row["split"] == "test" and row["label"] == "ham")
    data = plain.recipe().data.model_copy(update={"edits": "auto"})
    read, file = read_parts(data), edits.file_of(plain.path.parent, data)
    mend(read, file, data, tested, "spam")
    mend(read, file, data, (tested + 3) % 90, None)
    run = new_run()
    assert run.recipe().data.edits == str(file) and len(edits.of_run(run).edits) == 2
    take_back(read, file, data)  # what is mended later is for later runs
    said = " ".join(event.text for event in live(run) if isinstance(event, Noted))
    applied = edits.of_run(run).applied
    assert (applied.relabelled, applied.dropped) == (1, 1)
    assert "1 row relabelled, 1 dropped, as the edits say." in said
    assert ("in the test part" in said) == bool(applied.tested)
    kept = {row.row: row.label for row in kept_rows(run)}
    assert len(kept) == 89 and kept[tested] == "spam"
    by_hand = tmp_path / "by_hand.tsv"
    lines = messages.read_text().splitlines()
    lines[tested] = "spam" + lines[tested].removeprefix("ham")
    del lines[(tested + 3) % 90]
    by_hand.write_text("".join(f"{line}\n" for line in lines))
    other = new_run(data={"path": str(by_hand)})
    live(other)
    assert [row.text for row in kept_rows(other)] == [row.text for row in kept_rows(run)]
    assert weights(run).keys() == weights(other).keys()
    assert all(torch.equal(weight, weights(other)[name]) for name, weight in weights(run).items())


def test_a_run_with_edits_of_other_data_ends_in_a_sentence(new_run, tmp_path):
    run = new_run()
    edits.keep(run, edits.Edits(data="elsewhere.csv", edits=[edits.Edit.of("nothing of this", "ham", "spam")]))
    with pytest.raises(BadData, match=r"made in elsewhere\.csv, and no row of theirs"):
        live(run)


def test_the_recipe_of_a_run_leaves_nothing_open(new_run):
    run = new_run(train={"lr": "auto"}, speed={"threads": "auto", "device": "auto"})
    live(run)
    assert "auto" not in {
        value for part in run.recipe().model_dump().values() if isinstance(part, dict) for value in part.values()
    }
    assert load(run.recipe().model_dump()) == run.recipe()
    asked = run.asked_as_known()
    assert (asked.train.lr, asked.speed.threads, asked.speed.cache_memory) == ("auto",) * 3
    live(run, resumed=True)  # which finds a recipe that is resolved
    assert run.asked_as_known() == asked


def test_it_learns(new_run):
    run = new_run(train={"epochs": 8, "lr": 5e-3}, freeze={"trainable": "all"})
    losses = [loss for event in live(run) if isinstance(event, Steps) for loss in event.loss]
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])
    assert run.result().test.accuracy > 0.9


def test_steps_and_evaluations_are_reported_whole_and_in_order(new_run):
    events = live(new_run())
    started = next(e for e in events if isinstance(e, Started))
    assert started.n_steps == 2 * 16 and started.rows == {"train": 63, "validation": 9, "test": 18}
    steps = [e for e in events if isinstance(e, Steps)]
    assert sum(len(e.loss) for e in steps) == started.n_steps
    seen = [(e.step, e.split, e.whole) for e in events if isinstance(e, Evaluated)]
    assert seen[:2] == [(0, "train", False), (0, "validation", False)]
    assert (16, "validation", True) in seen and (32, "train", True) in seen


def test_the_cache_changes_nothing_but_the_time(new_run, same_test):
    cached, again, uncached = (new_run(speed={"cache": cache}) for cache in ("keep", "keep", "off"))
    first, second, _ = live(cached), live(again), live(uncached)
    encoded = [next(e for e in events if isinstance(e, Encoded)) for events in (first, second)]
    assert encoded[0].found == 0 and encoded[1].found == encoded[1].texts == 63 + 9
    names = [type(e).__name__ for e in first]
    assert names.index("Started") < names.index("Encoded") < names.index("Steps")
    assert same_test(cached.result().test, again.result().test)
    for name, tensor in weights(cached).items():
        assert torch.equal(tensor, weights(again)[name])
        torch.testing.assert_close(tensor, weights(uncached)[name], atol=1e-3, rtol=0)
    cache = cached.result().cache  # which the probe reads, too
    assert cache.texts == 72 and cache.blocks == 2 and cache.bytes == encoded[0].bytes
    seen = [e.rows for e in first if isinstance(e, Evaluated)]
    served = 72 + 2 * 63 + sum(seen[:-1])  # the last says again what the one at the epoch's end said
    assert cache.saved == pytest.approx(cache.cost / 72 * served - cache.seconds)
    assert uncached.result().cache is None


@pytest.mark.parametrize(
    ("layer", "once"),
    each(
        3,
        [
            ({}, True),
            ({"model": {"readout": "mean"}}, True),
            ({"lora": {"rank": 2}, "freeze": {"trainable": "lora.2,head"}}, True),
            ({"freeze": {"trainable": "all"}}, False),
            ({"freeze": {"trainable": "head", "thaw_every": 2}}, False),
        ],
        names=2,
    ),
)
def test_probe_and_test_go_the_same_way_through_the_frozen_layers_once(layer, once, new_run, monkeypatch):
    known, batch = [], Remembering.batch

    def noting(self, split, one):
        known.append((split, one.rows.tobytes()) in self._kept)
        return batch(self, split, one)

    monkeypatch.setattr(Remembering, "batch", noting)
    run = new_run(**layer)
    live(run)
    assert (True in known) == once and (not once or known == [False, True])
    monkeypatch.setattr("core.train.inputs.REMEMBERED", 0)
    known.clear()
    other = new_run(**layer)
    live(other)
    assert True not in known
    assert run.predictions_file.read_bytes() == other.predictions_file.read_bytes()  # to the last digit
    results = [one.result().test.baselines["probe"] for one in (run, other)]
    assert results[0].correct == results[1].correct and results[0].won == results[1].won


def test_a_stop_while_encoding_loses_nothing(new_run):
    class Off(BaseException): ...

    def progress(name, done, total, unit):
        if name == "encode" and done:
            raise Off

    whole, broken = new_run(speed={"cache": "run"}), new_run(speed={"cache": "run"})
    live(whole)
    with pytest.raises(Off):
        list(attempt(broken, progress, ControlSource(), False))
    live(broken, resumed=True)
    assert all(torch.equal(tensor, weights(broken)[name]) for name, tensor in weights(whole).items())


def test_only_the_chosen_parts_learn(new_run):
    run = new_run(freeze={"trainable": "blocks.2,head"})
    live(run)
    names = set(weights(run))
    assert names and all(name.startswith(("backbone.h.2.", "head.")) for name in names)


# how often `stopping` is asked before it says yes: also in the middle of evaluations, and right at their ends
PLANS = [
    ("last_block", "bucketed", (0, 7, 22, 23, 24, 25, 60)),
    ("all", "dynamic", (9, 24)),
    ("embeddings,blocks.1,head", "fixed", (23,)),
    ("lora.1,blocks.2,head", "bucketed", (9, 23)),
]


@pytest.mark.parametrize(("trainable", "padding", "moments"), first(2, PLANS, names=3))
def test_a_stopped_and_resumed_run_equals_one_never_stopped(new_run, trainable, padding, moments, same_test):
    # 12 tokens are enough for these texts, and keep the fixed padding quick
    changes = {"freeze": {"trainable": trainable}, "train": {"padding": padding}, "model": {"context": 12}}
    changes["lora"] = {"dropout": 0.2}
    whole = new_run(**changes)
    live(whole)
    for asked in moments:
        broken = new_run(**changes)
        left = iter(range(asked))
        events = live(broken, lambda left=left: next(left, None) is None)
        resumed = False
        while events[-1].state == "stopped":
            resumed = True
            events = live(broken, resumed=True)
        assert resumed
        for name, tensor in weights(whole).items():
            assert torch.equal(tensor, weights(broken)[name]), (asked, name)
        assert same_test(broken.result().test, whole.result().test)
        assert strip(broken.result()) == strip(whole.result())


def strip(result):
    drop = {"run", "name", "seconds", "cache", "test"}
    return {key: value for key, value in msgspec.structs.asdict(result).items() if key not in drop}


def test_a_run_of_little_patience_ends_early_and_also_when_it_was_stopped_on_the_way(new_run, same_test):
    changes = {
        "train": {"epochs": 9, "patience": 1, "metric": "accuracy", "lr": 1e-6, "schedule": "cosine", "warmup": 0.1}
    }
    whole, broken = new_run(**changes), new_run(**changes)
    events = live(whole)
    assert events[-1].state == "done" and max(e.step for e in events) == 32
    assert any("1 epoch without a better accuracy" in e.text for e in events if isinstance(e, Noted))
    left = iter(range(40))
    assert live(broken, lambda: next(left, None) is None)[-1].state == "stopped"
    assert live(broken, resumed=True)[-1].state == "done"
    assert same_test(broken.result().test, whole.result().test)
    assert strip(broken.result()) == strip(whole.result())


DAMAGES = {
    "another answer": lambda path: path.write_text(path.read_text().replace('"answers":[0', '"answers":[1', 1)),
    "torn": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "missing": lambda path: path.unlink(),
}


@pytest.mark.more
def test_what_baselines_said_is_made_again_where_it_was_damaged_in_a_stopped_run(new_run, same_test):
    whole, stopped = new_run(), new_run()
    live(whole)
    left = iter(range(20))
    assert live(stopped, lambda: next(left, None) is None)[-1].state == "stopped"
    for name, damage in DAMAGES.items():
        run = RunFolder(shutil.copytree(stopped.path, stopped.path.with_name(name)))
        damage(run.baselines_file)
        left = iter(range(2))
        events = live(run, lambda left=left: next(left, None) is None, resumed=True)  # stopped anew before any step
        assert "baselines.json is missing or damaged" in said(events) and events[-1].state == "stopped", name
        assert live(run, resumed=True)[-1].state == "done"
        assert same_test(run.result().test, whole.result().test), name


def said(events) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Noted))


def test_losses_of_a_resumed_run_continue_those_before(new_run):
    whole, broken = new_run(), new_run()
    expected = [loss for e in live(whole) if isinstance(e, Steps) for loss in e.loss]
    left = iter(range(30))
    first = live(broken, lambda: next(left, None) is None)
    at = broken.saved_step()
    second = live(broken, resumed=True)
    assert 0 < at < 32
    losses = [[loss for e in part if isinstance(e, Steps) for loss in e.loss] for part in (first, second)]
    assert losses[0][:at] + losses[1] == expected


def test_the_best_weights_are_kept_and_older_ones_removed(new_run):
    run = new_run(train={"epochs": 3, "lr": 5e-2})
    events = live(run)
    validations = {e.step: e.loss for e in events if isinstance(e, Evaluated) and e.split == "validation" and e.whole}
    announced = [e for e in events if isinstance(e, Checkpointed) and e.best][-1]
    best = min((loss, step) for step, loss in validations.items() if step % 16 == 0)[1]
    assert run.checkpoint("best").name == str(best) == announced.name
    assert run.result().checkpoint == best
    assert {p.name for p in run.checkpoints.iterdir()} <= {"best", "last", str(best), "48"}


def test_where_the_last_weights_are_kept_no_others_are(new_run):
    run = new_run(train={"epochs": 3, "keep": "last", "patience": 3})
    left = iter(range(70))
    assert live(run, lambda: next(left, None) is None)[-1].state == "stopped"
    assert 16 < run.saved_step() < 48 and not (run.checkpoints / "best").exists()
    (run.checkpoints / "best").write_text("16")  # as an earlier version left one
    assert live(run, resumed=True)[-1].state == "done"
    assert {p.name for p in run.checkpoints.iterdir()} == {"last", "48"} and run.result().checkpoint == 48


@pytest.mark.more
@pytest.mark.parametrize("kind", [{}, {"head": "mlp"}, {"outputs": "sigmoid"}, {"causal": False}], ids=str)
def test_of_an_adapted_run_only_adapters_and_head_are_kept_and_it_is_asked_merged(new_run, kind):
    run = new_run(freeze={"trainable": "lora.1,lora.2,head"}, model=kind, train={"lr": 5e-3})
    events = live(run)
    names = set(weights(run))
    assert all(".lora." in name or name.startswith("head.") for name in names)
    assert {name.split(".")[2] for name in names if ".lora." in name} == {"1", "2"}
    assert next(e for e in events if isinstance(e, Encoded)).blocks == 1  # below the lowest adapter
    changed = [e for e in events if isinstance(e, Changed)][-1].parts
    assert (
        set(changed) == {"blocks.1.attn", "blocks.1.mlp", "blocks.2.attn", "blocks.2.mlp", "head"}
        and min(changed.values()) > 0
    )
    asked = open_predictor(run)
    assert not any(".lora." in name for name, _ in asked.model.named_parameters())
    with open(run.predictions_file, newline="") as file:
        said = list(csv.DictReader(file))
    answers = asked.predict([row["text"] for row in said])
    for row, answer in zip(said, answers, strict=True):
        assert answer.probabilities["spam"] == pytest.approx(float(row["p_spam"]), abs=2e-6)


def test_one_logit_cannot_tell_three_classes_apart(new_run, messages):
    messages.write_text(messages.read_text() + "".join(f"other\tsomething else {i}\n" for i in range(20)))
    with pytest.raises(BadData, match="two classes apart; here are 3"):
        live(new_run(model={"outputs": "sigmoid"}))


def test_a_run_that_does_not_fit_is_refused_before_it_takes_memory(new_run, monkeypatch):
    from core import memory

    monkeypatch.setattr(memory, "free", lambda: 1_000_000)  # as on a machine where nearly all is taken
    monkeypatch.setattr("psutil.Process.memory_info", lambda self: type("Memory", (), {"rss": 500_400_000})())
    with pytest.raises(
        WorkbenchError, match="of memory; 0.5 are free. Batch 2 with 2 accumulated gives the same result|Learn fewer"
    ):
        live(new_run())
    assert live(new_run(speed={"memory": "ignore"}))[-1].state == "done"


def test_words_are_counted_as_the_recipe_says(new_run):
    for kind in ("tfidf", "counts"):
        baselines = live(new_run(data={"baseline": kind}))[-1].result.test.baselines
        assert baselines.keys() == {"majority", kind, "probe"} and 0.5 < baselines[kind].accuracy <= 1


def test_the_source_is_never_read_again(new_run, messages):
    run = new_run()
    left = iter(range(20))
    live(run, lambda: next(left, None) is None)
    messages.unlink()
    assert live(run, resumed=True)[-1].state == "done"


def test_a_loss_that_is_no_number_is_said_and_the_checkpoint_before_is_safe(new_run):
    run = new_run(train={"lr": 0.9, "epochs": 40, "keep": "last"}, freeze={"trainable": "all"})
    run2 = new_run()
    live(run2)
    path = run2.checkpoint("last") / checkpoint.WEIGHTS
    assert path.is_file()
    with pytest.raises(WorkbenchError, match="stopped being a number at step"):
        poison(run)


def poison(run):
    """Train with a head that has been made infinite."""
    from core.model.classifier import Classifier

    before = Classifier.new_head

    def broken(self, seed):
        before(self, seed)
        with torch.no_grad():
            self.head.weight.fill_(float("inf"))

    Classifier.new_head = broken
    try:
        live(run)
    finally:
        Classifier.new_head = before


def test_a_batch_larger_than_the_training_set(new_run):
    assert live(new_run(train={"batch": 500}))[-1].state == "done"
    with pytest.raises(WorkbenchError, match="step of 500 is more than the 63"):
        live(new_run(train={"batch": 500, "drop_last": True}))


def test_weights_that_are_no_checkpoint_folder(new_run, tmp_path):
    with pytest.raises(BadModel, match="not a model folder"):
        live(new_run(model={"weights": str(tmp_path / "nothing")}))


def test_sentences_are_followed_to_what_the_trained_run_says_of_them(new_run):
    sentences = ["free prize win cash", "tea at home soon", ""]
    run = new_run(train={"follow": sentences, "epochs": 1, "keep": "last"})
    looks = [event.probabilities for event in live(run) if isinstance(event, Followed)]
    said = [list(one.probabilities.values()) for one in open_predictor(run).predict(sentences)]
    assert len(looks) > 2 and looks[-1] == [pytest.approx(row, abs=0.01) for row in said]


def test_a_run_that_asks_a_sample_of_training_says_how_many_texts_it_learned_from(new_run, monkeypatch):
    monkeypatch.setattr("core.recipe.ASKED", 40)
    run = new_run(freeze={"trainable": "all"}, train={"epochs": 1})
    live(run)
    train, validation = run.result().train, run.result().validation
    assert (train.rows, train.drawn_from, validation.drawn_from) == (40, 63, None) and train.size == 63


def test_validation_is_not_asked_again_with_the_weights_that_it_was_asked_with(new_run, monkeypatch):
    evaluated, asked = finetune.evaluated, []

    def watched(model, inputs, split, *rest):
        asked.append(split)
        return evaluated(model, inputs, split, *rest)

    monkeypatch.setattr(finetune, "evaluated", watched)
    run = new_run(train={"epochs": 2})
    live(run)
    before, at_the_end = run.result().validation, asked[-1]
    asked.clear()
    live(run, resumed=True)  # another attempt does not know what this one saw
    assert at_the_end == "train" and asked == ["train", "validation"]
    assert run.result().validation == before


def test_a_run_is_one_json_document(new_run):
    run = new_run()
    live(run)
    assert msgspec.json.decode(run.result_file.read_bytes())["name"] == run.name
