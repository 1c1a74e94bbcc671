"""Recipes as TOML files."""

import tomllib
from pathlib import Path

import tomli_w

from core.errors import BadRecipe, Problem
from core.files import content
from core.options import Options, options


def read(path: Path, home: Path | None = None) -> dict:
    """A recipe file as a layer for `load`; `home` is the folder of the run that keeps it.

    Raises BadRecipe where it cannot be read, BadRun where it is no file of that run's own.
    """
    try:
        return tomllib.loads((content(path, home) if home else path.read_bytes()).decode())
    except OSError as error:
        raise BadRecipe([Problem(str(path), f"cannot be read: {error.strerror}.", "Check the path.")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRecipe([Problem(str(path), f"is not TOML: {error}.")]) from error


def text(recipe: Options) -> str:
    """The whole recipe as TOML, each option under a comment that says what it does."""
    lines, part = [], ""
    for option in options(type(recipe)):
        head, _, tail = option.name.rpartition(".")
        if head != part:
            lines += ["", f"[{head}]"]
            part = head
        lines += [f"# {option.help}", tomli_w.dumps({tail or option.name: option.of(recipe)}).rstrip()]
    return "\n".join(lines).lstrip() + "\n"
