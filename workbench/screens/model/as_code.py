"""What the toggles of the ladder mean, as the lines of PyTorch that do it."""

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from core.wording import plural
from workbench.formatting import cut
from workbench.themes import colour

ADAPTING = ["replace_linear_with_lora", "LinearWithLoRA"]


class AsCode(Widget):
    """As many of the `lines` as there is room for; colours are those of the marks on the ladder."""

    DEFAULT_CSS = "AsCode { height: 1fr; }"

    lines: reactive[list[str]] = reactive(list, layout=True)

    def render(self) -> Text:
        width, room = self.size.width, self.size.height or len(self.lines)
        muted = colour(self, "muted")
        lines = [self._line(line, width) for line in self.lines]
        if len(lines) > room:
            lines[room - 1 :] = [Text(f" … {plural(len(lines) - room + 1, 'more line')}", muted)]
        return Text("\n").join(lines)

    def _line(self, line: str, width: int) -> Text:
        words = Text(" " + cut(line, width - 1), colour(self, "text"), no_wrap=True)
        for names, role in ((["True"], "train"), (["False"], "frozen"), (ADAPTING, "lora")):
            words.highlight_words(names, colour(self, role))
        return words
