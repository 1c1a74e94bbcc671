"""Options, declared once: a kind of recipe is a class of them, and flags, forms, TOML, help and checks come from it."""

import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import core_schema

from core.errors import BadRecipe, Problem

AUTO = "auto"
MOST_EPOCHS = 10_000
MOST_PROBLEMS = 50  # of a recipe that is none; more help nobody, and each takes a while
FEW = 8  # choices: more are not listed where one of them was probably meant
_few = reprlib.Repr()  # of a value that is wrong, however long
_few.maxstring = _few.maxlong = _few.maxother = 100

Number = TypeVar("Number", int, float)
Found = TypeVar("Found")


def opt(
    default: Any, help: str, *, flag: str | None = None, unit: str | None = None, first: bool = False, **limits: Any
) -> Any:
    """Declare one option.

    `flag` is its short name on the command line beside the dotted one, `unit` what a number counts, `first`
    whether it stands in the short form of the recipe. `limits` are pydantic's (`ge`, `lt`, ...).
    """
    return Field(default, description=help, json_schema_extra={"flag": flag, "unit": unit, "first": first}, **limits)


def resolved(value: str | Number | None) -> Number:
    """The value of an option that is no longer open, as none is once a run has begun. Raises ValueError where it is."""
    if value is None or isinstance(value, str):
        raise ValueError("an option that a run needs is still open")
    return value


@dataclass(frozen=True)
class OneOf:
    """In an option's annotation: its choices are names that another table holds, where a Literal would repeat them."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.literal_schema([*self.names])


class Part(BaseModel):
    """A table of options."""

    # a text with a bound is checked for what is not UTF-8, which no file could hold; one without is not
    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=1_000_000)


class Options(Part):
    """A kind of recipe: parts and options of its own."""

    _home: Path | None = PrivateAttr(None)
    _kept: Any = PrivateAttr(None)

    def model_post_init(self, context: Any) -> None:
        self._home = context

    @property
    def home(self) -> Path | None:
        """The folder of the run that keeps this recipe, and with it what the recipe names; None where there is none."""
        return self._home

    def kept(self, find: Callable[[], Found]) -> Found:
        """What `find` gave when it was first asked for: what the recipe names may be gone or changed later."""
        if self._kept is None:
            self._kept = find()
        return self._kept

    def __eq__(self, other: object) -> bool:
        """Whether all options are the same."""
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def contradictions(self) -> Iterable[Problem]:
        """What is wrong with values that are each possible by themselves."""
        return ()

    @classmethod
    def of(cls, raw: Mapping, home: Path | None = None) -> Self:
        """Raises BadRecipe with every problem found."""
        try:
            made = cls.model_validate(raw, context=home)
        except ValidationError:
            raise BadRecipe(check(cls, raw, home)) from None
        if problems := [*made.contradictions()]:
            raise BadRecipe(problems)
        return made

    @classmethod
    def as_known(cls, raw: Mapping, home: Path | None, decisive: Sequence[str]) -> tuple[Self, list[Problem]]:
        """What a later version wrote, without what this one does not know; and what that is, with its reasons.

        An option that it does not know is left out, and a word that it does not know for an option outside of the
        `decisive` parts is as if it were left open. Raises BadRecipe with every other problem.
        """
        try:
            cls.model_validate(raw, context=home)
            later: list[Problem] = []
        except ValidationError as error:
            later = _by_field(cls, _of_later(cls, error, decisive))
        return cls.of(_without(raw, [problem.field for problem in later]), home), later


class Option(NamedTuple):
    """One field of the recipe, as flags, forms and help see it."""

    name: str  # dotted: train.lr
    info: FieldInfo

    @property
    def _extra(self) -> dict[str, Any]:
        assert isinstance(self.info.json_schema_extra, dict)
        return self.info.json_schema_extra

    @property
    def help(self) -> str:
        return self.info.description or ""

    @property
    def flags(self) -> list[str]:
        short = self._extra["flag"]
        return [f"--{self.name}"] + ([short] if short and short != f"--{self.name}" else [])

    @property
    def unit(self) -> str | None:
        return self._extra["unit"]

    @property
    def first(self) -> bool:
        return self._extra["first"]

    @property
    def choices(self) -> list[str] | None:
        """The words this option may be, or None where it takes free text or a number."""
        if self.info.annotation is bool:
            return ["true", "false"]
        if get_origin(self.info.annotation) is Literal:
            return list(get_args(self.info.annotation))
        return next(([*mark.names] for mark in self.info.metadata if isinstance(mark, OneOf)), None)

    @property
    def takes_words(self) -> bool:
        """Whether it is one of some words, or may be one in place of a number."""
        return self.choices is not None or any(get_origin(arm) is Literal for arm in get_args(self.info.annotation))

    @property
    def several(self) -> bool:
        """Whether it takes any number of texts."""
        return get_origin(self.info.annotation) is tuple

    @property
    def default(self) -> Any:
        return self.info.default

    def of(self, recipe: Options) -> Any:
        value: Any = recipe
        for name in self.name.split("."):
            value = getattr(value, name)
        return value


def options(kind: type[Options]) -> Iterator[Option]:
    """Every option of a kind of recipe, in the order of declaration."""
    for name, info in kind.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Part):
            for inner, inner_info in info.annotation.model_fields.items():
                yield Option(f"{name}.{inner}", inner_info)
        else:
            yield Option(name, info)


def layer(name: str, value: Any) -> dict:
    """A dotted name and its value as a layer for `load`: ("train.lr", 1) -> {"train": {"lr": 1}}."""
    for key in reversed(name.split(".")):
        value = {key: value}
    return value


def merge(*layers: Mapping) -> dict:
    """Nested mappings into one; later ones win. Later parts that are not tables replace what was there."""
    merged: dict = {}
    for one in layers:
        for key, value in one.items():
            both = isinstance(value, Mapping) and isinstance(merged.get(key, {}), Mapping)
            merged[key] = merge(merged.get(key, {}), value) if both else value
    return merged


def check(kind: type[Options], raw: Mapping, home: Path | None = None) -> list[Problem]:
    """Everything wrong with a recipe in one list: unknown keys, wrong values, and values that do not go together."""
    try:
        return [*kind.model_validate(raw, context=home).contradictions()]
    except ValidationError as error:
        found = _by_field(kind, error.errors(include_url=False))
    try:
        # what is wrong by itself aside, the rest may still contradict itself
        rest = _without(raw, [p.field for p in found])
        return [*found, *kind.model_validate(rest, context=home).contradictions()]
    except ValidationError:
        return found


def _without(raw: Mapping, fields: list[str]) -> dict:
    """A raw recipe less some dotted fields."""
    kept = merge(raw)
    for field in fields:
        part, _, name = field.partition(".")
        if name and isinstance(kept.get(part), dict):
            kept[part].pop(name, None)
        else:
            kept.pop(part, None)
    return kept


def _of_later(kind: type[Options], error: ValidationError, decisive: Sequence[str]) -> list[Any]:
    """Of what is wrong, what only a later version may have meant."""
    known = {option.name: option for option in options(kind)}

    def is_later(item: Mapping) -> bool:
        option = known.get(_field(item, known))
        word = isinstance(item["input"], str) and option is not None and option.takes_words
        return item["type"] == "extra_forbidden" or (word and item["loc"][0] not in decisive)

    return [item for item in error.errors(include_url=False) if is_later(item)]


def _field(item: Mapping, known: Mapping[str, Option]) -> str:
    """The option that a mistake is in."""
    path = [str(part) for part in item["loc"]]
    # pydantic reports each member of a union on its own, below the field; the field is what the person knows
    return next((".".join(path[:n]) for n in (2, 1) if ".".join(path[:n]) in known), ".".join(path))


def _by_field(kind: type[Options], items: Sequence[Any]) -> list[Problem]:
    known = {option.name: option for option in options(kind)}
    found: dict[str, Problem] = {}
    for item in items[:MOST_PROBLEMS]:
        name = _field(item, known)
        if item["type"] == "extra_forbidden":
            found[name] = Problem(name, "is not an option.", nearest(name, known))
        elif name in known:
            found[name] = Problem(name, f"cannot be {_few.repr(item['input'])}.", _allowed(known[name], item))
        else:
            found[name] = Problem(name, "must be a table of options.")
    return list(found.values())


def nearest(name: str, known: Mapping[str, Option]) -> str:
    """Which option may have been meant by a name that is none, in a sentence."""
    names = {key.rsplit(".", 1)[-1]: key for key in known} | {key: key for key in known}
    close = get_close_matches(name, known, 1, 0.8) or get_close_matches(name.rsplit(".", 1)[-1], names, 1, 0.7)
    return f"Did you mean {names[close[0]]}?" if close else "The command's --help lists them."


def _least(option: Option) -> str:
    """From where on an option that may be a word or a number takes numbers; empty where that is not said."""
    marks = [mark for arm in get_args(option.info.annotation) for mark in getattr(arm, "__metadata__", ())]
    least = [getattr(limit, "ge", None) for mark in marks for limit in getattr(mark, "metadata", ())]
    return next((f", {each} or more" for each in least if each is not None), "")


def _allowed(option: Option, item: Mapping) -> str:
    if option.choices:
        close = get_close_matches(str(item["input"]), option.choices, 1) if len(option.choices) > FEW else []
        return f"Did you mean {close[0]}?" if close else f"It is one of: {', '.join(option.choices)}."
    union = [get_args(arm) for arm in get_args(option.info.annotation) if get_origin(arm) is Literal]
    words = f"{', '.join(union[0])}, or a number{_least(option)}" if union else ""
    plain = {
        "string_too_short": "It cannot be empty.",
        "string_unicode": "It is not UTF-8: rename the file or folder, or the column, and try again.",
        "too_long": f"At most {item.get('ctx', {}).get('max_length')} of them.",
        "int_parsing": "It is a whole number.",
        "int_from_float": "It is a whole number.",
        "float_parsing": "It is a number.",
    }
    return f"It is {words}." if words else plain.get(item["type"], f"{item['msg'].replace('Input', 'It')}.")
