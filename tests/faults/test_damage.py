"""Torn lines and damaged files: the program says so, or it makes no difference; it is never silently otherwise."""

import shutil

import numpy as np
import pytest
import torch

from cases import first
from core.errors import WorkbenchError
from core.evaluate.predict import open_predictor
from core.runs.control import Inbox, Line, Rates, Save, append
from core.runs.events import Checkpointed, Ended, Evaluated
from core.runs.history import History
from core.runs.log import EventLog
from core.runs.root import list_runs
from core.train.layout import layout
from core.train.store import DONE, KeptStore


def cuts(path):
    """The file as it is with its last line cut short, at every byte of that line, and at last without its line end."""
    content = path.read_bytes()
    begin = content.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(begin + 1, len(content.rstrip(b"\n"))):
        path.write_bytes(content[:end])
        yield end
    path.write_bytes(content)


def flip(path, bit):
    content = bytearray(path.read_bytes())
    if content:
        content[len(content) // 2] ^= bit
    path.write_bytes(content)


DAMAGES = {
    "a bit": lambda path: flip(path, 1),
    "the first bit": lambda path: flip(path, 128),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
}


@pytest.fixture
def halfway(new_run, watch):
    """A run that was told something at step 5 and lost after its checkpoint of step 10."""
    run = new_run(train={"lr": 3e-3, "head_lr": 3e-3}, speed={"cache": "run"})
    told = []

    def saw(event, control_source):
        if event.step == 5 and not told and isinstance(event, Evaluated):
            told.append(run.send(Rates(lr=1e-3)))
        if isinstance(event, Checkpointed) and event.step == 10:
            raise watch.Died

    watch.live(run, saw)
    assert run.saved_step() == 10 and run.status().state == "vanished"
    return run


def files_of(run):
    return sorted(
        str(path.relative_to(run.path)) for path in run.path.rglob("*") if path.is_file() and path.name != "lock"
    )


def test_a_torn_last_event_costs_that_event_alone(halfway, watch):
    before = watch.events(halfway)
    for _ in cuts(halfway.events_file):
        assert len(watch.events(halfway)) == len(before) - 1 and halfway.status().state == "vanished"
    for end in cuts(halfway.events_file):
        if end % 8 == 0:
            EventLog(halfway).last(Ended(state="stopped"))
            assert watch.events(halfway)[:-1] == before[:-1] and halfway.status().state == "stopped"


@pytest.mark.more
def test_a_damaged_byte_costs_its_line_alone(halfway):
    n, content = len(halfway.events()[0]), halfway.events_file.read_bytes()
    for at in range(0, len(content), 3):
        for bit in (1, 128):
            halfway.events_file.write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
            assert len(halfway.events()[0]) >= n - 2  # two, where it was the end of a line


def test_a_changed_recipe_is_refused_by_the_option_s_name(forks, halfway, watch):
    whole = forks.finish(watch.copy(halfway, "whole"))
    for run in (halfway, whole):
        text = run.recipe_file.read_text()
        run.recipe_file.write_text(text.replace("\nlr = 0.003", "\nlr = 0.002"))
        assert text != run.recipe_file.read_text()
        with pytest.raises(WorkbenchError, match="train.lr was 0.003 at its checkpoint and is 0.002 now"):
            open_predictor(run)
    assert forks.start(halfway).wait() == 1 and "train.lr was" in halfway.status().why


def test_a_torn_last_control_line_is_not_obeyed_and_hides_no_other(tmp_path):
    path = tmp_path / "control.jsonl"
    for line in (Line("one", Rates(lr=1e-3)), Line("two", Rates(lr=2e-3))):
        append(path, line)
    for _ in cuts(path):
        inbox = Inbox(path)
        assert [line.id for line in inbox.poll()] == ["one"]
        append(path, Line("three", Save()))
        assert [line.id for line in inbox.poll()] == ["three"]


def test_a_torn_last_line_of_a_cache_costs_that_chunk_alone(tmp_path):
    lengths = np.full(60, 8)
    plan = layout(lengths, lengths, [np.arange(60)], None)
    made = KeptStore(tmp_path / "whole", plan, 4, torch.float32)
    values = [torch.full((chunk.stop - chunk.start, 4), float(i)) for i, chunk in enumerate(plan.chunks)]
    for i, value in enumerate(values):
        made.put(i, value, 0.5)
    last = len(values) - 1
    assert made.whole and last > 1
    for _ in cuts(tmp_path / "whole" / DONE):
        folder = shutil.copytree(tmp_path / "whole", tmp_path / "torn", dirs_exist_ok=True)
        store = KeptStore(folder, plan, 4, torch.float32)
        assert store.done == set(range(last)) and not store.damaged
        store.put(last, values[last], 0.5)
        again = KeptStore(folder, plan, 4, torch.float32)
        assert again.whole and torch.equal(again.hidden[:], made.hidden[:])


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "damage", ["a bit", *(pytest.param(name, marks=pytest.mark.slow) for name in DAMAGES if name != "a bit")]
)
@pytest.mark.more
def test_a_run_with_a_damaged_file_is_refused_or_ends_the_same(forks, halfway, watch, damage):
    expected = watch.outcome(forks.finish(watch.copy(halfway, "whole")), logged=False)
    refused = []
    for i, name in enumerate(files_of(halfway)):
        run = watch.copy(halfway, f"hurt{i}")
        DAMAGES[damage](run.path / name)
        code = forks.start(run).wait()
        said = run.log_file.read_text(errors="replace") if run.log_file.exists() else ""
        assert "Traceback" not in said, (name, said)
        if code == 0:
            assert watch.outcome(run, logged=False) == expected, name
            continue
        status = run.status()
        assert code == 1 and status.state == "failed" and status.why and status.do, (name, status, said)
        refused.append(name)
    assert {"checkpoints/10/weights.safetensors", "checkpoints/10/optimizer.safetensors", "base.safetensors"} <= {
        *refused
    }


@pytest.mark.more
@pytest.mark.parametrize("damage", first(2, DAMAGES))
def test_a_finished_run_with_a_damaged_file_answers_the_same_or_with_a_sentence(forks, halfway, watch, damage):
    whole = forks.finish(watch.copy(halfway, "whole"))
    texts = ["free prize win cash", "tea at home soon"]
    expected = open_predictor(whole).predict(texts)
    for i, name in enumerate(files_of(whole)):
        run = watch.copy(whole, f"hurt{i}")
        DAMAGES[damage](run.path / name)
        try:
            assert open_predictor(run).predict(texts) == expected, name
        except WorkbenchError as error:
            assert error.do, name
        history = History()
        for event in watch.events(run):
            history.apply(event)
        run.status(), run.result(), run.label(), list_runs(run.path.parent)
        shutil.rmtree(run.path)
