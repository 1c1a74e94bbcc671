"""What a file is taken for, with its first rows: before it is read, and while one changes how it is to be read."""

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from core.rows import Glimpse
from core.wording import on_one_line, plural, shown
from workbench.formatting import cut
from workbench.session.complain import on_a_screen
from workbench.themes import colour

WIDEST = 18  # cells of a label


def taken_for(widget: Widget, glimpse: Glimpse, width: int) -> Text:
    """A line on the format, one for each of the first rows, and why where they are no labelled texts."""
    text, muted = colour(widget, "text"), colour(widget, "muted")
    columns = plural(len(glimpse.columns), "column")
    lines = [Text(cut(on_one_line(f"{glimpse.format}, {glimpse.encoding}, {columns}"), width), muted)]
    if glimpse.problem:
        lines += [Text(cut("  ".join(on_one_line(cell) for cell in row), width), muted) for row in glimpse.rows]
        lines.append(Text.assemble(("✕ ", colour(widget, "error")), (shown(on_a_screen(glimpse.problem)), text)))
    else:
        rows = [(cut(on_one_line(label), WIDEST), on_one_line(content)) for label, content in glimpse.rows]
        heads = cut(on_one_line(glimpse.label), WIDEST), on_one_line(glimpse.text)
        room = max(cell_len(label) for label, _ in [heads, *rows])

        def line(label: str, content: str, *styles: str) -> Text:
            padded = label + " " * (room - cell_len(label) + 2)
            return Text.assemble((padded, styles[0]), (cut(content, width - room - 2), styles[-1]))

        lines.append(line(*heads, muted))
        lines += [line(*row, colour(widget, "focus"), text) for row in rows]
    lines += [Text(shown(note), muted) for note in glimpse.notes]
    return Text("\n").join(lines)
