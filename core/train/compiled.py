"""Compiling the blocks that learn, with TorchInductor."""

import shutil

from core.errors import WorkbenchError
from core.model.classifier import Classifier

COMPILERS = ("c++", "g++", "clang++")


def compile_learning(model: Classifier) -> None:
    """Compile the blocks that learn, at their first use. Raises WorkbenchError where there is no compiler."""
    if next(model.parameters()).device.type == "cpu" and not any(map(shutil.which, COMPILERS)):
        raise WorkbenchError(
            "speed.compile needs a C++ compiler, and there is none here.",
            "Install one (g++ or clang++), or turn speed.compile off.",
        )
    for block in model.backbone.blocks:
        learns, compiled = any(p.requires_grad for p in block.parameters()), block._compiled_call_impl
        if learns and not compiled:
            block.compile(dynamic=True)  # texts differ in length: one program for all of them
        elif compiled and not learns:
            block._compiled_call_impl = None
