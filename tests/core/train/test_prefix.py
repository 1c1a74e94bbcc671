"""The prefix cache: cut the same way every time, whole or made again, and never in the way of a run."""

import json
import os
import resource
import shutil
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core import memory
from core.data import batches
from core.errors import NotEnoughMemory
from core.estimate.cost import Costs
from core.evaluate.predict import probabilities
from core.model.linear import multiply_in
from core.runs.events import Encoded, Noted
from core.train.inputs import Cached, Fresh
from core.train.layout import layout
from core.train.prefix import held, inputs_of, key
from core.train.steps import check_memory
from core.train.store import DONE, HIDDEN, Busy, KeptStore, make_room


@pytest.fixture
def root(tmp_path):
    return tmp_path / "cache" / "prefix"


def inputs(built, tmp_path, progress=lambda *_: None):
    """The inputs that a run gets, and what it says on the way."""
    said = []
    generator = inputs_of(built.model, built.inputs.texts, built.recipe, tmp_path, progress)
    try:
        while True:
            said.append(next(generator))
    except StopIteration as end:
        return end.value, said


def kept(build, **changes):
    return build(torch.float32, speed={"cache": "keep", "cache_memory": 1.0, "precision": "fp32"} | changes)


@pytest.fixture
def several_chunks(monkeypatch):
    monkeypatch.setattr(batches, "FULL", 64)


@pytest.mark.parametrize("width", [None, 40])
def test_every_kept_text_stands_in_one_chunk_of_limited_size(width):
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 41, 3000)
    splits = [np.arange(1500), np.arange(2000, 3000)]
    counts = np.full(3000, width) if width else lengths
    plan = layout(lengths, counts, splits, width)
    rows = np.concatenate([chunk.rows for chunk in plan.chunks])
    assert sorted(rows) == sorted(np.concatenate(splits)) and plan.texts == 2500
    assert plan.positions == counts[rows].sum()
    position = 0
    for chunk in plan.chunks:
        assert len(chunk.rows) * chunk.width <= batches.FULL
        assert chunk.width == width or chunk.width == lengths[chunk.rows].max()
        for row in chunk.rows:
            assert plan.starts[row] == position
            position += counts[row]
        assert (chunk.start, chunk.stop) == (plan.starts[chunk.rows[0]], position)
    assert (plan.starts[1500:2000] == -1).all()
    again = layout(lengths, counts, splits, width)
    assert [c.rows.tolist() for c in again.chunks] == [c.rows.tolist() for c in plan.chunks]


def test_a_text_longer_than_a_chunk_stands_alone():
    plan = layout(np.array([3, 5000, 4]), np.array([3, 5000, 4]), [np.arange(3)], None)
    assert [chunk.rows.tolist() for chunk in plan.chunks] == [[0, 2], [1]]


def test_the_next_run_finds_what_was_kept(build, root, tmp_path, several_chunks):
    first, said = inputs(kept(build), tmp_path)
    encoded = next(e for e in said if isinstance(e, Encoded))
    assert (encoded.blocks, encoded.texts, encoded.found, encoded.kept) == (2, 50, 0, True)
    assert encoded.bytes == first.hidden.nbytes == encoded.positions * 32 * 4 and encoded.cost > 0
    second, said = inputs(kept(build), tmp_path)
    (again,) = said
    assert again.found == 50 and again.cost == pytest.approx(encoded.cost)
    assert torch.equal(first.hidden[:], second.hidden[:]) and isinstance(second, Cached)


def test_a_key_names_all_that_decides_a_bit_of_the_cache(build):
    def name(**changes):
        built = build(torch.float32, **changes)
        return key(built.model, built.inputs.texts, built.recipe, built.inputs.layout, torch.float32)

    same = name()
    assert name() == same and name(train={"lr": 1e-2, "epochs": 1}) == same
    # final norm and head stand above the boundary
    assert name(freeze={"trainable": "blocks.2"}) == same
    others = [
        name(freeze={"trainable": "last_two_blocks"}),
        name(model={"readout": "mean"}, freeze={"trainable": "head"}),
        name(freeze={"trainable": "head"}),
        name(speed={"precision": "bf16"}),
        name(speed={"threads": 2}),
        name(rows=61),
    ]
    assert len({same, *others}) == 7


@pytest.mark.parametrize("readout", ["mean", "last_real"])
def test_where_only_the_head_learns_what_is_read_out_is_kept(build, tmp_path, readout):
    found = {}
    for plan in ("head", "norm,head"):
        built = build(
            torch.float32,
            model={"readout": readout},
            freeze={"trainable": plan},
            speed={"precision": "fp32", "cache_memory": 1.0, "cache": "run"},
        )
        cached, said = inputs(built, tmp_path)
        encoded = next(e for e in said if isinstance(e, Encoded))
        texts, width = built.inputs.texts, built.model.backbone.arch.width
        learned = [each for split in ("train", "validation") for each in texts.splits[split]]
        every = plan != "head" and readout == "mean"
        assert encoded.positions == (texts.lengths[learned].sum() if every else len(learned))
        assert encoded.bytes == held(built.recipe, texts, Costs.of(built.recipe, 3)) == encoded.positions * width * 4
        found[plan] = key(built.model, texts, built.recipe, cached.layout, torch.float32)
        before = built.model.is_new_below(3)
        built.model.freeze(built.recipe.plan.with_parts(["norm"]))  # it learns for a while,
        built.model.freeze(built.recipe.plan)  # and is frozen again
        assert before and built.model.is_new_below(3) == (plan != "head")
    assert found["head"] != found["norm,head"]


def test_equal_weights_in_another_shape_are_another_cache(build):
    built = build(torch.float32)
    name = partial(key, built.model, built.inputs.texts, built.recipe, built.inputs.layout, torch.float32)
    before, arch = name(), built.model.backbone.arch
    built.model.backbone.arch = replace(arch, n_heads=2 * arch.n_heads)
    assert name() != before


def test_weights_of_another_model_are_another_cache(build, root, tmp_path):
    inputs(kept(build), tmp_path)
    built = kept(build)
    with torch.no_grad():
        built.model.backbone.h[1].mlp.c_fc.weight[3, 4] += 1e-6
    _, said = inputs(built, tmp_path)
    assert said[-1].found == 0 and len(list(root.iterdir())) == 2


def damage_a_bit(folder):
    with open(folder / HIDDEN, "r+b") as file:
        file.seek(200)
        byte = file.read(1)[0]
        file.seek(200)
        file.write(bytes([byte ^ 4]))


def truncate(folder):
    os.truncate(folder / HIDDEN, 1000)


def of_another_size(folder):
    (folder / HIDDEN).write_bytes(bytes(10))


def without_its_file(folder):
    (folder / HIDDEN).unlink()


def a_torn_line(folder):
    content = (folder / DONE).read_bytes()
    (folder / DONE).write_bytes(content[:-7])


def nonsense(folder):
    lines = [{"chunk": 10**6, "crc": 0, "seconds": 1.0}, {"chunk": 0, "crc": 5, "seconds": 1.0}, "x", {"chunk": -1}]
    (folder / DONE).write_bytes(b"\n".join(json.dumps(line).encode() for line in lines) + b"\xff\n")


@pytest.mark.parametrize(
    ("harm", "is_said"),
    [
        (damage_a_bit, True),
        (truncate, True),
        (of_another_size, True),
        (without_its_file, False),
        (a_torn_line, False),
        (nonsense, True),
    ],
)
def test_what_is_damaged_is_noticed_and_made_again(build, root, tmp_path, several_chunks, harm, is_said):
    first, _ = inputs(kept(build), tmp_path)
    expected = first.hidden[:].clone()
    (folder,) = root.iterdir()
    harm(folder)
    second, said = inputs(kept(build), tmp_path)
    assert torch.equal(second.hidden[:], expected)
    assert said[-1].found < 50
    assert [e.text for e in said if isinstance(e, Noted) and "damaged" in e.text and e.warn] == (
        ["The encoded texts on disk were damaged: what is not whole is computed again."] if is_said else []
    )
    third, said = inputs(kept(build), tmp_path)
    assert said[-1].found == 50 and torch.equal(third.hidden[:], expected)


def test_only_a_damaged_chunk_is_made_again(build, root, tmp_path, several_chunks):
    first, said = inputs(kept(build), tmp_path)
    assert len(first.layout.chunks) > 5
    (folder,) = root.iterdir()
    damage_a_bit(folder)
    _, said = inputs(kept(build), tmp_path)
    assert said[-1].found == 50 - len(first.layout.chunks[0].rows)


def test_broken_off_it_goes_on_where_it_was(build, root, tmp_path, several_chunks):
    class Off(BaseException): ...

    def progress(name, done, total, unit):
        assert (name, total, unit) == ("encode", 50, "texts")
        if done > 20:
            raise Off

    with pytest.raises(Off):
        inputs(kept(build), tmp_path, progress)
    seen = []
    broken, said = inputs(kept(build), tmp_path, lambda name, done, *_: seen.append(done))
    assert 20 < said[-1].found < 50 and seen[0] == said[-1].found and seen[-1] == 50
    shutil.rmtree(root)
    whole, _ = inputs(kept(build), tmp_path)
    assert torch.equal(broken.hidden[:], whole.hidden[:])


def test_a_cache_that_another_run_fills_is_left_to_it(build, root, tmp_path):
    first, _ = inputs(kept(build), tmp_path)
    (folder,) = root.iterdir()
    (folder / DONE).unlink()
    holder = KeptStore(folder, first.layout, 32, torch.float32)
    with pytest.raises(Busy):
        KeptStore(folder, first.layout, 32, torch.float32)
    second, said = inputs(kept(build), tmp_path)
    assert "Another run" in said[0].text and not said[-1].kept
    assert torch.equal(first.hidden[:], second.hidden[:]) and not holder.whole


@contextmanager
def full_disk():
    """No file of this process may grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_room_on_disk_the_cache_stays_in_memory(build, root, tmp_path):
    with full_disk():
        found, said = inputs(kept(build), tmp_path)
    assert isinstance(found, Cached) and not said[-1].kept
    assert said[0].warn and "not kept" in said[0].text
    assert not list(root.glob(f"*/{HIDDEN}"))


def test_without_room_anywhere_every_step_encodes(build, root, tmp_path):
    with full_disk():
        found, said = inputs(kept(build, cache_memory=0.0), tmp_path)
    assert isinstance(found, Fresh)
    assert said[-1].warn and "No room" in said[-1].text


def test_a_cache_folder_that_is_a_file_is_said(build, root, tmp_path):
    root.parent.write_text("")
    found, said = inputs(kept(build), tmp_path)
    assert isinstance(found, Cached) and "cannot be used" in said[0].text


def test_beyond_memory_it_is_a_bf16_file(build, root, tmp_path):
    exact, _ = inputs(kept(build), tmp_path)
    for cache in ("keep", "run"):
        found, said = inputs(kept(build, cache=cache, cache_memory=0.0), tmp_path)
        assert found.hidden.dtype == torch.bfloat16 and said[-1].dtype == "bfloat16"
        assert torch.equal(found.hidden[:], exact.hidden[:].bfloat16())
        assert not list(tmp_path.glob("tmp*"))  # the file of this run alone has no name
    from core.data.batches import Batch

    h, _, _ = found.batch("train", Batch(np.arange(3), 0))
    assert h.dtype == torch.float32


@pytest.mark.parametrize(
    ("readout", "trainable"),
    [("last_real", "last_block"), ("last_real", "head"), ("first", "last_block"), ("last_pad", "last_block")],
)
def test_what_it_takes_of_memory_is_demanded_before_it_is_filled(build, tmp_path, monkeypatch, readout, trainable):
    speed = {"cache": "run", "cache_memory": 1.0, "precision": "fp32"}
    changes = {"model": {"readout": readout}, "freeze": {"trainable": trainable}, "train": {"padding": "fixed"}}
    built = build(torch.float32, speed=speed, **changes)
    (ready, (said,)), recipe, costs = inputs(built, tmp_path), built.recipe, Costs.of(built.recipe, 3)
    texts = ready.texts
    assert said.bytes > 0 and held(recipe, texts, costs) == said.bytes
    monkeypatch.setattr(memory, "free", lambda: costs.memory(recipe.batch, texts.context))
    # all that the process holds is mapped from files, which free memory counts already
    monkeypatch.setattr("psutil.Process.memory_info", lambda self: SimpleNamespace(rss=10**9, shared=10**9))
    with pytest.raises(NotEnoughMemory):
        check_memory(recipe, texts, 3)
    check_memory(recipe.model_copy(update={"speed": recipe.speed.model_copy(update={"cache": "off"})}), texts, 3)


def test_the_caches_together_stay_below_their_limit(build, root, tmp_path):
    plans = ["last_block", "last_two_blocks", "head"]
    one = build(torch.float32).inputs.hidden.nbytes
    for i, trainable in enumerate(plans):
        built = build(
            torch.float32,
            freeze={"trainable": trainable},
            speed={"cache": "keep", "cache_memory": 1.0, "precision": "fp32", "cache_disk": 2.2 * one / 1e9},
        )
        _, said = inputs(built, tmp_path)
        assert said[-1].kept
        for folder in root.iterdir():  # used in this order, whatever the clock's grain
            if folder.stat().st_mtime > 1e9:
                os.utime(folder, (i + 1, i + 1))
    sizes = {round(folder.stat().st_mtime): (folder / HIDDEN).stat().st_size for folder in root.iterdir()}
    assert sizes[2] == one and set(sizes) >= {2, 3}
    make_room(root, 0, spare=max(root.iterdir(), key=lambda folder: folder.stat().st_mtime))
    assert [round(folder.stat().st_mtime) for folder in root.iterdir()] == [3]
    built = kept(build, cache_disk=one / 2e9)
    _, said = inputs(built, tmp_path)
    assert not said[-1].kept


@pytest.mark.parametrize("cache", ["keep", "run"])
def test_a_file_that_is_cut_short_under_a_run_is_said_and_made_up_for(build, root, tmp_path, cache):
    built = kept(build, cache=cache, cache_memory=0.0)
    found, _ = inputs(built, tmp_path)
    texts = built.inputs.texts
    rows = np.arange(20)
    every = batches.Batch(rows, int(texts.lengths[texts.splits["train"][rows]].max()))
    expected, _, _ = found.batch("train", every)
    assert not found.note()
    os.ftruncate(found.hidden._file.fileno(), found.hidden.nbytes // 3)
    h, lengths, _ = found.batch("train", every)
    for ours, theirs, length in zip(h, expected, lengths, strict=True):
        torch.testing.assert_close(ours[:length], theirs[:length], atol=0.05, rtol=0.05)  # that was in bf16
    assert "cut short" in found.note() and not found.note()


def test_a_file_that_is_cut_short_while_it_is_filled_is_said(build, root, tmp_path, several_chunks):
    def cut(name, done, total, unit):
        if done > 20:
            (path,) = root.glob(f"*/{HIDDEN}")
            os.truncate(path, 5)

    found, said = inputs(kept(build), tmp_path, cut)
    assert isinstance(found, Fresh) and "cut short" in said[-1].text
    again, said = inputs(kept(build), tmp_path)
    assert isinstance(again, Cached) and said[-1].kept


@pytest.mark.parametrize("name", [HIDDEN, DONE, "lock", ""])
def test_a_cache_is_not_written_through_a_link(build, root, tmp_path, name):
    inputs(kept(build), tmp_path)
    (cache,) = root.iterdir()
    path, theirs = cache / name, tmp_path / "theirs"
    path.rename(theirs)
    path.symlink_to(theirs)
    before = [(each, each.read_bytes()) for each in (theirs.iterdir() if theirs.is_dir() else [theirs])]
    _, said = inputs(kept(build), tmp_path)
    assert said[-1].positions and [(each, each.read_bytes()) for each, _ in before] == before
    make_room(root, 0, spare=root / "none")
    assert [(each, each.read_bytes()) for each, _ in before] == before


def test_the_test_set_is_never_in_the_cache(build, root, tmp_path):
    built = kept(build)
    found, _ = inputs(built, tmp_path)
    assert (found.layout.starts[built.inputs.texts.splits["test"]] == -1).all()
    multiply_in(built.model, "fp32")
    before = probabilities(built.model, built.inputs.texts.ids, built.recipe)
    found.hidden[:] = torch.zeros(found.hidden.shape)
    assert torch.equal(probabilities(built.model, built.inputs.texts.ids, built.recipe), before)
