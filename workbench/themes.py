"""The two themes: every colour of the program, by role. Hue means data; the chrome is grey."""

from textual.dom import DOMNode
from textual.theme import Theme

N_CLASSES = 8  # hues for classes; where there are more, one hue for all, because none would name its class

# role: dark, light. Chosen to stay apart for normal, protan, deutan and tritan sight; text at 4.5:1 or better.
ROLES = {
    "background": ("#14171F", "#FBFAF7"),
    "surface": ("#1B202B", "#F1EFEA"),
    "text": ("#DCE3EE", "#1E2430"),
    "muted": ("#8F9AAD", "#5F6978"),
    "rule": ("#3A4456", "#CBD1DA"),
    "focus": ("#B9C6FF", "#3B4BA3"),
    "train": ("#F2A541", "#B05A00"),
    "train-raw": ("#6D502D", "#DDBA94"),
    "validation": ("#5BA8F5", "#1B66B8"),
    "lora": ("#FBE3B5", "#BF7F3C"),
    "frozen": ("#66738C", "#7D8795"),
    "warning": ("#E9DC6A", "#7A6200"),
    "error": ("#FF7A6B", "#B3122F"),
    "class-1": ("#3FC1A5", "#007F6A"),
    "class-2": ("#E7B3DA", "#6A1B5D"),
    "class-3": ("#D55948", "#353C1D"),
    "class-4": ("#CFF3AC", "#8C5087"),
    "class-5": ("#966CD7", "#6D6E0A"),
    "class-6": ("#C5C632", "#6766D8"),
    "class-7": ("#4F929D", "#C64060"),
    "class-8": ("#AD7575", "#286648"),
}


def _theme(name: str, dark: bool) -> Theme:
    roles = {role: pair[0 if dark else 1] for role, pair in ROLES.items()}
    chrome = {
        "border": roles["rule"],
        "border-blurred": roles["rule"],
        "block-cursor-background": roles["surface"],
        "block-cursor-foreground": roles["text"],
        "block-cursor-text-style": "none",
        "block-hover-background": roles["surface"],
        "input-cursor-background": roles["focus"],
        "input-cursor-foreground": roles["background"],
        "input-selection-background": roles["rule"],
        "scrollbar": roles["rule"],
        "scrollbar-hover": roles["muted"],
        "scrollbar-active": roles["focus"],
        "scrollbar-background": roles["background"],
        "scrollbar-background-hover": roles["background"],
        "scrollbar-background-active": roles["background"],
        "scrollbar-corner-color": roles["background"],
    }
    return Theme(
        name=name,
        primary=roles["focus"],
        secondary=roles["muted"],
        accent=roles["focus"],
        warning=roles["warning"],
        error=roles["error"],
        success=roles["focus"],
        foreground=roles["text"],
        background=roles["background"],
        surface=roles["surface"],
        panel=roles["surface"],
        dark=dark,
        variables=roles | chrome,
    )


DARK, LIGHT = _theme("workbench-dark", True), _theme("workbench-light", False)


def colour(node: DOMNode, role: str) -> str:
    """The colour of a role under the theme in force, for rich styles."""
    return node.app.theme_variables[role]


def verdict_role(verdict: str | None) -> str:
    """The role of a verdict: better, even, worse, or none."""
    return {"better": "focus", "worse": "warning"}.get(verdict or "", "text")


def name_role(index: int, n_classes: int) -> str:
    """The role of a class's name: where one hue is for all, it would say nothing."""
    return class_role(index, n_classes) if n_classes <= N_CLASSES else "text"


def class_role(index: int, n_classes: int) -> str:
    """The role of a class by its number in the classifier's order."""
    return f"class-{index + 1}" if n_classes <= N_CLASSES else "class-1"
