"""Two runs side by side, and names for runs, on the command line."""

import json

import pytest

from core.runs.records import Label
from workbench.cli import main


def answers(wrong, n=300):
    """Test rows of which some are answered wrongly, as `runs.write_predictions` takes them."""
    return [("ham", "spam" if i in wrong else "ham", 0.9, f"text {i}") for i in range(n)]


@pytest.fixture
def pair(runs):
    """r1, wrong on the rows 0 to 15, and r2, wrong on 10 to 16, with another rate."""
    first, second = runs.write(), runs.write(train={"lr": 1e-4}, freeze={"trainable": "head,norm"})
    runs.write_predictions(first, answers(range(16)))
    runs.write_predictions(second, answers(range(10, 17)))
    return first, second


@pytest.fixture
def said(runs, capsys):
    """A command on these runs: its exit code, standard output and standard error."""

    def run(*argv):
        code = main.main([*map(str, argv), "--runs", str(runs.root)])
        return code, *capsys.readouterr()

    return run


def test_two_runs_side_by_side(pair, said):
    pair[0].name_it(Label("距离 [b]"))
    code, out, err = said("compare", "r2", "距离 [b]")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert " ".join(lines[0].split()) == "r2 98.3 % 96.2 % to 99.3 % of 300 test rows"
    assert lines[1].startswith("r1 距离 [b]   98.3 %")
    assert "Of 300 test rows that both have, r2 alone is right on 10, r1 alone on 1. p .01: better." in lines
    assert "freeze.trainable  head,norm  last_block" in lines and "train.lr          0.0001     auto" in lines
    assert lines[-1].endswith("options equal")


def test_two_runs_in_one_document(pair, said):
    code, out, _ = said("compare", "r1", "r2", "--json")
    found = json.loads(out)
    assert code == 0 and found["run"]["name"] == "r1" and found["baseline"]["run"] == str(pair[1].path)
    assert {"accuracy", "low", "high", "rows", "correct", "label"} <= set(found["run"])
    assert (found["rows"], found["won"], found["lost"], found["verdict"]) == (300, 1, 10, "worse")
    assert found["p"] == 2 * (1 + 11) / 2**11
    assert found["differences"]["train.lr"] == ["auto", 1e-4]


def test_runs_that_share_no_row(pair, runs, said):
    runs.write_predictions(pair[0], [("ham", "ham", 0.9, "another file's text")])
    _, out, _ = said("compare", "r1", "r2")
    assert "They share no test row, so neither has won or lost any." in out
    found = json.loads(said("compare", "r1", "r2", "--json")[1])
    assert (found["rows"], found["p"], found["verdict"]) == (0, None, None)


def test_only_runs_that_are_done_are_compared(pair, runs, said):
    runs.write("stopped")
    code, out, err = said("compare", "r1", "r3")
    assert (code, out) == (main.FAILED, "")
    assert err == "workbench: r3 has no test predictions. They are written when a run is done.\n"
    pair[0].result_file.unlink()
    assert "r1 has no test result to compare." in said("compare", "r1", "r2")[2]


def test_a_name_and_a_note(pair, said, tmp_path):
    assert said("name", "r1", " the  book's ", "--note", "as printed")[1] == "r1 is called the book's.\n"
    assert json.loads(said("name", "the book's", "book", "--json")[1])["label"] == {
        "name": "book",
        "note": "as printed",
    }
    listed = json.loads(said("runs", "--json")[1])
    assert [(row["name"], row["label"]["name"]) for row in listed] == [("r2", ""), ("r1", "book")]
    assert "r1\tbook\tdone" in said("runs")[1]
    assert said("name", "r1", "")[1] == "r1 has no name.\n"
    assert pair[0].label() == Label("", "as printed")
    code, _, err = said("name", tmp_path, "mine")
    assert code == main.FAILED and "is not a run" in err and not (tmp_path / "label.json").exists()
