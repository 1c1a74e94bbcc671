"""A run that was copied, moved or sent: it says so, is not started by itself, and one question takes it up."""

import json
import os
import shutil
import sys

import platformdirs
import pytest

from cases import each
from core.errors import BadRun
from core.runs import mark, queue
from core.runs.folder import RunFolder
from core.runs.launch import launch
from core.runs.listing import bring_back, hide
from workbench.cli import main

NOT_HERE = "was not made in this folder"


@pytest.fixture
def begun(trained, tmp_path):
    """The person's own run that has lost its end, and can be resumed."""
    run = RunFolder(shutil.copytree(trained.path, tmp_path / "runs" / "r1"))
    mark.put(run)
    run.events_file.write_bytes(b"".join(run.events_file.read_bytes().splitlines(keepends=True)[:-1]))
    run.result_file.unlink()
    return run


@pytest.fixture
def sent(begun, tmp_path):
    """A copy of it, as `cp -r` brings one to another machine."""
    return RunFolder(shutil.copytree(begun.path, tmp_path / "other" / "r1"))


def test_a_run_is_told_from_its_copies(begun, sent, tmp_path):
    assert mark.grew_here(begun) and not mark.grew_here(sent)
    renamed = RunFolder(begun.path.rename(tmp_path / "runs" / "renamed"))
    assert mark.grew_here(renamed)
    assert mark.grew_here(bring_back(hide(renamed)))
    shutil.rmtree(renamed.path)
    restored = RunFolder(shutil.copytree(sent.path, renamed.path))  # as from a backup
    assert not mark.grew_here(restored)
    mark.trust(sent)
    assert mark.grew_here(sent)


def test_only_this_user_marks_a_run_as_the_user_s_own(begun, monkeypatch, tmp_path):
    key = platformdirs.user_data_path("workbench") / "key"
    assert key.stat().st_mode & 0o777 == 0o600 and key.stat().st_size == 32
    mark._key.cache_clear()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another"))
    assert not mark.grew_here(begun)
    mark._key.cache_clear()


def test_where_no_key_can_be_kept_the_folder_s_number_tells(begun, sent, monkeypatch, tmp_path):
    (tmp_path / "full").write_text("no folder")
    mark._key.cache_clear()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "full"))
    mark.put(begun)
    assert mark.grew_here(begun) and not mark.grew_here(sent)
    mark._key.cache_clear()


def test_nothing_starts_it_by_itself(sent, program, seen):
    sent.lock_file.touch()  # which is all that may come
    before = seen(sent.path)
    for act in (launch, queue.add):
        with pytest.raises(BadRun, match=NOT_HERE):
            act(sent)
    resumed = program("workbench", "resume", "r1", "--runs", sent.path.parent)
    assert resumed.returncode == 1 and NOT_HERE in resumed.stderr and "resume r1 --trust" in resumed.stderr
    assert seen(sent.path) == before
    sent.queued_file.touch()  # it says itself that it waits
    served = program("core.runs.queue", sent.path.parent)
    assert served.returncode == 1 and NOT_HERE in served.stderr and not sent.queued_file.exists()
    assert sent.status().state == "failed" and NOT_HERE in sent.status().why


def test_it_says_so_where_it_is_shown(begun, sent, program):
    for run, here in ((begun, True), (sent, False)):
        root = ("--runs", run.path.parent)
        assert (NOT_HERE in program("workbench", "show", "r1", *root).stdout) is not here
        assert (mark.BRIEFLY in program("workbench", "runs", *root).stdout) is not here
        assert json.loads(program("workbench", "runs", "--json", *root).stdout)[0]["made_here"] is here


@pytest.mark.parametrize("answer", each(2, ["y\n", "Yes\n", "\n", "n\n", "\x04"]))
def test_one_question_takes_it_up(sent, monkeypatch, capsys, wait, answer):
    """On a terminal, on which that is typed; the last is its end."""
    goes_on = answer[0] in "yY"
    master, slave = os.openpty()
    os.write(master, answer.encode())
    with open(slave, encoding="utf-8") as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        code = main.main(["resume", "r1", "--detach", "--runs", str(sent.path.parent)])
    os.close(master)
    said = " ".join(capsys.readouterr().out.split())
    assert (
        NOT_HERE in said and "it learns from what is in its folder" in said and str(sent.path) in said.replace(" ", "")
    )
    assert (code, mark.grew_here(sent)) == ((0, True) if goes_on else (1, False))
    wait(lambda: not sent.locked())


def test_then_it_works_and_is_not_asked_again(sent, program):
    root = ("--runs", sent.path.parent)
    resumed = program("workbench", "resume", "r1", "--trust", *root)
    assert resumed.returncode == 0 and sent.status().state == "done"
    assert NOT_HERE not in program("workbench", "show", "r1", *root).stdout
