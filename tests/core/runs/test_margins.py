"""The file of margins: written, read, and refused where it is damaged."""

import pytest

from core.errors import BadRun
from core.runs.folder import RunFolder
from core.runs.margins import Margin, doubted, read_margins, write_margins

MARGINS = [
    Margin(7, "ham", "spam", -1.25, 0.3, 6),
    Margin(2, 'a "b",\nc', "é", 3.5, 0.9, 6),
    Margin(5, "ham", "spam", -4.0, 0.1, 5),
]


def test_they_are_kept_by_row_and_doubted_by_margin(tmp_path):
    run = RunFolder(tmp_path)
    write_margins(run, MARGINS)
    assert read_margins(run) == [MARGINS[1], MARGINS[2], MARGINS[0]]
    assert [one.row for one in doubted(read_margins(run))] == [5, 7]


def test_a_run_without_any_and_a_damaged_file_are_said_to_be_so(tmp_path):
    run = RunFolder(tmp_path)
    with pytest.raises(BadRun, match="kept no margins"):
        read_margins(run)
    for content in (b"row\nx\n", b"", b"\xff\xfe", b"row,label,other,margin,own,seen\n1,a,b,nothing,0.1,3\n"):
        run.margins_file.write_bytes(content)
        with pytest.raises(BadRun, match="cannot be read"):
            read_margins(run)
