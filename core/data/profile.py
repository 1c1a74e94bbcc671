"""Looking at a file of labelled texts under a recipe: what the Data screen and `workbench data` show of it."""

from collections import Counter

import numpy as np

from core.architectures.counting import LONGEST
from core.data.copies import first_rows
from core.data.lengths import contexts, cuts, merged, percentiles
from core.data.notes import alike, notes
from core.data.prepare import SPLITS, Prepared, label_names, learned_labels
from core.data.scripts import SCRIPTS
from core.data.survey import Survey, longest, survey
from core.data.written import found_in
from core.files import Progress, unwatched
from core.recipe import Recipe
from core.rows import Profile, Skipped
from core.runs.edits import Edits


def profile(
    recipe: Recipe, progress: Progress = unwatched, earlier: Survey | None = None, edits: Edits | None = None
) -> tuple[Profile, Survey]:
    """Read, tokenize and split the file that a recipe names, with its edits, and say what is worth knowing.

    The rows and lengths of the `earlier` survey are used again while the file has not changed. Raises BadData where
    the file cannot be read; where it can be read but not be learned from, `problem` says so.
    """
    found, prepared, problem = survey(recipe, progress, earlier, edits)
    return _profile(found, prepared, problem, recipe), found


def _profile(survey: Survey, prepared: Prepared | None, problem: str, recipe: Recipe) -> Profile:
    table, names = survey.table, label_names(survey.labels)
    counts = Counter(survey.labels)
    characters = np.fromiter(map(len, table.texts), np.int64, len(table.texts))[survey.used].sum()
    splits = {split: prepared.counts(split) for split in SPLITS} if prepared else {}
    leaks, near = (
        {s: int(survey.mask(f"{kind} {s}").sum()) for s in SPLITS[1:]} if prepared else {}
        for kind in ("leak", "near_leak")
    )
    per_character = int(survey.lengths[survey.used].sum()) / max(1, int(characters))
    own, read = (Counter(learned_labels(each, recipe.data)) for each in (table, survey.edited.read))
    kept = {name: sum(split.get(name, 0) for split in splits.values()) for name in names}
    lengths = _lengths(survey, names)
    together = merged(lengths)
    return Profile(
        path=table.path,
        format=table.format,
        encoding=table.encoding,
        quoting=table.options.quoting,
        rows=table.n_rows,
        columns=table.columns,
        all_columns=table.all_columns,
        labels={name: counts[name] for name in names},
        learning=kept if prepared else {},
        skipped=[Skipped(reason, rows) for reason, rows in table.skipped.items()],
        duplicates=int(survey.duplicate.sum()),
        conflicts=int(survey.conflict.sum()),
        splits=splits,
        leaks=leaks,
        lengths=lengths,
        context=survey.context,
        cut=int(survey.mask("cut").sum()),
        longest_training=longest(survey.lengths, survey.split),
        tokens_per_character=per_character,
        notes=list(notes(survey, splits, kept, per_character, recipe)),
        speed=survey.speed,
        near_copies=int(survey.near.sum()),
        near_leaks=near,
        split_column=table.split_column,
        files={split: path for split, path in table.files.items() if path},
        alternatives=table.others,
        alike=alike(survey.labels),
        percentiles=percentiles(together),
        cuts=cuts(together, contexts(survey.most, survey.context)) if survey.most < LONGEST else {},
        scripts=_scripts(survey),
        languages=found_in(survey),
        own_labels={name: own[name] for name in label_names([*own, *read])},
        rare=dict(prepared.rare) if prepared else {},
        problem=problem,
    )


def _scripts(survey: Survey) -> dict[str, int]:
    counts = np.bincount(survey.table.scripts, minlength=len(SCRIPTS))
    return {SCRIPTS[i]: int(counts[i]) for i in np.argsort(-counts, kind="stable") if counts[i]}


def _lengths(survey: Survey, names: list[str]) -> dict[str, dict[int, int]]:
    """Of each label, how many rows have how many tokens."""
    first = first_rows(survey.labels)[survey.used]  # a number for each label
    found: dict[str, dict[int, int]] = {name: {} for name in names}
    pairs, rows = np.unique(np.stack([first, survey.lengths[survey.used]]), axis=1, return_counts=True)
    for label, length, count in zip(*pairs.tolist(), rows.tolist(), strict=True):
        found[survey.labels[label]][length] = count
    return found
