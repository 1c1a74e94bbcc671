"""Recipes as TOML files."""

import re
import tomllib
from pathlib import Path

import tomli_w

from core import files
from core.errors import BadRecipe, Problem
from core.options import Options, options

MOST = 1 << 22  # bytes; with its comments a recipe has some thousand
_WORDS = re.compile(r"""(?s:\"{3}(?:\\.|[^\\])*?(?:"{3}|\Z)|'{3}.*?(?:'{3}|\Z))|"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?|#.*""")
_DEEP = re.compile(r"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*){9}")  # a key of parts of parts


def read(path: Path, home: Path | None = None) -> dict:
    """A recipe file as a layer for `load`; `home` is the folder of the run that keeps it.

    Raises BadRecipe where it cannot be read, BadRun where it is no file of that run's own.
    """
    try:
        with files.reading(path, home) if home else open(path, "rb") as file:
            content = file.read(MOST + 1)
        if len(content) > MOST:
            raise BadRecipe([Problem(str(path), f"has more than {MOST >> 20} MB, which is no recipe.")])
        return parsed(content.decode())
    except OSError as error:
        raise BadRecipe([Problem(str(path), f"cannot be read: {error.strerror}.", "Check the path.")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRecipe([Problem(str(path), f"is not TOML: {error}.")]) from error
    except ValueError as error:  # Python reads no number of thousands of digits
        raise BadRecipe([Problem(str(path), "holds a number that is too long to be one.")]) from error
    except (RecursionError, MemoryError) as error:
        raise BadRecipe([Problem(str(path), "is nested too deeply for a recipe.")]) from error


def parsed(text: str) -> dict:
    """The tables of a TOML document. Raises ValueError, and RecursionError where they are nested too deeply."""
    if _DEEP.search(_WORDS.sub("w", text)):  # which takes a time that grows with the square of the parts
        raise RecursionError
    return tomllib.loads(text)


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
