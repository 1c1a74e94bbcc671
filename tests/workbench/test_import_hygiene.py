"""The interface stays light and the engine knows no interface."""

import subprocess
import sys
from pathlib import Path

import core

HEAVY = ("torch", "transformers", "sklearn", "pandas", "numpy", "huggingface_hub", "tiktoken")
INTERFACE = ("textual", "rich", "plotext")
ROOT = Path(core.__file__).parent
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


def test_no_screen_imports_the_engine():
    screens = (
        "data.screen",
        "model.screen",
        "train.screen",
        "runs.screen",
        "play.screen",
        "data.source_dialog",
        "save_dialog",
        "help",
        "jump",
    )
    screens += ("model.ask_dialog", "model.recipes_dialog")
    imports = ", ".join(f"workbench.screens.{screen}" for screen in screens)
    assert loaded(f"import {imports}", ("torch", "transformers", "sklearn", "pandas")) == []


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
