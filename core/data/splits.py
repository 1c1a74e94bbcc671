"""Words that say which split a row belongs to, in a column of the file."""

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
# lower case, without blanks, hyphens and underscores
WORDS = {
    TRAIN: "train training trn learn fit 训练 訓練 训练集 学習 apprentissage entrenamiento",
    VALIDATION: "validation valid validate val dev devel development eval evaluation tune tuning validierung "
    "entwicklung validación validacion 验证 驗證 验证集 検証",
    TEST: "test testing tst holdout heldout final prueba 测试 測試 测试集 テスト",
}
_SPLIT_OF = {word: split for split, words in WORDS.items() for word in words.split()}
_YES = {"1", "1.0", "true", "yes", "t", "y"}
_NO = {"0", "0.0", "false", "no", "f", "n"}


def split_of(cell: str, column: str = "") -> str:
    """The split that a cell names, or empty: `training`, `Dev`, `hold-out`; or yes and no in a column `is_test`."""
    known = _SPLIT_OF.get(_plain(cell))
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
    return _SPLIT_OF.get(name.removeprefix("is").removeprefix("in").removesuffix("set"), "")


def _plain(words: str) -> str:
    plain = "".join(char for char in words.lower() if char not in " -_.\u00a0")
    return plain.removesuffix("set").removesuffix("split").removesuffix("data")
