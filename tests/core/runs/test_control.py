"""A run that is told things while it learns: what it answers, what comes of it, and that a resumed one repeats it."""

import os
import signal
import time
import weakref
from contextlib import suppress

import pytest
import torch

from cases import first
from core.architectures.models import MODELS
from core.evaluate.predict import open_predictor
from core.model.classifier import Classifier
from core.options import merge
from core.readout import ClassifierKind
from core.runs.control import (
    Continue,
    Epochs,
    Evaluate,
    Pause,
    Rates,
    Save,
    Settings,
    SetTrainable,
    Step,
    Stop,
    in_words,
    wrong,
)
from core.runs.events import (
    Applied,
    Changed,
    Checkpointed,
    Continued,
    Encoded,
    Ended,
    Evaluated,
    Paused,
    Phase,
    Started,
    Steps,
    Trainable,
)
from core.runs.history import History
from core.runs.launch import launch, lock
from core.runs.log import EventLog
from core.train import checkpoint, prefix
from core.train.control_source import ControlSource
from core.worker.control_file import FileControlSource
from core.worker.finetune import attempt
from core.worker.process import work

DEADLINE = 90  # seconds


def parts_of(tensors) -> set[str]:
    """The parts of the freeze plan that tensors of a checkpoint belong to."""
    return set(map(Classifier(MODELS["nano"].architecture, 2, ClassifierKind()).part_of, tensors))


class Killed(BaseException):
    """What a test raises where a worker is to be lost."""


class StepRecorder(EventLog):
    """A log that shows a test every event once it is written."""

    def __init__(self, run, saw):
        super().__init__(run)
        self._saw = saw

    def write(self, event, sync=False):
        super().write(event, sync)
        self._saw(event)


def live(run, saw=lambda event: None):
    """One attempt in this process; the events that it wrote. `saw` may send, and raise Killed."""
    before = len(run.events()[0])
    log = StepRecorder(run, saw)
    with suppress(Killed):
        log.last(work(run, log, FileControlSource(run, log)))
    return run.events()[0][before:]


def telling(run, told, killed=()):
    """What sends controls, each once, at the evaluations of some steps (every fifth has one), and kills at others."""
    told, killed = dict(told), list(killed)

    def saw(event):
        if isinstance(event, Changed) and event.step in told:
            for one in told.pop(event.step):
                run.send(one)
        if isinstance(event, Changed) and event.step in killed:
            killed.remove(event.step)
            raise Killed

    return saw


def weights(run):
    return checkpoint.read(run.checkpoint("last"), checkpoint.WEIGHTS)


def same(one, other):
    return all(torch.equal(tensor, weights(other)[name]) for name, tensor in weights(one).items())


def folded(run):
    history = History()
    for event in run.events()[0]:
        history.apply(event)
    return history


def answers(events):
    return [(event.control["type"], event.refused) for event in events if isinstance(event, Applied)]


@pytest.mark.usefixtures("tiny")
def test_what_a_killed_run_was_told_is_repeated_at_its_steps(new_run):
    changes = {"train": {"schedule": "cosine", "warmup": 0.1}}
    told = {5: [Rates(lr=5e-4)], 20: [Rates(head_lr=3e-3), Epochs(3)]}
    whole, broken, plain = new_run(**changes), new_run(**changes), new_run(**changes)
    live(whole, telling(whole, told))
    saw = telling(broken, told, killed=(25, 10, 40))  # checkpoints are those of steps 16 and 32
    while not (events := live(broken, saw)) or not isinstance(events[-1], Ended):
        assert broken.status().state == "vanished"
    live(plain)
    assert same(whole, broken) and not same(whole, plain)
    histories = [folded(run) for run in (whole, broken)]
    for history in histories:
        assert history.n_steps == history.step == 48 and history.started.epochs == 3
        assert history.marks == [(5, "lr 0.0005"), (20, "head lr 0.003"), (20, "3 epochs")]
        assert history.settings == Settings(5e-4, 3e-3, 3)
    assert histories[0].losses == histories[1].losses and histories[0].rates == histories[1].rates
    words = [words for _, words in histories[0].log]
    assert "lr 0.0005 from step 6 on" in words and "3 epochs from step 21 on" in words
    assert broken.status().n_steps == 48


@pytest.mark.usefixtures("tiny")
def test_a_resumed_run_that_is_told_anew_does_not_go_back_to_the_older_wish(new_run):
    run = new_run()
    live(run, telling(run, {20: [Rates(lr=0.5, head_lr=2e-3)]}, killed=(25,)))

    def saw(event):
        if isinstance(event, Phase) and event.name == "learn" and event.done == 16:
            run.send(Rates(lr=1e-4))

    live(run, saw)
    history = folded(run)
    assert set(history.rates[:16]) == {1e-3} and set(history.rates[16:]) == {1e-4}
    assert history.marks == [(16, "lr 0.0001")] and history.settings == Settings(1e-4, 2e-3)


@pytest.mark.usefixtures("tiny")
def test_a_pause_holds_between_two_steps_and_changes_nothing(new_run):
    whole, run = new_run(), new_run()
    live(whole)
    held = lock(run)
    then = {5: [[Step(2)]], 7: [[Evaluate(), Save(), Pause(), Step(3)]], 10: [[Continue()]]}
    states = []

    def saw(event):
        if isinstance(event, Changed) and event.step == 5:
            run.send(Pause())
        if isinstance(event, Paused):
            states.append((run.status().state, event.step, run.saved_step()))
            time.sleep(0.2)
            for one in then[event.step].pop():
                run.send(one)
        if isinstance(event, Continued):
            states.append(run.status().state)

    events = live(run, saw)
    os.close(held)
    assert states == [("paused", 5, 5), "running", ("paused", 7, 7), "running", ("paused", 10, 10), "running"]
    assert [kind for kind, refused in answers(events) if not refused] == [
        "pause", "step", "evaluate", "save", "step", "resume",
    ]  # fmt: skip
    assert ("pause", "it is paused already") in answers(events)
    looked = [(e.split, e.whole) for e in events if isinstance(e, Evaluated) and e.step == 7]
    assert looked == [("train", False), ("validation", True)]
    assert same(whole, run) and run.result().checkpoint == whole.result().checkpoint
    learned = [e.t for e in events if isinstance(e, Phase) and e.name == "learn"]
    assert run.result().seconds.learn + 0.6 <= learned[-1] - learned[0]
    assert sum(e.seconds for e in events if isinstance(e, Steps)) + 0.6 <= learned[-1] - learned[0]
    history = folded(run)
    assert (
        not history.paused
        and history.phase_times["learn"][1] - history.phase_times["learn"][0] + 0.6 <= learned[-1] - learned[0]
    )


@pytest.mark.usefixtures("tiny")
def test_what_cannot_be_obeyed_is_refused_with_a_reason(new_run):
    run = new_run(freeze={"trainable": "head"})
    at_20 = [Epochs(1), Epochs(2.5), Epochs(0), Rates(), Rates(head_lr=1.0), Rates(lr=1e-3), Step(0), Continue()]

    def saw(event):
        telling(run, {20: at_20})(event)
        if isinstance(event, Started):
            run.send(Evaluate())
            run.send(Save())  # waits
        if isinstance(event, Phase) and event.name == "learn" and event.done == 32:
            run.send(Pause())

    said = answers(live(run, saw))
    assert said[0] == ("evaluate", "it has not begun to learn") and said[1] == ("save", None)
    assert said[-1] == ("pause", "it has learned already")
    assert len(said) == 3 + len(at_20) and all(refused for _, refused in said[2:])
    assert "20 steps" in said[2][1] and "whole" in said[3][1] and "only the head learns" in said[7][1]
    assert run.status().state == "done" and folded(run).marks == []
    assert [words for event, words in folded(run).log if isinstance(event, Applied)][-2] == (
        "told to go on, refused: it is not paused"
    )


@pytest.mark.usefixtures("tiny")
def test_fewer_epochs_may_end_it_at_once_and_a_stop_goes_before_what_waits(new_run):
    run = new_run(train={"epochs": 9})
    live(run, telling(run, {16: [Epochs(1)]}))
    assert run.status().state == "done" and run.status().n_steps == run.status().step == 16

    stopped = new_run()
    events = live(stopped, telling(stopped, {5: [Rates(lr=0.1), Stop()]}))
    assert answers(events) == [("stop", None), ("rates", "the run is stopping")]
    assert events[-1].state == "stopped"


IDS = [
    "thaw, then freeze",
    "adapters",
    "schedule",
    "told in a schedule",
    "adapters, and away",
    "changed one's mind",
    "held",
]
HELD = [
    ({"freeze": {"trainable": "head"}}, {5: [SetTrainable("last_two_blocks")], 20: [SetTrainable("blocks.2,head")]}),
    ({"speed": {"cache": "off"}}, {5: [SetTrainable("all")], 20: [SetTrainable("lora.1,norm,head"), Rates(lr=2e-3)]}),
    ({"freeze": {"trainable": "head", "thaw_every": 6}, "train": {"layer_decay": 0.5}}, {}),
    ({"freeze": {"trainable": "head", "thaw_every": 6}}, {10: [SetTrainable("last_block")]}),
    ({}, {5: [SetTrainable("lora")], 20: [SetTrainable("last_block")]}),
    (
        {"lora": {"dropout": 0.3}},
        {
            20: [
                SetTrainable("lora.2,head"),
                SetTrainable("lora"),
                SetTrainable("lora.1,lora.2,head"),
                SetTrainable("all"),
                SetTrainable("lora.1,blocks.2,head"),
            ]
        },
    ),
    ({"freeze": {"thaw_every": 10}}, {5: [SetTrainable("last_block")]}),
]


@pytest.mark.more
@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(("changes", "told"), first(2, HELD, names=2), ids=IDS)
def test_what_learns_changes_on_the_way_and_a_killed_run_repeats_it(new_run, changes, told, same_test):
    whole, broken, plain = new_run(**changes), new_run(**changes), new_run(freeze={"trainable": "head"})
    events = live(whole, telling(whole, told))
    saw = telling(broken, told, killed=(25, 15, 30))  # checkpoints are those of epochs and changes
    while not (again := live(broken, saw)) or not isinstance(again[-1], Ended):
        assert broken.status().state == "vanished"
    live(plain)
    assert whole.status().state == broken.status().state == "done"
    assert weights(whole).keys() == weights(broken).keys() and same(whole, broken)
    histories = [folded(run) for run in (whole, broken)]
    assert histories[0].losses == histories[1].losses and histories[0].marks == histories[1].marks
    assert histories[0].losses != folded(plain).losses
    thaws = len({e.step for e in events if isinstance(e, Trainable)}) - 1
    assert len(histories[0].marks) == thaws + sum(isinstance(one, Rates) for some in told.values() for one in some)
    results = [run.result() for run in (whole, broken)]
    assert same_test(results[0].test, results[1].test) and results[0].validation == results[1].validation
    said = open_predictor(broken).predict(["free prize win cash"])[0].probabilities
    assert said == open_predictor(whole).predict(["free prize win cash"])[0].probabilities


@pytest.mark.usefixtures("tiny")
def test_only_what_learns_moves_and_a_checkpoint_holds_all_that_ever_did(new_run):
    run, seen = new_run(freeze={"trainable": "head"}, train={"keep": "last"}), {}

    def saw(event):
        telling(run, {5: [SetTrainable("blocks.1,head")], 20: [SetTrainable("blocks.2")]})(event) if event.step in (
            5,
            20,
        ) else None
        if isinstance(event, Changed):
            seen[event.step] = event.parts

    events = live(run, saw)
    assert parts_of(weights(run)) == {"head", "blocks.1", "blocks.2"}
    assert set(seen[5]) == {"head"} and set(seen[10]) == {"head", "blocks.1.attn", "blocks.1.mlp"}
    assert (
        seen[20]["head"] == seen[32]["head"] > seen[5]["head"]
        and seen[20]["blocks.1.mlp"] == seen[32]["blocks.1.mlp"] > 0
    )
    assert seen[32]["blocks.2.mlp"] > 0
    learned = [(e.step, e.parts, e.depth) for e in events if isinstance(e, Trainable)]
    assert learned == [(0, "head", 3), (5, "blocks.1,head", 1), (20, "blocks.2", 2)]
    assert [e.blocks for e in events if isinstance(e, Encoded)] == [3, 1, 2]
    # the optimizer holds the moments of what learns now, and of nothing else
    moments = checkpoint.read(run.checkpoint("last"), checkpoint.OPTIMIZER)
    assert parts_of(moments) == {"blocks.2"}
    assert {int(t) for name, t in moments.items() if name.endswith("/step")} == {12}


@pytest.mark.usefixtures("tiny")
def test_what_was_best_before_a_thaw_is_tested_as_it_was(new_run, same_test):
    # rates at which everything is spoilt once the blocks learn, so that an earlier epoch stays the best
    small = {"freeze": {"trainable": "head"}, "train": {"lr": 1e-4}}
    run, alone = (new_run(**merge(small, {"train": {"epochs": n}})) for n in (3, 1))
    live(run, telling(run, {20: [SetTrainable("all"), Rates(lr=0.9, head_lr=0.9)], 35: [SetTrainable("head")]}))
    live(alone)
    assert run.result().checkpoint == 16
    assert run.result().changes == [
        "from step 21 on lr 0.9, head lr 0.9",
        "from step 21 on all layers",
        "from step 36 on head only",
    ]
    assert same_test(run.result().test, alone.result().test)
    assert run.result().validation.accuracy == alone.result().validation.accuracy


@pytest.mark.usefixtures("tiny")
def test_what_is_kept_of_texts_goes_where_another_part_is_to_learn(new_run, monkeypatch):
    made, alive = [], []

    class Watched(prefix.Cached):
        def __init__(self, *given):
            super().__init__(*given)
            made.append(weakref.ref(self))

    monkeypatch.setattr(prefix, "Cached", Watched)
    run = new_run(freeze={"trainable": "head"})
    tell = telling(run, {5: [SetTrainable("last_block")], 20: [SetTrainable("last_two_blocks")]})

    def saw(event):
        tell(event)
        if isinstance(event, Changed):
            alive.append(sum(one() is not None for one in made))

    live(run, saw)
    assert len(made) == 3 and set(alive) == {1}  # also after the end of an epoch


@pytest.mark.more
@pytest.mark.usefixtures("tiny")
def test_the_cache_is_made_anew_of_what_has_moved(new_run):
    told = {5: [SetTrainable("all")], 20: [SetTrainable("last_block")]}
    # AdamW's steps are as long as the rate, also where rounding decides which way they go
    cached, off = (new_run(train={"lr": 1e-5, "head_lr": 1e-5}, speed={"cache": cache}) for cache in ("keep", "off"))
    for run in (cached, off):
        live(run, telling(run, told))
    for name, tensor in weights(cached).items():
        torch.testing.assert_close(tensor, weights(off)[name], atol=1e-5, rtol=1e-4)
    encoded = [e for e in cached.events()[0] if isinstance(e, Encoded)]
    assert [(e.blocks, e.kept) for e in encoded] == [(2, True), (2, False)]


@pytest.mark.usefixtures("tiny")
def test_what_cannot_learn_is_refused(new_run, monkeypatch):
    from core import memory

    run = new_run()
    at_5 = [SetTrainable("last_block"), SetTrainable("blocks.7"), SetTrainable(""), SetTrainable("head")]

    def saw(event):
        telling(run, {5: at_5})(event)
        if isinstance(event, Applied) and event.control["trainable"] == "head":
            monkeypatch.setattr(memory, "free", lambda: -10_000_000_000)  # as where others have taken all there is
            run.send(SetTrainable("all"))

    said = [refused for _, refused in answers(live(run, saw))]
    assert said[:4] == ["that is what learns already", said[1], "nothing would learn; head is the least", None]
    assert "no part of this model" in said[1] and "of memory" in said[4] and run.status().state == "done"


@pytest.mark.more
def test_a_paused_worker_that_is_killed_vanishes_and_goes_on_with_what_it_was_told(new_run, wait):
    run, whole = new_run(), new_run()
    process = launch(run)
    run.send(Pause())  # long before it learns: it waits
    wait(lambda: run.status().state == "paused", process)
    assert run.status().step == 0 and run.status().alive
    run.send(Step(20))
    wait(lambda: (run.status().state, run.status().step) == ("paused", 20), process)
    id = run.send(Rates(lr=2e-4))
    wait(lambda: [e for e in run.events()[0] if isinstance(e, Applied) and e.id == id], process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert run.status().state == "vanished"

    late = run.send(Pause())  # while nobody hears it
    process = launch(run)
    assert process.wait(DEADLINE) == 0, run.log_file.read_text()
    assert run.status().state == "done"
    assert next(e.refused for e in run.events()[0] if isinstance(e, Applied) and e.id == late)
    list(attempt(whole, lambda *_: None, ControlSource(changes=[(20, Rates(lr=2e-4))]), resumed=False))
    assert same(whole, run)


@pytest.mark.more
def test_a_paused_worker_hears_a_signal(new_run, wait):
    run = new_run(train={"epochs": 500})
    process = launch(run)
    run.send(Pause())
    wait(lambda: run.status().state == "paused", process)
    process.terminate()
    assert process.wait(DEADLINE) == 0
    assert run.status().state == "stopped" and any(isinstance(e, Checkpointed) for e in run.events()[0])


@pytest.mark.parametrize(
    ("control", "words", "why"),
    [
        (Rates(lr=5e-5), "lr 5e-5", None),
        (Rates(5e-5, 2e-3), "lr 5e-5, head lr 0.002", None),
        (Rates(lr=0.0), "lr 0", "a learning rate is above 0 and below 1"),
        (Rates(lr=float("nan")), "lr nan", "a learning rate is above 0 and below 1"),
        (Epochs(1), "1 epoch", None),
        (Epochs(0.5), "0.5 epochs", None),
        (Epochs(float("inf")), "inf epochs", "epochs lie between 0 and 10,000"),
        (Step(1000), "take 1,000 steps", None),
        (Continue(), "go on", None),
        (Save(), "save a checkpoint", None),
        (Stop(), "stop", None),
    ],
)
def test_controls_in_words(control, words, why):
    assert in_words(control) == words and wrong(control) == why
