import io
import json
import os
import subprocess
import sys
import threading
import time

import msgspec
import pytest

from core import recipe
from core.errors import BadData
from core.helper.protocol import Inbox, Outbox, Request, answer, listen

LIMIT = 60  # seconds


class Helper:
    """The data helper as an interface starts it."""

    def __init__(self, cwd):
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "core.helper", "data"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=cwd,
        )

    def send(self, id: int, kind: str, **args) -> None:
        self.process.stdin.write(json.dumps({"id": id, "kind": kind, "args": args}).encode() + b"\n")
        self.process.stdin.flush()

    def read(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def answer(self, id: int) -> dict:
        while True:
            message = self.read()
            if message["id"] == id and "progress" not in message:
                return message


@pytest.fixture
def helper(tmp_path):
    one = Helper(tmp_path)
    watchdog = threading.Timer(LIMIT, one.process.kill)
    watchdog.start()
    yield one
    watchdog.cancel()
    one.process.stdin.close()
    one.process.wait(LIMIT)
    one.process.stdout.close()


def raw(path) -> dict:
    return recipe.load({"data": {"path": str(path)}}).model_dump()


def written(path, n: int):
    path.write_text("label,text\n" + "".join(f"{'ab'[i % 2]},some text of number {i}\n" for i in range(n)))
    return path


def test_a_profile_with_progress_then_rows(helper, tmp_path):
    helper.send(1, "profile", recipe=raw(written(tmp_path / "data.csv", 3000)))
    heard = []
    while "progress" in (message := helper.read()):
        heard.append(message["progress"])
    assert message["result"]["rows"] == 3000
    whole = [report["name"] for report in heard if report["done"] == report["total"]]
    assert list(dict.fromkeys(whole)) == ["find", "columns", "read", "tokens", "languages", "copies"]
    helper.send(2, "rows", filter="label b", start=0, count=2)
    assert [row["row"] for row in helper.answer(2)["result"]["rows"]] == [1, 3]


def test_errors_are_sentences_and_the_helper_lives_on(helper, tmp_path):
    helper.send(1, "profile", recipe=raw(tmp_path / "gone.csv"))
    error = helper.answer(1)["error"]
    assert "There is no file" in error["what"] and error["do"]
    helper.send(2, "profile", recipe={"data": {"path": 3, "colour": 1}})
    assert "data.colour" in helper.answer(2)["error"]["what"]
    helper.send(3, "dance")
    assert "dance" in helper.answer(3)["error"]["what"]
    helper.send(4, "profile", recipe="not a recipe")
    assert "unexpectedly" in helper.answer(4)["error"]["what"]
    helper.process.stdin.write(b"{half a line\n[]\n")
    helper.send(5, "models")
    assert helper.answer(5)["result"]["nano"] == "built in"


def test_it_ends_at_end_of_file_even_while_working(tmp_path):
    one = Helper(tmp_path)
    one.send(1, "profile", recipe=raw(written(tmp_path / "data.csv", 100_000)))
    assert "progress" in one.read()
    one.process.stdin.close()
    assert one.process.wait(10) == 0
    one.process.stdout.close()


def test_ctrl_c_is_not_for_the_helper(helper):
    helper.send(1, "models")
    helper.answer(1)
    os.kill(helper.process.pid, 2)
    helper.send(2, "models")
    assert helper.answer(2)["result"]["nano"] == "built in"


def test_modules_lying_in_the_working_folder_are_not_taken_for_ours(tmp_path):
    (tmp_path / "core").mkdir()
    for name in ("core/__init__.py", "json.py", "numpy.py"):
        (tmp_path / name).write_text("raise SystemExit('hostile')\n")
    one = Helper(tmp_path)
    one.send(1, "models")
    assert one.answer(1)["result"]["nano"] == "built in"
    one.process.stdin.close()
    assert one.process.wait(10) == 0
    one.process.stdout.close()


def test_importing_the_service_is_light():
    heavy = ("numpy", "tiktoken", "pandas", "torch")
    code = f"import sys, core.helper.protocol; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_data_helper_leaves_the_heavy_libraries_alone():
    heavy = ("torch", "transformers", "sklearn", "pandas", "textual", "rich")
    code = f"import sys, core.helper.data; core.helper.data.kinds(); print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_a_library_prints_does_not_stand_between_the_answers(tmp_path):
    code = """
import os, sys, types
import core.helper.protocol as service
desk = types.ModuleType("noisy_desk")
def shout(args, progress):
    print("printed"); os.write(1, b"written\\n"); os.system("echo spoken")
    return "done"
desk.kinds = lambda: {"shout": shout}
sys.modules["noisy_desk"] = desk
service.HELPERS["noisy"] = ["noisy_desk"]
service.main("noisy")
"""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(b'{"id": 1, "kind": "shout"}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline()) == {"id": 1, "result": "done"}
    assert process.communicate(timeout=LIMIT)[0] == b""


# The protocol without a process


class Pair:
    """An inbox and an outbox, and what went out."""

    def __init__(self):
        self.file = io.BytesIO()
        self.inbox, self.outbox = Inbox(), Outbox(self.file)

    def sent(self) -> list[dict]:
        return [json.loads(line) for line in self.file.getvalue().splitlines()]

    def receive(self, *requests: Request) -> None:
        listen(io.BytesIO(b"\n".join(map(msgspec.json.encode, requests))), self.inbox, self.outbox)


def test_the_newest_of_a_kind_wins_and_kinds_do_not_disturb_each_other():
    pair = Pair()
    pair.receive(Request(1, "a"), Request(2, "b"), Request(3, "a"), Request(4, "a"))
    assert pair.sent() == [{"id": 1, "superseded": True}, {"id": 3, "superseded": True}]
    assert [pair.inbox.take().id, pair.inbox.take().id] == [2, 4]


def test_work_is_left_at_the_next_progress_when_a_newer_request_has_come():
    pair = Pair()
    steps = []

    def work(args, progress):
        for done in range(5):
            steps.append(done)
            try:
                progress("work", done, 5, "rows")
            except Exception:
                pytest.fail("a newer request looks like an error")
            if done == 1:
                pair.receive(Request(2, "other"))
            if done == 2:
                pair.receive(Request(3, "work"))

    answer(Request(1, "work"), {"work": work}, pair.inbox, pair.outbox)
    assert steps == [0, 1, 2, 3]
    progress = {"name": "work", "done": 0, "total": 5, "unit": "rows", "partial": ""}
    assert pair.sent()[0] == {"id": 1, "progress": progress}
    assert pair.sent()[-1] == {"id": 1, "superseded": True} and len(pair.sent()) == 2


def test_an_interface_hears_of_progress_now_and_then_of_each_phase_and_of_all_that_is_said_on_the_way(monkeypatch):
    pair, clock = Pair(), iter(range(100_000))
    monkeypatch.setattr("core.helper.protocol.time.monotonic", lambda: next(clock) / 1000)  # a report a millisecond

    def work(args, progress):
        for name in ("read", "tokens"):
            for done in range(1001):
                progress(name, done, 1000, "rows")
        for words in ("so", "so far"):
            progress("answer", 1, 9, "tokens", words)

    answer(Request(1, "work"), {"work": work}, pair.inbox, pair.outbox)
    said = [one["progress"] for one in pair.sent() if "progress" in one]
    for name in ("read", "tokens"):
        done = [each["done"] for each in said if each["name"] == name]
        assert done[0] == 0 and done[-1] == 1000 and 10 <= len(done) <= 13
    assert [each["partial"] for each in said if each["name"] == "answer"] == ["so", "so far"]


def test_exactly_one_answer_whatever_happens(capsys):
    def known(args, progress):
        raise BadData("It is broken.", "Mend it.")

    def unknown(args, progress):
        raise KeyError("x")

    def unspeakable(args, progress):
        return object()

    pair = Pair()
    handlers = {
        "known": known,
        "unknown": unknown,
        "unspeakable": unspeakable,
        "fine": lambda args, progress: args,
    }
    for id, kind in enumerate([*handlers, "missing"]):
        answer(Request(id, kind, {"n": 1}), handlers, pair.inbox, pair.outbox)
    first, second, third, fourth, fifth = pair.sent()
    assert first == {"id": 0, "error": {"what": "It is broken.", "do": "Mend it."}}
    assert "KeyError" in second["error"]["what"] and "TypeError" in third["error"]["what"]
    assert fourth == {"id": 3, "result": {"n": 1}}
    assert "missing" in fifth["error"]["what"]
    assert "Traceback" in capsys.readouterr().err


def test_waiting_for_a_request_is_not_busy():
    pair = Pair()
    start = time.process_time()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(pair.inbox.take()))
    thread.start()
    pair.receive(Request(7, "late"))
    thread.join(LIMIT)
    assert taken[0].id == 7 and time.process_time() - start < 1
