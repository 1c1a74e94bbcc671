"""A process that has loaded what the program's processes load, and forks them: they start for next to nothing.

What it forks is a real process all the same: a child of whoever asked for it, which runs `python -m MODULE` in a
folder, an environment and with open files of its own, is waited for and killed as any, and starts others likewise.
The fork server computes nothing and has one thread. `forking` puts it under `subprocess`; it needs Linux.
"""

import atexit
import contextlib
import ctypes
import fcntl
import gc
import importlib
import io
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable

IMPORTED = (
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "core.worker.finetune",
    "core.worker.pretrain",
    "core.helper.data",
    "core.evaluate.language_model",
    "core.evaluate.masked_word",
    "core.helper.classifier",
    "core.helper.language_model",
    "core.helper.measure",
    "core.worker.measure",
    "workbench.app",
    "workbench.cli.main",
)
MODULES = ("core.worker", "core.runs.queue", "core.helper", "workbench")
STARTERS = ("core.runs.queue", "workbench")  # these start others
EARLY = ("PYTHON", "LD_", "OMP_", "MKL_", "OPENBLAS_")  # variables that are read while things are imported
ENCODING = "PYTHONIOENCODING"  # which is of standard input and output, that are opened anew
BEFORE = "RUN_BEFORE"  # the variable that names a script for a new process to run first
SIGNALS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
SUBREAPER = 36  # for prctl: a process to which descendants fall whose parent has ended
# what libraries would start threads for as they are imported: pyarrow's memory allocator, where pandas finds it
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1") | {
    "OMP_WAIT_POLICY": "PASSIVE",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
HIGH = 200  # above the numbers of files that are open


class ForkServer:
    """The other end of a process that forks."""

    def __init__(self, end: socket.socket):
        self._end, self._asking = end, threading.Lock()
        self._prctl = ctypes.CDLL(None).prctl

    @classmethod
    def start(cls) -> "ForkServer | None":
        """A new one; None where it cannot begin, as where a library that it imports has started threads."""
        mine, its = socket.socketpair()
        with its:
            subprocess.Popen(
                [sys.executable, "-P", __file__, str(its.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
                env=os.environ | ONE_THREAD,
            )
        return cls(mine) if mine.recv(1) else None

    def fork(self, order: dict, files: list[int]) -> int:
        """The number of a new process, a child of this one, which `order` tells what `live` does, with open files."""
        words = json.dumps(order).encode()
        with self._asking:
            self._prctl(SUBREAPER, 1)
            socket.send_fds(self._end, [len(words).to_bytes(4, "big")], files)
            self._end.sendall(words)
            pid = int.from_bytes(self._end.recv(4, socket.MSG_WAITALL), "big")
            self._prctl(SUBREAPER, 0)
        assert pid, "the process that forks others has ended"
        return pid


@contextlib.contextmanager
def forking(forkserver: Callable[[], ForkServer | None]):
    """Within, `subprocess` has the program's own processes forked by a fork server, and executes all others as ever.

    Where there is none it executes these too: the same, but slower.
    """
    execute, usual = subprocess._fork_exec, early(os.environ)

    def start(argv, executables, close_fds, keep, cwd, env, *more):
        stdin, _, _, stdout, _, stderr, _, failed, _, session, group, gid, gids, uid, umask, preexec, *_ = more
        interpreter, *command = map(os.fsdecode, argv)
        isolated = command[:1] == ["-P"]
        m, module, *_ = *command[isolated:], "", ""
        wanted = dict(os.environ) if env is None else dict(os.fsdecode(pair).split("=", 1) for pair in env)
        plain = (group, gid, gids, uid, umask, preexec) == (-1, None, None, None, -1, None)
        ours = plain and interpreter == sys.executable and m == "-m" and module in MODULES and early(wanted) == usual
        ready = forkserver() if ours else None
        if ready is None:
            return execute(argv, executables, close_fds, keep, cwd, env, *more)
        files = {0: stdin, 1: stdout, 2: stderr} | {fd: fd for fd in keep if fd != failed}
        order = {
            "argv": command[isolated + 1 :],
            "isolated": isolated,
            "session": session,
            "cwd": os.path.abspath(os.fsdecode(cwd or ".")),
            "env": wanted,
            "numbers": list(files),
        }
        return ready.fork(order, [number if fd == -1 else fd for number, fd in files.items()])

    subprocess._fork_exec = start
    try:
        yield
    finally:
        subprocess._fork_exec = execute


def early(env) -> dict:
    return {name: value for name, value in env.items() if name.startswith(EARLY) and name != ENCODING}


def live(order: dict, files: list[int]) -> int:
    """What an interpreter does that was executed so; returns its exit code."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if order["session"]:
        os.setsid()
    os.chdir(order["cwd"])
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, HIGH) for fd in files]
    os.closerange(0, HIGH)
    for fd, number in zip(high, order["numbers"], strict=True):
        os.dup2(fd, number)
        os.close(fd)
    os.environ.clear()
    os.environ.update(order["env"])
    encoding, _, errors = os.environ.get(ENCODING, "").partition(":")
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        old, binary = getattr(sys, name), open(fd, "wb" if fd else "rb", closefd=False)  # noqa: SIM115
        said = (encoding or old.encoding, (errors or "strict") if encoding and fd < 2 else old.errors)
        new = io.TextIOWrapper(binary, *said, line_buffering=fd == 2 or os.isatty(fd))
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)
    module, *arguments = order["argv"]
    sys.argv = [module, *arguments]
    if not order["isolated"]:
        sys.path.insert(0, order["cwd"])
    if not hasattr(sys.modules.get(module), "__path__"):
        sys.modules.pop(module, None)  # it is to run as __main__
    server = another() if module in STARTERS else None
    starting = forking(lambda: server) if server else contextlib.nullcontext()
    try:
        with starting:
            if before := os.environ.pop(BEFORE, None):
                runpy.run_path(before)
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        print(error.code, file=sys.stderr)
        return 1
    except BaseException:  # as an interpreter that ends
        traceback.print_exc()
        return 1
    return 0


def begin(order: dict, files: list[int]) -> None:
    """`live`, and the end of this process."""
    code = 1
    try:
        code = live(order, files)
        threading._shutdown()  # waits for threads, as an interpreter that ends
        atexit._run_exitfuncs()
        sys.stdout.flush()
    finally:
        os._exit(code)


def serve(end: socket.socket) -> None:
    """Fork a process for each order, until nobody is left to give one."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    while True:
        size, files, _, _ = socket.recv_fds(end, 4, 64)
        if not size:
            return
        order = json.loads(end.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
        read, write = os.pipe()
        between = os.fork()
        if not between:  # it ends at once, so that its child falls to whoever asked
            child = os.fork()
            if not child:
                begin(order, files)
            os.write(write, child.to_bytes(4, "big"))
            os._exit(0)
        os.waitpid(between, 0)
        end.sendall(os.read(read, 4))
        for fd in (read, write, *files):
            os.close(fd)


def another() -> ForkServer:
    """A fork server for what this process is to start, as bare as this one still is."""
    mine, its = socket.socketpair()
    if not os.fork():
        os.closerange(0, its.fileno())  # no lock and no pipe is held longer than its owner lives
        os.closerange(its.fileno() + 1, HIGH)
        serve(its)
        os._exit(0)
    its.close()
    return ForkServer(mine)


def main(end: socket.socket) -> None:
    for module in IMPORTED:
        importlib.import_module(module)
    from core.data import languages
    from core.text import byte_bpe

    for kind in ("nano", "gpt2"):
        byte_bpe.built_in(kind).encode("a text")  # which reads its vocabulary
    languages.language_of("a text")  # which reads a model, for most of a second
    gc.freeze()
    assert "huggingface_hub" not in sys.modules, "it reads an environment that is not that of who will use it"
    assert len(os.listdir("/proc/self/task")) == 1, "a process of several threads is not to be forked"
    end.sendall(b"1")
    serve(end)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
