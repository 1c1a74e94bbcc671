"""What a file of labelled texts looks like, before anything is learned from it. Quick to import."""

from collections.abc import Mapping

import msgspec

NO_LETTERS = "no letters"  # the script of a text that has none
NOT_SURE = "not sure"  # the language of a text of which it cannot be told
TOLD = 0.25  # of the texts: where fewer have a language that can be told, nothing is said of most


class Glimpse(msgspec.Struct, frozen=True):
    """What a file is taken for, from its beginning alone.

    `text` and `label` are the columns that are taken, and `rows` what the first rows hold of them, the label first;
    where none is found, both are empty, the rows are whole, and `problem` says why.
    """

    format: str
    encoding: str
    columns: list[str]
    text: str
    label: str
    rows: list[list[str]]  # shortened
    notes: list[str]
    problem: str = ""


class Skipped(msgspec.Struct, frozen=True):
    """Rows of the file that cannot be learned from, and why."""

    reason: str
    rows: int


class Note(msgspec.Struct, frozen=True):
    """One thing worth a look: `count` rows, which the row filter `filter` shows (empty: none).

    `offers` is what the recipe could say instead, by the names of its options: another model, labels joined or apart, a
    split kept to or not. `asks` is the column that is unsure, text or label, where that is what it says. `do` is how
    the command line does either; a screen has a key for it, by the action that it `does` where it changes no option.
    """

    count: int
    text: str
    filter: str = ""
    warn: bool = False
    offers: dict[str, str] = {}
    asks: str = ""
    do: str = ""
    does: str = ""


def language_of_most(languages: Mapping[str, int]) -> str:
    """The language of most texts whose language can be told; empty where that is none, or true of too few texts."""
    told = {name: count for name, count in languages.items() if name != NOT_SURE}
    most = max(told, key=told.__getitem__, default="")
    is_most = 2 * told.get(most, 0) > sum(told.values()) >= TOLD * sum(languages.values())
    return most if is_most else ""


class Profile(msgspec.Struct, frozen=True):
    """Everything the Data screen and `workbench data` show of a file under a recipe."""

    path: str
    format: str  # "tab-separated, no header"
    encoding: str  # "UTF-8", "UTF-8 with BOM", "Windows-1252"
    quoting: str  # a kind of quotes or none, as found; auto where the format has no quotes
    rows: int  # rows of the file as read, skipped ones included
    columns: dict[str, str]  # {"text": name or number, "label": ...}
    all_columns: list[str]
    labels: dict[str, int]  # rows per label in the file, sorted as the classifier numbers them
    learning: dict[str, int]  # rows per label after duplicates and balance
    skipped: list[Skipped]
    duplicates: int  # rows that are exact copies of an earlier text with the same label
    conflicts: int  # rows whose text occurs with different labels
    splits: dict[str, dict[str, int]]  # train, validation, test -> rows per label
    leaks: dict[str, int]  # validation, test -> rows whose text also is in training
    lengths: dict[str, dict[int, int]]  # label -> tokens -> rows, over the rows for learning
    context: int  # texts longer than this are cut
    cut: int  # rows for learning that are
    longest_training: int  # tokens, before cutting
    tokens_per_character: float  # about 0.25 for English; above 0.7 the tokenizer was not made for this text
    notes: list[Note]
    speed: float  # FLOP/s of this machine's matrix products, measured in passing; for estimates only
    near_copies: int = 0  # rows that are nearly the same as an earlier text: a few other words, case or spaces
    near_leaks: dict[str, int] = {}  # validation, test -> rows that are nearly the same as one in training
    split_column: str = ""  # that says train, validation and test, kept to or not
    files: dict[str, str] = {}  # validation, test -> a file of their own, where they have one
    alternatives: dict[str, list[str]] = {}  # text, label -> columns that it could be besides
    alike: dict[str, list[str]] = {}  # label -> others that look like it, and are not joined with it
    percentiles: dict[str, int] = {}  # "50", "90", "95", "99", "longest" -> tokens, over the rows for learning
    cuts: dict[int, int] = {}  # context -> rows for learning that it cuts; the last is the model's own
    scripts: dict[str, int] = {}  # "Latin", "Han", ..., "no letters" -> texts that are mostly in it, most first
    languages: dict[str, int] = {}  # "English", ..., "not sure" -> texts, of those looked at, most first
    own_labels: dict[str, int] = {}  # label -> rows, before rare ones are joined: those that a row can be given
    rare: dict[str, int] = {}  # labels too rare to be split -> rows, left out or joined as the recipe says
    problem: str = ""  # why these rows cannot be learned from under this recipe, and what to do; empty: all is well

    @property
    def language(self) -> str:
        """The language of most texts, as `language_of_most` has it."""
        return language_of_most(self.languages)

    @property
    def training_rows(self) -> int:
        """How many rows there are to learn from."""
        return sum(self.splits.get("train", {}).values())


class Row(msgspec.Struct, frozen=True):
    """One row in the browser. `text` is shortened for the list; `pieces` asks for the whole."""

    row: int
    label: str
    tokens: int
    text: str
    split: str  # "" where it is left out
    marks: list[str]  # "duplicate", "conflict", "near copy", "leak", "near leak", "cut"


class Doubt(msgspec.Struct, frozen=True):
    """A row that looks mislabelled: what a model that has not learned from it says instead.

    `probability` is that of the class it `said`, `own` that of the row's label; `margin` is how it compares with what
    is usual for both classes, the lower the more doubted. `text` is shortened.
    """

    row: int
    label: str
    said: str
    probability: float
    own: float
    margin: float
    text: str


class DoubtsFound(msgspec.Struct, frozen=True):
    """The most doubted rows, of `total` that are doubted at all, of `rows`, of which so many were `judged`.

    `alone` are classes that cannot be judged: they have one row, or only copies of one, so that none is left to learn
    from.
    """

    doubts: list[Doubt]
    total: int
    rows: int
    judged: int
    alone: list[str]
