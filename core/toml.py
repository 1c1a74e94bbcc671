"""Recipes as TOML files."""

import tomllib
from pathlib import Path

import tomli_w

from core.errors import BadRecipe, Problem
from core.options import Options, options


def read(path: Path) -> dict:
    """A recipe file as a layer for `load`. Raises BadRecipe where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
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
