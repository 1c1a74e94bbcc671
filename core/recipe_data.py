"""The options of the data: which rows, read how, and split how. Declared once, as all options are."""

import re
from typing import Annotated, Literal

from pydantic import Field

from core.datasets import NAMED
from core.options import AUTO, Part, opt

# the options that say how a file is read, and what its columns are
READING = (
    *("text", "label", "several_labels", "split", "group", "time", "swap"),
    *("quoting", "encoding", "separator", "skip_lines", "header"),
)

Quoting = Literal["auto", "csv", "backslash", "single", "single_backslash", "spaced", "excel", "lines", "none"]


class Data(Part):
    path: str = opt(
        "sample",
        "The labelled texts: a CSV, TSV or JSONL file, or lines of label, tab, text, compressed or not; a folder or an "
        "archive with a folder or a file for each class, or with several tables; - for standard input. Or a data set "
        f"by its name: {', '.join(NAMED)}.",
        flag="--data",
        min_length=1,
    )
    validation_path: str = opt(
        "",
        "A file of the rows to check on while learning, of the same kind and columns; empty: they are taken from the "
        "others.",
        flag="--validation-file",
    )
    test_path: str = opt(
        "",
        "A file of the test set, of the same kind and columns; empty: it is taken from the others.",
        flag="--test-file",
    )
    text: str = opt(
        AUTO,
        "The column that holds the text: its name, or its number from 0. Or a text made of several, whose names are in "
        "braces: '{title}. {description}'. {title:.100} is the first 100 characters of one. [SEP] between two, as in "
        "'{question} [SEP] {answer}', makes a pair for models that were pretrained on pairs.",
        flag="--text",
    )
    label: str = opt(
        AUTO,
        "The column that holds the label: its name, or its number from 0. Several with commas between them, of which "
        "each row sets exactly one to 1 or true, are one label with their names.",
        flag="--label",
    )
    several_labels: Literal["refuse", "leave_out", "join"] = opt(
        "refuse",
        "Rows that have several labels are left out where they are few; where they are the rule, refuse refuses the "
        "file, and leave_out still learns from the others. join takes several labels for a class of their own.",
        flag="--several-labels",
    )
    split: str = opt(
        AUTO,
        "A column that says train, validation and test for each row: its name, or its number from 0, keeps to what it "
        "says. auto tells you if there is one, but makes a new split; none does not look for one. What the column "
        "lacks is taken from the training rows.",
        flag="--split",
    )
    group: str = opt(
        "",
        "A column such as the author or the conversation: its name, or its number from 0. All rows with the same value "
        "go into the same part, training, validation or test, so that the test is about authors that are new to the "
        "model. Empty: none.",
        flag="--group",
    )
    time: str = opt(
        "",
        "A column of dates or numbers: its name, or its number from 0. The earliest rows are learned from, the latest "
        "tested, as in use. Empty: rows are split at random.",
        flag="--time",
    )
    swap: str = opt(
        "",
        "Two columns of the text, with a comma between, that may stand in either order, such as two answers or two "
        "sentences: every training row is learned from a second time with them exchanged. Validation and test stay as "
        "they are. Empty: none.",
        flag="--swap",
    )
    swap_labels: str = opt(
        "",
        "Two labels, with a comma between, of which one means the other once the columns of data.swap are exchanged, "
        "such as first and second. Every other label stays. Empty, or without data.swap: all stay.",
        flag="--swap-labels",
    )
    rows: Literal["all"] | Annotated[int, Field(ge=2, le=1_000_000_000)] = opt(
        "all",
        "Take so many rows of the file only, drawn by data.seed with each label's share kept, before anything else is "
        "done with them: a part of a large file to try things on. data.learn_from takes fewer to learn from alone.",
        flag="--rows",
        unit="rows",
    )
    quoting: Quoting = opt(
        AUTO,
        "How quotes enclose fields: csv are double quotes, doubled inside of a field; with backslash, one stands "
        "before what is text; single and single_backslash are the same with single quotes; spaced is csv with blanks "
        'after separators, excel csv with fields like ="text", lines csv whose lines are quoted once more. none: '
        "quotes are part of the text. auto finds out and says so.",
        flag="--quoting",
    )
    encoding: str = opt(
        AUTO,
        "How the file spells text, by a name that Python's codecs know: utf-8, cp1252, gb18030. auto finds out and "
        "says so.",
        flag="--encoding",
        min_length=1,
    )
    separator: str = opt(
        AUTO,
        "What stands between two columns: the mark itself, or tab. auto finds out and says so.",
        flag="--separator",
        min_length=1,
    )
    skip_lines: Literal["auto"] | Annotated[int, Field(ge=0, le=1_000_000_000)] = opt(
        AUTO,
        "How many lines stand before the table: a title, comments. auto finds out and says so.",
        flag="--skip-lines",
        unit="lines",
    )
    header: Literal["auto", "yes", "no"] = opt(
        AUTO, "Whether the first row names the columns. auto finds out and says so.", flag="--header"
    )
    edits: str = opt(
        AUTO,
        "The file of what a person has mended: rows relabelled or dropped before the split. auto takes what was mended "
        "here in this data, in the app or with workbench mend; none learns from the data as it is. The data itself is "
        "never changed.",
        flag="--edits",
        min_length=1,
    )
    duplicates: Literal["drop", "drop_near", "keep"] = opt(
        "drop",
        "drop removes exact copies of a text before the split, and texts that occur with different labels; drop_near "
        "removes near copies too, which differ in a few words, case or spaces; keep leaves all in, and copies of "
        "training texts then stand in the test set.",
        flag="--duplicates",
    )
    join_labels: Literal["off", "on"] = opt(
        "off",
        "on makes one label of those that differ only in case, blanks, or letters that look alike or are not seen: the "
        "spelling that most rows have. off only names them.",
        flag="--join-labels",
    )
    rare_labels: Literal["leave_out", "join", "refuse"] = opt(
        "leave_out",
        "What becomes of labels of fewer rows than a stratified split needs, one for each part: leave_out leaves "
        "their rows out, join makes one label of them, other, and refuse learns nothing.",
        flag="--rare-labels",
    )
    balance: Literal["none", "undersample", "oversample"] = opt(
        "none",
        "undersample learns from as many rows of every label as the rarest one has in training, oversample from as "
        "many as the most frequent one has, with rows that stand there again; validation and test keep the file's "
        "shares. train.class_weights changes what a row counts instead.",
        flag="--balance",
        first=True,
    )
    balance_first: bool = opt(
        False,
        "Balance before the split, as the book does: validation and test do not have the file's shares then.",
        flag="--balance-first",
    )
    train: float = opt(0.7, "Share of the rows to learn from.", gt=0, lt=1)
    validation: float = opt(0.1, "Share of the rows to check on while learning; the rest is the test set.", gt=0, lt=1)
    fold: str = opt(
        "none",
        "k-fold cross-validation: 2/5 cuts the rows into five parts and tests on the second; train and validation come "
        "from the other four. Five such runs test every row once (sweep --folds 5 makes them).",
        flag="--fold",
    )
    learn_from: Literal["all"] | Annotated[int, Field(ge=2, le=1_000_000_000)] = opt(
        "all",
        "Learn from so many of the training rows only, with each label's share kept; validation and test stay as they "
        "are. It shows what fewer labels would have done.",
        flag="--learn-from",
        unit="rows",
    )
    stratify: bool = opt(True, "Keep each label's share equal in the three splits.", flag="--stratify")
    shuffles: int = opt(
        1,
        "How often the rows are shuffled before they are split: the book's further scripts do it twice.",
        ge=1,
        le=9,
        flag="--shuffles",
    )
    baseline: Literal["tfidf", "counts"] = opt(
        "tfidf",
        "The baseline that the model is compared with: tfidf counts words, pairs of words and characters, with "
        "logistic regression as strict as is best on validation; counts counts words, plain, as in the book's "
        "comparison.",
    )
    probe: Literal["auto", "on", "off"] = opt(
        AUTO,
        "Whether to fit a linear probe, too: logistic regression on what the untouched model makes of the texts. It "
        "shows whether fine-tuning helps. auto does where that takes little of the run's time, and the weights are not "
        "random.",
        flag="--probe",
    )
    seed: int = opt(123, "Decides which rows are sampled and which split each falls into.", ge=0, lt=2**32)

    @property
    def swapped(self) -> tuple[str, str] | None:
        """The two columns that may stand in either order; None for none. Raises ValueError for what is not two."""
        return _two(self.swap)

    @property
    def swapped_labels(self) -> tuple[str, str] | None:
        """The two labels that change with them; None for none. Raises ValueError for what is not two."""
        return _two(self.swap_labels)

    @property
    def fold_of(self) -> tuple[int, int] | None:
        """Which part is tested on, from 1, and of how many; None where no such parts are made.

        Raises ValueError for what is no such part.
        """
        if self.fold == "none":
            return None
        found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", self.fold)
        part, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= part <= of or of < 2:
            raise ValueError(f"cannot be {self.fold!r}.")
        return part, of


def _two(said: str) -> tuple[str, str] | None:
    if not said:
        return None
    found = [name.strip() for name in said.split(",")]
    if len(found) != 2 or "" in found or found[0] == found[1]:
        raise ValueError(f"cannot be {said!r}.")
    return found[0], found[1]
