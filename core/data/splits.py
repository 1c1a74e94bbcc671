"""Words that say which split a row belongs to: in a column of the file, and in the names of files and fields."""

import re

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
COLUMN = "split"  # what it is called where files or fields say it, and no column does
# lower case, without blanks, hyphens and underscores
WORDS = {
    TRAIN: "train training trn 训练 訓練 训练集 学習 apprentissage entrenamiento",
    VALIDATION: "validation valid validate val dev devel development eval evaluation validierung "
    "entwicklung validación validacion 验证 驗證 验证集 検証",
    TEST: "test testing tst holdout heldout prueba 测试 測試 测试集 テスト",
}
# a cell that says no more than this says it; in the name of a file these mean anything
ALONE = {TRAIN: "learn fit", VALIDATION: "tune tuning", TEST: "final"}
UNLABELLED = {"unsup", "unlabeled", "unlabelled", "unsupervised"}  # a part of a data set that is in no split
_BY_NAME = {word: split for split, words in WORDS.items() for word in words.split()}
_BY_CELL = _BY_NAME | {word: split for split, words in ALONE.items() for word in words.split()}
_YES = {"1", "1.0", "true", "yes", "t", "y"}
_NO = {"0", "0.0", "false", "no", "f", "n"}


def split_of(cell: str, column: str = "") -> str:
    """The split that a cell names, or empty: `training`, `Dev`, `hold-out`; or yes and no in a column `is_test`."""
    known = _BY_CELL.get(_plain(cell))
    if known:
        return known
    asked = asked_by(column)
    value = cell.strip().lower()
    if not asked or value not in _YES | _NO:
        return ""
    if value in _YES:
        return asked
    return TEST if asked == TRAIN else TRAIN


def asked_by(column: str) -> str:
    """The split that a column of yes and no tells from the others by its name, such as `is_valid`; else empty."""
    name = _plain(column)
    return _BY_CELL.get(name.removeprefix("is").removeprefix("in").removesuffix("set"), "")


def split_called(name: str) -> str:
    """The split that all of a name says, as that of a folder `train` or `Dev set`; else empty."""
    return _BY_NAME.get(_plain(name), "")


def split_in(name: str) -> str:
    """The split that a word of a name says, as in `reviews_train.csv` or `test-00000-of-00001`; else empty."""
    return next(filter(None, map(split_called, re.split(r"[\W\d_]+", name.lower()))), "")


def is_unlabelled(name: str) -> bool:
    """Whether a name is that of a part of a data set that has no labels, such as IMDb's `unsup`."""
    return name.strip().lower() in UNLABELLED


def _plain(words: str) -> str:
    plain = "".join(char for char in words.lower() if char not in " -_.\u00a0")
    return plain.removesuffix("set").removesuffix("split").removesuffix("data")
