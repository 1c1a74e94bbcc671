"""A process that has imported what a worker imports, and forks a worker for each trial: hundreds can really be killed.

It reads one JSON object a line and answers each with one, and computes nothing itself. What it forks runs the
product's `python -m core.runs.worker` unchanged. A trial may ask to be killed at its n-th point: a step that the run
takes in its folder, watched from outside, just before it is taken.
"""

import dataclasses
import json
import os
import re
import runpy
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

import safetensors.torch
import sklearn.feature_extraction.text
import sklearn.linear_model  # noqa: F401
import torch._dynamo
from huggingface_hub import constants

import core.runs.attempt
import core.runs.pretrain  # noqa: F401
from core.data import batches, tokens
from core.presets import MODELS, Shape, Source
from core.runs.events import Event, Phase, Steps, encode
from core.runs.launch import SENT_BEFORE
from core.runs.log import EventLog

CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
TINY = Shape(2, 32, 2, 64, 8192)
FULL = 128  # positions at once: little data makes many chunks of a cache, and many batches of an evaluation


class Points:
    """Counts what the main thread of this process does to a run's folder and the cache, names it, and ends the process at one."""

    def __init__(self, run: str, kill_at: int, trace: str):
        self.run, self.kill_at, self.n = run, kill_at, 0
        self.roots = run, os.environ["WORKBENCH_CACHE"]
        self.trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if trace else None
        self.main = threading.get_ident()

    def reach(self, name: str, dying=lambda: None) -> None:
        """One more point; where it is the chosen one, do what a death in its midst leaves behind, and die."""
        if threading.get_ident() != self.main:
            return  # the heartbeat, whenever it comes
        self.n += 1
        if self.trace is not None:
            name = re.sub(rf"\.{os.getpid()}\.tmp", ".PID.tmp", name.replace(self.run + "/", ""))
            os.write(self.trace, name.encode() + b"\n")
        if self.n == self.kill_at:
            self.kill_at = 0
            dying()
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, args: tuple) -> None:
        if event in CHANGES or event == "open" and args[2] & WRITING:
            path = absolute(args[0], args[-1] if event in ("os.remove", "os.rmdir") else None)
            if path.startswith(self.roots):
                self.reach(f"{event} {path}")

    def watch(self) -> None:
        """See every step from now on, also those that the interpreter reports nothing of."""
        sys.addaudithook(self.audit)
        fsync, save, write, backward = os.fsync, safetensors.torch.serialize_file, EventLog.write, torch.Tensor.backward

        def watched_fsync(fd):
            self.reach(f"fsync {os.readlink(f'/proc/self/fd/{fd}')}")
            fsync(fd)

        def watched_save(tensors, path, metadata=None):
            def half():
                save(tensors, path, metadata)
                with open(path, "r+b") as file:
                    file.truncate(os.path.getsize(path) // 2)

            self.reach(f"save {path}")
            self.reach(f"save half of {path}", half)
            save(tensors, path, metadata)

        def watched_write(log: EventLog, event: Event, sync: bool = False):
            def half():
                line = encode(event)
                with open(os.path.join(self.run, "events.jsonl"), "ab") as file:
                    file.write(line[: len(line) // 2])

            if not isinstance(event, (Phase, Steps)):  # these come by the clock
                kind = type(event).__name__
                self.reach(f"event {kind}")
                self.reach(f"event half {kind}", half)
            write(log, event, sync)

        def watched_backward(loss, *args, **kwargs):
            self.reach("backward")
            backward(loss, *args, **kwargs)

        os.fsync, safetensors.torch.serialize_file, EventLog.write = watched_fsync, watched_save, watched_write
        torch.Tensor.backward = watched_backward


def absolute(path, folder_fd) -> str:
    if isinstance(path, int):
        return ""
    path = os.fsdecode(path)
    if isinstance(folder_fd, int) and folder_fd >= 0:
        path = os.path.join(os.readlink(f"/proc/self/fd/{folder_fd}"), path)
    return os.path.abspath(path)


def live(trial: dict) -> int:
    """What `core.runs.launch.launch` starts: a session of its own, its output in the run's log."""
    run = Path(trial["run"])
    os.setsid()
    os.chdir(run)
    null, log = os.open(os.devnull, os.O_RDONLY), os.open(run / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for fd, standard in ((null, 0), (log, 1), (log, 2)):
        os.dup2(fd, standard)
    os.environ.update(trial["env"])
    sent = run / "control.jsonl"
    os.environ[SENT_BEFORE] = str(sent.stat().st_size if sent.exists() else 0)
    MODELS["nano"] = dataclasses.replace(MODELS["nano"], shape=TINY)
    batches.FULL = FULL
    if hub := trial["hub"]:  # where it is, what is there, and where that is kept
        MODELS["nano"] = dataclasses.replace(MODELS["nano"], source=Source(**hub["source"]))
        constants.ENDPOINT, constants.HF_HUB_CACHE = hub["endpoint"], hub["cache"]
        constants.HUGGINGFACE_CO_URL_TEMPLATE = hub["endpoint"] + "/{repo_id}/resolve/{revision}/{filename}"
    if trial["kill_at"] or trial["trace"]:
        Points(str(run), trial["kill_at"], trial["trace"]).watch()
    sys.argv = ["worker", str(run)]
    try:
        runpy.run_module("core.runs.worker", run_name="__main__")
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
            return 1
        return error.code or 0
    except BaseException:  # noqa: BLE001, as an interpreter that ends
        traceback.print_exc()
        return 1
    return 0


def ended(pid: int, seconds: float) -> int | None:
    """How a child ended, as `subprocess` says it; None where it lives on."""
    until = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(0.002)


def warm_up() -> None:
    """What is read and imported only where it is needed first, and takes the longest."""
    for kind in ("nano", "gpt2"):
        tokens.tokenizer(kind).encode("a text")
    with torch.device("meta"):
        model = torch.nn.Linear(1, 1)
    model.to_empty(device="cpu")
    torch.optim.AdamW(model.parameters(), fused=True)


def main() -> None:
    warm_up()
    assert len(os.listdir("/proc/self/task")) == 1, "a process of several threads is not to be forked"
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "run" not in order:
            print(json.dumps(ended(**order)), flush=True)
            continue
        pid = os.fork()
        if not pid:
            code = 1
            try:
                code = live(order)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        print(json.dumps(pid), flush=True)


main()
