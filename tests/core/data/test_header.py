"""The first row names the columns, or is a row like the others."""

import pytest

from core.data.read import read

TEXTS = [f"{('see you at the station', 'claim your free prize')[i % 2]} number {i}" for i in range(30)]
LABELS = ["Ham", "Spam"] * 15


def lines(*columns, mark=","):
    return [mark.join(map(str, row)) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize(
    "header, rows, names",
    [
        ("0,1", lines(TEXTS, LABELS), ["0", "1"]),
        (",0,1", lines(range(30), TEXTS, LABELS), ["column 0", "0", "1"]),
        ("Spam,Nachricht", lines(LABELS, TEXTS), ["Spam", "Nachricht"]),
        ("said,2019", lines(TEXTS, LABELS), ["said", "2019"]),
        ("text,2019,2020", lines(TEXTS, LABELS, range(30)), ["text", "2019", "2020"]),
        ("Was sagt man hier so,Was war es", lines(TEXTS, LABELS), ["Was sagt man hier so", "Was war es"]),
        ("q" * 90 + "?,how much", lines(TEXTS, [1, 2, 3] * 10), ["q" * 90 + "?", "how much"]),
        ("q" * 90 + "?,kind of it", lines(TEXTS, LABELS), ["q" * 90 + "?", "kind of it"]),
    ],
)
def test_a_header_is_known(file, header, rows, names):
    table = read(file("\n".join([header, *rows]) + "\n"))
    assert (table.all_columns, table.n_rows, table.format) == (names, 30, "comma-separated, with header")
    assert set(table.labels) in ({"Ham", "Spam"}, {"1", "2", "3"})


@pytest.mark.parametrize(
    "rows",
    [
        lines(LABELS, TEXTS),
        lines(range(30), TEXTS, LABELS),
        lines(TEXTS, [1, 2, 3] * 10),
        ["Ham,Ok", *lines(LABELS[1:], [*TEXTS[1:-1], "Go"])],
    ],
)
def test_a_row_is_no_header(file, rows):
    table = read(file("\n".join(rows) + "\n"))
    assert (table.n_rows, table.format) == (len(rows), "comma-separated, no header")
