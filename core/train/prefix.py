"""The prefix cache: what the frozen layers below the boundary make of every text, computed once."""

import hashlib
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.errors import BadRun
from core.estimate.cost import FP32, Costs
from core.files import Progress, cache_root, disk_full
from core.model import onednn
from core.model.classifier import Classifier
from core.model.padding import pad
from core.options import resolved
from core.recipe import Recipe
from core.runs.events import Encoded, Event, Noted
from core.train.inputs import CUT, Cached, Fresh, Inputs
from core.train.layout import Chunk, Layout, layout
from core.train.positions import CutShort
from core.train.store import Busy, KeptStore, Store, make_room
from core.train.texts import Texts

SPLITS = ("train", "validation")  # the test set is read once, by the prediction function
GB = 1e9


def inputs_of(
    model: Classifier, texts: Texts, recipe: Recipe, run: Path, progress: Progress
) -> Generator[Event, None, Inputs]:
    """The inputs of a run's steps, as this generator's value: from the cache, filled first, where there is a prefix.

    `run` is the run's folder, in which a large cache that is not kept has its room. `progress` may raise to break
    off; a kept cache then has what was done. No trouble with the disk is fatal: the events say it.
    """
    depth, speed = recipe.plan.depth or 0, recipe.speed
    fresh = Fresh(model, texts, recipe.plan.depth, speed.device)
    if not recipe.encodes(len(texts.splits["train"])):
        return fresh
    counts = model.kept_positions(torch.from_numpy(texts.lengths), texts.context, depth).numpy()
    width = model.readout.padded(texts.context)
    plan = layout(texts.lengths, counts, [texts.splits[split] for split in SPLITS], width)
    in_memory = plan.positions * model.backbone.arch.width * FP32 <= resolved(speed.cache_memory) * GB
    dtype = torch.float32 if in_memory else torch.bfloat16
    try:
        store = yield from _store(model, texts, recipe, plan, dtype, None if in_memory else run)
    except OSError as error:
        why = "the disk is full" if disk_full(error) else str(error)
        yield Noted(
            text=f"No room to keep what the frozen layers make of the texts: {why}. Every step runs them again.",
            warn=True,
        )
        return fresh
    found = sum(len(plan.chunks[i].rows) for i in store.done)
    began = time.monotonic()
    try:
        fill(store, model, texts, depth, progress)
    except CutShort:
        yield Noted(text=CUT, warn=True)
        return fresh
    finally:
        store.release()
    seconds = time.monotonic() - began
    yield Encoded(
        blocks=depth,
        texts=plan.texts,
        positions=plan.positions,
        bytes=store.hidden.nbytes,
        dtype=str(dtype).removeprefix("torch."),
        found=found,
        seconds=seconds,
        cost=store.cost,
        kept=store.kept,
    )
    return Cached(store.hidden, plan, fresh, store.cost, seconds)


def held(recipe: Recipe, texts: Texts, costs: Costs) -> int:
    """Bytes of memory that the cache of a recipe that leaves nothing open will take; a file takes none."""
    if not recipe.encodes(len(texts.splits["train"])):
        return 0
    lengths = texts.lengths[np.concatenate([texts.splits[split] for split in SPLITS])]
    each = 1 if costs.keeps_one else recipe.readout.padded(texts.context) or lengths
    size = int(np.broadcast_to(each, lengths.shape).sum()) * costs.arch.width * FP32
    return size if size <= resolved(recipe.speed.cache_memory) * GB else 0


def _store(
    model: Classifier, texts: Texts, recipe: Recipe, plan: Layout, dtype: torch.dtype, scratch: Path | None
) -> Generator[Event, None, Store]:
    """Where the cache lies: kept where that is asked for and possible. Raises OSError where nothing has room."""
    width, limit = model.backbone.arch.width, recipe.speed.cache_disk * GB
    size = plan.positions * width * dtype.itemsize
    # what a run has taught itself no other run will ask for
    if recipe.speed.cache == "keep" and size <= limit and model.is_new_below(recipe.plan.depth or 0):
        root = cache_root() / "prefix"
        folder = root / key(model, texts, recipe, plan, dtype)
        try:
            make_room(root, int(limit) - (0 if folder.exists() else size), folder)
            store = KeptStore(folder, plan, width, dtype)
        except Busy:
            yield Noted(text="Another run is encoding the same texts now: this one does it for itself.")
        except OSError as error:
            why = "the disk is full" if disk_full(error) else f"{root} cannot be used: {error.strerror}"
            yield Noted(text=f"The encoded texts are not kept for the next run: {why}.", warn=True)
        except BadRun as error:
            yield Noted(text=f"The encoded texts are not kept for the next run: {error}", warn=True)
        else:
            if store.damaged:
                yield Noted(
                    text="The encoded texts on disk were damaged: what is not whole is computed again.", warn=True
                )
            return store
    return Store(plan, width, dtype, scratch)


def fill(store: Store, model: Classifier, texts: Texts, depth: int, progress: Progress) -> None:
    """Encode every chunk that is not there yet. The model is in eval mode."""
    chunks, total = store.layout.chunks, store.layout.texts
    done = sum(len(chunks[i].rows) for i in store.done)
    progress("encode", done, total, "texts")
    # long and short texts mixed, so that the time that is left can be told from what is done
    for i in np.random.default_rng(0).permutation(len(chunks)).tolist():
        if i in store.done:
            continue
        began = time.monotonic()
        hidden = encode(model, texts, chunks[i], store.layout, depth)
        store.put(i, hidden, time.monotonic() - began)
        done += len(chunks[i].rows)
        progress("encode", done, total, "texts")


def encode(model: Classifier, texts: Texts, chunk: Chunk, plan: Layout, depth: int) -> Tensor:
    """The prefix's output for a chunk's texts, the positions that are kept one after another: (P, D)."""
    device = next(model.parameters()).device
    ids, lengths = pad([texts.ids[row] for row in chunk.rows], chunk.width, texts.pad_id, device)
    with torch.no_grad():
        segments = texts.segments_of(chunk.rows, chunk.width, device)
        hidden = model.prefix(ids, lengths, depth, segments)  # (B, S, D)
    counts = torch.from_numpy(plan.counts[chunk.rows])
    return hidden.cpu()[torch.arange(hidden.shape[1]) < counts[:, None]]


def key(model: Classifier, texts: Texts, recipe: Recipe, plan: Layout, dtype: torch.dtype) -> str:
    """The name of a cache: everything that decides a bit of it, and no more."""
    depth = recipe.plan.depth or 0
    digest = hashlib.blake2b(digest_size=16)
    computed = (
        *(torch.__version__, torch.backends.cpu.get_cpu_capability(), recipe.speed.device, recipe.speed.threads),
        *(recipe.speed.precision, dtype, depth, model.readout.name, model.causal, model.one_row),
        model.backbone.arch,  # equal weights compute something else with other heads or another epsilon
        *(("read out",) if model.reads_out_below(depth) else ()),
        *(("oneDNN",) if recipe.speed.device == "cpu" and onednn.pays(recipe.speed.precision) else ()),
    )
    digest.update(repr(computed).encode())
    with ThreadPoolExecutor(resolved(recipe.speed.threads)) as pool:  # hashing lets go of the interpreter
        for one in pool.map(_digest, model.prefix_parameters(depth)):
            digest.update(one)
    for chunk in plan.chunks:
        digest.update(repr((chunk.width, chunk.start, chunk.stop)).encode())
        for row in chunk.rows:
            digest.update(np.int64(len(texts.ids[row])).tobytes() + texts.ids[row].tobytes())
            if texts.segments and (second := texts.segments[row]) is not None:
                digest.update(second.tobytes())
    return digest.hexdigest()


def _digest(named: tuple[str, Tensor]) -> bytes:
    name, tensor = named
    digest = hashlib.blake2b(name.encode())
    digest.update(tensor.detach().cpu().contiguous().numpy().data)
    return digest.digest()
