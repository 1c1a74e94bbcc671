"""`workbench data --doubts`, `workbench mend` and `workbench show --doubts`, as others script against them."""

import gzip
import json

import pytest

from core.runs.edits import Applied, Edit, Edits, keep
from core.runs.margins import Margin, write_margins
from workbench.cli.main import main


@pytest.fixture
def mails(tmp_path, monkeypatch):
    """Sixty texts of which rows 3 and 8 have each other's labels."""
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    rows = [("spam", "free prize, call now") if i % 2 else ("ham", "lunch at home soon") for i in range(60)]
    rows[3], rows[8] = ("ham", rows[3][1]), ("spam", rows[8][1])
    path = tmp_path / "mails.csv"
    path.write_text("label,text\n" + "".join(f'{label},"{text} {i}"\n' for i, (label, text) in enumerate(rows)))
    return path


def done(capsys, *words: str) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_doubts_are_listed_and_mended_and_then_gone(mails, capsys):
    before = mails.read_bytes()
    code, out, _ = done(capsys, "data", mails, "--doubts", "--json")
    found = json.loads(out)
    assert code == 0 and [one["row"] for one in found["doubts"][:2]] in ([3, 8], [8, 3])
    assert found["rows"] == 60 and found["doubts"][0].keys() >= {"label", "said", "probability", "own", "text"}
    assert "Row 3 is spam now." in done(capsys, "mend", mails, "--relabel", 3, "spam")[1]
    assert "Row 8 is dropped now." in done(capsys, "mend", mails, "--drop", 8)[1]
    assert mails.read_bytes() == before
    out = done(capsys, "mend", mails)[1]
    assert "ham\tspam\tfree prize, call now 3" in out and "1 row relabelled, 1 dropped." in out
    out = done(capsys, "data", mails, "--doubts")[1]
    assert "No row of 59 looks mislabelled" in out
    assert "mended: 1 relabelled, 1 dropped" in done(capsys, "data", mails)[1]
    assert "mended" not in done(capsys, "data", mails, "--edits", "none")[1]
    assert "Row 8 is spam again." in done(capsys, "mend", mails, "--undo")[1]
    assert "Row 8 is dropped now." in done(capsys, "mend", mails, "--redo")[1]
    applied = json.loads(done(capsys, "mend", mails, "--json")[1])["applied"]
    assert (applied["relabelled"], applied["dropped"]) == (1, 1)


def test_so_many_are_listed_the_most_doubted_first(mails, capsys):
    out = done(capsys, "data", mails, "--doubts", 1)[1].splitlines()
    assert out[0] == "row\tlabel\trather\tsure\ttext" and out[1].split("\t")[0] in ("3", "8") and not out[2]
    assert any(line.startswith("Mend a row with: workbench mend") for line in out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--relabel", "3", "hamm"], "No row has the label hamm"),
        (["--relabel", "3", "ham"], "Row 3 is ham already"),
        (["--drop", "99"], "There is no row 99: they are numbered from 0 to"),
        (["--undo"], "There is nothing to undo"),
        (["--redo"], "There is nothing to do again"),
        (["--drop", "3", "--edits", "none"], "data.edits is none"),
    ],
)
def test_what_cannot_be_mended_is_said(mails, capsys, words, said):
    code, _, err = done(capsys, "mend", mails, *words)
    assert code == 1 and said in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--relabel", "three", "ham"], "three is no number of a row"),
        (["--drop", "three"], "--drop: cannot be 'three'. It is a whole number. See workbench mend --help."),
    ],
)
def test_a_row_that_is_no_number_is_wrong_usage(mails, capsys, words, said):
    with pytest.raises(SystemExit) as ended:
        done(capsys, "mend", mails, *words)
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_edits_of_other_data_are_refused_by_every_command(mails, capsys, tmp_path):
    done(capsys, "mend", mails, "--drop", 3, "--edits", tmp_path / "mine.json")
    other = tmp_path / "other.csv"
    other.write_text("label,text\n" + "".join(f"{'ab'[i % 2]},other words {i}\n" for i in range(60)))
    for words in (["data", other], ["data", other, "--doubts"], ["mend", other]):
        code, _, err = done(capsys, *words, "--edits", tmp_path / "mine.json")
        assert code == 1 and "no row of theirs is in" in err, words
    code, _, err = done(capsys, "data", other, "--edits", tmp_path / "gone.json")
    assert code == 1 and "There is no file of edits" in err
    code, _, err = done(capsys, "data", other, "--doubts", 0)
    assert code == 2 and "--doubts: cannot be 0" in err


def test_show_lists_what_a_run_doubts_and_says_what_was_mended(runs, capsys, monkeypatch):
    run = runs.write("done")
    monkeypatch.setenv("WORKBENCH_RUNS", str(runs.root))
    code, _, err = done(capsys, "show", "r1", "--doubts")
    assert code == 1 and "r1 kept no margins" in err
    write_margins(run, [Margin(4, "ham", "spam", -2.5, 0.08, 6), Margin(5, "ham", "spam", 3.0, 0.95, 6)])
    run.data_file.write_bytes(
        gzip.compress(
            b'{"row":4,"text":"free prize","label":"ham","split":"train"}\n'
            b'{"row":5,"text":"lunch","label":"ham","split":"train"}\n'
        )
    )
    out = done(capsys, "show", "r1", "--doubts")[1]
    assert "4\tham\tspam\t-2.50\t8.0 %\tfree prize" in out and "1 training row of 2 in doubt" in out
    found = json.loads(done(capsys, "show", "r1", "--doubts", "5", "--json")[1])
    assert found["total"] == 1 and found["doubts"][0]["text"] == "free prize"
    keep(run, Edits(data="mails.csv", edits=[Edit.of("a", "ham", "spam")]), Applied(relabelled=17, dropped=3, tested=2))
    out = done(capsys, "show", "r1")[1]
    assert "17 rows relabelled, 3 dropped, as the edits say." in out and "2 of them are in the test part" in out
    assert json.loads(done(capsys, "show", "r1", "--json")[1])["edits"]["relabelled"] == 17
