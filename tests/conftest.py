"""Tests keep nothing in the user's folders."""

import pytest


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """What can be computed again goes into a folder of the test; its child processes inherit that."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
