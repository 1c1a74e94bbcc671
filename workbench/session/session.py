"""One object for what all screens share, and how a screen or widget gets at it."""

import asyncio
from pathlib import Path
from typing import Protocol, cast

from textual.app import App
from textual.message_pump import MessagePump

from core.recipe import Recipe
from workbench.session.doubting import Doubting
from workbench.session.draft import Draft
from workbench.session.fetcher import Fetcher
from workbench.session.followed import Followed
from workbench.session.helper import Helper
from workbench.session.launcher import Launcher
from workbench.session.live import Live
from workbench.session.sweep import Sweep
from workbench.session.trail import Trail


class Session:
    """One per app; `root` is the folder of runs."""

    def __init__(self, app: App, recipe: Recipe, root: Path):
        self.root = root
        self.data_helper, self.model_helper = Helper("data"), Helper("model")
        self.glimpse_helper, self.groups_helper = Helper("glimpse"), Helper("groups")
        self.draft = Draft(app, recipe, root, self.data_helper, self.glimpse_helper, self.model_helper)
        self.doubting = Doubting(app, root, self.draft)
        self.fetcher = Fetcher(app, self.draft)
        self.followed = Followed(app, root)
        self.live = Live(app, root, self.followed)
        self.launcher = Launcher(app, root, self.draft, self.followed)
        self.sweep = Sweep(app, root, self.draft)
        self.trail = Trail(app)

    async def close(self) -> None:
        """End the helpers. A run goes on."""
        helpers = (self.data_helper, self.glimpse_helper, self.groups_helper, self.model_helper)
        await asyncio.gather(*(helper.close() for helper in helpers), self.fetcher.close(), self.doubting.close())


class HasSession(Protocol):
    session: Session


def session_of(node: MessagePump) -> Session:
    """The session of the app that a screen or widget belongs to."""
    return cast(HasSession, node.app).session
