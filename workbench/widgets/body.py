"""Where a screen's parts stand: what `workbench.layout` says, cell by cell."""

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from workbench.layout import Place


class _Placed(Layout):
    name = "placed"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        assert isinstance(parent, Body)
        parent.pre_layout(self)
        return [
            WidgetPlacement(Region(*parent.places[child.id]), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child.id in parent.places
        ]


class Body(Widget):
    """Holds parts, each with an id. `show` places those that it names and hides the others."""

    DEFAULT_CSS = """
    Body { height: 1fr; }
    Body > .-joined > * { border-left: solid $rule; }
    Body > .-joined > Rule { border-left: none; }
    """

    def __init__(self, *parts: Widget) -> None:
        super().__init__(*parts)
        self.places: dict[str, Place] = {}
        self._placed = _Placed()

    @property
    def layout(self) -> Layout:
        return self._placed

    def show(self, places: dict[str, Place]) -> None:
        """Place the parts named, and hide the others."""
        self.places = places
        for part in self.children:
            place = places.get(part.id or "")
            part.display = place is not None
            part.set_class(bool(place and place.x), "-joined")
        self.refresh(layout=True)
