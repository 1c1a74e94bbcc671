"""From a row of a table to the text that a model reads: one column, or several and the words between them."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

# between the two parts of a pair, in a template and in the text that it makes; a model whose tokenizer knows pairs
# reads its own special tokens there
PAIR = "[SEP]"

# a doubled brace is a brace; {column} is what a column holds, {column:.400} its first 400 characters
_PIECE = re.compile(r"\{\{|\}\}|\{(?P<column>[^{}]+?)(?::\.(?P<most>[1-9]\d{0,8}))?\}")


class Part(NamedTuple):
    """A column, and how many of its characters are read at most; 0 is all."""

    column: str
    most: int = 0


class Template(NamedTuple):
    """`literals` stand before, between and behind the `parts`: there is one more of them."""

    literals: tuple[str, ...]
    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, said: str) -> Self | None:
        """What `said` describes; None where it names no column in braces, and so is none."""
        literals, parts, end = [""], list[Part](), 0
        for piece in _PIECE.finditer(said):
            literals[-1] += said[end : piece.start()]
            end = piece.end()
            if piece["column"] is None:
                literals[-1] += piece[0][0]
            else:
                parts.append(Part(piece["column"], int(piece["most"] or 0)))
                literals.append("")
        literals[-1] += said[end:]
        return cls(tuple(literals), tuple(parts)) if parts else None

    @property
    def is_pair(self) -> bool:
        """Whether it makes two parts, which a model may read as a pair."""
        return any(PAIR in literal for literal in self.literals)

    @property
    def bad_pair(self) -> str:
        """What is wrong with how it parts a pair; empty where nothing is."""
        if sum(literal.count(PAIR) for literal in self.literals) > 1:
            return f"has {PAIR} more than once, and a pair has two parts."
        if PAIR in self.literals[0] or PAIR in self.literals[-1]:
            return f"has no column on one side of {PAIR}, and a pair has two parts."
        return ""

    def render(self, row: Mapping[str, str]) -> str:
        """The text of a row, which maps columns to what they hold; empty where all of them are.

        A list of texts, as JSON writes it, is read as its texts, one below the other. Where it makes a pair, no column
        parts it a second time. Raises KeyError where the row lacks a column.
        """
        contents = [_unfolded(row[part.column]) for part in self.parts]
        if not any(content.strip() for content in contents):
            return ""
        if self.is_pair:
            contents = [content.replace(PAIR, f"[ {PAIR[1:-1]} ]") for content in contents]
        found = [self.literals[0]]
        for part, content, literal in zip(self.parts, contents, self.literals[1:], strict=True):
            found += [content[: part.most] if part.most else content, literal]
        return "".join(found)

    def contents(self, text: str) -> str:
        """What the columns held of a text that it made, one below the other; the text itself where it made it not.

        Where a column holds one of the literals too, that is taken for the literal: the words that stay are the same.
        """
        first, *between, last = self.literals
        at, end = len(first), len(text) - len(last)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return text
        found = []
        for literal in between:
            here = text.find(literal, at, end)
            if here < 0:
                return text
            found.append(text[at:here])
            at = here + len(literal)
        return "\n".join([*found, text[at:end]])


class _Contents(Sequence[str]):
    """The contents of each of some texts, made when they are asked for: all of them would be held a second time."""

    def __init__(self, texts: Sequence[str], template: Template):
        self._texts, self._template = texts, template

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, i: Any) -> Any:
        return self._template.contents(self._texts[i])


def contents(texts: Sequence[str], said: str) -> Sequence[str]:
    """Texts without the words that all of them have from the template `said`; as they are where it is a column.

    What compares the words of texts, or tells what they are written in, looks at these.
    """
    template = Template.parse(said)
    return _Contents(texts, template) if template else texts


def fault(said: str) -> str:
    """What is wrong with how a text is described; empty where nothing is, or where it has no braces."""
    template = Template.parse(said)
    if template is None:
        has_braces = "{" in said or "}" in said
        return "names no column: each stands between one { and one }, as in {title}." if has_braces else ""
    if set("{}") & set(_PIECE.sub("", said)):
        return "has one brace too many: a column stands between { and }, and {{ or }} is a brace of the text itself."
    return template.bad_pair


def exchanged(said: str, one: str, other: str) -> str:
    """A template with two of its columns in each other's place, each with the share of the place."""
    one, other = one.strip(), other.strip()
    places = {one: other, other: one}

    def put(piece: re.Match[str]) -> str:
        most = f":.{piece['most']}" if piece["most"] else ""
        return f"{{{places.get(piece['column'].strip(), piece['column'])}{most}}}" if piece["column"] else piece[0]

    return _PIECE.sub(put, said)


def template_of(names: Sequence[str]) -> str:
    """What makes one text of some columns, one after the other; empty where their names have braces themselves."""
    said = ". ".join(f"{{{name}}}" for name in names)
    return said if columns_in(said) == [*names] and not fault(said) else ""


def is_pair(said: str) -> bool:
    """Whether texts that are made so are pairs: by a template that says where the second part begins."""
    template = Template.parse(said)
    return template is not None and template.is_pair


def parts_of(text: str) -> list[str]:
    """The two parts of a text that says where the second begins, without the blanks between; or all of it."""
    first, mark, second = text.partition(PAIR)
    return [first.rstrip(" "), second.lstrip(" ")] if mark else [text]


def columns_in(said: str) -> list[str]:
    """The columns that make a text: those in braces, or else the one that is named."""
    template = Template.parse(said)
    return [part.column for part in template.parts] if template else [said]


def _unfolded(cell: str) -> str:
    if not (cell.startswith("[") and cell.endswith("]")):
        return cell
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return cell
    if not isinstance(found, list) or not all(isinstance(each, str | None) for each in found):
        return cell
    return "\n".join(each for each in found if each)
