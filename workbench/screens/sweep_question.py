"""Whether the runs of a sweep are to be made: how many, how long they take, what they are called."""

import asyncio

from textual.app import App

from core.runs import group as groups
from core.runs import turns
from core.runs.sweep import MANY, Plan, titles
from core.wording import about, on_one_line, plural
from workbench.screens.confirm_dialog import ConfirmDialog
from workbench.session.session import Session
from workbench.session.sweep import BETWEEN

SHOWN = 8  # values of an option, of which more are only counted


async def agrees(app: App, session: Session, plan: Plan, exercise: str) -> bool:
    """Check a plan, and ask once; many runs are agreed to by typing their number. For a worker.

    Raises BadRecipe where a setting is none, before anything is asked.
    """

    def look() -> tuple[groups.Group, bool, str, float | None, str]:
        group = groups.group_for(session.root, plan, exercise)
        group.plan.planned(group.name)
        busy = turns.following(session.root) if session.root.is_dir() else None
        there = groups.find(session.root, group.name) is not None
        return group, there, what_varies(plan), session.sweep.seconds(plan), busy.name if busy else ""

    group, there, varies, seconds, busy = await asyncio.to_thread(look)
    n_runs = plan.n_runs
    how = f"after {busy}, which trains now" if busy else "one run after the other"
    group_in_words = f"The group {group.name} goes on" if there else f"They are the group {group.name}"
    words = f"{varies}\n{in_words(plan, seconds)}.\n\n{group_in_words}, {how}."
    many = n_runs > MANY
    if many:
        words = f"▲ {plural(n_runs, 'run')} are many: each is a folder, and one starts after the other.\n\n{words}"
    title = f"Start {plural(n_runs, 'run')}"
    dialog = ConfirmDialog(title, words, "starts them", str(n_runs) if many else "")
    return await app.push_screen_wait(dialog) is True


def in_words(plan: Plan, seconds: float | None) -> str:
    """'12 runs, about 24:00 in all: 4 settings × 3 seeds'."""
    took = f", about {about(seconds)} in all" if seconds is not None else ""
    return f"{plural(plan.n_runs, 'run')}{took}: {settings_and_seeds(plan)}"


def settings_and_seeds(plan: Plan) -> str:
    """'4 settings × 3 seeds × 5 folds', without what there is one of."""
    each = {"setting": plan.n_settings, "seed": plan.seeds, "fold": plan.folds}
    return " × ".join(plural(n, name) for name, n in each.items() if n > 1)


def what_varies(plan: Plan) -> str:
    """A line for each option that varies: 'train.lr: 1e-4 | 3e-4'. Raises BadRecipe where a value is none."""
    lines = []
    for name, values in plan.varied.items():
        said = titles(plan, plan.recipes()) if len(plan.varied) == 1 else [str(value) for value in values]
        more = [f"{len(said) - SHOWN} more"] if len(said) > SHOWN else []
        lines.append(f"{name}: {BETWEEN.join([*map(on_one_line, said[:SHOWN]), *more])}")
    if plan.folds:
        lines.append(f"{plural(plan.folds, 'fold')}: every row is tested once, by a run that has not learned from it")
    return "\n".join(lines)
