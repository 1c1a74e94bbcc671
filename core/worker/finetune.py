"""One life of a run, from its folder to its result: gather, build, learn, test."""

import os
import time
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import torch

from core import files, inside, toml
from core.architectures.lookup import preset_for
from core.data import kept, prepare, read
from core.data.edited import edited
from core.data.labels import looking_alike, told_apart
from core.data.parts import read_parts
from core.data.sources.source import Options
from core.datasets import called
from core.estimate import cost
from core.evaluate import predict
from core.files import Progress
from core.model.linear import multiply_in
from core.model.weights import WeightsFile, open_base
from core.options import AUTO, resolved
from core.recipe import Recipe
from core.recipe_data import Data
from core.runs import edits
from core.runs.events import Ended, Event, Noted, Started, stopped
from core.runs.folder import RunFolder, step_of
from core.runs.history import History
from core.runs.margins import write_margins
from core.runs.origin import weights_of
from core.runs.result import ClassifierResult, Seconds, encode_result
from core.runs.verdict import advice
from core.steady import give_back
from core.text.lookup import about_pairs, reads_pairs
from core.text.tokenizer import well_formed
from core.train import checkpoint
from core.train.compiled import compile_learning
from core.train.control_source import ControlSource
from core.train.finetune import ClassifierLoop
from core.train.inputs import Fresh, Inputs, of_tests
from core.train.loop import Stopped
from core.train.margins import Margins
from core.train.optim import adamw, load_state, state_tensors
from core.train.prefix import inputs_of
from core.train.restore import before_training, cautions, find_origin, new_model, run_tokenizer, set_weights
from core.train.steps import check_memory, steps_per_epoch
from core.train.texts import Texts
from core.train.thaw import recipe_at, settings_of, trainable
from core.wording import on_one_line, plural
from core.worker.advice import setting_of
from core.worker.baselines import Baselines
from core.worker.final_test import final_test, split_result
from core.worker.margins import by_row
from core.worker.resolve import resolve


def attempt(run: RunFolder, progress: Progress, control_source: ControlSource, resumed: bool) -> Iterator[Event]:
    """Every event of one attempt, an Ended last. A run that has been learning goes on from its last checkpoint.

    `progress` writes phases and may raise to break off; `control_source` are what the run is told on its way.
    """
    began = time.monotonic()
    state = checkpoint.take_up(run, control_source)
    recipe, prepared, texts, notes = gather(run, run.recipe(), progress)
    yield from notes
    torch.set_num_threads(resolved(recipe.speed.threads))
    epochs = int(resolved(control_source.settings(settings_of(recipe.train), state.step).epochs))
    for step in (state.step, steps_per_epoch(recipe, texts) * epochs - 1):  # a schedule thaws more and more
        check_memory(recipe_at(recipe, control_source, step), texts, len(prepared.names))
    learned = run.checkpoint("last") if state.step or state.evaluated >= 0 else None
    lost = learned is not None and checkpoint.lost_baselines(run, learned)
    if lost:
        yield Noted(text=f"{run.baselines_file} is missing or damaged: the baselines are made again.", warn=True)
    baselines = Baselines(run, prepared, anew=lost)
    yield from baselines.count(prepared, recipe.data.baseline, progress)
    origin = find_origin(run, recipe, prepared.names, progress)
    base = open_base(origin.base, run.path, progress) if resumed else WeightsFile(weights_of(origin.base, run.path))
    yield from (Noted(text=text, warn=True) for text in cautions(origin.base, recipe))
    model = new_model(recipe, len(prepared.names), base)
    before = before_training(model, base)
    # as in the last step: what is due after it is looked at with what learned then
    now = recipe_at(recipe, control_source, state.step - 1)
    if lost:
        fresh = Fresh(model, texts, 0, recipe.speed.device)
        yield from baselines.probe(model, fresh, fresh, recipe, progress)
    if learned:
        set_weights(model, recipe, checkpoint.read(learned, checkpoint.WEIGHTS), before)
    model.adapt(now.plan, recipe.lora, recipe.train.seed)
    model.freeze(now.plan)
    optimizer = adamw(model, recipe.train)
    if learned:
        load_state(optimizer, model.trainable_parameters(), checkpoint.read(learned, checkpoint.OPTIMIZER))
    yield started(now, prepared, texts, epochs)
    yield trainable(model, now, state.step)
    multiply_in(model, recipe.speed.precision)
    if recipe.speed.compile:
        compile_learning(model)

    def encode(recipe: Recipe) -> Generator[Event, None, Inputs]:
        return inputs_of(model, texts, recipe, run.path, progress)

    inputs = yield from encode(now)
    asked_twice = of_tests(model, texts, now)
    if learned is None:
        yield from baselines.probe(model, inputs, asked_twice, recipe, progress)
    margins = _margins(texts, recipe, learned)
    loop = ClassifierLoop(
        model,
        inputs,
        recipe,
        state,
        optimizer,
        save=lambda best: checkpoint.write(
            run,
            state,
            dict(model.ever_trained_parameters()),
            state_tensors(loop.optimizer, model.trainable_parameters()),
            best,
            margins.tensors() if margins else None,
        ),
        control_source=control_source,
        origin=before,
        encode=encode,
        margins=margins,
    )
    del inputs, optimizer  # the loop makes others where something else is to learn, and these then go
    ready = time.monotonic()
    yield from loop.run()
    if not loop.over:
        yield stopped()
        return
    if state.step < loop.n_steps:
        waited = plural(recipe.train.patience, "epoch")
        yield Noted(
            text=f"Stopped early: {waited} without a better {recipe.train.metric} on validation.", step=state.step
        )
    if margins:
        write_margins(run, by_row(margins, prepared))
    loop.let_go()
    give_back()
    tested = time.monotonic()
    if not model.is_new_below(loop.plan.depth or 0):  # then what is kept is of other weights
        loop.start_from(Fresh(model, texts, 0, recipe.speed.device))
    answering = run.checkpoint(predict.kept_checkpoint(run, recipe))
    set_weights(model, recipe, checkpoint.read(answering, checkpoint.WEIGHTS), before)
    try:
        ends = [loop.evaluate(split, step_of(answering), progress) for split in ("train", "validation")]
    except Stopped:
        yield stopped()
        return
    yield from ends
    model.merge()  # as it is asked from now on
    tests = texts.splits["test"]
    asked, second = [texts.ids[i] for i in tests], [texts.segments[i] for i in tests] if texts.segments else ()
    p = predict.probabilities(
        *(model, asked, recipe, lambda n: progress("test", n, len(asked), "texts")),
        segments=second,
        inputs=asked_twice if model.is_new_below(asked_twice.depth) else None,
    )
    test = final_test(run, prepared, p.numpy().astype(np.float64), baselines)
    seconds = {"prepare": ready - began, "learn": state.seconds, "test": time.monotonic() - tested}
    train, validation = (split_result(seen, len(texts.splits[seen.split])) for seen in ends)
    result = ClassifierResult(
        run=str(run.path),
        name=run.name,
        checkpoint=step_of(answering),
        labels=prepared.names,
        test=test,
        train=train,
        validation=validation,
        cache=loop.cache,
        changes=History.of(run.log()).changes_in_words(state.step),
        seconds=Seconds(**seconds, total=sum(seconds.values())),
    )
    result.advice = advice(result, setting_of(recipe, prepared.texts))
    files.write(run.result_file, encode_result(result))
    yield Ended(state="done", result=result)


def _margins(texts: Texts, recipe: Recipe, learned: Path | None) -> Margins | None:
    """Those so far, by the checkpoint that the run goes on from; None where an older version kept none there."""
    margins = Margins(texts.labels[texts.splits["train"]], recipe.train.ignore_index)
    if learned:
        if not checkpoint.has(learned, checkpoint.MARGINS):
            return None
        margins.load(checkpoint.read(learned, checkpoint.MARGINS))
    return margins


def gather(run: RunFolder, recipe: Recipe, progress: Progress) -> tuple[Recipe, prepare.Prepared, Texts, list[Event]]:
    """The run's rows, encoded, and its recipe with nothing left open; read from the source only the first time."""
    notes: list[Event] = []
    options = Options.of(recipe.data)
    if inside.holds(run.data_file, run.path):
        prepared = kept.load(run, recipe.data.text)
    else:
        d = recipe.data
        mended = edited(read_parts(d, progress), edits.of_run(run), called(d.path))
        table = mended.table
        prepared = prepare.prepare(table, d)
        options = table.options
        notes = [Noted(text=text) for text in data_notes(table, prepared, d)]
        if mended.edits:
            applied = mended.applied(prepared)
            notes += [Noted(text=text) for text in applied.sentences]
            edits.keep(run, mended.edits, applied)
        elif d.edits == AUTO:
            recipe = recipe.model_copy(update={"data": d.model_copy(update={"edits": edits.OFF})})
    tokenizer = run_tokenizer(run, recipe)
    if notes and (said := about_pairs(tokenizer, preset_for(recipe), recipe.data.text)):
        notes.append(Noted(text=said))
    encoded = tokenizer.encode_batch(prepared.texts, progress)
    splits = {split: prepared.indices(split) for split in prepare.SPLITS}
    lengths = np.array([max(1, len(encoded[i].ids)) for i in splits["train"]])
    rows = {split: len(each) for split, each in splits.items()}
    if not (inside.holds(run.data_file, run.path) or inside.holds(run.asked_file, run.path)):
        files.write(run.asked_file, toml.text(recipe))
    recipe = resolve(recipe, options, lengths, rows)
    files.write(run.recipe_file, toml.text(recipe))
    if not inside.holds(run.data_file, run.path):  # after the recipe: a run that keeps its rows leaves nothing open
        kept.save(prepared, run)
    context = resolved(recipe.model.context)
    shortened = [tokenizer.shorten(one, context) for one in encoded]
    followed = [tokenizer.shorten(tokenizer.encode(well_formed(text)), context) for text in recipe.train.follow]
    over = sum(len(one.ids) > context for one in encoded)
    if over:
        notes.append(Noted(text=f"{over:,} texts are longer than {context} tokens and are cut."))
    texts = Texts(
        [one.ids for one in shortened],
        prepared.labels.astype(np.int64),
        splits,
        tokenizer.pad,
        context,
        followed=[one.ids for one in followed],
        segments=[one.segments for one in shortened] if reads_pairs(tokenizer) else (),
        followed_segments=[one.segments for one in followed],
    )
    return recipe, prepared, texts, notes


def data_notes(table: read.Table, prepared: prepare.Prepared, data: Data) -> Iterator[str]:
    """What the log should know of the data, in sentences."""
    quoting = "" if table.options.quoting == AUTO else f"; quoting {table.options.quoting}"
    yield f"{table.n_rows:,} rows: {table.format}, {table.encoding}{quoting}."
    yield from filter(None, [table.origin, *table.notes])
    yield from (f"{doubt.text} {doubt.do}" for doubt in table.doubts)
    if data.join_labels == "off" and (alike := looking_alike(Counter(table.labels))):
        pairs = ", ".join(f"{told_apart(label)} and {told_apart(name)}" for label, name in [*alike.items()][:5])
        yield f"Labels look alike and are classes of their own: {pairs}. --join-labels on makes them one."
    for reason, rows in table.skipped.items():
        yield f"{rows:,} rows skipped: {reason}."
    if data.duplicates != "keep" and prepared.duplicates:
        kind = "exact" if data.duplicates == "drop" else "exact and near"
        yield f"{prepared.duplicates:,} {kind} copies left out before the split."
    if data.duplicates != "keep" and prepared.conflicts:
        nearly = "" if data.duplicates == "drop" else ", or nearly the same one,"
        yield f"{prepared.conflicts:,} rows left out: their text{nearly} occurs with different labels."
    if prepared.rare:
        done = "joined as one label, other" if prepare.OTHER in prepared.names else "left out"
        few = ", ".join(on_one_line(name) for name in list(prepared.rare)[:5]) + (
            ", …" if len(prepared.rare) > 5 else ""
        )
        yield f"{plural(sum(prepared.rare.values()), 'row')} of labels too rare to be split {done}: {few}."
    if prepared.unbalanced:
        where = "before the split: validation and test do not have the file's shares"
        yield f"{prepared.unbalanced:,} rows left out for balance{f', {where}' if data.balance_first else ''}."
    if prepared.again:
        yield f"{prepared.again:,} training rows of rarer labels stand there again, for balance."
    if prepared.swapped and data.swapped:
        columns = on_one_line(" and ".join(data.swapped))
        yield f"{plural(prepared.swapped, 'training row')} learned from a second time, {columns} exchanged."
    if prepared.unused:
        learned = len(prepared.indices("train")) - prepared.swapped
        yield f"It learns from {learned:,} of {learned + prepared.unused:,} training rows, as data.learn_from says."
    for split in prepare.SPLITS:
        absent = [name for name, count in prepared.counts(split).items() if not count]
        if absent:
            yield f"No row of {', '.join(absent)} in {split}: what is said of it there counts for nothing."
    leaks = int(prepared.leaks[prepared.indices("test")].sum())
    if leaks:
        yield f"{leaks:,} of {len(prepared.indices('test')):,} test texts are also in training."
    near = int(prepared.near_leaks[prepared.indices("test")].sum())
    if near:
        texts = plural(near, "more test text" if leaks else "test text")
        yield f"{texts} nearly in training, with a few other words, case or spaces."


def started(recipe: Recipe, prepared: prepare.Prepared, texts: Texts, epochs: int) -> Started:
    sizes = cost.sizes(recipe, len(prepared.names))
    checked = texts.labels[texts.splits["validation"]]
    return Started(
        pid=os.getpid(),
        n_steps=epochs * steps_per_epoch(recipe, texts),
        epochs=epochs,
        rows={split: len(rows) for split, rows in texts.splits.items()},
        labels=prepared.names,
        majority=float(np.bincount(checked).max() / len(checked)),
        learns=cost.trainable_parameters(sizes, recipe.plan),
        parameters=cost.all_parameters(sizes, recipe.plan),
        device=recipe.speed.device,
        threads=resolved(recipe.speed.threads),
    )
