"""How the rows are divided into training, validation and test."""

from rich.text import Text
from textual.widget import Widget

from core.options import AUTO
from core.recipe import Recipe
from core.rows import Profile
from core.wording import on_one_line
from workbench.formatting import bar, cut
from workbench.themes import colour


class Splits(Widget):
    """A bar a split, and how the rows were divided; where there is a single line, the figures alone."""

    DEFAULT_CSS = "Splits { height: 1fr; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, int] = {}
        self._how = ""

    def show(self, profile: Profile, recipe: Recipe) -> None:
        self._rows = {split: sum(rows.values()) for split, rows in profile.splits.items()}
        data = recipe.data
        balanced = "" if data.balance == "none" else "balanced, " if data.balance_first else "training balanced, "
        fold = f"fold {data.fold}, " if data.fold_of else ""
        kept = profile.files or data.split not in (AUTO, "none")
        how = "as given" if kept else "stratified" if data.stratify else "shuffled"
        if not kept and (column := data.group or data.time):
            how = f"by column {on_one_line(column)}{', the earliest first' if data.time else ''}"
        self._how = f"{balanced}{fold}{how}" + ("" if data.time else f", seed {data.seed}")
        self.refresh()

    def render(self) -> Text:
        text, muted = colour(self, "text"), colour(self, "muted")
        if not self._rows:
            return Text("None: Source says why.", muted)
        if self.size.height < len(self._rows) + 1:
            return self._in_one_line()
        top = max(self._rows.values(), default=0) or 1
        room = max(4, self.size.width - 22)
        hues = {"train": "train", "validation": "validation"}
        lines = [
            Text.assemble(
                (f"{split:<11}", muted),
                (f"{rows:>9,}  ", text),
                (bar(rows / top, room), colour(self, hues.get(split, "muted"))),
            )
            for split, rows in self._rows.items()
        ]
        return Text("\n").join([*lines, Text(cut(self._how, self.size.width), muted)])

    def _in_one_line(self) -> Text:
        text, muted = colour(self, "text"), colour(self, "muted")
        for between, validation in ((" · ", "validation"), (", ", "validation"), (", ", "val.")):
            names = {split: validation if split == "validation" else split for split in self._rows}
            pairs = [((f"{names[split]} ", muted), (f"{rows:,}", text)) for split, rows in self._rows.items()]
            line = Text(between, muted).join(Text.assemble(*pair) for pair in pairs)
            if line.cell_len <= self.size.width:
                break
        return line
