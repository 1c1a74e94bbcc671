"""File names that no option, recipe or terminal expects, and terminals that have not every character."""

import json
import os
import subprocess
import sys

import pytest
import torch

from cases import each

DEADLINE = 90  # seconds
ROWS = "label,text\n" + "".join(
    f"{'垃圾' if i % 2 else '正常'},{'free prize' if i % 2 else 'lunch at home'} {i}\n" for i in range(60)
)
NAMES = [
    "new\nline.csv",
    "-x.csv",
    "a b.csv",
    "[red]x[bold].csv",
    "q\"'x.csv",
    "\x1b[31mred.csv",
    "日本.csv",
    "x" * 240,
]


@pytest.fixture
def workbench(tmp_path):
    """A function that runs a command of the program in the test's folder."""

    def workbench(*argv, **environment):
        command = [sys.executable, "-P", "-m", "workbench", *argv]
        done = subprocess.run(
            command, capture_output=True, timeout=DEADLINE, cwd=tmp_path, env=os.environ | environment
        )
        assert b"Traceback" not in done.stderr and b"\x1b" not in done.stdout + done.stderr
        return done

    return workbench


@pytest.mark.more
def test_any_name_is_a_files(workbench, tmp_path):
    for name in NAMES:
        (tmp_path / name).write_text(ROWS)
        found = json.loads(workbench("data", "--json", "--", name).stdout)
        assert found["labels"] == {"正常": 30, "垃圾": 30}


def test_a_name_that_is_not_utf8_gets_a_sentence(workbench, tmp_path):
    name = b"caf\xe9.csv"
    with open(os.path.join(os.fsencode(tmp_path), name), "w") as file:
        file.write(ROWS)
    for argv in (
        ["data", name],
        ["train", name],
        ["train", "sample", b"--weights=" + name],
        ["train", "sample", b"--model=" + name],
        ["train", "sample", b"--label=" + name],
        ["train", "sample", b"--text=" + name],
        ["import", name],
        ["models", "ask", "nano", b"--weights=" + name],
        ["runs", b"--runs=" + name],
        ["show", name],
    ):
        done = workbench(*argv)
        assert done.returncode in (1, 2) and b"not UTF-8" in done.stderr and b"ename the file or folder" in done.stderr
        assert b"caf\\udce9.csv" in done.stderr and not done.stdout


@pytest.mark.more
def test_a_terminal_that_is_not_utf8_is_sent_what_it_has(workbench, tmp_path):
    (tmp_path / "labels.csv").write_text(ROWS)
    runs = ["--runs", "runs"]
    for encoding in ("latin-1", "ascii"):
        for argv in (
            ["data", "labels.csv"],
            ["train", "labels.csv", "--model", "tfidf", *runs],
            ["name", "last", "很好", *runs],
            ["show", "last", *runs],
            ["predict", "last", "free 免费", *runs],
        ):
            done = workbench(*argv, PYTHONIOENCODING=encoding)
            assert done.returncode == 0 and done.stdout.decode(encoding), done.stderr
            expected = rb"\u5f88\u597d" if argv[0] == "name" else rb"\u5783\u573e"
            assert expected in done.stdout or argv[0] == "train"
        assert workbench("compare", "r1", "last", *runs, PYTHONIOENCODING=encoding).returncode == 0
        assert rb"\u5f88\u597d" in workbench("runs", *runs, PYTHONIOENCODING=encoding).stdout


@pytest.mark.parametrize("argv", each(4, [["models"], ["models", "--json"], ["data", "sample"], ["runs"], ["--help"]]))
def test_who_stops_reading_hears_no_more(argv, tmp_path):
    command = [sys.executable, "-P", "-m", "workbench", *argv]
    environment = os.environ | {"WORKBENCH_RUNS": str(tmp_path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait(DEADLINE) in (0, 1) and not said


@pytest.mark.more
def test_a_checkpoint_of_any_name_is_read(workbench, tmp_path):
    for name in NAMES:
        torch.save({"loss": 1.0}, file := tmp_path / name)
        assert b"holds no weights by name" in workbench("import", "--", file.name).stderr
