"""The queue from the command line and from the keys, behind a run that somebody else holds."""

import json
import signal
import time
from contextlib import ExitStack, asynccontextmanager

import psutil
import pytest

from cases import first
from core import files
from core.recipe import load
from core.runs import mark, queue
from core.runs.folder import RunFolder
from core.wording import ordinal
from workbench.app import WorkbenchApp
from workbench.cli import main
from workbench.screens.palette import commands
from workbench.screens.trust_dialog import TrustDialog

DEADLINE = 60  # seconds


def ended(root):
    end = time.monotonic() + DEADLINE
    while queue.served(root):
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def running(runs):
    """A run that is alive until the test ends; then nothing is left waiting."""
    run = runs.write("running")
    with runs.held(run):
        yield run
        for each in queue.waiting(runs.root):
            queue.take_out(each)
    ended(runs.root)


def interrupt(root):
    for each in psutil.Process().children():
        if each.status() != psutil.STATUS_ZOMBIE and each.cwd() == str(root):
            each.send_signal(signal.SIGKILL)
    ended(root)


@pytest.fixture
def opened(runs, messages, until, shown):
    """The app on Runs with something to learn from: `async with opened(size) as pilot`."""

    @asynccontextmanager
    async def look(size=(120, 36)):
        app = WorkbenchApp(load({"data": {"path": str(messages)}}), runs.root)
        app.NOTIFICATION_TIMEOUT = DEADLINE  # what is said first still stands when a slow machine has shown the runs
        async with app.run_test(size=size, notifications=True) as pilot:
            app.action_mode("runs")
            await until(
                pilot, lambda: app.session.followed.status is not None and " r1 " in shown(app).partition("\n")[2]
            )
            yield pilot

    return look


def test_the_command_line_queues_lists_takes_out_and_goes_on(running, runs, messages, capsys):
    def said(*argv):
        code = main.main([*argv, "--runs", str(runs.root)])
        return code, *capsys.readouterr()

    train = ["train", str(messages), "--queue"]
    assert said(*train) == (0, "r2 waits, 1st in the queue; it starts when r1 ends.\n", "")
    assert json.loads(said(*train, "--json")[1]) == {"run": str(runs.root / "r3"), "place": 2, "after": "r2"}
    runs.write("stopped")
    assert said("resume", "r4", "--queue")[1] == "r4 waits, 3rd in the queue; it starts when r3 ends.\n"
    code, out, err = said("runs")
    assert "r3\t\tqueued\t" in out and "2nd in the queue" in out and not err
    assert [row["place"] for row in json.loads(said("runs", "--json")[1])] == [3, 2, 1, None]
    code, _, err = said("ctl", "r2", "pause")
    assert code == 1 and "r2 is not running: it waits in the queue. workbench ctl r2 stop takes it out." in err
    assert said("ctl", "r2", "stop") == (0, "r2 is out of the queue.\n", "")
    answer = json.loads(said("ctl", "r4", "stop", "--json")[1])
    assert answer["answered"] and answer["steps"] == {}
    assert RunFolder(runs.root / "r4").status().why == "Stopped at step 400, as asked."
    assert said("queue")[1] == "1st   r3  it starts when r1 ends\n"
    interrupt(runs.root)
    assert "1 run waits in the queue. workbench queue continues it." in said("runs")[2]
    assert said("queue")[1] == "1st   r3  it starts when r1 ends\nThe queue had been interrupted. It continues now.\n"
    assert json.loads(said("queue", "--json")[1]) == {
        "waiting": [{"run": str(runs.root / "r3"), "after": "r1"}],
        "started": False,
    }
    said("ctl", "r3", "stop")
    assert said("queue")[1] == "Nothing waits in the queue. workbench train --queue adds a run.\n"


@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
@pytest.mark.more
async def test_a_run_trained_beside_another_waits_and_can_be_taken_out(opened, running, runs, shown, until, size):
    async with opened(size) as pilot:
        app = pilot.app
        await pilot.press("t")
        await until(
            pilot, lambda: "r2 waits its turn: it starts when r1 ends." in [note.message for note in app._notifications]
        )
        await until(pilot, lambda: "▷   r2" in shown(app) and "waits, 1st in the queue; s takes" in shown(app))
        assert app.session.followed.run.name == "r1" and app.current_mode == "runs"
        await pilot.press("g")
        await until(
            pilot, lambda: "r start" in shown(app).splitlines()[-1] and "s take out" in shown(app).splitlines()[-1]
        )
        app._notifications.clear()
        app._refresh_notifications()
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "train" and "● r1 62 %" in shown(app).splitlines()[0])
        await until(pilot, lambda: "r2 waits its turn: it starts when r1 ends." in shown(app))
        assert "s takes it out of the queue." in shown(app)
        await pilot.press("s")
        await until(pilot, lambda: "Stopped before the first step. r resumes it." in shown(app))
        assert not queue.waiting(runs.root)
        await pilot.press("r")
        await until(pilot, lambda: "+1" in shown(app).splitlines()[0])


def test_a_run_that_is_started_beside_another_is_told_of_the_queue(running, runs, capsys):
    with runs.held(runs.write("running")):
        assert main.main(["resume", "r1", "--runs", str(runs.root)]) == 1
    err = capsys.readouterr().err
    assert err.startswith("workbench: r2 is running, and both get slower. With --queue,") and err.count("\n") == 2
    main.main(["resume", "r1", "--runs", str(runs.root)])
    assert "--queue" not in capsys.readouterr().err


async def test_an_interrupted_queue_is_said_and_a_key_goes_on_with_it(opened, running, runs, shown, until, capsys):
    waits = runs.write("stopped")
    files.write(waits.queued_file, b"")
    async with opened() as pilot:
        app = pilot.app
        assert [note.title for note in app._notifications] == ["1 run waits in the queue, which was interrupted"]
        await until(pilot, lambda: "▲ 1 run waits in the queue, which was interrupted. r on one of them" in shown(app))
        await pilot.press("g", "enter")
        await until(pilot, lambda: "r2 waits in the queue, which was interrupted. r continues it." in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: "r2 waits its turn: it starts when r1 ends." in shown(app))
        assert queue.served(runs.root)
        app._notifications.clear()
        app._refresh_notifications()
        await pilot.press("5")
        await until(pilot, lambda: "which was interrupted" not in shown(app))
        await pilot.press("q")
    assert "r1 goes on without this window, and after it 1 run that waits. Come back" in capsys.readouterr().err


async def test_when_a_run_has_ended_the_next_one_is_said(opened, runs, until):
    run = runs.write("running")
    with ExitStack() as alive:
        alive.enter_context(runs.held(run))
        async with opened() as pilot:
            app = pilot.app
            with runs.held(runs.write("starting")):
                alive.close()
                await until(pilot, lambda: app._notifications)
            assert [(note.title, note.message) for note in app._notifications] == [("r2 is next", "n goes to it.")]
            assert app.session.followed.run.name == "r1"


@pytest.mark.parametrize("size", first(1, [(120, 36), (80, 24)]))
async def test_a_key_goes_to_the_run_that_the_queue_has_begun(opened, runs, until, shown, size):
    run = runs.write("running")
    with ExitStack() as alive:
        alive.enter_context(runs.held(run))
        async with opened(size) as pilot:
            app = pilot.app
            await pilot.press("3")
            assert "n live run" not in shown(app).splitlines()[-1]
            with runs.held(runs.write("running", upto=200)):
                alive.close()
                await until(pilot, lambda: "● r2 31 %" in shown(app).splitlines()[0])
                assert app.session.followed.run.name == "r1" and " r1  nano" in shown(app)
                await until(pilot, lambda: "n live run" in shown(app).splitlines()[-1])
                assert any(each.words == "Go to the run that trains now" for each in commands(app.screen))
                await pilot.press("1", "n")
                await until(pilot, lambda: app.current_mode == "train" and " r2  nano" in shown(app))
                await until(pilot, lambda: "n live run" not in shown(app).splitlines()[-1])


def test_places_in_words():
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 21, 102, 113)] == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "12th",
        "21st",
        "102nd",
        "113th",
    ]


@pytest.mark.more
async def test_a_run_that_was_made_elsewhere_is_taken_up_only_after_a_yes(opened, running, runs, shown, until):
    sent = runs.write("stopped")
    sent.mark_file.unlink()
    async with opened() as pilot:
        app = pilot.app
        await until(pilot, lambda: " r2 " in shown(app).partition("\n")[2])
        await pilot.press("g", "r")
        await until(pilot, lambda: "r2 was made elsewhere" in shown(app) and "SMSSpamCollection" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, TrustDialog))
        assert not sent.queued_file.exists() and not mark.grew_here(sent)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, TrustDialog))
        await pilot.press("enter")
        await until(pilot, lambda: "r2 waits its turn: it starts when r1 ends." in shown(app))
        assert sent.queued_file.exists() and mark.grew_here(sent)
