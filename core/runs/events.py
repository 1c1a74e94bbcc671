"""What happens in a run, as typed lines. A tagged union; unknown tags and torn last lines are skipped on reading."""

import re
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Annotated, Literal

import msgspec

from core.errors import SmallerBatch
from core.runs.result import BaselineName, Count, Duration, Result, Share, result_of
from core.wording import in_json

Step = Annotated[int, msgspec.Meta(ge=0, le=10**9)]  # more than a log can hold
SPLITS = ("train", "validation", "test")
Split = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(SPLITS)})$")]


class Event(msgspec.Struct, tag_field="type", kw_only=True, omit_defaults=False):
    """`t` is seconds since the epoch, `attempt` the life of the process (from 1), `step` optimizer steps so far."""

    t: Duration = 0.0
    attempt: int = 0
    step: Step = 0


class Started(Event, tag="started"):
    """An attempt knows what it will do: the data is read, the model is built, nothing has been learned yet."""

    pid: int
    n_steps: Step
    epochs: int
    rows: dict[str, Count]  # split -> texts
    labels: list[str]
    majority: Share  # share of the largest class in validation: the floor of the accuracy chart
    learns: int  # parameters that learn
    parameters: int  # parameters in all
    device: str
    threads: int

    def __post_init__(self) -> None:
        for split in SPLITS:
            self.rows.setdefault(split, 0)  # who pretrains has no test


class Trainable(Event, tag="trainable"):
    """What learns from here on: as an attempt begins, and whenever that changes."""

    parts: str  # as `freeze.trainable` names them
    words: str  # for a person
    parameters: int
    depth: int  # leading frozen blocks, with the embeddings
    thaws: bool = False  # whether a schedule goes on to thaw more
    scheduled: bool = False  # it changes because the recipe says so, not because of a control


class Phase(Event, tag="phase"):
    """Progress of work outside the learning loop. `done == total` ends it. unit: rows, bytes, texts, windows."""

    # fetch, unpack, read, vocabulary, tokens, download, weights, baseline, count, encode, probe, learn, evaluate, test
    name: str
    done: Annotated[int, msgspec.Meta(ge=0)]
    total: Annotated[int, msgspec.Meta(ge=0)]
    unit: str = ""


class Encoded(Event, tag="encoded"):
    """The prefix cache stands: what the frozen blocks make of every text, once. Only where a run has one."""

    blocks: int  # frozen ones below the boundary
    texts: int
    positions: int  # rows of `width` numbers in all
    bytes: int
    dtype: str  # float32, bfloat16
    found: int  # texts that an earlier run or attempt had left
    seconds: Duration  # spent now
    cost: Duration  # seconds that encoding all of them takes, as measured when it was done
    kept: bool  # stays on disk for the next run


class Steps(Event, tag="steps", gc=False):
    """Some consecutive optimizer steps, the last of which is `step`; about four lines a second at most."""

    loss: list[float]
    lr: list[float]
    tokens: int  # real tokens learned from in these steps
    seconds: Duration  # what these steps took
    rss: int  # resident memory of the worker, bytes
    n_steps: Step = 0  # in all, as planned now

    def __post_init__(self) -> None:
        if not self.loss or len(self.loss) != len(self.lr):
            raise ValueError("a loss and a rate for each step")


class StepExamples(Event, tag="learned"):
    """The texts of one step, which is `step`, each as the model saw it before it learned from it.

    One entry a text. `loss` is plain cross entropy, -ln of what its label was given, whatever class weights and label
    smoothing make of it in the step; None where `train.ignore_index` leaves the text out.
    """

    rows: list[int]  # lines of data.jsonl.gz, from 0
    labels: list[int]  # indices into the labels of Started
    answers: list[int]  # the likeliest of them
    probabilities: list[float]  # of the answer
    loss: list[float | None]

    def __post_init__(self) -> None:
        if len({len(each) for each in (self.rows, self.labels, self.answers, self.probabilities, self.loss)}) > 1:
            raise ValueError("one of each for each text")


class Evaluated(Event, tag="evaluated"):
    """Mean loss and accuracy over a whole split, or the quick kind over a part of it: of texts, or of next tokens."""

    split: Split
    rows: Count
    loss: float
    accuracy: Share
    whole: bool
    f1: float | None = None  # the mean over classes
    bits: float | None = None  # a byte, where a language is learned: texts of other tokenizers compare in it


class Sampled(Event, tag="sampled"):
    """What a language model in training makes of the beginning of a text."""

    prompt: str
    text: str


class Changed(Event, tag="changed"):
    """||w - w0|| / ||w0|| for each learning part since the run began."""

    parts: dict[str, float]


class Followed(Event, tag="followed"):
    """What the model makes of each of the recipe's `train.follow`, in its order: the probability of every class."""

    probabilities: list[list[float]]


class Baseline(Event, tag="baseline"):
    """What something simpler than the network gets right on validation and test, and the seconds that it took."""

    name: BaselineName
    validation: Share
    test: Share
    seconds: Duration = 0.0


class Checkpointed(Event, tag="checkpointed"):
    """A checkpoint and its pointers are on disk."""

    name: str
    best: bool


class Applied(Event, tag="applied"):
    """A control line has been answered; on disk before it acts. `refused` says why it was not obeyed."""

    id: str
    control: dict
    refused: str | None = None


class Planned(Event, tag="planned"):
    """From here on the run will end at another step, because a control has set another number of epochs."""

    n_steps: Step
    epochs: int


class Paused(Event, tag="paused"):
    """The run stands still before its next step, with a checkpoint, until a control continues it."""


class Continued(Event, tag="continued"):
    """A pause is over."""


class Resumed(Event, tag="resumed"):
    """A new attempt goes on from here: readers drop what earlier attempts reported after `from_step`."""

    from_step: Step


class Noted(Event, tag="noted"):
    """A sentence for the log."""

    text: str
    warn: bool = False


class Ended(Event, tag="ended"):
    """The last event of an attempt. `state` is done, stopped or failed; `result` is what the run ends with."""

    state: Literal["done", "stopped", "failed"]
    why: str = ""
    do: str = ""
    result: Result | None = None
    fits: SmallerBatch | None = None  # where it failed for want of memory


def stopped() -> Ended:
    """The end of an attempt that was asked to stop."""
    return Ended(state="stopped", why="Stopped.", do="resume continues it.")


# all of the above, told apart by their tags
_any = reduce(or_, Event.__subclasses__())
_encoder = msgspec.json.Encoder()
_line = re.compile(rb"^\{.*", re.MULTILINE)
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(_any, dec_hook=lambda _, document: result_of(document))


def encode(event: Event) -> bytes:
    """One line, newline included."""
    line = _encoder.encode(event)
    return (line if line.isascii() else in_json(line.decode()).encode()) + b"\n"


def decode(data: bytes) -> Iterator[Event]:
    """The events of whole lines. A line that is not an event this version knows is skipped."""
    for line in _line.finditer(data):
        try:
            yield _decoder.decode(line[0])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
