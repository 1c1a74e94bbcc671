"""Train while a run obeys: what keys and the dialog send, and what is seen of a pause."""

import re
import time
from contextlib import ExitStack, asynccontextmanager

import msgspec
import pytest
from textual.widgets import Input

from cases import first
from core.recipe import load
from core.runs import control
from core.runs import events as e
from core.runs.history import History
from workbench.app import WorkbenchApp
from workbench.screens.train.freeze_dialog import FreezeDialog, consequences
from workbench.screens.train.rates_dialog import RatesDialog
from workbench.widgets.layers import Layers

SIZES = [(120, 36), (80, 24)]


@pytest.fixture
def opened(runs, until):
    @asynccontextmanager
    async def follow(size=SIZES[0]):
        app = WorkbenchApp(load({"data": {"path": "SMSSpamCollection"}}), runs.root)
        async with app.run_test(size=size, notifications=True) as pilot:
            app.action_mode("train")  # a file that is named opens on Data
            await until(pilot, lambda: app.current_mode == "train" and app.session.followed.status is not None)
            yield pilot

    return follow


def told(run):
    """What stands in the run's control.jsonl."""
    lines = run.control_file.read_bytes().splitlines() if run.control_file.exists() else []
    return [msgspec.json.decode(line, type=control.Line) for line in lines]


def now(kind, **kwargs):
    return kind(t=time.time(), attempt=1, **kwargs)


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_a_run_is_paused_stepped_and_goes_on(opened, runs, shown, until, size):
    run = runs.write("running", upto=400, train={"lr": 5e-5, "head_lr": 5e-5})
    with runs.held(run):
        async with opened(size) as pilot:
            screen = pilot.app.screen
            await until(pilot, lambda: "● learn 400 of 650" in shown(pilot.app) and "p pause" in shown(pilot.app))
            for key in ("p", "full_stop", "E", "ctrl+s"):
                await pilot.press(key)
            await until(pilot, lambda: len(told(run)) == 4)
            sent = [line.control for line in told(run)]
            assert sent == [control.Pause(), control.Step(), control.Evaluate(), control.Save()]
            runs.append(run, now(e.Applied, step=400, id="1", control={"type": "pause"}), now(e.Paused, step=400))
            await until(pilot, lambda: "paused at step 400 of 650; p goes on" in shown(pilot.app))
            top, foot = shown(pilot.app).splitlines()[0], shown(pilot.app).splitlines()[-1]
            assert "‖ r1 paused · 62 %" in top and "p go on" in foot and foot.count("  ") >= 4
            assert screen.check_action("control", ("resume",)) and not screen.check_action("control", ("pause",))
            assert "of 650 steps; p goes on" in shown(pilot.app) or size == SIZES[1]
            assert not screen.check_action("resume", ()) and screen.check_action("stop", ())
            await pilot.press("p")
            await until(pilot, lambda: told(run)[-1].control == control.Continue())
            refused = {"id": told(run)[-1].id, "control": {"type": "resume"}, "refused": "it is not paused"}
            runs.append(run, now(e.Continued, step=400), now(e.Applied, step=400, **refused))
            await until(
                pilot, lambda: any("refused: it is not paused" in note.title for note in pilot.app._notifications)
            )
            assert "epoch 4 of 5" in shown(pilot.app)


async def test_rates_and_epochs_are_changed_in_a_dialog(opened, runs, shown, until):
    run = runs.write("running", upto=400, train={"lr": 5e-5, "head_lr": 1e-4})
    changed = now(e.Applied, step=300, id="1", control={"type": "rates", "lr": 2e-5, "head_lr": None})
    longer = now(e.Applied, step=400, id="2", control={"type": "epochs", "epochs": 10.0})
    with runs.held(run):
        runs.append(run, changed, longer, now(e.Planned, step=400, n_steps=1300, epochs=10))
        async with opened() as pilot:
            await until(pilot, lambda: "learn 400 of 1,300" in shown(pilot.app) and "epoch 4 of 10" in shown(pilot.app))
            assert "lr 2e-5 from step 301 on" in shown(pilot.app)
            assert pilot.app.session.followed.history.marks == [(300, "lr 2e-5"), (400, "10 epochs")]
            await pilot.press("S")
            await until(pilot, lambda: isinstance(pilot.app.screen, RatesDialog))
            fields = {field.id: field for field in pilot.app.screen.query(Input)}
            assert {name: field.value for name, field in fields.items()} == {
                "lr": "2e-5",
                "head_lr": "0.0001",
                "epochs": "10",
            }
            for typed, words in (("x", "x' is no number"), ("3", "A learning rate is above 0 and below 1.")):
                fields["lr"].value = typed
                await pilot.press("enter")
                await until(pilot, lambda words=words: words in shown(pilot.app))
            fields["lr"].value, fields["epochs"].value = "1e-5", "7"
            await pilot.press("enter")
            await until(pilot, lambda: len(told(run)) == 2)
            assert [line.control for line in told(run)] == [control.Rates(lr=1e-5), control.Epochs(7)]


async def test_what_is_still_open_stands_in_the_dialog_as_it_is_in_the_recipe(opened, runs, until):
    run = runs.write("starting", train={"epochs": "auto"})
    with runs.held(run):
        async with opened() as pilot:
            pilot.app.push_screen(RatesDialog(run, History()))
            await until(pilot, lambda: isinstance(pilot.app.screen, RatesDialog))
            assert {field.id: field.value for field in pilot.app.screen.query(Input)} == dict.fromkeys(
                ("lr", "head_lr", "epochs"), "auto"
            )


@pytest.mark.parametrize("dialog", ["space", "S"])
@pytest.mark.more
async def test_an_answer_that_its_run_no_longer_hears_is_said(opened, runs, until, dialog):
    run = runs.write("running", upto=400, train={"lr": 5e-5, "head_lr": 5e-5})
    with ExitStack() as alive:
        alive.enter_context(runs.held(run))
        async with opened() as pilot:
            app, train = pilot.app, pilot.app.screen
            await until(pilot, lambda: train.check_action("thaw", ()))
            await pilot.press(dialog)
            await until(pilot, lambda: app.screen is not train)
            if dialog == "S":
                app.screen.query(Input).first().value = "1e-6"
                app.screen.query_one("#epochs", Input).value = "7"
            else:
                await pilot.press("plus")
            alive.close()
            await pilot.press("enter")
            await until(pilot, lambda: app._notifications)
            assert [note.title for note in app._notifications] == ["✕ r1 has ended: nothing hears it."]
            assert not told(run)


async def test_before_it_learns_a_run_is_told_and_hears_later(opened, runs, until):
    run = runs.write("starting")
    with runs.held(run):
        async with opened() as pilot:
            assert not pilot.app.screen.check_action("control", ("evaluate",))
            await pilot.press("p")
            await until(
                pilot, lambda: any("when it begins to learn" in note.message for note in pilot.app._notifications)
            )
            assert told(run)[0].control == control.Pause()


async def test_a_paused_run_that_was_killed_has_vanished(opened, runs, shown, until):
    run = runs.write("vanished")
    runs.append(run, now(e.Paused, step=400))
    assert run.status().state == "vanished"
    with runs.held(run):
        assert run.status().state == "paused"
        runs.append(run, now(e.Resumed, from_step=390))
        assert run.status().state == "running"


def test_that_a_change_ends_the_thawing_of_the_recipe_is_said():
    recipe = load({"freeze": {"trainable": "head", "thaw_every": 10}})
    began = e.Trainable(parts="head", words="head only", parameters=7, depth=6, thaws=True)
    words = consequences(recipe, History.of([began]), recipe.plan, recipe.plan.thawed(1), None)
    assert "thaws. After this change the run thaws no more blocks by itself. " in words
    assert "by itself" not in consequences(recipe, History.of([]), recipe.plan, recipe.plan.thawed(1), None)


@pytest.mark.more
@pytest.mark.parametrize("size", first(1, SIZES))
async def test_parts_thaw_and_freeze_on_the_ladder(opened, runs, shown, until, size):
    run = runs.write("running", upto=400)
    encoded = e.Encoded(
        blocks=5, texts=1194, positions=1, bytes=4, dtype="float32", found=0, seconds=22.0, cost=22.0, kept=True
    )
    with runs.held(run):
        runs.append(run, now(e.Trainable, parts="last_block", words="last block", parameters=7, depth=5, step=0))
        encoded.t, encoded.step = time.time(), 0
        runs.append(run, encoded)
        async with opened(size) as pilot:
            await until(pilot, lambda: pilot.app.screen.check_action("thaw", ()))
            await pilot.press("space")
            await until(
                pilot, lambda: "thaws or freezes a part" in shown(pilot.app) and "■■ block 5" in shown(pilot.app)
            )
            for key in ("j", "space"):
                await pilot.press(key)
            await until(
                pilot,
                lambda: all(
                    words in re.sub(r"[▐▌\s]+", " ", shown(pilot.app))
                    for words in (
                        "Block 4 is below the cached output, which must be computed again",
                        "Training it costs",
                    )
                ),
            )
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(pilot.app.screen, FreezeDialog))
            assert not told(run)
            for key in ("space", "minus"):
                await pilot.press(key)
            await until(
                pilot,
                lambda: "Final norm, block 5 freeze with their present weights." in shown(pilot.app),
            )
            assert "encoded again. Enter freezes" in " ".join(shown(pilot.app).split()) or size == SIZES[1]
            await pilot.press("enter")
            await until(pilot, lambda: told(run))
            assert [line.control for line in told(run)] == [control.SetTrainable("head")]
            change = now(e.Trainable, parts="head", words="head only", parameters=7, depth=6, step=400)
            runs.append(
                run,
                now(e.Applied, step=400, id=told(run)[0].id, control={"type": "learn", "trainable": "head"}),
                change,
            )
            await until(pilot, lambda: "last block; head only from step 401" in shown(pilot.app))
            assert pilot.app.session.followed.history.marks == [(400, "head only")]


@pytest.mark.more
async def test_a_change_holds_for_what_learns_by_now(opened, runs, shown, until):
    run = runs.write("running", upto=400, freeze={"trainable": "last_block", "thaw_every": 100})
    with runs.held(run):
        async with opened() as pilot:
            app = pilot.app
            await until(pilot, lambda: app.screen.check_action("thaw", ()))
            await pilot.press("space", "g", "j", "space")
            await until(pilot, lambda: "Final norm freezes with its present weights." in shown(app))
            thawed = {"parts": "last_two_blocks", "words": "last two", "parameters": 7, "depth": 4, "step": 400}
            runs.append(run, now(e.Trainable, **thawed, thaws=True, scheduled=True))
            await until(pilot, lambda: "■■ block 4" in shown(app) and "·  final norm" not in shown(app))
            await pilot.press("enter")
            await until(pilot, lambda: told(run))
            assert [line.control for line in told(run)] == [control.SetTrainable("blocks.4,blocks.5,head")]


@pytest.mark.more
async def test_the_ladder_of_a_run_keeps_its_height_and_a_last_part(opened, runs, shown, until):
    run = runs.write("running", upto=400, model={"name": "gpt2"})
    with runs.held(run):
        async with opened(SIZES[1]) as pilot:
            app = pilot.app
            await until(pilot, lambda: app.screen.check_action("thaw", ()))
            await pilot.press("space", "h", "g", "space")
            await until(pilot, lambda: "Something has to learn: thaw another part first." in shown(app))
            layers = app.screen.query_one(Layers)
            heights = {layers.size.height}
            for _ in range(7):
                await pilot.press("down")
                heights.add(layers.size.height)
            assert heights == {24 * 58 // 100}
            await pilot.resize_terminal(120, 50)
            await until(pilot, lambda: layers.size.height == layers.count == 15)


@pytest.mark.more
async def test_where_nothing_could_be_cached_nothing_is_reckoned_with_a_cache(opened, runs, shown, until):
    run = runs.write("running", upto=400)
    with runs.held(run):
        runs.append(run, now(e.Trainable, parts="last_block", words="last block", parameters=7, depth=5, step=0))
        async with opened() as pilot:
            app = pilot.app
            await until(pilot, lambda: app.screen.check_action("thaw", ()))
            await pilot.press("space", "plus")
            await until(pilot, lambda: "Block 4 thaws." in shown(app))
            assert "Training it costs 0:" in " ".join(shown(app).split())
