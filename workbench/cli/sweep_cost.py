"""`workbench sweep --dry-run`: what the runs of a group would cost on this machine, each and together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import BadData
from core.estimate.prices import Price, price
from core.estimate.together import together
from core.recipe import Recipe
from core.rows import Profile
from core.runs import queue
from core.runs.compare import in_words
from core.runs.group import Group, is_over, runs_of
from core.runs.sweep import Planned, titles
from core.wording import about, duration, plural, size
from workbench.cli.data import profiled
from workbench.cli.dry_run import how_known, known_speeds
from workbench.cli.flags import DONE
from workbench.cli.printing import print_json, say, tabulate


def show_costs(group: Group, planned: Sequence[Planned], root: Path, as_json: bool) -> int:
    """Print what the runs of a group would cost that are not done yet; returns the exit code. Nothing is made.

    Raises BadData where a setting's data cannot be learned from.
    """
    over = {member for member, run in runs_of(root, group.name).items() if is_over(run)}
    left = [one for one in planned if one.member not in over]
    live = queue.alive(root)
    busy = live.name if live else ""
    firsts = {one.member.setting: one.recipe for one in reversed(planned)}
    prices = _priced(firsts, root, busy)
    all_together = together((one.recipe, prices[one.member.setting]) for one in left)
    runs = Counter(one.member.setting for one in left)
    settings: list[dict[str, Any]] = [
        {
            "title": title,
            "values": {name: in_words(value) for name, value in setting.items()},
            "runs": runs[i],
            "learns": prices[i].learns,
            "epochs": prices[i].epochs,
            "memory": prices[i].memory,
            "seconds": {
                name: round(getattr(prices[i], name) or 0.0, 3) for name in ("once", "epoch", "besides", "total")
            },
        }
        for i, (title, setting) in enumerate(
            zip(titles(group.plan, group.plan.recipes()), group.plan.settings, strict=True)
        )
    ]
    if as_json:
        seconds = {"total": round(all_together.total, 3), "shared": round(all_together.shared, 3)}
        counts = {"runs": len(left), "done": len(over), "made": 0, "encodings": all_together.encodings}
        memory = max((each["memory"] for each in settings), default=0)
        print_json({"group": group.name, **counts, "memory": memory, "seconds": seconds, "settings": settings})
        return DONE
    cells = [
        [each["title"], str(each["runs"]), about(each["seconds"]["total"]), size(each["memory"])] for each in settings
    ]
    tabulate(["setting", "runs", "a run", "memory"], cells)
    most = " at most, for with halving most settings stop early" if group.halving else ""
    said = [f"{plural(len(left), 'run')}, one after the other: {about(all_together.total)}{most}."]
    if all_together.shared:
        n = all_together.encodings
        often, saved = "once" if n == 1 else f"{n:,} times", duration(all_together.shared)
        said.append(f"The frozen layers read the texts {often} for all of them, which saves {saved}.")
    if over:
        said.append(f"{plural(len(over), 'run')} of {group.name} done already.")
    say(
        [
            "",
            " ".join(said),
            how_known(firsts.values(), busy),
            "Nothing was made. Without --dry-run, the same command makes the runs.",
        ]
    )
    return DONE


def _priced(recipes: Mapping[int, Recipe], root: Path, busy: str) -> dict[int, Price]:
    """The price of each recipe; a file is read once for all that make the same of it."""
    profiles: dict[str, Profile] = {}
    found = {}
    for i, recipe in recipes.items():
        asked = repr((recipe.data, recipe.model))
        if asked not in profiles:
            profiles[asked] = profiled(recipe, root)
        if problem := profiles[asked].problem:
            raise BadData(problem)
        found[i] = price(recipe, profiles[asked], recipe.plan, known_speeds(recipe, busy))
    return found
