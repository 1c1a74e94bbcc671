"""Locks between processes, and names that can be written down."""

import threading
from pathlib import Path

import pytest

from core import files
from core.errors import WorkbenchError


def test_one_holds_a_lock_file_at_a_time_although_it_is_removed_each_time(tmp_path):
    path, inside, most = tmp_path / "lock", [], []

    def hold():
        for _ in range(50):
            with files.alone(path, lambda: None):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=hold) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 200 and not list(tmp_path.iterdir())


def test_a_lock_file_that_was_replaced_while_it_was_waited_for_is_not_the_one(tmp_path, monkeypatch):
    path, opened = tmp_path / "lock", []
    first = files._in_place

    def replaced(path: Path, flags: int) -> int:
        opened.append(first(path, flags))
        if len(opened) == 1:  # whoever held it has removed it between opening and locking
            path.unlink()
        return opened[-1]

    monkeypatch.setattr(files, "_in_place", replaced)
    assert files.lock(path) == opened[-1] and len(opened) == 2 and path.is_file()


def test_a_path_is_absolute_and_can_be_written_down(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert files.absolute("a b") == tmp_path / "a b"
    with pytest.raises(WorkbenchError, match="is not UTF-8.*Rename"):
        files.absolute("caf\udce9.csv")
