"""A screen that stands over Train and shows one thing of a run; esc leads back."""

from core.runs.folder import RunFolder
from workbench import keys
from workbench.screens.room import Room


class OverTrain(Room):
    """Subclasses yield their panels in `compose_room`."""

    MODE = "train"
    PLACE = "over"  # whose keys help lists
    BINDINGS = keys.bindings("over")
    CSS_PATH = "../styles/train.tcss"

    def __init__(self, run: RunFolder):
        super().__init__()
        self._run = run

    def action_back(self) -> None:
        self.dismiss()
