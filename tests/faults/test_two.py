"""Others beside a worker: a second one, an app opened midway, a server that sends weights; and the true launch."""

import hashlib
import http.server
import os
import signal
import threading

import pytest
import torch
from safetensors.torch import save

from core.architectures.models import MODELS
from core.errors import BadRun
from core.model.gpt2 import GPT2
from core.model.weights import published
from core.recipe import load
from core.runs.control import Continue, Pause, Stop
from core.runs.events import Noted, Steps
from core.runs.launch import launch
from workbench.app import WorkbenchApp

LONG = {"train": {"epochs": 400}}


def test_a_second_worker_is_refused_and_the_first_is_not_disturbed(forks, new_run, watch, wait):
    run = new_run(**LONG)
    first = forks.start(run)
    wait(lambda: watch.events(run, Steps))
    assert [forks.start(run).wait() for _ in range(3)] == [1, 1, 1]
    with pytest.raises(BadRun, match="already running"):
        launch(run)
    said = run.log_file.read_text()
    assert said.count("already running") == 3 and "Traceback" not in said
    assert len({event.attempt for event in watch.events(run)}) == 1
    n = len(watch.events(run, Steps))
    wait(lambda: len(watch.events(run, Steps)) > n)
    run.send(Stop())
    assert first.wait() == 0 and run.status().state == "stopped"


@pytest.mark.more
def test_of_many_that_start_at_once_one_works(forks, new_run, watch, wait):
    run, whole = (new_run(train={"epochs": 60}) for _ in range(2))
    workers = [forks.start(run) for _ in range(6)]
    run.send(Pause())  # whichever works is still there when the last of the others comes
    wait(lambda: sum(worker.has_ended() for worker in workers) == 5 and run.status().state == "paused")
    run.send(Continue())
    assert sorted(worker.wait() for worker in workers) == [0, 1, 1, 1, 1, 1]
    assert watch.outcome(run) == watch.outcome(forks.finish(whole))


def test_a_cache_that_is_cut_short_under_a_worker_is_said_and_the_run_goes_on(forks, new_run, watch, wait, tmp_path):
    run = new_run(**LONG, speed={"cache": "keep"})
    worker = forks.start(run)
    wait(lambda: watch.events(run, Steps))
    (hidden,) = (tmp_path / "cache" / "prefix").glob("*/hidden.bin")
    os.truncate(hidden, 100)
    wait(lambda: [note for note in watch.events(run, Noted) if "cut short" in note.text and note.warn])
    n = len(watch.events(run, Steps))
    wait(lambda: len(watch.events(run, Steps)) > n)
    run.send(Stop())
    assert worker.wait() == 0 and run.status().state == "stopped"


@pytest.mark.more
async def test_an_app_opened_in_the_middle_shows_what_is_so(forks, new_run, watch, killed, wait):
    run = new_run(**LONG)
    app = WorkbenchApp(load({"data": {"path": "SMSSpamCollection"}}), run.path.parent)
    first = forks.start(run)
    wait(lambda: watch.events(run))
    run.send(Pause())
    wait(lambda: run.status().state == "paused")

    def shown():
        return "\n".join("".join(s.text for s in line) for line in app.screen._compositor.render_strips())

    async with app.run_test(size=(120, 36)) as pilot:

        async def until(*words, gone="nothing"):
            for _ in range(600):
                await pilot.pause(0.05)
                if all(word in shown() for word in words) and gone not in shown():
                    return
            raise AssertionError(shown())

        app.action_mode("runs")
        await until("r1", "paused")
        assert first.kill()
        await until("vanished", gone="paused")
        second = forks.start(run)
        wait(lambda: watch.events(run, Steps))
        await until("of 2,000", gone="vanished")
        run.send(Stop())
        assert second.wait() == 0
        await until("stopped")
    killed()


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of a hub as a download needs; the first time it stands still in the middle of the file."""

    content, half, go_on = b"", threading.Event(), threading.Event()

    def do_HEAD(self):
        self._head()

    def _head(self):
        self.send_response(200 if self.path.endswith("/model.safetensors") else 404)
        self.send_header("ETag", f'"{hashlib.sha256(self.content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()

    def do_GET(self):
        self._head()
        middle = len(self.content) // 2
        try:
            self.wfile.write(self.content[:middle])
            self.half.set()
            self.go_on.wait(60)
            self.wfile.write(self.content[middle:])
        except OSError:
            pass  # whoever asked is dead

    def log_message(self, *_):
        pass


@pytest.mark.more
def test_killed_while_weights_download(forks, new_run, watch, killed, wait, tmp_path):
    model = GPT2(MODELS["nano"].architecture)
    model.initialize(torch.Generator().manual_seed(0))
    Hub.content = save(published(model), metadata={"format": "pt"})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        source = {"repo": "owner/tiny", "revision": "a" * 40, "size": len(Hub.content)}
        hub = {"endpoint": f"http://127.0.0.1:{server.server_port}", "cache": str(tmp_path / "hub"), "source": source}
        run, whole = (new_run(model={"weights": "pretrained"}) for _ in range(2))
        for _ in range(3):
            Hub.half.clear()
            worker = forks.start(run, hub=hub)
            assert Hub.half.wait(60)
            assert worker.kill()
            watch.lost(run)
            killed()
        Hub.go_on.set()
        forks.finish(run, hub=hub)
        assert watch.outcome(run) == watch.outcome(forks.finish(whole, hub=hub | {"cache": str(tmp_path / "another")}))
    finally:
        Hub.go_on.set()
        server.shutdown()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("executed")
def test_the_true_launch_is_killed_and_taken_up_again(new_run, watch, killed, wait):
    run, whole = (new_run(model={"context": 12}, train={"epochs": 30, "checkpoint_seconds": 0.02}) for _ in range(2))
    for n in (1, 2):
        process = launch(run)
        wait(lambda n=n: {event.attempt for event in watch.events(run, Steps)} == set(range(1, n + 1)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert run.status().state == "vanished"
        killed()
    assert [launch(one).wait(100) for one in (run, whole)] == [0, 0]
    assert watch.outcome(run) == watch.outcome(whole)
