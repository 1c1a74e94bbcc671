import math

import pytest

from core.runs import events as e
from core.runs.describe import describe
from core.runs.folder import RunFolder
from core.runs.history import History


def folded(*events: e.Event) -> History:
    history = History()
    for event in events:
        history.apply(event)
    return history


def started(n_steps=100, attempt=1, step=0) -> e.Started:
    return e.Started(
        pid=1, n_steps=n_steps, epochs=2, rows={"train": 8}, labels=["a", "b"], majority=0.5,
        learns=1, parameters=2, device="cpu", threads=1, attempt=attempt, step=step,
    )  # fmt: skip


def steps(last: int, losses: list[float], attempt=1, t=0.0, **kwargs) -> e.Steps:
    known = {"tokens": 10 * len(losses), "seconds": 0.5, "rss": 7} | kwargs
    return e.Steps(t=t, attempt=attempt, step=last, loss=losses, lr=[1e-3] * len(losses), **known)


def evaluated(step: int, accuracy=0.5, split="validation", attempt=1, whole=False) -> e.Evaluated:
    return e.Evaluated(step=step, attempt=attempt, split=split, rows=40, loss=0.1, accuracy=accuracy, whole=whole)


def learn(done: int, total=100, attempt=1, t=0.0) -> e.Phase:
    return e.Phase(name="learn", done=done, total=total, step=done, attempt=attempt, t=t)


def encoded(seconds=10.0, **kwargs) -> e.Encoded:
    known = {"blocks": 11, "texts": 1194, "positions": 16_000, "bytes": 49_152_000, "dtype": "float32"}
    return e.Encoded(**known | {"found": 0, "seconds": seconds, "cost": 11.94, "kept": True} | kwargs)


def test_losses_stand_at_their_steps():
    history = folded(started(), learn(0), steps(2, [0.9, 0.8]), steps(5, [0.7, 0.6, 0.5]))
    assert history.losses == [0.9, 0.8, 0.7, 0.6, 0.5]
    assert history.rates == [1e-3] * 5
    assert (history.step, history.rss, history.n_steps) == (5, 7, 100)
    assert history.steps_per_second == 5
    assert history.tokens_per_second == 50


def test_a_resumed_run_forgets_what_came_after_its_checkpoint():
    before = [started(), learn(0), steps(4, [9, 8, 7, 6]), evaluated(2), evaluated(4)]
    before += [e.Changed(step=s, parts={"head": s / 10}) for s in (2, 4)]
    before += [e.Followed(step=s, probabilities=[[0.5, 0.5]]) for s in (2, 4)]
    before += [e.Checkpointed(step=s, name=str(s), best=False) for s in (2, 4)]
    before += [e.Ended(state="stopped", step=4)]
    history = folded(*before)
    assert history.ended and not history.is_training

    history.apply(e.Resumed(from_step=2, attempt=2, step=2))
    assert history.ended is None
    assert history.losses == [9, 8]
    assert history.step == 2
    assert [p.step for p in history.evaluations["validation"]] == [2]
    assert [c.step for c in history.changes] == [2]
    assert [f.step for f in history.followed] == [2]
    assert [c.name for c in history.checkpoints] == ["2"]
    assert history.phases == {}
    assert history.steps_per_second == 0

    for event in (started(attempt=2, step=2), learn(2, attempt=2), steps(3, [5], attempt=2)):
        history.apply(event)
    assert history.losses == [9, 8, 5]
    assert history.is_training
    assert any("resumed from step 2" in words for _, words in history.log)


def test_a_resume_before_the_first_checkpoint_starts_over():
    history = folded(started(), learn(0), steps(3, [3, 2, 1]), e.Resumed(from_step=0, attempt=2))
    assert (history.step, history.losses, history.rates) == (0, [], [])


def test_the_kept_weights_are_no_point_of_the_curve():
    history = folded(started(), learn(0), steps(100, [0.5] * 100), evaluated(100, 0.9, whole=True), learn(100))
    history.apply(e.Phase(name="evaluate validation", done=40, total=40, attempt=1))
    history.apply(evaluated(100, 0.95, whole=True))
    assert [p.accuracy for p in history.evaluations["validation"]] == [0.9]
    assert "95.0 %" in history.log[-1][1]


def test_the_last_point_is_kept_where_a_stop_came_before_it():
    history = folded(started(), learn(0), steps(100, [0.5] * 100), e.Ended(state="stopped", step=100))
    again = {"attempt": 2, "step": 100}
    for event in (
        e.Resumed(from_step=100, **again),
        started(**again),
        learn(100, attempt=2),
        evaluated(100, 0.9, attempt=2),
    ):
        history.apply(event)
    assert [p.accuracy for p in history.evaluations["validation"]] == [0.9]


def test_what_was_told_after_the_checkpoint_of_a_run_that_ended_earlier_never_happened():
    history = folded(started(), learn(0), steps(100, [0.5] * 100))
    for step in (50, 100):
        history.apply(e.Applied(id="x", control={"type": "rates", "lr": step / 1e6, "head_lr": None}, step=step))
    assert history.marks == [(50, "lr 5e-5"), (100, "lr 0.0001")]
    assert history.changes_in_words(100) == ["from step 51 on lr 5e-5"] and history.changes_in_words(50) == []
    history.apply(e.Resumed(from_step=60, attempt=2, step=60))
    history.apply(steps(80, [0.5] * 20, attempt=2))
    assert len(history.marks) == 2  # it is told again at that step
    history.apply(e.Ended(state="done", step=80, attempt=2))
    assert history.marks == [(50, "lr 5e-5")]


def test_time_left_counts_from_where_this_attempt_began():
    events = [
        started(attempt=2, step=50),
        learn(50, attempt=2, t=1000.0),
        steps(60, [1.0] * 10, attempt=2, t=1020.0),
    ]
    history = folded(e.Resumed(from_step=50, attempt=2, step=50), *events)
    assert history.seconds_left == pytest.approx(80)
    stopped_early = folded(
        e.Resumed(from_step=50, attempt=2, step=50), *events, learn(60, total=60, attempt=2, t=1020.0)
    )
    assert stopped_early.is_training and stopped_early.seconds_left is None
    history.apply(e.Ended(state="stopped", step=60, attempt=2))
    assert history.seconds_left is None


def test_phases_keep_their_first_and_last_time():
    history = folded(*(e.Phase(name="read", done=d, total=2, t=10.0 + d, attempt=1) for d in (0, 1, 2)))
    assert history.phase_times["read"] == (10.0, 12.0)
    assert history.phases["read"].done == 2


def test_a_phase_s_time_left_counts_what_it_has_done_itself():
    def encode(done: int, t: float) -> e.Phase:
        return e.Phase(name="encode", done=done, total=1000, unit="texts", t=t, attempt=1)

    history = folded(started(), encode(400, 10.0))  # 400 were there already
    assert history.phase_left("encode") is None and history.phase_left("read") is None
    history.apply(encode(500, 12.0))
    assert history.phase_left("encode") == pytest.approx(10)
    history.apply(encode(1000, 20.0))
    assert history.phase_left("encode") is None


def test_a_cache_costs_first_and_saves_with_every_text_it_serves():
    history = folded(started(), learn(0))
    assert history.encoded is None and history.cache_savings is None
    history.apply(encoded())
    assert history.cache_savings == pytest.approx(-10)
    history.apply(evaluated(0))  # 40 texts at a hundredth of a second each
    assert history.cache_savings == pytest.approx(-9.6)
    history.apply(steps(50, [1.0] * 50))  # half of two epochs of eight texts
    assert history.cache_savings == pytest.approx(-9.52)
    for _ in range(30):
        history.apply(evaluated(50, split="train"))
    history.apply(evaluated(50, split="test"))  # which is never read from it
    assert history.cache_savings == pytest.approx(2.48)
    history.apply(learn(100))
    history.apply(evaluated(100, whole=True))  # no point of the curve, but read from it like the others
    assert history.cache_savings == pytest.approx(2.88)


def test_what_attempts_spend_on_encoding_adds_up():
    history = folded(started(), encoded(seconds=10.0), learn(0), steps(50, [1.0] * 50))
    history.apply(e.Resumed(from_step=0, attempt=2))
    history.apply(encoded(seconds=0.5, found=1194))
    assert (history.encoded.found, history.encoded.seconds) == (1194, 10.5)
    assert history.cache_savings == pytest.approx(-10.5)


def test_what_was_encoded_is_read_as_it_was_written():
    event = encoded(attempt=2, step=3)
    assert list(e.decode(e.encode(event))) == [event]


def test_every_event_grows_the_version():
    events = [started(), learn(0), steps(1, [1.0]), evaluated(0), e.Noted(text="a note")]
    assert folded(*events).version == len(events)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (evaluated(1, 0.75), "validation, 40 texts: loss 0.100, accuracy 75.0 %"),
        (evaluated(1, 0.99967), "validation, 40 texts: loss 0.100, accuracy > 99.9 %"),
        (encoded(9.86), "11 blocks encoded once for 1,194 texts in 9.9 s, 49.2 MB."),
        (encoded(0.1, found=1194), "11 blocks: 1,194 texts were encoded before, read from disk."),
        (
            encoded(125, found=1000, bytes=2_140_000_000, dtype="bfloat16"),
            "11 blocks: 1,000 of 1,194 texts were encoded before, the other 194 now in 2:05, 2.1 GB in bf16.",
        ),
        (encoded(0.04, blocks=1, bytes=400_000), "1 block encoded once for 1,194 texts in 0.0 s, 400.0 KB."),
        (e.Checkpointed(name="5", best=True), "checkpoint saved, the best so far"),
        (e.Applied(id="x", control={"type": "stop"}), "told to stop"),
        (
            e.Applied(id="x", control={"type": "evaluate"}, refused="the run is stopping"),
            "evaluation skipped: the run is stopping",
        ),
        (e.Noted(text="as it is"), "as it is"),
        (e.Ended(state="failed", why="No.", do="Yes."), "failed. No. Yes."),
        (steps(1, [1.0]), ""),
    ],
)
def test_words_for_the_log(event, words):
    assert describe(event) == words


@pytest.mark.more
def test_a_million_steps_are_read_and_folded_in_a_few_seconds(tmp_path):
    run = RunFolder(tmp_path)
    n_steps = 1_000_000
    with open(run.events_file, "wb") as file:
        file.write(e.encode(started(n_steps)))
        file.write(e.encode(learn(0, n_steps)))
        for last in range(50, n_steps + 1, 50):
            losses = [round(math.exp(-(last + i) / n_steps), 5) for i in range(50)]
            file.write(e.encode(steps(last, losses, t=last / 200)))
            if last % 500 == 0:
                file.write(e.encode(evaluated(last)))
                file.write(e.encode(e.Changed(step=last, parts={"head": 0.1, "norm": 0.01})))
    history = folded(*run.events()[0])
    assert len(history.losses) == history.step == n_steps
    assert len(history.evaluations["validation"]) == 2_000


def test_of_checkpoints_in_a_row_the_log_shows_the_last():
    history = History()
    for step, best in ((1, False), (2, False), (3, True), (4, False), (5, False)):
        history.apply(e.Checkpointed(name=str(step), best=best, step=step))
    assert [(event.step, "best" in words) for event, words in history.log] == [(2, False), (3, True), (5, False)]
    assert len(history.checkpoints) == 5
