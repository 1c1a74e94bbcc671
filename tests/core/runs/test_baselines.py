"""What baselines said, as a run's folder keeps it."""

import pytest

from core.runs.baselines import BaselineAnswers, read_baselines, write_baselines
from core.runs.folder import RunFolder


@pytest.fixture
def run(tmp_path):
    found = RunFolder(tmp_path)
    write_baselines(found, [BaselineAnswers(name="probe", validation=0.5, answers=[1, 0], seconds=0.1)])
    return found


def test_they_are_read_as_they_were_written(run):
    assert [(one.name, one.answers, one.half) for one in read_baselines(run)] == [("probe", [1, 0], None)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-3],
        lambda content: b"\xff" + content,
        lambda content: content.replace(b"probe", b"other"),
    ],
)
def test_a_damaged_file_is_as_none(run, damage):
    run.baselines_file.write_bytes(damage(run.baselines_file.read_bytes()))
    assert read_baselines(run) == []


def test_a_missing_file_is_as_none(run):
    run.baselines_file.unlink()
    assert read_baselines(run) == []
