"""What a worker runs first where a test of faults starts it: a tiny model, few texts at once, and perhaps its end.

A trial may be killed at its n-th point: a step that the run takes in its folder, watched from outside, just before it
is taken. What follows is the product's `python -m core.worker`, unchanged.
"""

import dataclasses
import json
import os
import re
import signal
import sys
import threading

import safetensors.torch
import torch
from huggingface_hub import constants

from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS
from core.architectures.preset import Source
from core.data import batches
from core.runs.events import Event, Phase, Steps, encode
from core.runs.log import EventLog

CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
TINY = GPT2Architecture(2, 32, 2, 64, 8192)
FULL = 128  # positions at once: little data makes many chunks of a cache, and many batches of an evaluation


class Points:
    """Counts and names what this process's main thread does to a run's folder and cache; ends the process at one."""

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
        if event in CHANGES or (event == "open" and args[2] & WRITING):
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


trial = json.loads(os.environ.pop("TRIAL"))
MODELS["nano"] = dataclasses.replace(MODELS["nano"], architecture=TINY)
batches.FULL = FULL
if hub := trial["hub"]:  # where it is, what is there, and where that is kept
    MODELS["nano"] = dataclasses.replace(MODELS["nano"], source=Source(**hub["source"]))
    constants.ENDPOINT, constants.HF_HUB_CACHE = hub["endpoint"], hub["cache"]
    constants.HUGGINGFACE_CO_URL_TEMPLATE = hub["endpoint"] + "/{repo_id}/resolve/{revision}/{filename}"
if trial["kill_at"] or trial["trace"]:
    Points(os.getcwd(), trial["kill_at"], trial["trace"]).watch()
