"""The program as a person starts it: in a terminal, and leaves it: by a key, or by closing the window."""

import importlib.util
import os
import signal
import time
from pathlib import Path

import pytest

from cases import each
from core.recipe import load
from core.runs.control import Stop
from core.runs.launch import launch
from core.runs.root import create_run

spec = importlib.util.spec_from_file_location("terminal", Path(__file__).with_name("terminal.py"))
terminal = importlib.util.module_from_spec(spec)
spec.loader.exec_module(terminal)
Terminal = terminal.Terminal


@pytest.fixture
def messages(tmp_path):
    path = tmp_path / "messages.tsv"
    path.write_text("".join(f"{'spam' if i % 3 == 0 else 'ham'}\tsome words {i}\n" for i in range(60)))
    return path


@pytest.mark.usefixtures("executed")
@pytest.mark.parametrize(("columns", "rows"), each(2, [(80, 24), (120, 36), (20, 6)], names=2))
def test_it_opens_and_q_leaves_it(messages, tmp_path, columns, rows):
    with Terminal(str(messages), "--runs", str(tmp_path / "runs"), columns=columns, rows=rows) as screen:
        screen.until("\x1b[?1049h")
        screen.until("Data" if columns > 20 else "too small")
        screen.send("q")
        assert screen.close() == 0
    assert b"Traceback" not in screen.output


def test_no_color_paints_without_colours(messages, tmp_path):
    with Terminal(str(messages), "--runs", str(tmp_path / "runs"), NO_COLOR="1") as screen:
        screen.until("messages.tsv")
        screen.send("q")
        assert screen.close() == 0
    greys = {tuple(c.split(b";")) for part in screen.output.split(b"38;2;")[1:] for c in [part.split(b"m")[0]]}
    assert all(len(set(c[:3])) == 1 for c in greys)


def test_a_recipe_with_mistakes_never_opens_the_screen(tmp_path):
    with Terminal("--epochs", "many", "--runs", str(tmp_path)) as screen:
        assert screen.close() == 2
    assert b"train.epochs" in screen.output and b"\x1b[?1049h" not in screen.output


def test_closing_the_window_leaves_the_run_running_and_opening_it_again_finds_it(messages, tmp_path):
    root = tmp_path / "runs"
    recipe = load({"data": {"path": str(messages)}, "freeze": {"trainable": "head"}, "train": {"epochs": 10000}})
    run = create_run(root, recipe)
    launch(run)
    with Terminal("--runs", str(root)) as screen:
        screen.until("r1")
        os.killpg(screen.process.pid, signal.SIGHUP)
        screen.close()
    wait(lambda: run.status().step > 0)
    step = run.status().step
    wait(lambda: run.status().step > step)
    with Terminal("--runs", str(root)) as screen:
        screen.until("Weight change")  # it lands on Train, following the run
        screen.send("q")
        assert screen.close() == 0
    assert b"goes on without this window" in screen.output
    assert run.status().state == "running"
    run.send(Stop())
    wait(lambda: run.status().state == "stopped")


def wait(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
