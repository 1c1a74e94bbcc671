"""A screen that stands over Train and shows one thing of the followed run while it is followed; esc leads back."""

from core.runs.folder import RunFolder
from workbench import keys
from workbench.screens.base import BaseScreen
from workbench.session.followed import Followed


class DetailScreen(BaseScreen):
    """Subclasses yield their panels in `compose_panels`."""

    MODE = "train"
    PLACE = "detail"  # whose keys help lists
    BINDINGS = keys.bindings("detail")
    CSS_PATH = "../../styles/train.tcss"

    def __init__(self, run: RunFolder):
        super().__init__()
        self._run = run

    async def on_mount(self) -> None:
        self.followed.run_changed.subscribe(self, self._leave_with_run)

    def on_screen_resume(self) -> None:
        self._leave_with_run(self.followed)

    def _leave_with_run(self, followed: Followed) -> None:
        if self.is_current and (followed.run is None or followed.run.path != self._run.path):
            self.dismiss()

    def action_back(self) -> None:
        self.dismiss()
