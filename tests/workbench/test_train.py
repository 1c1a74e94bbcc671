import os
import re
import time

import pytest
from textual._xterm_parser import XTermParser
from textual.widgets import Input

from cases import first
from core.architectures.models import MODELS
from core.estimate.prices import in_words, rungs
from core.freeze import FreezePlan
from core.recipe import load
from core.runs import events as e
from core.runs.control import Epochs, Rates
from core.runs.history import History
from core.runs.result import result_of
from workbench.app import WorkbenchApp
from workbench.charts import curves
from workbench.charts.chart import Chart
from workbench.screens.train.cursor_values import CursorValues
from workbench.screens.train.rates_dialog import RatesDialog
from workbench.screens.train.result_card import ResultCard
from workbench.screens.train.sentences import Sentences
from workbench.screens.train.weights import Weights, frozen_in_words, sampled
from workbench.screens.train.worker_log import tail
from workbench.widgets.errors import read_mistakes
from workbench.widgets.footer import Footer
from workbench.widgets.panel import Panel

PARTS = ("head", "norm", "blocks.5.mlp", "blocks.5.attn")

SIZES = [(120, 36), (80, 24)]


@pytest.fixture
def opened(runs, until):
    """The app on Train, following a run, at a size: `async with opened(run, size) as pilot`."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def follow(run=None, size=SIZES[0], data="SMSSpamCollection"):
        app = WorkbenchApp(load({"data": {"path": data}}), runs.root)
        async with app.run_test(size=size, notifications=True) as pilot:
            app.action_mode("train")
            await until(pilot, lambda: app.current_mode == "train" and app.screen.is_mounted)
            if run is not None:  # the only one, which the app follows by itself
                await until(pilot, lambda: app.session.followed.status is not None)
            await pilot.pause()
            yield pilot

    return follow


async def test_no_run_says_what_to_press(opened, shown, until):
    async with opened() as pilot:
        await until(
            pilot,
            lambda: re.search(
                r"Nothing is training. t trains nano, last two, on \S*SMSSpamCollection\.", shown(pilot.app)
            ),
        )
    async with opened(data="sample") as pilot:
        await until(pilot, lambda: "t trains nano, last two, on sample messages." in shown(pilot.app))


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_how_runs_ended(opened, runs, shown, until, size):
    says = {
        "stopped": ["■ learn 400 of 650", "Stopped at step 400 of 650. r resumes it."],
        "failed": [
            "✕ learn 400 of 650",
            "Loss stopped being a number at step 400. Try a tenth of the learning",
        ],
        "vanished": [
            "◌ learn 400 of 650",
            "The worker ended at step 400 without a word. r resumes it.",
        ],
        "done": ["98.3 %", "295 of 300 right", "37 also in training", "enter plays, e: 5 err"],
    }
    async with opened(None, size) as pilot:
        for state, sentences in says.items():
            pilot.app.session.followed.follow(runs.write(state))
            await until(pilot, lambda s=sentences: all(words in " ".join(shown(pilot.app).split()) for words in s))
            actions = ("resume", "stop", "play", "errors")
            enabled = {name for name in actions if pilot.app.screen.check_action(name, ())}
            assert enabled == ({"play", "errors"} if state == "done" else {"resume"})


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_a_live_run_is_followed_through_a_stop(opened, runs, shown, until, size):
    run = runs.write("running", upto=400)
    with runs.held(run):
        async with opened(run, size) as pilot:
            await until(pilot, lambda: "● learn 400 of 650" in shown(pilot.app))
            screen = shown(pilot.app)
            assert "epoch 4 of 5" in screen
            assert "train ─   validation ◆" in screen
            assert "blocks 0–4, embeddings frozen" in " ".join(screen.split())
            assert "cache" not in screen
            assert "58.8" in screen and "1.1 GB" in screen

            runs.append(
                run,
                e.Steps(t=time.time(), attempt=1, step=401, loss=[0.1], lr=[5e-5], tokens=9, seconds=1, rss=1),
            )
            await until(pilot, lambda: "● learn 401 of 650" in shown(pilot.app))

            await pilot.press("s")
            await until(pilot, lambda: "Stopping at the next batch" in shown(pilot.app))
            assert b'"stop"' in run.control_file.read_bytes()
            assert not pilot.app.screen.check_action("stop", ())
            end = {"t": time.time(), "attempt": 1, "step": 401}
            runs.append(
                run,
                e.Applied(id="1", control={"type": "stop"}, **end),
                e.Checkpointed(name="401", best=False, **end),
            )
            await pilot.pause(0.6)
            assert "Stopping at the next batch" in shown(pilot.app)  # until the worker's last event
            runs.append(run, e.Ended(state="stopped", **end))
            run.lock_file.unlink()
            await until(pilot, lambda: "Stopped at step 401 of 650." in shown(pilot.app))


async def test_a_stop_from_elsewhere_is_seen_and_a_new_attempt_forgets_it(opened, runs, shown, until):
    run = runs.write("running", upto=400)
    told = e.Applied(t=time.time(), attempt=1, step=400, id="1", control={"type": "stop"})
    with runs.held(run):
        runs.append(run, told)
        async with opened(run) as pilot:
            await until(pilot, lambda: "Stopping at the next batch" in shown(pilot.app))
            runs.append(run, e.Ended(t=time.time(), attempt=1, step=400, state="stopped"))
            runs.append(run, *runs.events(run, 650, 400, attempt=2, start=390))
            await until(pilot, lambda: "epoch 4 of 5" in shown(pilot.app))
            assert pilot.app.screen.check_action("stop", ())


async def test_before_the_first_step_the_screen_says_what_is_being_done(opened, runs, shown, until):
    run = runs.write("starting")
    with runs.held(run):
        async with opened(run, SIZES[1]) as pilot:
            await until(pilot, lambda: "Turning texts into tokens" in shown(pilot.app))
            assert "● tokens 0 of 1,494" in shown(pilot.app)
            download = e.Phase(
                t=time.time(), attempt=1, name="download", done=120_400_000, total=548_105_171, unit="bytes"
            )
            done = e.Phase(t=time.time(), attempt=1, name="tokens", done=1494, total=1494)
            runs.append(run, done, download)
            await until(pilot, lambda: "120.4 MB of 548.1 MB. They are kept" in " ".join(shown(pilot.app).split()))


async def test_a_silent_worker_is_doubted(opened, runs, shown, until):
    run = runs.write("running")
    with runs.held(run):
        os.utime(run.heartbeat_file, (time.time() - 75, time.time() - 75))
        async with opened(run) as pilot:
            await until(pilot, lambda: "▲ No sign of life for 1:" in shown(pilot.app))


async def test_a_run_whose_recipe_is_gone_is_still_shown(opened, runs, shown, until):
    run = runs.write("vanished")
    run.recipe_file.write_text("not toml at all [")
    async with opened(run) as pilot:
        await until(pilot, lambda: "The recipe of r1" in shown(pilot.app))
        assert "400" in shown(pilot.app)


async def test_what_is_folded_in_a_small_window_has_its_turn(opened, runs, shown, until):
    async with opened(runs.write("stopped", freeze={"trainable": "lora.5,norm,head"}), SIZES[1]) as pilot:
        await until(pilot, lambda: "Loss" in shown(pilot.app))
        assert "block 5 mlp ▚" in shown(pilot.app) and "final norm ▚" not in shown(pilot.app)
        screen = pilot.app.screen
        screen.query_one("#loss", Panel).enter()
        await pilot.press("shift+tab")  # the word, which is the last to be reached
        await until(pilot, lambda: screen.query_one("#accuracy").display and not screen.query_one("#loss").display)
        assert screen.focused in screen.query_one("#accuracy").walk_children()
        await pilot.press("tab")
        await until(pilot, lambda: screen.query_one("#loss").display and not screen.query_one("#accuracy").display)


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_zoom_and_back(opened, runs, shown, until, size):
    async with opened(runs.write("done"), size) as pilot:
        await until(pilot, lambda: "Loss" in shown(pilot.app))
        await pilot.press("z")

        def body():
            return shown(pilot.app).split("\n", 1)[1]  # without the header, which keeps the result

        labels = pilot.app.screen.query_one("#per-class")
        await until(pilot, lambda: "Loss" in body() and not labels.display and "98.3 %" not in body())
        await pilot.press("escape")
        await until(pilot, lambda: labels.display)


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_a_run_that_was_told_to_learn_more_says_so_and_which_weights_were_tested(
    opened, runs, shown, until, size
):
    run = runs.write("stopped", upto=600)
    learns = {"parameters": 7, "depth": 4, "attempt": 1}
    for step, parts, words in ((0, "last_block", "last block"), (400, "last_two_blocks", "last two")):
        runs.append(run, e.Trainable(step=step, parts=parts, words=words, **learns))
    result = runs.result(run) | {"checkpoint": 390, "cache": {"saved": 200.0}}
    runs.append(run, e.Ended(state="done", result=result, t=time.time(), attempt=1, step=600))
    async with opened(run, size) as pilot:
        await until(pilot, lambda: "weights of step 390, before the last two blocks learned" in shown(pilot.app))
        assert "nano, last block; last two from step 401, on" in shown(pilot.app)


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_a_result_that_is_none_says_so_in_a_sentence(opened, runs, shown, until, size):
    run = runs.write("stopped")
    result = runs.result(run)
    result["test"] |= {"confusion": [[149, 0], [151, 0]], "correct": 149, "accuracy": 0.4967, "verdict": "worse"}
    result["test"]["baselines"]["tfidf"] |= {"won": 3, "lost": 145}
    runs.append(run, e.Ended(state="done", result=result, t=time.time(), attempt=1, step=400))
    async with opened(run, size) as pilot:
        await until(pilot, lambda: "It says ham to every text." in shown(pilot.app))
        assert "Worse than TF-IDF: 3 texts won, 145 lost (p < .001)." in shown(pilot.app)


async def test_the_errors_are_listed_with_their_whole_text(opened, runs, shown, until):
    async with opened(runs.write("done"), SIZES[1]) as pilot:
        await until(pilot, lambda: "e: 5 err" in shown(pilot.app))
        await pilot.press("e")
        await until(pilot, lambda: "It says spam, 98.1 % sure. The label is ham." in shown(pilot.app))
        await pilot.press("j")
        await until(
            pilot,
            lambda: "new [b]Divorce Barbie[/b]? It comes with all of Ken's" in shown(pilot.app).split("Row 1")[-1],
        )
        await pilot.press("G")
        await until(pilot, lambda: "我们明天三点在老地方见面" in shown(pilot.app).split("Row 3")[-1])
        assert "URGENT" not in shown(pilot.app)
        await pilot.press("escape")
        await until(pilot, lambda: "e: 5 err" in shown(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.current_mode == "play")


async def test_errors_without_a_file_say_so(opened, runs, shown, until):
    run = runs.write("done")
    run.predictions_file.write_text("row,text\n1,what\n")
    async with opened(run) as pilot:
        await until(pilot, lambda: "e: 5 err" in shown(pilot.app))
        await pilot.press("e")
        await until(pilot, lambda: "The test predictions of r1 cannot be read." in shown(pilot.app))


async def test_the_worker_s_own_words(opened, runs, shown, until):
    run = runs.write("failed")
    run.log_file.write_bytes(b"x" * 100_000 + b"\nTraceback \x1b[31mred\x1b[0m \xff\nKilled\n")
    async with opened(run) as pilot:
        await pilot.press("w")
        await until(pilot, lambda: "Killed" in shown(pilot.app))
        assert "\x1b" not in tail(run) and len(tail(run)) < 20_100
        run.log_file.unlink()
        assert tail(run) == ""


@pytest.mark.parametrize("key", ["e", "w"])
@pytest.mark.more
async def test_what_stands_detail_screen_goes_with_its_run(opened, runs, until, key):
    other, run = runs.write("done"), runs.write("done")
    async with opened(run) as pilot:
        app, train = pilot.app, pilot.app.screen
        for mode, chosen in (("train", other), ("runs", run)):  # from here, and from another screen
            await until(pilot, lambda: train.check_action("errors", ()))
            await pilot.press(key)
            await until(pilot, lambda: app.screen.is_mounted and app.screen is not train)
            app.action_mode(mode)
            await pilot.pause()
            app.session.followed.follow(chosen)
            app.action_mode("train")
            await until(pilot, lambda: app.screen is train)


def test_mistakes_are_read_however_long_or_odd_their_texts(runs, tmp_path):
    run = runs.write("done")
    long = 'a\nb, "c" ' * 300_000
    runs.write_predictions(run, [("ham", "spam", 0.6, long), ("spam", "ham", 0.9, ""), ("ham", "ham", 1.0, "right")])
    mistakes, labels = read_mistakes(run)
    assert [(m.row, m.probability, m.text == long) for m in mistakes] == [(1, 0.9, False), (0, 0.6, True)]
    assert labels == ["ham", "spam"]


def test_the_card_leaves_out_what_is_not_known(runs):
    def names(**test):
        found = result_of(document | {"test": document["test"] | test})
        return [line.name for line in found.lines()]

    document = runs.result(runs.write("done"))
    baselines = document["test"]["baselines"]
    assert names() == ["test", "without leaks", "TF-IDF", "linear probe", "majority"]
    found = names(unseen=0.9, unseen_rows=200)
    assert found[:3] == ["test", "without leaks", "without copies"]
    assert names(baselines={"majority": baselines["majority"]}, clean=None, clean_rows=0) == ["test", "majority"]
    assert names(baselines={}, clean_rows=300, clean=0.9833) == ["test"]
    assert names(baselines={}, baseline=0.97, majority=0.5)[2:] == ["word counts", "majority"]  # as once written


def test_parts_in_words():
    n_blocks = MODELS["gpt2"].architecture.n_blocks
    parts = rungs(MODELS["gpt2"].architecture)
    assert in_words("blocks.11.mlp") == "block 11 mlp"
    assert in_words("norm") == "final norm"
    assert frozen_in_words(FreezePlan.parse("last_block", n_blocks), parts, False) == [
        ("blocks 0–10, embeddings", "frozen")
    ]
    assert frozen_in_words(FreezePlan.parse("last_block", n_blocks), parts, True) == [
        ("blocks 0–10", "frozen, read from cache")
    ]
    assert frozen_in_words(FreezePlan.parse("blocks.3,head", n_blocks), parts, False) == [
        ("final norm, blocks 4–11, blocks 0–2, embeddings", "frozen")
    ]
    assert frozen_in_words(FreezePlan.parse("blocks.3,head", n_blocks), parts, True) == [
        ("final norm, blocks 4–11", "frozen"),
        ("blocks 0–2", "frozen, read from cache"),
    ]
    assert frozen_in_words(FreezePlan.parse("all", n_blocks), parts, False) == []
    mixed = FreezePlan.parse("lora.3,blocks.4,norm,head", n_blocks)
    assert frozen_in_words(mixed, parts, True) == [("blocks 5–11", "frozen"), ("blocks 0–2", "frozen, read from cache")]
    assert frozen_in_words(FreezePlan.parse("lora", n_blocks), parts, False) == [("final norm, embeddings", "frozen")]


def test_weight_change_is_drawn_as_far_as_the_run_has_come():
    changes = [e.Changed(step=step, parts={"head": step / 100}) for step in range(0, 51, 10)]
    assert sampled(changes, "head", 100, 10) == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert sampled(changes[:1], "head", 100, 10) == [0.0]
    assert len(sampled(changes, "head", 50, 10)) == 10


async def test_a_weight_change_that_is_not_known_yet_is_not_nothing(opened, runs, until):
    run = runs.write("starting")
    some = runs.events(run, 650, 100)
    learned = next(i for i, event in enumerate(some) if isinstance(event, e.Changed) and event.step == 50)
    runs.append(run, *some[3:learned])
    with runs.held(run):
        async with opened(run) as pilot:
            weights = pilot.app.screen.query_one(Weights)
            await until(pilot, lambda: weights.items)
            assert pilot.app.session.followed.history.step == 50
            assert all(weights.line(i, 60).plain.endswith("  ·") for i in range(len(PARTS)))
            runs.append(run, some[learned])
            await until(pilot, lambda: weights.line(0, 60).plain.endswith("%"))


@pytest.mark.parametrize(("accuracy", "low", "high"), [(0.9833, 0.9832, 0.9834), (1.0, 0.99, 1.0), (0.5, 0.5, 0.6)])
@pytest.mark.more
async def test_an_interval_has_a_cell_on_each_side_of_its_point(opened, runs, until, accuracy, low, high):
    run = runs.write("done")
    async with opened(run, (80, 24)) as pilot:
        card = pilot.app.screen.query_one(ResultCard)
        await until(pilot, lambda: "●" in card.render().plain)
        found = runs.result(run)
        found["test"] |= {"accuracy": accuracy, "low": low, "high": high}
        card.show(result_of(found), pilot.app.session.followed.history)
        widths = set()
        for line in card.render().plain.splitlines()[:4]:
            drawn = line[16:].split(" ")[0]
            widths.add(len(drawn))
        assert "━●━" in card.render().plain.splitlines()[0] and len(widths) == 1


async def test_what_to_try_next_is_read_to_its_end_in_a_small_terminal(opened, runs, shown, until):
    run = runs.write("done")
    async with opened(run, (80, 24)) as pilot:
        card = pilot.app.screen.query_one(ResultCard)
        await until(pilot, lambda: "●" in card.render().plain)
        found = runs.result(run)
        del found["test"]["baselines"]["probe"]  # a line less
        found["advice"] = [f"More labels should help: {'one of many words ' * 4}and the last."]
        card.show(result_of(found), pilot.app.session.followed.history)
        pilot.app.screen.fit()
        await until(pilot, lambda: "and the last." in shown(pilot.app))
        assert "took 0:55" in shown(pilot.app)


@pytest.mark.more
async def test_keys_of_one_packet_after_a_change_of_focus_are_all_typed(opened, runs, until):
    run, given = runs.write("done"), []
    async with opened(run) as pilot:
        app = pilot.app
        await app.push_screen(RatesDialog(run, app.session.followed.history), given.append)
        await until(pilot, lambda: isinstance(app.screen.focused, Input))
        for event in XTermParser().feed("\t\x150.02\t\x157\r"):  # to the next field, empty it, type
            app.post_message(event)
        await until(pilot, lambda: given)
        assert given == [[Rates(head_lr=0.02), Epochs(7)]]


def test_the_accuracy_axis_starts_under_the_largest_class(runs):
    history = History()
    run = runs.write("done")
    for event in run.events()[0]:
        history.apply(event)
    assert curves.accuracy(history).y == (45, 100)  # some points lie just under its share, 50.3 %
    history.started.majority = 0.2
    assert curves.accuracy(history).y == (20, 100)


def test_a_resume_is_marked_on_the_curve(runs):
    history = History()
    run = runs.write("stopped")
    for event in [*run.events()[0], *runs.events(run, 650, 500, attempt=2, start=390)]:
        history.apply(event)
    assert curves.loss(history).marks == [390]
    assert len(history.losses) == 500


def thaw(app, step):
    """Have the followed run let more learn after a step."""
    for at, words in ((0, "last block"), (step, "block 4 thawed")):
        app.session.followed.history.apply(
            e.Trainable(step=at, parts="last_block" if at else "head", words=words, parameters=1, depth=5)
        )


def readout(app) -> str:
    return app.screen.query_one(CursorValues).render().plain


@pytest.mark.parametrize("size", first(1, SIZES))
@pytest.mark.more
async def test_the_cursor_reads_both_charts_and_goes_with_the_window(opened, runs, shown, until, size):
    run = runs.write("running", upto=400)
    with runs.held(run):
        async with opened(run, size) as pilot:
            app, screen = pilot.app, pilot.app.screen
            await until(pilot, lambda: "smoothed over 20 steps" in shown(app))
            assert "○ saved  ● best" in shown(app) and not screen.check_action("view", ("left",))
            await pilot.press("i")
            await until(pilot, lambda: "step 400" in readout(app))
            losses = app.session.followed.history.losses
            assert f"loss {losses[399]:.3g}" in readout(app) and "smoothed 0." in readout(app)
            assert [chart.cursor for chart in screen.query(Chart)] == [400, 400]
            thaw(app, 200)
            await pilot.press("home", *["right"] * 7, "pagedown", "shift+right")
            step = screen.query_one("#loss Chart", Chart).cursor
            assert 100 < step < 400 and f"loss {losses[step - 1]:.3g}" in readout(app)
            nearest = round(step / 50) * 50
            assert f" at {nearest}" in readout(app)
            runs.append(
                run, e.Steps(t=time.time(), attempt=1, step=401, loss=[0.1], lr=[5e-5], tokens=9, seconds=1, rss=1)
            )
            await until(pilot, lambda: "learn 401 of 650" in shown(app))
            assert f"step {step}" in readout(app)
            await pilot.press("left_square_bracket", "left_square_bracket")
            await until(pilot, lambda: " 100 steps" in shown(app))
            low, high = screen.query_one("#loss Chart", Chart)._picture.x
            assert high - low == 100 and low <= step <= high
            await pilot.press("escape")
            await until(pilot, lambda: "last 100 steps" in shown(app))
            assert not screen.has_class("-reading")


async def test_a_click_on_a_chart_reads_the_values_there(opened, runs, until):
    async with opened(runs.write("stopped"), (80, 24)) as pilot:
        screen, chart = pilot.app.screen, pilot.app.screen.query_one("#loss Chart", Chart)
        await until(pilot, lambda: chart.columns > 20 and chart._left)
        await pilot.click(chart, offset=(chart._left + chart.columns // 2, 2))
        await until(pilot, lambda: "step 32" in readout(pilot.app))
        assert "← → move" in screen.query_one(Footer).render().plain
        await pilot.click(chart, offset=(chart.size.width - 1, 2))  # beyond the latest step
        await until(pilot, lambda: "step 400" in readout(pilot.app))
        await pilot.click(chart, offset=(0, 2))  # on the axis
        await pilot.press("escape")
        await until(pilot, lambda: not screen.has_class("-reading"))


@pytest.mark.more
async def test_the_words_of_a_mark_are_read_at_its_step(opened, runs, until):
    async with opened(runs.write("stopped")) as pilot:
        app = pilot.app
        thaw(app, 390)
        await pilot.press("i", "left")
        await until(pilot, lambda: "◇ block 4 thawed" in readout(app))
        app.session.followed.history.trainables.clear()
        await pilot.press("i", "i")
        await until(pilot, lambda: "○ saved" in readout(app))
        await pilot.press("left")
        await until(pilot, lambda: "● best, saved" in readout(app))
        await pilot.press("left", "left")
        await until(pilot, lambda: "saved" not in readout(app))
        assert "rate 5e-5" in readout(app)


@pytest.mark.more
async def test_smoothing_and_log_scale_are_said_and_kept_for_the_next_run(opened, runs, shown, until):
    async with opened(runs.write("done")) as pilot:
        await until(pilot, lambda: "smoothed over 20 steps" in shown(pilot.app))
        await pilot.press("m", "L")
        await until(pilot, lambda: " log ─" in shown(pilot.app) and "smoothed" not in shown(pilot.app))
        assert "0.01┤" in shown(pilot.app)
        await pilot.press("left_square_bracket", "i")
        pilot.app.session.followed.follow(runs.write("stopped"))
        await until(pilot, lambda: "■ learn 400 of 650" in shown(pilot.app))
        assert " log ─" in shown(pilot.app) and "500 steps" not in shown(pilot.app)
        assert not pilot.app.screen.has_class("-reading")


@pytest.mark.more
async def test_reading_leads_back_to_a_chart(opened, runs, shown, until):
    async with opened(runs.write("stopped"), SIZES[1]) as pilot:
        await until(pilot, lambda: "Accuracy  tab" in shown(pilot.app))
        await pilot.press("ctrl+o", "g", "z")
        await until(pilot, lambda: "step 400" in shown(pilot.app) and "◆" not in shown(pilot.app))
        await pilot.press("i")
        await until(pilot, lambda: "◆" in shown(pilot.app) and "step 400  " in shown(pilot.app))
        assert isinstance(pilot.app.focused, Chart)


FOLLOWED = ("You are a winner", "lunch [b]at home[/b]?")


def followed(runs, state="stopped", **kwargs):
    """A run that follows two sentences, of which it becomes sure."""
    run = runs.write(state, train={"follow": FOLLOWED}, **kwargs)
    runs.append(
        run,
        *(
            e.Followed(step=step, attempt=1, probabilities=[[1 - step / 500, step / 500], [step / 500, 1 - step / 500]])
            for step in range(0, 401, 50)
        ),
    )
    return run


async def test_sentences_are_followed(opened, runs, shown, until):
    async with opened(followed(runs)) as pilot:
        await until(pilot, lambda: "Your sentences" in shown(pilot.app))
        lines = [line for line in shown(pilot.app).split("\n") if line.startswith(" spam")]
        assert "spam  80 %" in lines[0] and "You are a winner" in lines[0] and "▇" in lines[0]
        assert "spam  20 %" in lines[1] and "lunch [b]at home[/b]?" in lines[1]
        pilot.app.session.followed.follow(runs.write("stopped"))
        await until(pilot, lambda: "Your sentences" not in shown(pilot.app))


@pytest.mark.more
async def test_in_a_small_window_sentences_have_their_turn(opened, runs, shown, until):
    async with opened(followed(runs), (60, 16)) as pilot:
        await until(pilot, lambda: "Your sentences" in shown(pilot.app))
        assert "You are a winner" not in shown(pilot.app)
        await pilot.press("ctrl+o", "y")
        await until(pilot, lambda: "You are a winner" in shown(pilot.app))


def test_of_many_classes_the_likeliest_is_shown():
    history = History()
    labels = ["news", "sport", "我们明天"]
    history.started = e.Started(
        pid=1,
        n_steps=10,
        epochs=1,
        rows={},
        labels=labels,
        majority=0.5,
        learns=1,
        parameters=1,
        device="cpu",
        threads=1,
    )
    history.followed = [e.Followed(step=s, probabilities=[[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]) for s in (0, 5)]
    sentences = Sentences()
    sentences._history = history
    assert [sentences._class_of(i) for i in (0, 1)] == [2, 0]
    assert sentences._shares(0, 2, 10) == [0.7] * 5
