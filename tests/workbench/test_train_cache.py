"""What Train and the command line show of the prefix cache."""

import io
import time
from contextlib import asynccontextmanager

import pytest
from rich.console import Console

from cases import first
from core.recipe import load
from core.runs import events as e
from core.runs.history import History
from core.runs.result import result_of
from workbench.app import WorkbenchApp
from workbench.cli.follow import Lines, summary

SIZES = [(120, 36), (80, 24)]
TEXTS = 1194  # of training and validation in the runs that are written here


def cached(runs, upto: int | None, done: int = TEXTS, seconds: float = 9.9, **layers):
    """A run of gpt2 with a prefix cache, while it is filled (`upto` None) or at a step."""
    run = runs.write("starting", model={"name": "gpt2"}, **layers)
    everything = runs.events(run, 650, upto or 0)[3:]
    at = next(i for i, event in enumerate(everything) if isinstance(event, e.Started)) + 1
    t = everything[at - 1].t
    for event in everything[at:]:
        event.t += seconds
    filling = [
        e.Phase(t=t + n / TEXTS * seconds, attempt=1, name="encode", done=n, total=TEXTS, unit="texts")
        for n in range(0, done + 1, 199)
    ]
    runs.append(run, *everything[:at], *filling)
    if upto is not None:
        encoded = e.Encoded(
            t=t + seconds, attempt=1, blocks=11, texts=TEXTS, positions=16_000, bytes=49_152_000, dtype="float32",
            found=0, seconds=seconds, cost=seconds, kept=True,
        )  # fmt: skip
        runs.append(run, encoded, *everything[at:])
    return run


@pytest.fixture
def opened(runs, until):
    """The app on Train at a size, following the only run: `async with opened(size) as pilot`."""

    @asynccontextmanager
    async def watch(size=SIZES[0]):
        app = WorkbenchApp(load({"data": {"path": "SMSSpamCollection"}}), runs.root)
        async with app.run_test(size=size) as pilot:
            app.action_mode("train")
            await until(pilot, lambda: app.session.followed.status is not None)
            yield pilot

    return watch


@pytest.mark.parametrize(
    ("size", "plan", "above"),
    first(1, [(SIZES[0], "last_block", "■ ■ ■"), (SIZES[1], "lora.11,head", "▚ · ■")], names=3),
)
async def test_while_the_cache_is_filled_the_screen_says_what_it_is_and_what_it_buys(
    opened, runs, shown, until, size, plan, above
):
    run = cached(runs, None, done=398, freeze={"trainable": plan})
    with runs.held(run):
        async with opened(size) as pilot:
            await until(pilot, lambda: "Reading 1,194 texts through 11 frozen blocks, once." in shown(pilot.app))
            screen = shown(pilot.app)
            assert "The curves start in 7 s." in screen
            assert "Each of the 5 epochs then reads the result instead of computing it again." in screen
            assert f"· · · · · · · · · · · ·  ┊  {above}" in screen
            assert "● encode once 398 of 1,194   · learn   · test" in screen and "0:07 left" in screen
            assert "● r1 encoding" in screen.splitlines()[0]


async def test_without_the_recipe_or_with_one_epoch_the_cache_is_still_described(opened, runs, shown, until):
    run = cached(runs, None, done=0)
    started = e.Started(
        pid=1, n_steps=130, epochs=1, rows={"train": 1045, "validation": 149, "test": 300}, labels=["ham", "spam"],
        majority=0.5, learns=1, parameters=2, device="cpu", threads=1, attempt=1,
    )  # fmt: skip
    run.recipe_file.write_text("not toml at all [")
    runs.append(run, started)
    with runs.held(run):
        async with opened() as pilot:
            await until(pilot, lambda: "Reading 1,194 texts through what is frozen, once." in shown(pilot.app))
            assert "The epoch then reads the result" in shown(pilot.app)
            assert "The curves start" not in shown(pilot.app)  # nothing is known of the speed yet


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_learning_from_the_cache_shows_what_it_saves(opened, runs, shown, until, size):
    run = cached(runs, 400)
    with runs.held(run):
        async with opened(size) as pilot:
            await until(pilot, lambda: "● learn 400 of 650" in shown(pilot.app))
            screen = " ".join(shown(pilot.app).split())
            assert "✓ encode once 9.9 s ● learn 400 of 650 · test" in screen
            assert "blocks 0–10 frozen, read from cache" in screen
            assert ("cache 26.4 s saved so far" if size == SIZES[0] else "cache saved 26.4 s") in screen


@pytest.mark.more
async def test_a_cache_that_has_not_paid_yet_says_so(opened, runs, shown, until):
    run = cached(runs, 10)
    with runs.held(run):
        async with opened() as pilot:
            await until(pilot, lambda: "not yet earned back" in shown(pilot.app))
            assert "11 blocks encoded once for 1,194 texts in 9.9 s, 49.2 MB." in shown(pilot.app)
            await pilot.resize_terminal(*SIZES[1])
            await until(pilot, lambda: "─ blocks 0–10 frozen, read from cache ─" in shown(pilot.app))
            assert "cache saved" not in shown(pilot.app)


@pytest.mark.parametrize("size", first(1, SIZES))
@pytest.mark.more
async def test_the_card_says_what_the_cache_saved(opened, runs, shown, until, size):
    run = runs.write("done")
    end = {"t": time.time(), "attempt": 1, "step": 650}
    for saved, words in ((200.0, "took 0:55 · the cache saved 3:20 of 4:15"), (0.4, ""), (-7.0, "")):
        result = runs.result(run) | {"cache": {"saved": saved}}
        runs.append(run, e.Ended(state="done", result=result, **end))
        async with opened(size) as pilot:
            await until(pilot, lambda: "took 0:55" in shown(pilot.app))
            assert "weights of step 650" in shown(pilot.app)
            if size == SIZES[1]:  # which weights were tested is said first
                assert "the cache" not in shown(pilot.app)
                continue
            assert words in shown(pilot.app) and ("the cache" in shown(pilot.app)) == bool(words)
            assert "majority" in shown(pilot.app) and "always the most frequent label" in shown(pilot.app)


def test_the_command_line_says_what_is_encoded_and_what_that_saved(runs):
    run = cached(runs, 10)
    out = io.StringIO()
    history, view = History(), Lines(Console(file=out, width=200))
    for event in run.events()[0]:
        history.apply(event)
        view.show(event, history)
    said = out.getvalue().split("\n")
    at = said.index("encode")
    assert said[at + 1] == "11 blocks encoded once for 1,194 texts in 9.9 s, 49.2 MB."
    result = runs.result(run) | {"cache": {"saved": 200.0}}
    assert "the cache saved 3:20 of 4:15" in summary(run, result_of(result))
    for cache in ({"saved": 0.3}, {"saved": -4.0}, None):
        assert not any("cache" in line for line in summary(run, result_of(result | {"cache": cache})))
    assert not any("cache" in line for line in summary(run, result_of(runs.result(run))))
