"""Anything at all in place of any file or folder of a run: no command follows it out, waits there, or breaks."""

import itertools
import os
import shutil
import time
from pathlib import Path

import pytest

from core.runs import mark
from core.runs.folder import RunFolder
from core.runs.listing import empty_bin, hide, list_runs

FILES = (
    *("recipe.toml", "pretraining.toml", "events.jsonl", "control.jsonl", "config.json", "tokens.tiktoken.xz"),
    *("tokenizer.json", "data.jsonl.gz", "split.csv", "base.json", "baselines.json", "predictions.csv", "result.json"),
    *("label.json", "group.json", "worker.log", "queued", "lock", "heartbeat", "reserve", "base.safetensors", "mark"),
    *("checkpoints/last", "checkpoints/best"),
)
OF_A_CHECKPOINT = ("weights.safetensors", "optimizer.safetensors", "state.json", "manifest.json")
FOLDERS = ("checkpoints", "checkpoints/STEP", "text", "model")
KINDS = (
    *(
        "link to its like",
        "link to a folder",
        "link to nothing",
        "link to itself",
        "link to zeros",
        "link to a full one",
    ),
    *("pipe", "socket", "device", "folder", "file", "second name"),
)
COMMANDS = (
    *(("show", "NAME"), ("predict", "NAME", "free prize"), ("export", "NAME", "OUT", "--format", "transformers")),
    *(("show", "NAME", "--code"), ("compare", "NAME", "r3"), ("name", "NAME", "mine"), ("ctl", "NAME", "stop")),
    *(("resume", "NAME"), ("resume", "NAME", "--queue", "--json"), ("queue",), ("compare", "r3", "NAME", "--json")),
)


@pytest.fixture
def root(trained, tmp_path):
    """Three copies of it, each the person's own: r1 and r3 are done, r2 has lost its end and can be resumed."""
    root = tmp_path / "runs"
    for name in ("r1", "r2", "r3"):
        mark.put(RunFolder(shutil.copytree(trained.path, root / name)))
    log = root / "r2" / "events.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    (root / "r2" / "result.json").unlink()
    return root


def put(kind: str, path: Path, outside: Path) -> None:
    """Put something of a kind in the place of a run's file or folder, of which `outside` gets a copy."""
    like = outside / f"{path.parent.name}-{path.name}"
    if path.is_dir():
        shutil.move(path, like)
    else:
        path.parent.mkdir(exist_ok=True)
        content = path.read_bytes() if path.exists() else b"{}"
        path.unlink(missing_ok=True)
        like.write_bytes(content)
    match kind:
        case "link to its like":
            path.symlink_to(like)
        case "link to a folder":
            path.symlink_to(outside)
        case "link to nothing":
            path.symlink_to(outside / "nothing")
        case "link to itself":
            path.symlink_to(path)
        case "link to zeros":
            path.symlink_to("/dev/zero")
        case "link to a full one":
            path.symlink_to("/dev/full")
        case "pipe":
            os.mkfifo(path)
        case "socket":
            os.mknod(path, 0o140644)
        case "device":
            try:
                os.mknod(path, 0o20644, os.makedev(1, 5))
            except PermissionError:
                pytest.skip("only root makes devices")
        case "folder":
            path.mkdir()
        case "file":
            path.write_bytes(b"mine")
        case "second name":
            os.link(like, path) if like.is_file() else path.write_bytes(b"mine")


DEADLINE = 60  # seconds


def place(root: Path, run: str, name: str) -> Path:
    step = (root / "r3" / "checkpoints" / "last").read_text()
    return root / run / name.replace("STEP", step)


@pytest.fixture
def sweep(root, elsewhere, seen, program, tmp_path):
    """A function that puts a kind in a place of r1 and r2, and has commands look at them."""

    def sweep(name: str, kind: str, commands) -> None:
        for run in ("r1", "r2"):
            put(kind, place(root, run, name), elsewhere)
        before = seen(elsewhere)
        for i, (command, run) in enumerate(itertools.product(commands, ("r1", "r2"))):
            words = [{"NAME": run, "OUT": str(tmp_path / f"out{i}")}.get(word, word) for word in command]
            ended = program("workbench", *words, "--runs", root)
            said = (words, ended.returncode, ended.stdout, ended.stderr)
            assert ended.returncode in (0, 1) and "Traceback" not in ended.stdout + ended.stderr, said
            assert ended.returncode == 0 or "." in ended.stdout + ended.stderr, said
            if (name in FILES or name in ("checkpoints", "text", "model")) and run in words:
                wrong = kind != "folder" if name in FOLDERS else kind not in ("file", "second name")
                wrong = wrong and os.path.lexists(place(root, run, name))  # the queue takes out what cannot be started
                assert not wrong or (ended.returncode, "of its own" in ended.stderr) == (1, True), said
        listed = program("workbench", "runs", "--runs", root)
        lines = {line.split("\t")[0]: line for line in listed.stdout.splitlines()}
        assert listed.returncode == 0 and "Traceback" not in listed.stderr and "\tdone\t" in lines["r3"], listed
        assert {"r1", "r2"} <= lines.keys() and seen(elsewhere) == before
        for run in list_runs(root)[::-1][:2]:
            if kind == "file" or "lock" not in name:
                end = time.monotonic() + DEADLINE
                while run.locked() and time.monotonic() < end:  # a command may have begun one that was queued
                    time.sleep(0.05)
                hide(run)
        empty_bin(root, mine=True)
        assert seen(elsewhere) == before and (root / "r3").is_dir()

    return sweep


PLACES = (*FILES, *(f"checkpoints/STEP/{name}" for name in OF_A_CHECKPOINT), *FOLDERS)
EVERY = list(itertools.product(PLACES, KINDS))


def marks(i: int) -> list:
    """Every seventh is run by the CI, so that each place, each kind and each command is among them."""
    return [pytest.mark.slow] if i % 7 else [pytest.mark.more] if i % 4 else []


@pytest.mark.parametrize(("i", "name", "kind"), [pytest.param(i, *one, marks=marks(i)) for i, one in enumerate(EVERY)])
def test_no_command_is_led_out_of_a_run(sweep, i, name, kind):
    sweep(name, kind, [COMMANDS[i % len(COMMANDS)], COMMANDS[(i + 4) % len(COMMANDS)]])
