"""The command line: precedence, exit codes, what others script against, and what happens at ctrl+c and hang-up."""

import csv
import json
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from cases import first
from core import files, toml
from core.data.sources import registry
from core.data.sources.source import Cells
from core.options import options
from core.recipe import Recipe, load
from core.runs.control import Stop
from core.runs.folder import RunFolder
from core.runs.launch import lock
from core.runs.root import create_run, list_runs
from core.wording import about
from workbench.cli import flags, main

DEADLINE = 90
WORKBENCH = [sys.executable, "-m", "workbench"]
QUICK = [
    "--trainable",
    "head",
    "--epochs",
    "1",
    "--model",
    "nano",
    "--context",
    "16",
    "--threads",
    "1",
    "--readout",
    "last_real",
]


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "messages.csv"
    lines = [
        f"{'spam' if i % 3 == 0 else 'ham'},{'win a prize' if i % 3 == 0 else 'see you later'} {i}" for i in range(60)
    ]
    path.write_text("\n".join(["label,text", *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def trained(messages, tmp_path_factory):
    """What `workbench train --json` printed, run once for the tests that only read it."""
    root = tmp_path_factory.mktemp("runs")
    done = subprocess.run(
        [*WORKBENCH, "train", "--data", str(messages), *QUICK, "--runs", str(root), "--json"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def said(capsys, *argv):
    code = main.main(list(map(str, argv)))
    out, err = capsys.readouterr()
    return code, out, err


def test_train_prints_one_document(trained):
    result, progress = trained
    run = Path(result["run"])
    assert run.is_absolute() and run.is_dir()
    assert {"accuracy", "low", "high", "clean", "baselines", "verdict"} <= set(result["test"])
    assert {"train", "validation", "seconds"} <= set(result)
    assert "learn" in progress and "\x1b" not in progress
    with open(run / "split.csv") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["row", "label", "split"] and len(rows) == 60


def test_predict_reads_arguments_files_and_standard_input(trained, tmp_path, capsys):
    run = trained[0]["run"]
    (tmp_path / "texts.txt").write_text("see you later\nwin a prize\n")
    code, out, _ = said(capsys, "predict", run, "win a prize", "--file", tmp_path / "texts.txt", "--json")
    answers = json.loads(out)
    assert code == 0 and [a["text"] for a in answers] == ["win a prize", "see you later", "win a prize"]
    for answer in answers:
        assert set(answer) == {"text", "label", "probabilities", "cut"}
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert answer["label"] == max(answer["probabilities"], key=answer["probabilities"].get)
    assert answers[0]["probabilities"] == pytest.approx(answers[2]["probabilities"], abs=1e-6)
    code, out, _ = said(capsys, "predict", run, "", "word " * 400)
    assert code == 0 and out.count("\n") == 2 and "(cut)" in out
    odd = "one\u2028still one\ntwo".encode() + b"\xff\x1b[2J\n"
    piped = subprocess.run([*WORKBENCH, "predict", run], input=odd, capture_output=True, timeout=DEADLINE)
    assert piped.returncode == 0 and piped.stdout.count(b"\n") == 2 and b"\x1b" not in piped.stdout


def test_words_stand_between_options_and_after_two_dashes_they_are_no_options(trained, capsys):
    run = Path(trained[0]["run"])
    root = ["--runs", run.parent]
    for argv, texts in [
        ([run.name, *root, "win a prize", "--json"], ["win a prize"]),
        ([*root, run.name, "one", "--json", "two"], ["one", "two"]),
        ([run.name, "--json", *root, "--", "-50%", "--", "--json", "-h"], ["-50%", "--", "--json", "-h"]),
        (["--json", run.name, "a", *root, "--", "-b"], ["a", "-b"]),
    ]:
        code, out, _ = said(capsys, "predict", *argv)
        assert code == 0 and [answer["text"] for answer in json.loads(out)] == texts
    for words, text in [(["--json", "--", "-5 %"], "-5 %"), (["see you", "--json"], "see you")]:
        code, out, _ = said(capsys, "models", "ask", "nano", "--tokens", "1", *words)
        assert code == 0 and json.loads(out)["text"] == text


def test_a_model_can_be_asked_before_it_is_a_classifier(capsys):
    code, out, err = said(capsys, "models", "ask", "nano", "See you", "--tokens", 5)
    assert code == 0 and out.startswith("See you") and len(out.strip()) > len("See you")
    assert "5 tokens in" in err and "random" not in err
    code, out, _ = said(capsys, "models", "ask", "nano", "free [b]", "--spam", "--weights", "random", "--tokens", 4,
                        "--temperature", 1, "--top-k", 9, "--seed", 7, "--json")  # fmt: skip
    answer = json.loads(out)
    assert code == 0 and set(answer) == {"text", "continuation", "tokens", "seconds", "weights", "ended"}
    assert answer["text"] == "Is the following text 'spam'? Answer with 'yes' or 'no': 'free [b]'"
    assert (answer["tokens"], answer["weights"], answer["ended"]) == (4, "random", "tokens")
    assert "can only produce nonsense" in said(capsys, "models", "ask", "nano", "--weights", "random", "--tokens", 1)[2]


def test_what_a_model_cannot_be_asked(tmp_path, capsys):
    code, out, err = said(capsys, "models", "ask", "nono", "a", "--temperature", "-1", "--top-k", 0)
    assert (code, out) == (main.USAGE, "") and err.count("\n") == 3 and "nono is no model" in err
    code, _, err = said(capsys, "models", "ask", "nano", "a " * 600)
    assert code == main.FAILED and "holds 512 in all. Shorten it." in err
    with pytest.raises(SystemExit) as ended:
        main.main(["models", "ask", "nano", "a", "--temperatur", "1"])
    assert ended.value.code == main.USAGE and "Did you mean --temperature?" in capsys.readouterr().err


def test_a_run_is_shown_and_printed_as_a_script(trained, tmp_path, capsys):
    run = Path(trained[0]["run"])
    code, out, _ = said(capsys, "show", run)
    assert code == 0 and f"{run.name}  done, step " in out and str(run) in out
    assert "freeze.trainable\thead\tauto" in out and "train.lr" not in out and "speed.threads\t" not in out
    assert "12 right" in out and "TF-IDF\t" in out and "\nspam\t" in out
    code, out, _ = said(capsys, "show", run, "--json")
    shown = json.loads(out)
    assert code == 0 and shown["state"] == "done" and shown["result"]["test"] == trained[0]["test"]
    assert shown["changed"]["train.epochs"] == 1 and "speed.device" not in shown["changed"]
    code, out, _ = said(capsys, "show", run, "--code")
    assert code == 0 and compile(out, "train.py", "exec") and "model.out_head.parameters()" in out
    code, _, err = said(capsys, "show", create_run(tmp_path, load({})).path, "--code")
    assert code == main.FAILED and "has not built its model yet" in err


def test_recipes_are_listed_with_what_they_stand_for(capsys):
    code, out, _ = said(capsys, "recipes")
    rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0 and ["book/8", "twelve times as many parameters", "98.33 %", "gpt2-xl"] in rows
    assert any(row[0].startswith("book/19: Pads count") for row in rows)
    code, out, _ = said(capsys, "recipes", "--model", "nano", "--json")
    listed = {row["name"]: row for row in json.loads(out)}
    assert listed["book/1"]["stands_for"] == ["book/1", "book/6", "book/7", "book/8"] and "book/6" not in listed
    assert listed["book/11"]["book_percent"] == 96.67 and listed["book/11"]["model"] == "nano"
    assert listed["book/3"]["changes"]["freeze"] == {"trainable": "head"}
    with pytest.raises(SystemExit):
        main.main(["recipes", "--model", "gpt5"])
    assert "workbench" in capsys.readouterr().err


def test_runs_and_models_list(trained, capsys):
    root = Path(trained[0]["run"]).parent
    code, out, _ = said(capsys, "runs", "--runs", root, "--json")
    listed = json.loads(out)
    assert code == 0 and listed[0]["state"] == "done" and listed[0]["test"]["rows"] == 12
    code, out, _ = said(capsys, "runs", "--runs", root)
    assert code == 0 and "done" in out and "nano" in out
    code, out, _ = said(capsys, "models", "--json")
    models = {m["name"]: m for m in json.loads(out)}
    assert models["nano"]["weights"] == "built in" and models["gpt2"]["parameters"] == 124_441_346
    bert = models["bert"]
    assert (bert["family"], bert["languages"], bert["licence"]) == ("BERT", "English", "Apache-2.0")
    _, out, _ = said(capsys, "models")
    assert [line.split("\t")[1] for line in out.splitlines() if line.startswith("BERT\t")] == ["minilm", "bert"]
    code, out, _ = said(capsys, "runs", "--runs", root / "none")
    assert code == 0 and "No runs" in out


def test_data_says_what_is_there(messages, capsys):
    code, out, _ = said(capsys, "data", messages, "--json")
    found = json.loads(out)
    assert code == 0 and found["rows"] == 60
    assert found["columns"] == {"text": "text", "label": "label"}
    assert found["labels"] == {"ham": 40, "spam": 20}
    assert found["skipped"] == [] and found["duplicates"] == 0
    code, out, _ = said(capsys, "data", messages)
    assert code == 0 and "66.7 %" in out


def test_data_takes_a_recipe_by_name_and_a_part_of_the_file(tmp_path, capsys):
    path = tmp_path / "arena.csv"
    head = "id,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie\n"
    rows = [f'{i},"[""why {i}""]",yes {i} a,no {i} b,{i % 3 == 0:d},{i % 3 == 1:d},{i % 3 == 2:d}\n' for i in range(90)]
    path.write_text(head + "".join(rows))
    assert main.main(["data", str(path), "--preset", "arena", "--rows", "60"]) == 0
    out = capsys.readouterr().out
    assert "text: Question: {prompt:.300}" in out
    assert "42  training rows once more, response_a and response_b exchanged, labels too." in out
    assert "60 of 90 rows are taken, with each label's share kept; 30 are left out." in out
    assert main.main(["data", str(path), "--preset", "arena", "--swap", ""]) == 0
    assert "once more" not in capsys.readouterr().out
    assert main.main(["data", str(path), "--preset", "arena", "--text", "prompt"]) == main.USAGE
    assert "names response_a, which is no column of the text" in capsys.readouterr().err


def test_data_says_what_was_chosen_and_how_to_choose_otherwise(tmp_path, capsys):
    kinds, parts = ("ham", "spam", "ham", "Spam\x1b[2J"), ("train", "train", "dev", "test")
    rows = [f"{kinds[i % 4]},{'xyz'[i % 3]},this is text {i},{parts[i // 4 % 4]}" for i in range(96)]
    file, test = tmp_path / "all.csv", tmp_path / "test.csv"
    file.write_text("\n".join(["kind,group,text,part", *rows, "typo,x,this is another,train"]))
    test.write_text("\n".join(["kind,group,text", *(row.rpartition(",")[0] for row in rows[:20])]))
    code, out, _ = said(capsys, "data", file)
    assert code == 0 and "\x1b" not in out
    for words in ("could also be kind. Choose with --label NAME", "--split part", "typo", "--rare-labels join"):
        assert words in " ".join(said(capsys, "data", file, "--label", "kind")[1].split()) + out, words
    code, out, _ = said(capsys, "data", file, "--label", "kind", "--split", "part", "--json")
    found = json.loads(out)
    assert found["split_column"] == "part" and sum(found["splits"]["test"].values()) == 24
    code, out, _ = said(capsys, "data", file, "--label", "kind", "--test-file", test, "--json")
    assert json.loads(out)["files"] == {"test": str(test)} and sum(json.loads(out)["splits"]["test"].values()) == 20
    code, _, err = said(capsys, "data", file, "--split", "none", "--test-file", tmp_path / "no.csv")
    assert code == 1 and "no.csv" in err


def test_data_says_what_is_in_a_format_that_was_added(tmp_path, capsys, monkeypatch):
    class Equations:
        """Lines of `label = text`."""

        def recognises(self, given):
            return float(" = " in next(given.lines()))

        def read(self, given, options, progress):
            rows = [line.strip().split(" = ") for line in given.lines(progress)]
            return Cells(["left", "right"], rows, rows, "equations", given.encoding, options)

    monkeypatch.setattr(registry, "SOURCES", [Equations(), *registry.SOURCES])
    file = tmp_path / "sums.txt"
    file.write_text("".join(f"{'spam' if i % 3 == 0 else 'ham'} = some words of number {i}\n" for i in range(60)))
    code, out, _ = said(capsys, "data", file)
    assert code == 0 and "60 rows, equations, UTF-8" in out and "text: right   label: left" in out


def test_export_writes_a_folder(trained, tmp_path, capsys):
    code, _, _ = said(capsys, "export", trained[0]["run"], tmp_path / "out")
    assert code == 0 and json.loads((tmp_path / "out" / "config.json").read_text())["id2label"] == {
        "0": "ham",
        "1": "spam",
    }
    code, _, err = said(capsys, "export", trained[0]["run"], tmp_path / "out")
    assert code == 1 and "there already" in err


def test_flags_win_over_the_file_and_the_file_over_the_preset(tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text('preset = "book"\n[train]\nepochs = 2\nbatch = 16\n')
    given = main.parse(["train", str(recipe), "--batch", "4", "--model.name", "nano"])
    made = flags.recipe_of(given)
    assert (made.train.epochs, made.train.batch, made.model.name) == (2, 4, "nano")
    assert made.model.readout == "last_pad" and made.data.balance == "undersample"


def test_several_sentences_follow_one_flag(tmp_path):
    given = main.parse(["train", "sample", "--follow", "free entry?", "see you", "--epochs", "1", "--follow", "more"])
    recipe = flags.recipe_of(given)
    assert recipe.train.follow == ("free entry?", "see you", "more") and recipe.train.epochs == 1
    (tmp_path / "r.toml").write_text(toml.text(recipe))
    assert load(toml.read(tmp_path / "r.toml")) == recipe


def test_every_option_is_a_flag_and_survives_toml(tmp_path):
    words = {
        flag
        for action in main.parser("train")._subparsers._group_actions[0].choices["train"]._actions
        for flag in action.option_strings
    }
    for option in options(Recipe):
        assert f"--{option.name}" in words
    recipe = load({"preset": "book", "train": {"lr": 0.001}, "freeze": {"trainable": "blocks.3,norm,head"}})
    path = tmp_path / "r.toml"
    path.write_text(toml.text(recipe))
    assert flags.recipe_of(main.parse(["train", str(path)])) == recipe


def test_three_mistakes_are_reported_together(tmp_path, capsys):
    recipe = tmp_path / "wrong.toml"
    recipe.write_text('[train]\nepochs = "many"\nlearning = 1\n[model]\nname = "gpt5"\n')
    code, _, err = said(capsys, "train", recipe)
    assert code == 2
    assert "train.epochs" in err and "train.learning" in err and "model.name" in err and "gpt2" in err
    assert len(err.strip().splitlines()) == 3


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["train", "--data", ""], "data.path: cannot be ''"),
        (
            ["train", "--data", "missing.csv"],
            "no file missing.csv. Check the path, or name a data set: sample, sms-spam, imdb.",
        ),
        (["train", "missing.toml"], "cannot be read"),
        (["train", "--readout", "last_pad", "--data", "x.csv"], "fixed"),
        (["train", "--trainable", "blocks.77", "--data", "x.csv"], "blocks.77"),
    ],
)
def test_bad_usage_is_2_with_a_sentence(argv, words, capsys, tmp_path):
    code, out, err = said(capsys, *argv, "--runs", tmp_path / "runs")
    assert code == 2 and words in err and out == ""
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["train", "--epoch", "5"], "--epoch is no option of workbench train. Did you mean --epochs?"),
        (["train", "data.csv", "--epoch=5"], "Did you mean --epochs?"),
        (["train", "--colour", "red"], "--colour is no option of workbench train. See workbench train --help."),
        (["runs", "--jsn"], "--jsn is no option of workbench runs. Did you mean --json?"),
        (["runs", "all"], "'all' is one word too many"),
        (["train", "--epochs"], "expected one argument"),
        (["export", "r1"], "DIR"),
        (["predict", "r1", "-50%"], "Write -- before it: workbench predict ... -- -50%"),
        (["data", "-a"], "Write -- before it: workbench data ... -- -a"),
        (["import", "-weights=1.pth"], "-weights is no option of workbench import. See workbench import --help. Is it"),
    ],
)
def test_what_the_command_line_does_not_know_it_says_in_one_sentence(argv, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main.main(argv)
    out, err = capsys.readouterr()
    assert ended.value.code == 2 and words in err and out == ""
    assert len(err.splitlines()) == 1 and err.startswith("workbench: ")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["predict", "r99", "text"], "no run r99"),
        (["resume", "r99"], "no run r99"),
        (["predict", "where the name of a run was forgotten " * 10], "no run"),
        (["data", "~nobody-of-that-name/x.csv"], "nobody"),
        (["predict", "last", "text"], "no trained runs"),
        (["data", "missing.csv"], "missing.csv"),
    ],
)
def test_failures_are_1_with_a_sentence(argv, words, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "runs"))
    code, _, err = said(capsys, *argv)
    assert code == 1 and words in err and "Traceback" not in err


@pytest.fixture(scope="module")
def measured(messages, tmp_path_factory):
    """What `train --dry-run --json` printed, its progress, and the folder that it may leave something in."""
    folder = tmp_path_factory.mktemp("dry")
    argv = ["train", "--data", str(messages), *QUICK, "--trainable", "last_block", "--runs", str(folder / "runs")]
    environment = os.environ | {"WORKBENCH_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [*WORKBENCH, *argv, "--dry-run", "--json"], capture_output=True, text=True, timeout=DEADLINE, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), argv, folder


def test_a_dry_run_prices_every_rung_and_leaves_only_what_it_measured(measured):
    said, _, folder = measured
    assert (said["model"], said["trainable"], said["epochs"], said["blocks"]) == ("nano", "last_block", 1, 5)
    assert said["learns"] == 790_786 and said["cache"] > 0 and datetime.fromisoformat(said["measured"])
    seconds = said["seconds"]
    assert seconds["total"] == pytest.approx(seconds["once"] + seconds["epoch"] + seconds["besides"], abs=0.01)
    assert seconds["cached"] == seconds["total"] < seconds["uncached"]
    assert [rung["from"] for rung in said["ladder"]] == [
        "head",
        "norm",
        *(f"blocks.{i}" for i in range(5, -1, -1)),
        "embeddings",
    ]
    assert said["ladder"][2]["seconds"] == seconds and said["ladder"][-1]["learns"] == said["parameters"]
    assert [path.name for path in folder.rglob("*")] == ["cache", "speeds.json"]


def test_a_dry_run_measures_once_and_says_when(measured, monkeypatch, capsys):
    said_before, argv, folder = measured
    monkeypatch.setenv("WORKBENCH_CACHE", str(folder / "cache"))
    before = (folder / "cache" / "speeds.json").read_bytes()
    code, out, _ = said(capsys, *argv, "--dry-run")
    lines = [line.split() for line in out.splitlines()]
    heads = [line[0] for line in lines if line]
    assert code == 0 and heads[:6] == ["learns", "memory", "cache", "once", "epoch", "other"]
    assert "exports   to transformers and ONNX\n" in out and said_before["exports"] == ["transformers", "onnx"]
    assert ["no", "cache", *about(said_before["seconds"]["uncached"]).split()] in lines
    assert "head only\t514\t" in out and "+ block 5\t790.8 K\t" in out and "+ embeddings, all\t7.0 M\t" in out
    assert f"Measured on this machine, {datetime.fromisoformat(said_before['measured']):%d %B %Y, %H:%M}" in out
    assert (folder / "cache" / "speeds.json").read_bytes() == before
    code, out, _ = said(capsys, *argv, "--dry-run", "--cache", "off", "--readout", "mean")
    assert "exports   to ONNX only. transformers reads GPT-2 classifiers out at the last real token; this" in out
    assert code == 0 and "the cache is off" in out
    code, out, _ = said(capsys, *argv, "--dry-run", "--trainable", "all")
    assert code == 0 and "nothing frozen lies below" in out


def test_a_dry_run_estimates_beside_a_run_and_says_so(messages, tmp_path, capsys):
    held = lock(create_run(tmp_path, load()))
    try:
        code, out, _ = said(capsys, "train", messages, *QUICK, "--runs", tmp_path, "--dry-run")
        _, document, _ = said(capsys, "train", messages, *QUICK, "--runs", tmp_path, "--dry-run", "--json")
    finally:
        os.close(held)
    assert code == 0 and "An estimate: r1 is running" in out and "Measured" not in out
    found = json.loads(document)
    assert found["measured"] is None and found["seconds"]["total"] > 0
    assert not files.cache_root().exists() or not any(files.cache_root().rglob("speeds.json"))


def test_a_dry_run_of_data_that_cannot_be_learned_from_says_why(tmp_path, capsys):
    path = tmp_path / "one.tsv"
    path.write_text("".join(f"ham\tsome words {i}\n" for i in range(30)))
    code, _, err = said(capsys, "train", path, "--runs", tmp_path / "runs", "--dry-run")
    assert code == 1 and "Every row says ham" in err


def test_a_file_with_one_label_fails_with_a_sentence(tmp_path):
    path = tmp_path / "one.tsv"
    path.write_text("".join(f"ham\tsome words {i}\n" for i in range(30)))
    done = subprocess.run(
        [*WORKBENCH, "train", str(path), "--runs", str(tmp_path / "runs"), "--json"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 1 and "Every row says ham" in done.stderr
    failed = json.loads(done.stdout)
    assert failed["state"] == "failed" and "Every row says ham" in failed["why"]
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.usefixtures("executed")
def test_without_a_terminal_the_app_says_so():
    done = subprocess.run(WORKBENCH, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 2 and "no terminal" in done.stderr


@pytest.fixture
def start(messages, tmp_path, wait):
    """A function that has a command line train for long; the process, and its run, which has begun to learn."""

    def start():
        process = subprocess.Popen(
            [*WORKBENCH, "train", str(messages), *QUICK, "--epochs", "10000", "--runs", str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        run = wait(lambda: next(iter(list_runs(tmp_path)), None), process)
        wait(lambda: run.status().step > 0, process)
        return process, run

    return start


def test_ctrl_c_stops_with_a_checkpoint_and_resume_goes_on(start, wait, tmp_path):
    process, run = start()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130 and "checkpoint" in output
    assert run.status().state == "stopped" and run.checkpoint().is_dir()
    step = run.status().step
    detached = subprocess.run(
        [*WORKBENCH, "resume", run.name, "--runs", str(tmp_path), "--detach", "--json"], capture_output=True, text=True
    )
    assert json.loads(detached.stdout) == {"run": str(run.path)}
    wait(lambda: run.status().step > step)
    run.send(Stop())
    wait(lambda: run.status().state == "stopped")


def test_sigterm_stops_as_ctrl_c_does(start):
    process, run = start()
    process.terminate()
    output, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130 and "checkpoint" in output
    assert run.status().state == "stopped" and run.checkpoint().is_dir()


def test_a_command_that_is_mistyped_is_no_file(capsys):
    code, _, err = said(capsys, "trian")
    assert code == 2 and "no command and no file trian. Did you mean workbench train?" in err


def test_the_second_ctrl_c_kills(start, wait):
    process, run = start()
    worker = next(e.pid for e in run.events()[0] if hasattr(e, "pid"))
    os.kill(worker, signal.SIGSTOP)  # so that it cannot obey the first
    process.send_signal(signal.SIGINT)
    wait(lambda: run.control_file.exists())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE)
    assert process.returncode == 130 and run.status().state == "vanished"


def test_a_hang_up_leaves_the_run_running(start, wait):
    process, run = start()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=DEADLINE)
    step = run.status().step
    wait(lambda: run.status().step > step)
    assert RunFolder(run.path).status().state == "running"
    run.send(Stop())
    wait(lambda: run.status().state == "stopped")


def test_what_is_no_file_is_named_before_a_run_is_made(capsys, tmp_path):
    (tmp_path / "device.csv").symlink_to("/dev/null")
    (tmp_path / "empty.csv").write_text("")
    runs = tmp_path / "runs"
    for name, words in {"device.csv": "is a device, not a file. Write what", "empty.csv": "nothing to learn"}.items():
        code, out, err = said(capsys, "train", "--data", tmp_path / name, "--runs", runs)
        assert (code, out) == (main.USAGE, "") and words in err and not runs.exists()


@pytest.mark.parametrize(
    "flags",
    first(
        1,
        [
            ["sample", "--text", "gone"],
            ["{}/a.csv", "--text", "{{title}} {{gone}}"],
            ["{}/a.csv", "--label", "gone"],
            ["{}/a.csv", "--group", "gone"],
            ["{}/a.csv", "--text", "gone", "--test-file", "{}/b.csv"],
            ["{}/b.csv", "--text", "gone", "--test-file", "{}/a.csv"],
        ],
    ),
)
def test_columns_that_are_not_there_make_no_run(tmp_path, capsys, flags):
    (tmp_path / "a.csv").write_text("title,label\n" + "".join(f"some words {i},{'ab'[i % 2]}\n" for i in range(40)))
    (tmp_path / "b.csv").write_text("gone,label\n" + "".join(f"other words {i},{'ab'[i % 2]}\n" for i in range(40)))
    words = [flag.format(tmp_path) for flag in flags]
    code, _, err = said(capsys, "train", *words, "--model", "tfidf", "--runs", tmp_path / "runs")
    assert code == 1 and "has no column gone" in err and not (tmp_path / "runs").exists()


def test_a_file_that_nothing_can_be_learned_from_makes_no_run(tmp_path, capsys):
    path = tmp_path / "lines.csv"
    path.write_text("one\ntwo\nthree lines of words\n")
    code, _, err = said(capsys, "train", path, *QUICK, "--runs", tmp_path / "runs")
    assert code == 1 and "has no columns" in err and not (tmp_path / "runs").exists()


def test_runs_are_sorted_and_filtered_and_say_in_what_they_differ(messages, tmp_path, capsys):
    for seed, batch in ((1, 8), (2, 4)):
        create_run(tmp_path, load({"data": {"path": str(messages)}, "train": {"seed": seed, "batch": batch}}))
    code, out, _ = said(capsys, "runs", "--runs", tmp_path)
    head, second, first = (line.split("\t") for line in out.splitlines())
    assert code == 0 and head[4] == "data" and head[8] == "95 % interval"
    assert first[9] == "seed 1 · context model · readout auto · batch 8"
    assert second[9] == "seed 2 · context model · readout auto · batch 4"
    _, out, _ = said(capsys, "runs", "--runs", tmp_path, "--where", "train.seed=2", "--where", "state=vanished")
    assert [line.split("\t")[0] for line in out.splitlines()] == ["run", "r2"]
    _, out, _ = said(capsys, "runs", "--runs", tmp_path, "--where", "model=minilm")
    assert out == "None of 2 runs is so.\n"
    for name in (messages.name, f"{messages.parent.name}/{messages.name}"):
        _, out, _ = said(capsys, "runs", "--runs", tmp_path, "--where", f"data={name}")
        assert [line.split("\t")[0] for line in out.splitlines()] == ["run", "r2", "r1"]
    code, _, err = said(capsys, "runs", "--runs", tmp_path, "--where", "train.sed=2")
    assert code == 2 and "Did you mean train.seed=" in err
