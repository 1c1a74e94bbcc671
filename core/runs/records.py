"""What is said of a run in a few words: the state that it is in, what a person calls it, the group that it is of."""

import re
from typing import Annotated, Literal

import msgspec

# a run is damaged where what it is, or what came of it, cannot be read
State = Literal["queued", "starting", "running", "paused", "done", "stopped", "failed", "vanished", "damaged"]
GROUP = re.compile(r"[^\W_][\w.-]{0,63}")  # a group's name, which is a file's and a word on the command line
Place = Annotated[int, msgspec.Meta(ge=0, lt=2**33)]


class Status(msgspec.Struct, frozen=True):
    """`why` and `do` say what ended the run; `quiet` is seconds since the worker last showed life."""

    state: State
    step: int = 0
    n_steps: int = 0
    why: str = ""
    do: str = ""
    quiet: float = 0.0

    @property
    def alive(self) -> bool:
        return self.state in ("starting", "running", "paused")

    @property
    def ended_early(self) -> bool:
        return self.state in ("stopped", "failed", "vanished")


class Label(msgspec.Struct, frozen=True):
    """What a person calls a run, and a note on it. The run's folder names it all the same."""

    name: str = ""
    note: str = ""

    @classmethod
    def of(cls, name: str, note: str) -> "Label":
        """Each on one line, without what a terminal would act on or no file can hold."""
        return cls(*("".join(c for c in " ".join(words.split()) if c.isprintable()) for words in (name, note)))


class Member(msgspec.Struct, frozen=True):
    """The group that a run was made for, and its place there: the numbers of its setting and of its seed, from 0, and
    of its fold, from 1; 0 where there are no folds.
    """

    group: str
    setting: Place
    seed: Place
    fold: Place = 0

    def __post_init__(self) -> None:
        if not GROUP.fullmatch(self.group):
            raise ValueError("it names no group")
