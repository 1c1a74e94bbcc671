"""What a run ends with: the result of fine-tuning, or of pretraining, as result.json and its last event keep it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, NamedTuple, Protocol, Self

import msgspec

from core.statistics import wilson
from core.wording import clock, duration, percent

WORTH_SAYING = 1.5  # seconds
TOOK_NOTHING = 0.05  # seconds, which nobody waits for
BaselineName = Literal["tfidf", "counts", "probe", "majority"]
Standing = Literal["better", "even", "worse"]  # of a network beside what it is compared with
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
Duration = Annotated[float, msgspec.Meta(ge=0, le=1e12)]  # seconds


class Kind(NamedTuple):
    """A kind of baseline: its name on a line, and what it does."""

    title: str
    about: str

    @property
    def in_a_sentence(self) -> str:
        """'TF-IDF', 'the majority'."""
        return self.title if self.title[:2].isupper() else f"the {self.title}"


BASELINES = {
    "tfidf": Kind("TF-IDF", "word-count baseline"),
    "counts": Kind("word counts", "as in the book, logistic regression"),
    "words": Kind("word counts", "logistic regression"),  # of an older version, however it counted
    "probe": Kind("linear probe", "of the untouched model"),
    "majority": Kind("majority", "always the most frequent label"),
}


class _Checked(Protocol):
    @property
    def validation(self) -> float | None: ...


def strongest_of(baselines: Mapping[BaselineName, _Checked]) -> BaselineName:
    """The name of the one that gets the most right on validation, the first of equals; one that learns from the texts
    before the most frequent label.
    """
    return max(baselines, key=lambda name: (baselines[name].validation or 0.0, name != "majority"))


class Result:
    """What a run ends with is one of three: ClassifierResult, LanguageResult or, of one brought in, NoResult."""


class NoResult(msgspec.Struct, Result, frozen=True):
    """Nothing was tested here, or it is in a form that this version does not know."""


class SplitResult(msgspec.Struct, kw_only=True):
    """Accuracy on the texts of a split, with its 95 % interval; `loss` is None where an older version left it out.

    Where not all of a split was asked, `rows` were drawn at random, out of `drawn_from`.
    """

    accuracy: Share
    low: Share
    high: Share
    rows: Count
    correct: Annotated[int, msgspec.Meta(ge=-1, le=10**15)] = -1
    loss: float | None = None
    drawn_from: Count | None = None

    def __post_init__(self) -> None:
        if self.correct < 0:  # an older version wrote it for the test alone
            self.correct = round(self.accuracy * self.rows)

    @property
    def size(self) -> int:
        """How many texts the split has."""
        return self.rows if self.drawn_from is None else self.drawn_from

    @classmethod
    def of(cls, correct: int, rows: int, **more: object) -> Self:
        """The result of `correct` right answers on `rows` texts; `more` are further fields."""
        low, high = wilson(correct, rows)
        found = {"accuracy": correct / rows if rows else 0.0, "low": low, "high": high, "rows": rows}
        return msgspec.convert(found | {"correct": correct} | more, cls)


class LabelResult(msgspec.Struct):
    """How well one label is found among the test texts, `rows` of which have it."""

    precision: Share
    recall: Share
    f1: Share
    rows: Count

    @property
    def shares(self) -> list[str]:
        """Precision, recall and F1 in per cent."""
        return [percent(share) for share in (self.precision, self.recall, self.f1)]


class BaselineResult(SplitResult, kw_only=True):
    """What a baseline gets right on the test texts, and on validation, by which the strongest is chosen.

    `won` counts the texts that only the network gets right, `lost` those that only the baseline does. `half` is its
    accuracy on validation with half of the training texts, where that is known.
    """

    validation: Share | None = None
    seconds: Duration | None = None
    won: Count | None = None
    lost: Count | None = None
    half: Share | None = None


class FinalTest(SplitResult, kw_only=True, omit_defaults=True):
    """The test split. `clean` is the accuracy on the `clean_rows` texts that training does not hold too, and `unseen`
    that on those `unseen_rows` of them of which it holds no near copy either; an older version did not count these.

    `baselines` are of the kinds of BASELINES. `verdict` is how the network stands beside the `strongest` of them;
    both are None where an older version tested. `confusion` has a row for each label, and in it a column for each
    prediction.
    """

    clean: Share | None
    clean_rows: Count
    unseen: Share | None = None
    unseen_rows: Count | None = None
    baselines: dict[str, BaselineResult] = {}
    strongest: BaselineName | None = None
    verdict: Standing | None = None
    per_class: dict[str, LabelResult]
    confusion: list[list[Count]]
    # what an older version wrote in place of the baselines
    baseline: Share | None = None
    majority: Share | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        older = {"words": self.baseline, "majority": self.majority}
        for name, accuracy in older.items():
            if accuracy is not None:
                self.baselines[name] = BaselineResult.of(round(accuracy * self.rows), self.rows)
        self.baseline = self.majority = None

    @property
    def leaked(self) -> int:
        """How many test texts are also in training."""
        return self.rows - self.clean_rows


class CacheResult(msgspec.Struct):
    """What the prefix cache cost and saved, in seconds, over all its boundaries; the rest is of the last one."""

    blocks: int = 0
    texts: int = 0
    bytes: int = 0
    cost: float = 0.0
    seconds: Duration = 0.0
    saved: float = 0.0


class Seconds(msgspec.Struct, kw_only=True):
    """What the parts of a run took, and all together."""

    prepare: Duration = 0.0
    learn: Duration = 0.0
    test: Duration = 0.0
    total: Duration


class Line(NamedTuple):
    """An accuracy among others, with its 95 % interval; `own` is whether it is the run's own, and no baseline's."""

    name: str
    share: float
    low: float
    high: float
    words: str
    own: bool = True

    @property
    def interval(self) -> str:
        """'96.2 % to 99.3 %'."""
        return f"{percent(self.low)} to {percent(self.high)}"


class ClassifierResult(msgspec.Struct, Result, kw_only=True):
    """How good a fine-tuned classifier is. `checkpoint` is the step whose weights were tested."""

    run: str
    name: str
    checkpoint: Annotated[int, msgspec.Meta(ge=0, le=10**12)]
    labels: list[str]
    test: FinalTest
    train: SplitResult
    validation: SplitResult
    cache: CacheResult | None = None
    changes: list[str] = []
    advice: list[str] = []  # what to try next, in sentences
    seconds: Seconds

    def __post_init__(self) -> None:
        n, confusion = len(self.labels), self.test.confusion
        if len(confusion) != n or any(len(row) != n for row in confusion):
            raise ValueError("its confusion matrix is not one of its labels")

    def lines(self) -> Iterator[Line]:
        """What the test says, the network first, then the baselines."""
        test = self.test
        yield Line("test", test.accuracy, test.low, test.high, f"{test.correct:,} of {test.rows:,} right")
        if test.leaked and test.clean is not None:
            low, high = wilson(round(test.clean * test.clean_rows), test.clean_rows)
            yield Line("without leaks", test.clean, low, high, f"{test.leaked:,} also in training")
        if test.unseen is not None and test.unseen_rows and test.unseen_rows < test.clean_rows:
            low, high = wilson(round(test.unseen * test.unseen_rows), test.unseen_rows)
            nearly = f"{test.clean_rows - test.unseen_rows:,}{' more' if test.leaked else ''} nearly in training"
            yield Line("without copies", test.unseen, low, high, nearly)
        for name, kind in BASELINES.items():
            if found := test.baselines.get(name):
                took = f" · {duration(found.seconds)}" if found.seconds and found.seconds >= TOOK_NOTHING else ""
                yield Line(kind.title, found.accuracy, found.low, found.high, f"{kind.about}{took}", own=False)

    def split_lines(self) -> Iterator[Line]:
        """What the splits say that the run learned from and chose its weights by."""
        for name, split in (("validation", self.validation), ("train", self.train)):
            right = f"{split.correct:,} of {split.rows:,} right"
            if split.drawn_from is not None:
                name, right = f"{name} sample", f"{right}, drawn from {split.drawn_from:,}"
            yield Line(name, split.accuracy, split.low, split.high, right)

    @property
    def cache_savings(self) -> str:
        """'the cache saved 0:12 of 0:47', of what the run would have taken; empty where that is nothing to speak of."""
        saved = self.cache.saved if self.cache else 0.0
        return f"the cache saved {clock(saved)} of {clock(self.seconds.total + saved)}" if saved >= WORTH_SAYING else ""


class HeldOut(msgspec.Struct):
    """What a language model makes of text that it has not learned from; accuracy is of next tokens."""

    windows: Count
    loss: float
    accuracy: Share
    bits_per_byte: float


class LanguageSeconds(msgspec.Struct):
    """What learning and the last evaluation took."""

    learn: Duration
    test: Duration = 0.0


class LanguageResult(msgspec.Struct, Result):
    """How good a pretrained language model is, and where it lies."""

    held_out: HeldOut
    tokens: int
    parameters: int
    seconds: LanguageSeconds
    model: str
    sha256: str


def encode_result(result: ClassifierResult | LanguageResult) -> bytes:
    """The document of result.json."""
    return msgspec.json.format(msgspec.json.encode(result), indent=2)


def parsed(document: dict) -> ClassifierResult | LanguageResult | NoResult:
    """The result that a document of result.json holds: what is in it tells which it is. Raises ValidationError."""
    kinds = {"test": ClassifierResult, "held_out": LanguageResult}
    return msgspec.convert(document, next((kind for key, kind in kinds.items() if key in document), NoResult))


def result_of(document: object) -> ClassifierResult | LanguageResult | NoResult:
    """The result that a run's last event holds; none in a form that this version does not know."""
    try:
        return parsed(document) if isinstance(document, dict) else NoResult()
    except msgspec.ValidationError:
        return NoResult()
