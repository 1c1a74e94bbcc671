import os
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest

from cases import first
from core.errors import BadRun
from core.options import options
from core.recipe import Recipe, load
from core.runs import last_visit
from core.runs.listing import BASELINE, Listing, bring_back, empty_bin, hide
from core.runs.records import Label
from workbench.app import WorkbenchApp

SIZES = [(120, 36), (80, 24)]


@pytest.fixture
def opened(runs, until, shown):
    """The app on Runs, at a size: `async with opened(size) as pilot`."""

    @asynccontextmanager
    async def look(size=SIZES[0]):
        app = WorkbenchApp(load({"data": {"path": "SMSSpamCollection"}}), runs.root)
        async with app.run_test(size=size, notifications=True) as pilot:
            app.action_mode("runs")
            await until(pilot, lambda: app.current_mode == "runs" and "Reading the runs" not in shown(app))
            yield pilot

    return look


async def test_no_runs_say_what_to_press(opened, shown):
    async with opened() as pilot:
        assert "No runs yet. t trains one." in shown(pilot.app)
        assert not any(
            pilot.app.screen.check_action(name, ())
            for name in ("open_run", "baseline", "name_run", "delete_run", "resume", "overlay", "undo")
        )


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_every_run_says_what_came_of_it(opened, runs, shown, until, size):
    runs.write("failed", upto=200)
    runs.write("vanished", upto=310, freeze={"trainable": "all"})
    runs.write("stopped", freeze={"trainable": "head"})
    runs.write("done", model={"name": "gpt2"})
    running = runs.write("running")
    half = runs.root / "r9"
    half.mkdir()
    with runs.held(running):
        async with opened(size) as pilot:
            await pilot.press("j")
            await until(pilot, lambda: "97.0 %" in shown(pilot.app))
            lines = {
                words[1 if words[0] != "▌" else 2]: " ".join(words)
                for line in shown(pilot.app).split("\n")
                if len(words := line.split()) > 3
            }
            assert "● r5" in lines["r5"] and "step 400 of 650" in lines["r5"]
            clean = " 98.1 %" if size[0] > 80 else ""
            assert "✓ r4" in lines["r4"] and f"gpt2 last block 98.3 % 96.2–99.3 even{clean} 0:55" in lines["r4"]
            assert "■ r3" in lines["r3"] and "head only stopped at step 400 of 650" in lines["r3"]
            assert "◌ r2" in lines["r2"] and "all layers vanished at step 310" in lines["r2"]
            assert "✕ r1" in lines["r1"] and "last block Loss stopped being a number" in lines["r1"]
            assert "✕ r9" in lines["r9"] and "The folder is half written" in lines["r9"]
            assert "TF-IDF: word-count baseline" in shown(pilot.app)
            assert "50.3 %" in shown(pilot.app)


async def test_a_run_that_ended_before_its_first_step_is_at_no_step(opened, runs, shown, until):
    runs.write("stopped", upto=0)
    async with opened() as pilot:
        await until(pilot, lambda: "stopped before its first step; r resumes it" in shown(pilot.app))


async def test_curves_lie_over_one_another_and_recipes_side_by_side(opened, runs, shown, until):
    runs.write("done", train={"epochs": 3})
    runs.write("done", n_steps=1300, train={"lr": 1e-4})
    async with opened() as pilot:
        await until(pilot, lambda: "r2 ─" in shown(pilot.app))
        assert "Recipe of r2" in shown(pilot.app)
        assert "0.0001" in shown(pilot.app)
        await pilot.press("j", "space", "k")
        await until(pilot, lambda: "r2 ─   r1 +" in shown(pilot.app))
        assert "1300" in shown(pilot.app)
        screen = shown(pilot.app)
        assert "r2 against r1" in screen
        assert f"{len(list(options(Recipe))) - 2} fields equal" in screen
        await pilot.press("j", "space")
        await until(pilot, lambda: "r1 ─" in shown(pilot.app) and "r2 against" not in shown(pilot.app))


@pytest.mark.more
async def test_three_curves_and_their_lines_have_the_same_marks(opened, runs, shown, until):
    for n_steps in (650, 700, 750):
        runs.write("done", n_steps=n_steps)
    async with opened() as pilot:
        await until(pilot, lambda: "r3 ─" in shown(pilot.app))
        await pilot.press("j", "space", "j", "space")
        await until(pilot, lambda: "r1 ─   r2 +" in shown(pilot.app))
        await pilot.press("g")
        await until(pilot, lambda: "r3 ─   r2 +   r1 ∘" in shown(pilot.app))
        assert "✓ + r2" in shown(pilot.app) and "✓ ∘ r1" in shown(pilot.app)
        await pilot.press("j")  # a run on show keeps its mark, and the others theirs
        await until(pilot, lambda: "r2 ─   r1 ∘" in shown(pilot.app))
        await pilot.press("space")
        await until(pilot, lambda: "r2 ─   r1 +" in shown(pilot.app) and "✓ + r1" in shown(pilot.app))


def answers(wrong):
    """Three hundred test rows of which some are answered wrongly."""
    return [("ham", "spam" if i in wrong else "ham", 0.9, f"text {i}") for i in range(300)]


@pytest.fixture
def three(runs):
    """r1, wrong on 16 rows; r2, on 7 of which 6 are the same; r3 on rows of another file."""
    first, second, third = (runs.write("done", train=train) for train in ({}, {"lr": 1e-4}, {}))
    runs.write_predictions(first, answers(range(16)))
    runs.write_predictions(second, answers(range(10, 17)))
    runs.write_predictions(third, [("ham", "ham", 0.9, "another text")])
    return first, second, third


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_runs_are_measured_against_a_baseline_that_is_remembered(opened, runs, three, shown, until, size):
    stopped = runs.write("stopped")
    async with opened(size) as pilot:
        await until(pilot, lambda: "Recipe of r4" in shown(pilot.app))
        assert "won:lost" not in shown(pilot.app)
        assert not pilot.app.screen.check_action("baseline", ())
        await pilot.press("G", "asterisk")
        await until(pilot, lambda: "won:lost to ★" in shown(pilot.app) and "10:1  better" in shown(pilot.app))
        assert "★   r1" in shown(pilot.app) and "no shared row" in shown(pilot.app)
        assert "Recipe of r1" in shown(pilot.app)
        await pilot.press("k")
        await until(pilot, lambda: "r2 against r1 ★" in shown(pilot.app))
        assert "10 won, 1 lost of 300 rows" in shown(pilot.app) and "p .01: better" in shown(pilot.app)
        assert "0.0001" in shown(pilot.app)
        await pilot.press("k")
        await until(pilot, lambda: "They share no test row." in shown(pilot.app))
        await pilot.press("k")
        await until(pilot, lambda: "r4 against r1" in shown(pilot.app) and " won, " not in shown(pilot.app))
    async with opened(size) as pilot:
        await until(pilot, lambda: "10:1  better" in shown(pilot.app))
        await pilot.press("G", "asterisk")
        await until(pilot, lambda: "won:lost" not in shown(pilot.app) and "★" not in shown(pilot.app))
    assert stopped.path.exists() and not (runs.root / BASELINE).exists()


async def test_a_run_laid_over_another_is_compared_with_it(opened, three, shown, until):
    async with opened() as pilot:
        await pilot.press("j", "space", "j")
        await until(pilot, lambda: "r1 against r2" in shown(pilot.app) and "p .01: worse" in shown(pilot.app))


async def test_a_deleted_baseline_is_none_until_it_is_back(opened, runs, three, shown, until):
    async with opened() as pilot:
        await pilot.press("G", "asterisk")
        await until(pilot, lambda: "10:1  better" in shown(pilot.app))
        await pilot.press("d")
        await until(pilot, lambda: not three[0].path.exists() and "won:lost" not in shown(pilot.app))
        await pilot.press("u")
        await until(pilot, lambda: "★   r1" in shown(pilot.app) and "10:1  better" in shown(pilot.app))


def test_a_baseline_that_is_gone_or_another_run_is_none(runs):
    listing = Listing(runs.root)
    first, second = runs.write("done"), runs.write("done")
    entries = listing.look()
    assert listing.baseline(entries) is None
    listing.choose(first)
    assert listing.baseline(entries).run.path == first.path
    assert listing.baseline(entries[:1]) is None
    os.utime(first.result_file, ns=(1, 1))  # as another's that came by its name
    assert listing.baseline(entries) is None
    for damaged in (b"", b"r1", b'{"run": "../r1", "result": []}', b"\xff"):
        (runs.root / BASELINE).write_bytes(damaged)
        assert listing.baseline(entries) is None
    listing.choose(None)
    listing.choose(None)
    assert sorted(path.name for path in runs.root.iterdir()) == [first.name, second.name]


@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
async def test_a_name_and_a_note_are_shown_and_kept(opened, runs, shown, until, size):
    run = runs.write("done")
    async with opened(size) as pilot:
        await until(pilot, lambda: "Recipe of r1" in shown(pilot.app))
        await pilot.press("R", *"no pads", "tab", *"why [b]not[/b]", "enter")
        await until(pilot, lambda: "r1 no pads" in shown(pilot.app) and "why [b]not[/b]" in shown(pilot.app))
        assert run.label() == Label("no pads", "why [b]not[/b]")
        await pilot.press("R", *"other", "escape")
        assert run.label().name == "no pads"
        run.name_it(Label.of("距离川沙公路较近[/]" * 9, "[/x] " * 400))
        await until(pilot, lambda: "r1 距离川" in shown(pilot.app) and "[/x]" in shown(pilot.app))
        assert "98.3 %" in shown(pilot.app)
        await pilot.press("R", "delete", "tab", "ctrl+k", "enter")
        await until(pilot, lambda: "r1 距" not in shown(pilot.app) and "[/x]" not in shown(pilot.app))
        assert run.label() == Label()


async def test_a_name_that_cannot_be_kept_is_said(opened, runs, shown, until):
    run = runs.write("done")
    async with opened() as pilot:
        await until(pilot, lambda: "Recipe of r1" in shown(pilot.app))
        await pilot.press("R", "a")
        run.path.rename(runs.root / "elsewhere")
        await pilot.press("enter")
        await until(pilot, lambda: "r1 cannot be named: No such file" in shown(pilot.app))


@pytest.mark.parametrize("put", [os.mkfifo, lambda path: os.symlink(path, path), lambda path: path.mkdir()])
@pytest.mark.more
async def test_a_run_whose_files_are_none_is_listed_with_the_reason(opened, runs, shown, until, put):
    runs.write("done")
    broken = runs.write("done")
    for path in (broken.recipe_file, broken.events_file, broken.result_file, broken.label_file, broken.mark_file):
        path.unlink(missing_ok=True)
        put(path)
    async with opened() as pilot:
        await until(pilot, lambda: " r1 " in shown(pilot.app) and "not a file of its own" in shown(pilot.app))
        for key in ("enter", "4", "5"):  # watched, asked, listed again
            await pilot.press(key)
            await pilot.pause()
        await until(pilot, lambda: pilot.app.current_mode == "runs")
        await pilot.press("d")
        await until(pilot, lambda: not broken.path.exists())


async def test_enter_opens_a_run_in_train(opened, runs, shown, until):
    runs.write("stopped")
    runs.write("done")
    async with opened() as pilot:
        await until(pilot, lambda: "r1" in shown(pilot.app))
        assert not pilot.app.screen.check_action("resume", ())
        await pilot.press("j")
        await until(pilot, lambda: pilot.app.screen.check_action("resume", ()))
        await pilot.press("enter")
        await until(pilot, lambda: "Stopped at step 400 of 650." in shown(pilot.app))
        assert pilot.app.current_mode == "train"
        assert pilot.app.session.followed.run.name == "r1"


@pytest.mark.more
async def test_a_deleted_run_comes_back_until_one_quits(opened, runs, shown, until):
    first, second = runs.write("done"), runs.write("done")
    async with opened() as pilot:
        await until(pilot, lambda: pilot.app.session.followed.status is not None and "r2" in shown(pilot.app))
        await pilot.press("d")
        await until(pilot, lambda: "r2 deleted. u brings it back until you quit." in shown(pilot.app))
        assert not second.path.exists()
        assert pilot.app.session.followed.run.name == "r1"
        await pilot.press("u")
        await until(pilot, lambda: "r2 is back." in shown(pilot.app))
        assert second.recipe().data.path.endswith("SMSSpamCollection")
        await pilot.press("g", "d")
        await until(pilot, lambda: not second.path.exists())
    assert {path.name for path in runs.root.iterdir()} == {first.name, last_visit.LEFT}


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_the_only_run_s_deletion_is_said_where_it_stood(opened, runs, shown, until, size):
    runs.write("done")
    async with opened(size) as pilot:
        await until(pilot, lambda: pilot.app.session.followed.status is not None and "98.3 %" in shown(pilot.app))
        await pilot.press("d")
        said = pilot.app.screen.query_one("#nothing")
        await until(pilot, lambda: said.display)
        assert str(said.render()) == "r1 deleted. u brings it back until you quit."
        await pilot.press("u")
        await until(pilot, lambda: not said.display and "98.3 %" in shown(pilot.app))


async def test_a_run_that_is_alive_is_not_deleted(opened, runs, shown, until):
    run = runs.write("running")
    with runs.held(run):
        async with opened() as pilot:
            await until(pilot, lambda: "step 400 of 650" in shown(pilot.app))
            await pilot.press("d")
            await until(pilot, lambda: "r1 is running." in shown(pilot.app))
            assert run.path.exists()


def test_the_bin(runs):
    run = runs.write("done")
    hidden = hide(run)
    (runs.root / "r1").mkdir()  # by hand: the program gives a deleted run's name to no other
    assert bring_back(hidden).name == "r1-again"
    with pytest.raises(BadRun):
        bring_back(hidden)

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, other = runs.root / f".r7.{gone.pid}.1.deleted", runs.root / f".r8.{os.getppid()}.1.deleted"
    for path in (left, other, runs.root / ".mine.deleted", runs.root / ".git"):
        path.mkdir()
    empty_bin(runs.root, mine=False)
    assert not left.exists()
    assert other.exists() and (runs.root / ".mine.deleted").exists() and (runs.root / ".git").exists()


def test_a_run_is_read_again_only_when_it_has_changed(runs):
    run = runs.write("running", upto=100)
    for _ in range(3):
        runs.write("done")
    listing = Listing(runs.root)
    first = listing.look()
    assert [entry.run.name for entry in first] == ["r4", "r3", "r2", "r1"]
    assert all(a is b for a, b in zip(first, listing.look(), strict=True))
    assert first[-1].status.state == "vanished"
    with runs.held(run):
        assert listing.look()[-1].status.state == "running"
    runs.append(run, *runs.events(run, 650, 650)[-1:])
    assert listing.look()[-1].status.step == 650
