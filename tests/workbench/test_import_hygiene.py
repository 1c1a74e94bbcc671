"""The interface stays light and the engine knows no interface."""

import subprocess
import sys

HEAVY = ("torch", "transformers", "sklearn", "pandas", "numpy", "huggingface_hub", "tiktoken")
INTERFACE = ("textual", "rich", "plotext")
FREE_OF_TORCH = (
    "core",
    "core.errors",
    "core.files",
    "core.presets",
    "core.architectures.lookup",
    "core.readout",
    "core.recipe",
    "core.helper.protocol",
    "core.rows",
    "core.helper.data",
    "core.estimate.cost",
    "core.freeze",
    "core.runs.control",
    "core.runs.events",
    "core.runs.folder",
    "core.runs.history",
    "core.runs.launch",
    "core.runs.queue",
    "core.wording",
)
ENGINE = ("core.train.loop", "core.worker.process", "core.evaluate.predict", "core.model.classifier")


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
    assert loaded(f"import {', '.join(FREE_OF_TORCH + ENGINE)}", (*INTERFACE, "workbench")) == []


def test_what_needs_no_torch_imports_none():
    assert loaded(f"import {', '.join(FREE_OF_TORCH)}", ("torch", "transformers", "sklearn")) == []
