"""Words as they stand in Markdown: nothing in them is markup, HTML or a link, and none ends the line."""

import re
from collections.abc import Sequence
from html import escape

from core.wording import on_one_line

_MARKUP = re.compile(r"[\\`*_\[\]{}|~$]|(?<=:)/(?=/)|^(?:[-+#>=]|\d+(?=[.)](?:\s|$)))")
_TICKS = re.compile("`+")


def words(text: str) -> str:
    """Words from outside within a line."""
    line = escape(on_one_line(text).strip(), quote=False)
    return _MARKUP.sub(lambda match: f"\\{match[0]}" if not match[0].isdigit() else f"{match[0]}\\", line)


def span(text: str) -> str:
    """A name from outside as it is written: a span of code, which no backtick in it ends."""
    line = on_one_line(text)
    fence = "`" * (1 + max(map(len, _TICKS.findall(line)), default=0))
    pad = " " * (len(fence) > 1 or not line.strip())
    return f"{fence}{pad}{line or ' '}{pad}{fence}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table, whose first column alone is set on the left, and an empty line."""
    lines = [[words(cell) for cell in line] for line in (head, *rows)]
    lines.insert(1, ["---"] + ["---:"] * (len(head) - 1))
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]
