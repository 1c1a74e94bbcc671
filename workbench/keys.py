"""Every action, once: what key it has, what it is called, where it works.

Bindings, footer, help and palette all come from here. A place is a screen, or a kind of widget on it.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

from textual.binding import Binding, BindingType
from textual.keys import format_key
from textual.widget import Widget

from core.runs.control import COMMANDS

MODES = {"data": "Data", "model": "Model", "train": "Train", "play": "Play", "runs": "Runs"}

# the kinds of panel on each screen, or in a dialog, that have keys of their own
PANELS = {
    "data": ("source", "classes", "notes", "rows"),
    "model": ("backbone", "layers", "recipe"),
    "play": ("text", "kept"),
    "freeze_dialog": ("layers",),
    "recipes": ("named",),
    "models_dialog": ("models",),
}


class Action(NamedTuple):
    """`keys` as Textual names them, separated by commas; `label` is for the footer, empty where it stays out of it."""

    id: str
    keys: str
    label: str
    help: str
    places: str  # separated by spaces
    action: str = ""  # Textual's action; `id` where empty
    face: str = ""  # the key as the footer shows it, where it stands for its opposite too

    @property
    def binding(self) -> Binding:
        label = self.label or self.help
        return Binding(self.keys, self.action or self.id, label, show=bool(self.label), id=self.id, tooltip=self.help)

    @property
    def shown(self) -> str:
        """The keys for a person: '↑ k'."""
        return " ".join(_NAMES.get(key) or format_key(key).replace("ctrl+", "^") for key in self.keys.split(",")[:4])


_NAMES = {"enter": "enter", "minus": "−", "pageup": "page up", "pagedown": "page down"}

# In the footer's order: what belongs to a panel first, then to its screen, then to the program.
ACTIONS = [
    Action("source", "enter", "file, columns", "Choose the file and its columns", "source", "screen.source"),
    Action("show_rows", "enter", "show rows", "Show these rows", "notes classes", "screen.show_rows"),
    Action("tokens", "enter", "tokens", "See the row as tokens", "rows", "screen.tokens"),
    Action("next_model", "right", "model", "Start from the next model", "backbone", face="← →"),
    Action("previous_model", "left", "", "Start from the model before", "backbone"),
    Action("all_models", "enter", "all models", "All models by family; a folder, or an address on the hub", "backbone"),
    Action("fetch", "f", "fetch", "Fetch the model's files, or stop fetching them", "backbone models source"),
    Action(
        "ask",
        "A",
        "ask it",
        "Have the model go on with a text, or guess a masked word, before it is made a classifier",
        "backbone",
        "screen.ask",
    ),
    Action("edit", "enter", "edit", "Change this option", "recipe"),
    Action("next_choice", "right", "choose", "Next choice", "recipe", face="← →"),
    Action("previous_choice", "left", "", "Choice before", "recipe"),
    Action("toggle", "space", "toggle", "Let this part learn, or freeze it", "layers", "toggle_parts"),
    Action("lower", "plus,equals_sign", "boundary", "Learn one block further down", "layers", face="+ −"),
    Action("raise", "minus", "", "Learn one block less", "layers"),
    Action("last_block", "b", "last block", "Learn the last block, final norm and head", "layers"),
    Action("lora", "l", "LoRA", "LoRA in every block, and the head; with a range begun, in its blocks", "layers"),
    Action("head_only", "h", "", "Learn the head only", "layers"),
    Action("all", "a", "", "Learn everything", "layers"),
    Action("range", "v", "", "Start a range; space or l sets it", "layers"),
    Action("search", "slash", "find", "Find in the list", "rows classes", "screen.search"),
    Action("filter", "f", "filter", "Next filter of the rows", "rows", "screen.filter"),
    Action("sort", "o", "sort", "Sort by row, label, tokens", "rows", "screen.sort"),
    Action("reverse", "O", "", "Turn the order round", "rows", "screen.reverse"),
    Action("keep", "enter", "keep", "Keep the text with its verdict", "text"),
    Action("recall", "up", "recall", "Examples, and what was kept", "text"),
    Action("return", "down", "", "Back towards your own text", "text"),
    Action("new_line", "ctrl+j", "", "A new line", "text"),
    Action("again", "enter", "try again", "Put the sentence back into the text", "kept", "screen.again"),
    Action("copy", "y", "copy", "Copy the sentence", "kept", "screen.copy"),
    Action("write", "enter", "write", "Write in the text", "play"),
    Action("other", "ctrl+r", "other run", "Ask another run or checkpoint", "play"),
    Action("watch_live", "n", "live run", "Go to the run that trains now", "screen"),
    Action("open_run", "enter", "open", "Watch this run", "runs"),
    Action("overlay", "space", "overlay", "Lay the run's curve over the others, or take it away", "runs"),
    Action("baseline", "asterisk", "baseline", "Measure the other runs against this one; again: against none", "runs"),
    Action("resume", "r", "resume", "Take the run up again", "train runs"),
    Action(
        "start_now",
        "r",
        "start",
        "Start this queued run now; while another runs, see that it has its turn",
        "train runs",
    ),
    Action("take_out", "s", "take out", "Take this run out of the queue", "train runs"),
    Action("find_run", "slash", "find", "Find runs by name, note, model, data or option", "runs"),
    Action(
        "filter_runs",
        "f",
        "filter",
        "Next filter: of this file, done, training or queued, ended early",
        "runs",
        "look('filter')",
    ),
    Action("sort_runs", "o", "sort", "Sort by age, test, macro F1, time or name", "runs", "look('sort')"),
    Action("reverse_runs", "O", "", "Reverse the order", "runs", "look('reverse')"),
    Action("name_run", "R", "name, note", "Give this run a name and a note", "runs"),
    Action("delete_run", "d", "delete", "Delete this run; u brings it back until you quit", "runs"),
    Action("undo", "u", "undo", "Bring back the run deleted last", "runs"),
    Action("train", "t", "train", "Train with this recipe; while a run is alive, it waits its turn", " ".join(MODES)),
    Action(
        "better", "B", "better model", "Start from the model that learns more from such texts; fetch it first", "data"
    ),
    Action("join_labels", "J", "", "Make one label of those that look alike; again: keep them apart", "data"),
    Action("join_rare", "M", "", "Make one label of those too rare to be split; again: leave them out", "data"),
    Action("keep_split", "K", "", "Keep to the split that a column of the file says; again: split anew", "data"),
    Action("choose_column", "W", "", "Choose the column where two could be the label, or the text", "data"),
    Action("measure", "P", "measure", "Measure how fast this machine is, for prices that are true", "model"),
    Action("apply", "enter", "smaller batches", "Learn the same in batches that fit into memory", "train"),
    Action("play", "enter", "play", "Try sentences on this run", "train"),
    Action("errors", "e", "errors", "The texts it gets wrong, most confident first", "train"),
    Action("pause", "p", "pause", COMMANDS["pause"].help, "train", "control('pause')"),
    Action("go_on", "p", "go on", COMMANDS["resume"].help, "train", "control('resume')"),
    Action("step", "full_stop", "step", COMMANDS["step"].help, "train", "control('step')"),
    Action("stop", "s", "stop", COMMANDS["stop"].help, "train"),
    Action("thaw", "space", "thaw or freeze", "Let a part learn from the next step on, or freeze it", "train"),
    Action("change_rates", "S", "", "Change the learning rates, and for how many epochs it learns", "train"),
    Action("evaluate", "E", "", COMMANDS["evaluate"].help, "train", "control('evaluate')"),
    Action("checkpoint", "ctrl+s", "", COMMANDS["save"].help, "train", "control('save')"),
    Action(
        "read_values",
        "i",
        "read values",
        "Read the curves at a cursor; again, or esc: no more",
        "train",
        "view('read')",
    ),
    Action("train_next", "t", "train next", "Train with this recipe when this run has ended", "train play"),
    Action("cursor_left", "left", "move", "The cursor one column to the left", "train", "view('left')", "← →"),
    Action("cursor_right", "right", "", "The cursor one column to the right", "train", "view('right')"),
    Action(
        "cursor_far_left", "shift+left,pageup", "", "The cursor ten columns to the left", "train", "view('far_left')"
    ),
    Action(
        "cursor_far_right",
        "shift+right,pagedown",
        "",
        "The cursor ten columns to the right",
        "train",
        "view('far_right')",
    ),
    Action("cursor_first", "home", "", "The cursor to the first step", "train", "view('first')"),
    Action("cursor_last", "end", "", "The cursor to the latest step", "train", "view('last')"),
    Action(
        "fewer_steps",
        "left_square_bracket",
        "window",
        "Look at the latest steps only, at fewer each time",
        "train",
        "view('fewer')",
        "[ ]",
    ),
    Action("more_steps", "right_square_bracket", "", "Look at more steps, at last at all", "train", "view('more')"),
    Action(
        "smooth",
        "m",
        "",
        "Training loss smoothed, its steps faint behind; or its steps alone",
        "train",
        "view('smooth')",
    ),
    Action("log_scale", "L", "", "Loss on a log scale, and back", "train", "view('log')"),
    Action("zoom", "z", "zoom", "Enlarge the panel, and back", "train"),
    Action("worker_log", "w", "", "What the worker itself wrote", "train"),
    Action("up", "up,k", "", "Move up", "list"),
    Action("down", "down,j", "", "Move down", "list"),
    Action("first", "g,home", "", "To the first", "list"),
    Action("last", "G,end", "", "To the last", "list"),
    Action("page_up", "pageup", "", "A page up", "list"),
    Action("page_down", "pagedown", "", "A page down", "list"),
    Action("code", "C", "", "What learns, as code: the lines of PyTorch that the toggles mean", "model"),
    Action("save", "ctrl+s", "save recipe", "Save the recipe as a file", "data model", "app.save"),
    Action("whose_model", "left,right,space", "", "With this model, or its own", "named", "screen.whose_model"),
    Action("following", "right,space", "", "Next word", "choice"),
    Action("previous", "left", "", "Word before", "choice"),
    Action(
        "accept", "enter", "", "Take it", "path run_dialog ask_dialog recipes freeze_dialog models_dialog trust_dialog"
    ),
    Action("complete", "tab", "", "Complete the path, or go on", "path"),
    Action("suggestion_above", "up", "", "File above", "path", "up"),
    Action("suggestion_below", "down", "", "File below", "path", "down"),
    Action("back_to_train", "escape", "back", "Back to Train", "detail", "back"),
    Action("back", "escape", "", "One step out; leaves a field", "screen dialog"),
    Action("close", "escape,question_mark,f1,q", "", "Close", "help", "back"),
    Action("next_panel", "tab", "", "Next panel or field", "screen"),
    Action("previous_panel", "shift+tab", "", "Panel or field before", "screen"),
    *(
        Action(f"mode_{mode}", str(i), "", f"{title}", "app", f"mode('{mode}')")
        for i, (mode, title) in enumerate(MODES.items(), 1)
    ),
    Action("jump", "ctrl+o", "", "Jump: a screen's digit or a panel's letter", "anywhere", "app.jump"),
    Action("commands", "ctrl+p", "", "Every command, by name", "anywhere", "app.command_palette"),
    Action("quit", "q,ctrl+q", "", "Quit; a run goes on without this window", "anywhere", "app.quit"),
    Action("help", "question_mark,f1", "all keys", "Every key that works here", "anywhere", "app.help"),
]


def at(*places: str) -> Iterator[Action]:
    """The actions of some places, in the order of the registry."""
    return (action for action in ACTIONS if set(action.places.split()) & set(places))


def key_of(action: str) -> str:
    """The key of an action, as a person sees it."""
    return next(each.shown for each in ACTIONS if each.id == action)


def bindings(*places: str) -> list[BindingType]:
    """What a screen or widget that is these places declares as its BINDINGS."""
    return [action.binding for action in at(*places)]


def takes_text(widget: Widget | None) -> TypeGuard[Widget]:
    """Whether this is a text field, into which every printable key is typed."""
    return widget is not None and widget.check_consume_key("a", "a")
