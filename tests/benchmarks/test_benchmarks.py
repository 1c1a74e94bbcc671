"""Every benchmark still runs: each once, in its smallest size. Their figures say nothing here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MUSHROOMS = "mushrooms.csv"
SAMPLE = str(ROOT / "core" / "assets" / "sample.csv")

# the arguments of the smallest size, and words of what it then prints
SMALLEST = {
    "baselines.py": ([SAMPLE, "--most", "200"], "scikit-learn : workbench"),
    "doubts.py": ([SAMPLE, "--most", "300"], "| counting words |"),
    "encoder.py": ([SAMPLE, "--quick", "--repeat", "1", "--plans", "last_two_blocks"], "plain loop, fp32"),
    "families.py": ([SAMPLE, "--quick", "--repeat", "1"], "Trainer : workbench"),
    "few_rows.py": (["--model", "nano", "--batches", "4", "--steps", "2"], "whole : in pieces"),
    "first_frame.py": (["1"], "workbench, first frame"),
    "keys.py": (["3"], "ratio of p99"),
    "long_log.py": (["10", "--steps", "1000"], "10 steps in a line"),
    "many_runs.py": (["--runs", "40"], "anew : index"),
    "many_texts.py": (["--rows", "300"], "| 300 |"),
    "products.py": (["--model", "nano", "--texts", "2", "--repeat", "1"], "2 texts learned from: oneDNN"),
    "mushrooms.py": ([MUSHROOMS], "| 2 |"),
    "near.py": ([SAMPLE, "--most", "200"], "near copies of an earlier text"),
    "play.py": (["--keys", "2"], "scratch : kept"),
    "prices.py": (["--texts", "60", "--plans", "head"], "head "),
    "reading.py": ([SAMPLE], "pandas and tiktoken : workbench"),
    "speed.py": ([SAMPLE, "--rows", "nano", "--steps", "3"], "workbench takes"),
    "transfer.py": (
        [SAMPLE, "--seeds", "123", "--plans", "head", "--from", "pretrained", "--epochs", "1"],
        "| TF-IDF and logistic regression |",
    ),
}


def mushrooms() -> str:
    """A file with the columns of Kaggle's, whose smell says what they are."""
    from core.presets import RECIPES
    from core.template import columns_in

    columns = columns_in(RECIPES["mushrooms"]["data"]["text"])
    lines = [",".join("ab"[(i >> n % 6) % 2] for n in range(len(columns))) for i in range(64)]
    return "\n".join([",".join(["class", *columns]), *(f"{'ep'[line[2] == 'a']},{line}" for line in lines)])


def test_none_is_forgotten():
    assert set(SMALLEST) == {path.name for path in HERE.glob("*.py")} - {Path(__file__).name}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SMALLEST)
def test_it_runs(name, tmp_path):
    if name in ("encoder.py", "families.py", "speed.py"):
        pytest.importorskip("accelerate", reason=f"{name} needs pip install '.[bench]'")
    given, printed = SMALLEST[name]
    if given == [MUSHROOMS]:
        (tmp_path / MUSHROOMS).write_text(mushrooms())
        given = [str(tmp_path / MUSHROOMS), "--learn-from", "2"]
    env = os.environ | {"WORKBENCH_CACHE": str(tmp_path / "cache"), "WORKBENCH_RUNS": str(tmp_path / "runs")}
    done = subprocess.run(
        [sys.executable, HERE / name, *given], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert printed in done.stdout
