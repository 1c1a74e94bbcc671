"""Pretraining from outside: the command, and how the screens show such a run."""

import json
import random
import subprocess
import sys
import time

import msgspec
import pytest

from cases import first
from core.pretraining import Pretraining
from core.recipe import load
from core.runs import events as e
from core.runs.folder import RunFolder
from core.runs.root import create_run
from workbench.app import WorkbenchApp
from workbench.cli import main

DEADLINE = 90
WORKBENCH = [sys.executable, "-m", "workbench"]


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """What `workbench pretrain --json` printed, run once for the tests that only read it."""
    folder = tmp_path_factory.mktemp("pretrained")
    dice = random.Random(0)
    words = "rain sun wind tea bread door river stone lamp song".split()
    (folder / "text.txt").write_text("\n".join(" ".join(dice.choices(words, k=8)) + "." for _ in range(700)))
    options = ["--train.batch", "1", "--epochs", "0.5", "--text.held_out", "0.1", "--train.eval_windows", "1"]
    done = subprocess.run(
        [*WORKBENCH, "pretrain", str(folder / "text.txt"), *options, "--runs", str(folder / "runs"), "--json"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr
    return folder / "runs", json.loads(done.stdout), done.stderr


@pytest.mark.more
def test_it_prints_one_document_and_says_what_happens(pretrained):
    _, result, progress = pretrained
    assert 0 < result["held_out"]["bits_per_byte"] < 8 and result["parameters"] == 6_967_296
    assert "vocabulary" in progress and "bits a byte" in progress and "too few to learn" in progress


@pytest.mark.more
def test_the_other_commands_know_what_it_is(pretrained, capsys):
    runs = ["--runs", str(pretrained[0])]

    def said(*argv):
        code = main.main([*argv, *runs])
        out, err = capsys.readouterr()
        return code, " ".join((out + err).split())

    code, words = said("runs")
    assert code == 0 and "a language model" in words and "done" in words and "bits a byte" in words
    code, words = said("resume", "r1")
    assert code == 1 and "r1 is done. Fine-tune it: workbench train FILE --model nano --weights" in words
    for command in (["predict", "r1", "hello"], ["export", "r1", "out"]):
        code, words = said(*command)
        assert code == 1 and "no classifier" in words
    code, words = said("predict", "last", "hello")
    assert code == 1 and "There are no trained runs" in words


def test_bad_input_is_refused_before_there_is_a_run(tmp_path, capsys):
    (tmp_path / "some.txt").write_text("some text")
    there, runs = str(tmp_path / "some.txt"), ["--runs", str(tmp_path / "runs")]
    cases = {
        f"there is no file {tmp_path / 'none.txt'}": [there, str(tmp_path / "none.txt")],
        "train.cooldown: begins before the warm-up is over": [there, "--train.warmup", "0.5", "--cooldown", "0.8"],
        "train.epochs: cannot be": [there, "--epochs", "0"],
        "speed.threads: must be 1 or more": [there, "--threads", "0"],
    }
    for words, argv in cases.items():
        assert main.main(["pretrain", *argv, *runs]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def pretraining(root, n_steps=200, upto=200) -> RunFolder:
    """A run that pretrains, with what its worker would have written up to a step."""
    run = create_run(root, Pretraining.of({"text": {"paths": ["stories.txt"]}}))
    rows = {"train": 800, "validation": 10}
    said: list[e.Event] = [
        e.Phase(name="vocabulary", done=1, total=1),
        e.Started(
            pid=1, n_steps=n_steps, epochs=1, rows=rows, labels=[], majority=0.0,
            learns=7_000_000, parameters=7_000_000, device="cpu", threads=2,
        ),
        e.Phase(name="learn", done=0, total=n_steps, unit="steps"),
    ]  # fmt: skip
    for step in range(0, upto + 1, 50):
        if step:
            said.append(
                e.Steps(step=step, loss=[9 - step / 50] * 50, lr=[1e-3] * 50, tokens=9000, seconds=5, rss=800_000_000)
            )
        look = {"split": "validation", "rows": 10, "loss": 9 - step / 50, "accuracy": 0.1, "whole": False, "bits": 2.5}
        said += [e.Evaluated(**look, step=step), e.Sampled(prompt="Once upon", text=" a time [bold]there", step=step)]
    if upto == n_steps:
        said.append(
            e.Ended(
                state="done", why="Held-out text costs 1.500 bits a byte.", do="Fine-tune it.", result={}, step=upto
            )
        )
    for event in said:
        event.t, event.attempt = time.time(), 1
    with open(run.events_file, "wb") as file:
        file.writelines(map(e.encode, said))
    if upto == n_steps:
        run.result_file.write_bytes(msgspec.json.encode({}))
    return run


@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
async def test_screens_show_a_run_that_pretrains(runs, shown, until, size):
    pretraining(runs.root)
    app = WorkbenchApp(load({}), runs.root)
    async with app.run_test(size=size) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "a language model, from plain text" in shown(app))
        await until(pilot, lambda: "Done after 200 steps" in shown(app))
        await pilot.press("5")
        await until(pilot, lambda: "a language model" in shown(app) and "r1" in shown(app))
        await pilot.press("4")
        await until(pilot, lambda: "No classifier" in shown(app) or "no classifier" in shown(app))
        assert app.session.draft.recipe.data.path == "sample"


@pytest.mark.more
async def test_one_that_learns_is_followed(runs, shown, until):
    run = pretraining(runs.root, upto=100)
    with runs.held(run):
        app = WorkbenchApp(load({}), runs.root)
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.press("3")
            await until(pilot, lambda: "50 %" in shown(app) and "a language model" in shown(app))
            await pilot.press("g")
            await until(pilot, lambda: "a time [bold]there" in shown(app))
            await pilot.press("4")
            await until(pilot, lambda: "No classifier yet: r1 makes a language model. t trains one." in shown(app))
            assert "t train next" in shown(app).splitlines()[-1]
