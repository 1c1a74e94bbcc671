"""What the helper answers about groups of runs: a table takes the results and answers of all of its runs."""

from collections.abc import Callable
from pathlib import Path

from core.errors import BadRun
from core.runs import group as groups
from core.runs.group_table import GroupTable, table_of


def kinds() -> dict[str, Callable]:
    """{"root": the folder of the runs, "name": the group's} -> GroupTable."""
    return {"table": lambda args, progress: _table(Path(args["root"]), args["name"])}


def _table(root: Path, name: str) -> GroupTable:
    group = groups.find(root, name)
    if group is None:
        raise BadRun(f"What {name} was to run is not known any more.", "Its file in .groups is gone.")
    try:
        return table_of(root, group)
    except OSError as error:
        raise BadRun(f"The runs of {name} cannot be read: {error.strerror}.") from error
