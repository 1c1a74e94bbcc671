"""The interface stays light and the engine knows no interface."""

import subprocess
import sys
import tomllib
from pathlib import Path

import core
import workbench

HEAVY = ("torch", "transformers", "sklearn", "pandas", "numpy", "huggingface_hub", "tiktoken")
INTERFACE = ("textual", "rich", "plotext")
ROOT, TERMINAL = Path(core.__file__).parent, Path(workbench.__file__).parent
LIGHT_ROOMS = ("runs", "estimate", "architectures")  # and what lies beside the rooms
ENGINE = ("core.train.loop", "core.worker.process", "core.evaluate.predict", "core.model.classifier")


def modules(folder: Path) -> list[str]:
    """Every module that lies in a folder of the engine, by its name."""
    place = ".".join(("core", *folder.relative_to(ROOT).parts))
    return [place if path.stem == "__init__" else f"{place}.{path.stem}" for path in sorted(folder.glob("*.py"))]


def loaded(statement: str, names: tuple[str, ...]) -> list[str]:
    """Which of these modules a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nprint(*[name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_app_imports_nothing_heavy():
    assert loaded("import workbench.app, workbench.screens.data.screen", HEAVY) == []


def test_no_part_of_the_app_imports_the_engine():
    parts = [path for room in ("screens", "widgets", "charts", "session") for path in (TERMINAL / room).rglob("*.py")]
    names = [".".join(("workbench", *path.relative_to(TERMINAL).with_suffix("").parts)) for path in parts]
    assert "workbench.screens.model.ask_dialog" in names
    imports = ", ".join(name.removesuffix(".__init__") for name in names)
    assert loaded(f"import {imports}", ("torch", "transformers", "sklearn", "pandas")) == []


def test_every_screen_stands_in_the_contract_that_parts_them():
    contracts = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    (apart,) = (contract["modules"] for contract in contracts if contract["type"] == "independence")
    folders = {path.parent.name for path in (TERMINAL / "screens").glob("*/__init__.py")}
    assert {module.removeprefix("workbench.screens.") for module in apart} == folders


def test_the_engine_imports_no_interface():
    rooms = [folder for folder in ROOT.iterdir() if folder.is_dir() and (folder / "__init__.py").is_file()]
    found = [name for folder in (ROOT, *rooms) for name in modules(folder) if not name.endswith("__main__")]
    assert set(ENGINE) <= set(found) and len(found) > 80
    assert loaded(f"import {', '.join(found)}", (*INTERFACE, "workbench")) == []


def test_the_folder_and_arithmetic_need_neither_torch_nor_numpy():
    rooms = [ROOT, *(ROOT / room for room in LIGHT_ROOMS if (ROOT / room).is_dir())]
    found = [name for room in rooms for name in modules(room) if name != "core.metrics"]  # which is of NumPy
    assert {"core.wording", "core.runs.result", "core.estimate.cost"} <= set(found)
    assert loaded(f"import {', '.join(found)}", HEAVY) == []


def test_helpers_of_the_data_import_no_torch():
    assert loaded("import core.helper.protocol, core.helper.data", ("torch", "transformers", "sklearn")) == []


def test_where_models_are_is_told_without_what_downloads_them(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    asked = "from core.helper import data\ndata.kinds()['models']({'others': []}, None)"
    assert loaded(asked, ("huggingface_hub.file_download",)) == []


BUILT = """
from dataclasses import replace

import torch
from core.architectures.models import MODELS
from core.model.backbone import to_memory
from core.model.classifier import Classifier
from core.model.language import LanguageModel
from core.readout import ClassifierKind

of = {preset.architecture.family: preset.architecture for preset in MODELS.values() if not preset.counts}
assert len(of) > 4
for family, arch in of.items():
    small = replace(arch, n_blocks=1)
    with torch.device("meta"):
        model = Classifier(small, 2, ClassifierKind())
        LanguageModel(model.backbone)
    to_memory(model)
    assert {p.device.type for p in model.parameters()} == {"cpu"} and all(p.requires_grad for p in model.parameters())
"""


LEARNED = """
from pathlib import Path

from core.recipe import load
from core.runs.root import create_run
from core.worker import process

layer = {{"data": {{"path": {path!r}, "probe": "off"}}, "model": {{"weights": "random", "context": 8}}}}
run = create_run(Path({runs!r}), load(layer, {{"train": {{"epochs": 1, "clip": 1.0}}}}))
assert process.main(str(run.path)) == 0 and run.events()[0][-1].state == "done"
"""


def test_a_run_learns_and_models_are_built_without_the_compiler_which_takes_seconds_to_import(labelled, tmp_path):
    learned = LEARNED.format(path=str(labelled(90)), runs=str(tmp_path / "runs"))
    assert loaded(learned + BUILT, ("torch._dynamo", "sympy")) == []
