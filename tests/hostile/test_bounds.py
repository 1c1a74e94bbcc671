"""Files that are huge, or that become huge when they are opened: a bound refuses each in a sentence, at once."""

import lzma
import os
import subprocess
import sys
import tarfile
import time

import pytest
import torch
from safetensors.torch import save_file

from core import files
from core.data.read import read
from core.errors import BadData, BadModel, BadRun
from core.model.weights import open_base
from core.runs import events as e
from core.runs import mark
from core.runs.control import Inbox
from core.runs.log import EventLog
from core.runs.origin import Base
from core.text import byte_bpe, tokenizer_files
from core.train import checkpoint

HUGE = 1 << 40  # bytes: without a bound, no memory holds them


def huge(path):
    path.touch()
    os.truncate(path, HUGE)
    return path


def test_a_huge_mark_is_no_mark(run):
    huge(run.mark_file)
    assert not mark.grew_here(run)
    with pytest.raises(BadRun, match="was not made in this folder"):
        mark.demand(run)


def test_of_a_huge_control_file_no_more_is_read_than_was_asked_for(run):
    assert Inbox(huge(run.control_file)).before(100) == []


@pytest.mark.parametrize("goes_on", [True, False])
def test_of_a_log_that_was_made_longer_and_holds_nothing_there_only_the_ends_are_read(run, goes_on):
    asked = e.Applied(id="a", control={}, step=3)
    run.events_file.write_bytes(e.encode(e.Planned(n_steps=9, epochs=1)) + e.encode(asked))
    os.truncate(run.events_file, 1 << 36)
    if goes_on:
        with files.appending(run.events_file) as file:
            files.append(file, e.encode(e.Ended(state="done", step=9)))
    began = time.process_time()
    events, offset = run.events()
    assert [event.step for event in events] == [0, 3, 9][: 2 + goes_on]
    assert (offset, run.events(offset)[0]) == (files.size(run.events_file), [])
    assert EventLog(run).answers() == [asked]
    assert run.status().state == ("done" if goes_on else "vanished")
    assert "damaged" in run.status().why or goes_on
    assert time.process_time() - began < 10


def test_a_huge_state_is_refused_by_its_size(run):
    folder = run.checkpoints / "7"
    folder.mkdir(parents=True)
    huge(folder / "state.json")
    with pytest.raises(BadRun, match=r"state\.json cannot be read: File too large"):
        checkpoint.read_state(folder)


def test_weights_that_were_made_longer_are_refused_before_they_are_hashed(run, tmp_path):
    folder = run.checkpoints / "7"
    folder.mkdir(parents=True)
    for file in (folder / checkpoint.WEIGHTS, run.weights_file):
        save_file({"a": torch.zeros(3)}, file)
        os.truncate(file, HUGE)
    with pytest.raises(BadRun, match=r"not whole: weights\.safetensors is damaged"):
        checkpoint.read(folder, checkpoint.WEIGHTS)
    base = Base("random", "seed 1", run.weights_file.name, "0" * 64)
    with pytest.raises(BadModel, match="has changed since this run began"):
        open_base(base, run.path)


@pytest.mark.parametrize("name", ["tokens.tiktoken.xz", "tokenizer.json", "vocab.json", "vocab.txt"])
def test_a_huge_vocabulary_is_refused_by_its_size(tmp_path, name):
    file = huge(tmp_path / name)
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    readers = {
        "tokens.tiktoken.xz": lambda: byte_bpe.read(file),
        "tokenizer.json": lambda: tokenizer_files.read(file, 10, 0),
        "vocab.json": lambda: tokenizer_files.read_vocab_and_merges(tmp_path, 10, 0),
        "vocab.txt": lambda: tokenizer_files.read_wordpiece(tmp_path, 10, 0),
    }
    with pytest.raises(BadModel, match="File too large"):
        readers[name]()


def test_a_vocabulary_that_unpacks_to_more_than_any_has_is_refused(tmp_path):
    file = tmp_path / "tokens.tiktoken.xz"
    with lzma.open(file, "wb", preset=0) as packed:
        for _ in range(2 * byte_bpe.MOST >> 20):
            packed.write(bytes(1 << 20))
    assert file.stat().st_size < 1 << 20
    with pytest.raises(BadModel, match="more than any vocabulary"):
        byte_bpe.read(file)


def test_a_member_of_an_archive_that_is_said_to_be_endless_is_damage(tmp_path):
    said = tarfile.TarInfo("spam/1.txt")
    said.size = 1 << 60
    (tmp_path / "texts.tar").write_bytes(said.tobuf())
    with pytest.raises(BadData, match="damaged"):
        read(tmp_path / "texts.tar")


@pytest.mark.more
def test_a_file_with_a_quote_that_never_closes_is_read(tmp_path):
    file = tmp_path / "texts.csv"
    file.write_text('label,text\na,"' + "x\n" * 200_000)  # more than a cell of the module csv holds by itself
    command = [sys.executable, "-P", "-m", "workbench", "data", str(file)]
    said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in said.stderr
    assert "200,000 rows" in said.stdout


@pytest.mark.parametrize("before", ["", "label,text\n" + "a,b\n" * 3])
def test_a_row_of_millions_of_separators_is_refused_before_it_is_looked_at(tmp_path, before):
    file = tmp_path / "texts.csv"
    file.write_text(before + ("," * 2_000_000 + "\n") * (5 if before else 1))
    began = time.process_time()
    with pytest.raises(BadData, match=r"2,000,001 columns, and 16,384 are read at most"):
        read(file)
    assert time.process_time() - began < 10  # looking at each name takes minutes


def test_a_text_with_more_separators_than_any_table_has_columns_hides_no_other_row(tmp_path):
    file = tmp_path / "texts.csv"
    file.write_text("label,text\n" + "ham,good\nspam,bad\n" * 20 + "ham" + "," * 1_000_000 + "\n")
    assert len(read(file).texts) == 40


def test_on_a_terminal_so_many_labels_are_printed_as_a_person_reads(tmp_path, in_terminal):
    file = tmp_path / "texts.csv"
    file.write_text("label,text\n" + "".join(f"label{i % 120:03},text number {i}\n" for i in range(600)))
    terminal = in_terminal("data", str(file))
    assert terminal.close(60) == 0
    printed = terminal.output.decode()
    assert "label049" in printed and "label050" not in printed
    assert "and 70 more labels: --json prints all of them" in printed
    command = [sys.executable, "-P", "-m", "workbench", "data", str(file)]
    piped = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert "label119" in piped and "more labels" not in piped
