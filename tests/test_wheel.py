"""The wheel: it holds everything that the program needs, and works where the source tree is not."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ASSETS = {
    "gpt2.tiktoken.xz",
    "bert-uncased.tokenizer.json.xz",
    "APACHE-2.0.txt",
    "sample.csv",
    "nano/model.safetensors",
    "nano/config.json",
    "nano/tokens.tiktoken.xz",
    "nano/README.md",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which the wheel, built from a copy of the source, is unpacked as pip does."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("core", "workbench"):
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, folder / "source"],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True, capture_output=True)
    shutil.rmtree(folder / "source")
    return wheel, folder / "site"


def test_it_holds_every_asset_and_style(installed):
    names = set(zipfile.ZipFile(installed[0]).namelist())
    assert {f"core/assets/{name}" for name in ASSETS} <= names
    assert {f"workbench/styles/{path.name}" for path in (ROOT / "workbench/styles").iterdir()} <= names
    modules = {str(path.relative_to(ROOT)) for part in ("core", "workbench") for path in (ROOT / part).rglob("*.py")}
    assert modules <= names
    assert installed[0].stat().st_size < 20e6


@pytest.mark.more
def test_it_works_outside_the_source_tree(installed, tmp_path):
    site = installed[1]
    env = os.environ | {"PYTHONPATH": str(site), "HF_HUB_OFFLINE": "1", "WORKBENCH_RUNS": str(tmp_path / "runs")}

    def run(*argv):
        return subprocess.run(
            [sys.executable, *argv], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        ).stdout

    assert run("-c", "import core, workbench; print(core.__path__, workbench.__path__)").count(str(site)) == 2
    train = ("train", "--epochs", "1", "--trainable", "head", "--context", "16", "--json")
    assert '"test"' in run("-m", "workbench", *train)
    assert "\t" in run("-m", "workbench", "predict", "last", "You have won a prize")
