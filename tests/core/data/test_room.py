"""Texts that memory does not hold are refused while they are taken."""

import gzip

import pytest

from archives import zipped
from core import memory
from core.data import room
from core.data.read import read
from core.errors import BadData


def test_more_text_than_memory_holds_gets_a_sentence_with_numbers(file, monkeypatch):
    path = file(
        "".join(f"ham\tsee you at the station {i} {'a' * 1000}\nspam\twin {'b' * 1000} {i}\n" for i in range(500))
    )
    monkeypatch.setattr(room, "EVERY", 100_000)
    looks = []

    def free() -> int:
        looks.append(1_500_000 - 100_000 * len(looks))
        return looks[-1]

    monkeypatch.setattr(memory, "free", free)
    with pytest.raises(
        BadData, match=r"take \d+\.\d KB of memory, .* about \d\.\d MB more: \d\.\d MB are free"
    ) as error:
        read(path)
    assert "part of the file" in error.value.do and 3 < len(looks) < 10


def test_memory_that_suffices_is_not_spoken_of(file, monkeypatch):
    monkeypatch.setattr(room, "EVERY", 1)
    assert len(read(file("ham\tsee you\nspam\twin a prize\n" * 20)).texts) == 40


@pytest.mark.more
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: zipped({"rows.tsv": data})])
def test_a_file_that_cannot_fit_is_refused_before_it_is_gone_through(file, monkeypatch, pack):
    rows = "".join(f"ham\tsee you at the station {i}\nspam\twin a prize {i}\n" for i in range(60_000))
    path, heard = file(pack(rows.encode())), []
    monkeypatch.setattr(memory, "free", lambda: 100_000)
    with pytest.raises(BadData, match=r"holds about \d\.\d MB, and 100\.0 KB of memory are free") as error:
        read(path, progress=lambda *report: heard.append(report))
    assert "part of the file" in error.value.do and not heard
    monkeypatch.setattr(memory, "free", lambda: 10**12)
    assert len(read(path).texts) == 120_000
