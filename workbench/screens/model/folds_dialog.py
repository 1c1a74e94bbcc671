"""k-fold cross-validation: every row is tested once, by a run that has not learned from it."""

from core.options import options
from core.recipe import Recipe
from core.runs.sweep import FOLD, Plan
from workbench.screens.model.vary_dialog import VaryDialog
from workbench.session.sweep import Sweep

USUAL = 5  # folds


class FoldsDialog(VaryDialog):
    """Has the next runs cut the rows into so many parts, each tested by the run that learns from the others."""

    FIELD = "folds"
    NO_NUMBER = "Folds and seeds are numbers: how many parts, and how often each is run."

    def __init__(self, sweep: Sweep):
        option = next(option for option in options(Recipe) if option.name == FOLD)
        super().__init__(sweep, option, option.name, "")
        self._before = str(sweep.folds or USUAL)
        self._seeds_before = sweep.seeds if sweep.marked else 1  # the folds alone make several runs
        self._title = "k-fold cross-validation"
        self._placeholder = "none"
        self._means = (
            "The rows are cut into so many parts, and each part is tested by a run that learns from the others: every "
            "row is tested once. Empty: one split, as usual."
        )

    def plan(self, words: str, seeds: int) -> Plan:
        return self._sweep.plan_of(self._sweep.varied, seeds, int(words or 0))

    async def mark(self, words: str, seeds: int) -> None:
        await self._sweep.cut(int(words), seeds)
