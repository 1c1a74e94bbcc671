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
    "data": ("source", "classes", "lengths", "notes", "rows", "find_row"),
    "model": ("backbone", "layers", "recipe"),
    "train": ("per_class", "step_texts"),
    "play": ("text", "kept"),
    "runs": ("settings",),
    "freeze_dialog": ("layers",),
    "recipes": ("named",),
    "models_dialog": ("models",),
}
# places that have no panel of their own, as a person calls them
CALLED = {"named": "Recipes", "models": "Models", "errors": "Errors", "find_row": "Find", "doubts": "Doubts"}


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
        return " ".join(key_in_words(key) for key in self.keys.split(",")[:4])

    @property
    def when(self) -> str:
        """The state in which it works, where that is not always: 'while it trains'."""
        return next((state for state, ids in WHEN.items() if self.id in ids.split()), "")


def key_in_words(key: str) -> str:
    """A key of Textual's as a person sees it: '^o', '?', 'enter'."""
    return _NAMES.get(key) or format_key(key).replace("ctrl+", "^")


_NAMES = {"enter": "enter", "minus": "−", "pageup": "page up", "pagedown": "page down"}

# the states in which some actions work, and no other time
WHEN = {
    "while nothing trains": "train_here",
    "while it trains": "pause step stop thaw change_rates evaluate checkpoint train_next",
    "while it is paused": "go_on",
    "when it has ended": "play errors export_result",
    "when it was stopped or has failed": "resume",
    "when it did not fit into memory": "apply",
    "while it is queued": "start_now take_out",
    "while values are read": "cursor_left cursor_right cursor_far_left cursor_far_right cursor_first cursor_last",
    "when Worth a look offers it": "better join_labels join_rare keep_split drop_near choose_column",
    "after a deletion": "undo",
    "on a run": "open_run overlay baseline name_run delete_run",
    "on a folded group": "unfold",
    "on an unfolded group": "fold_group",
    "on a group": "continue_group stop_group delete_group",
}

# In the footer's order: what belongs to a panel first, then to its screen, then to the program.
ACTIONS = [
    Action("source", "enter", "file, columns", "Choose the file and its columns", "source", "screen.source"),
    Action("show_rows", "enter", "show rows", "Show these rows", "notes classes", "screen.show_rows"),
    Action("show_cut", "enter", "show cut texts", "Show the texts that this context cuts", "lengths"),
    Action("next_context", "right", "context", "Try a longer context", "lengths", face="← →"),
    Action("previous_context", "left", "", "Try a shorter context", "lengths"),
    Action("tokens", "enter", "tokens", "See the row as tokens", "rows", "screen.tokens"),
    Action("next_model", "right", "model", "Start from the next model", "backbone", face="← →"),
    Action("previous_model", "left", "", "Start from the model before", "backbone"),
    Action("all_models", "enter", "all models", "All models by family; a folder, or an address on the hub", "backbone"),
    Action("fetch", "f", "fetch", "Fetch the model's files, or stop fetching them", "backbone models source"),
    Action(
        "ask",
        "A",
        "ask it",
        "Let the base model continue a text, or guess a masked word",
        "backbone",
        "screen.ask",
    ),
    Action("edit", "enter", "edit", "Change this option", "recipe"),
    Action("next_choice", "right", "choose", "Next choice", "recipe", face="← →"),
    Action("previous_choice", "left", "", "Choice before", "recipe"),
    Action("vary", "space", "vary", "Several values of this option: many runs", "recipe"),
    Action("vary_model", "space", "vary", "Several models: many runs", "backbone", "screen.vary('model.name')"),
    Action("toggle", "space", "toggle", "Train this part, or freeze it", "layers", "toggle_parts"),
    Action("lower", "plus,equals_sign", "boundary", "One block more", "layers", face="+ −"),
    Action("raise", "minus", "", "One block fewer", "layers"),
    Action("last_block", "b", "last block", "Train the last block, final norm and head", "layers"),
    Action("lora", "l", "LoRA", "LoRA in every block and the head; or in a range", "layers"),
    Action("head_only", "h", "", "Train the head only", "layers"),
    Action("all", "a", "", "Train everything", "layers"),
    Action("range", "v", "", "Start a range; space or l sets it", "layers"),
    Action(
        "ask_again",
        "enter",
        "try it",
        "Try the text in Play, with the weights that were tested",
        "errors",
        "screen.ask_again",
    ),
    Action(
        "these_errors",
        "enter",
        "its errors",
        "The errors of this class, or of the chosen cell",
        "per_class",
        "screen.these_errors",
    ),
    Action("next_cell", "right", "cell", "Choose the next cell of the confusion matrix", "per_class", face="← →"),
    Action("previous_cell", "left", "", "Choose the cell before; before the first, the whole class", "per_class"),
    Action(
        "sort_labels", "o", "sort", "Worst F1 first, or in the classifier's order", "per_class", "screen.sort_labels"
    ),
    Action("whole_text", "enter", "whole text", "Show the whole text", "step_texts", "screen.whole_text"),
    Action(
        "relabel_doubt",
        "enter,c",
        "relabel",
        "Choose its label; first what a model says",
        "doubts",
        "screen.relabel",
    ),
    Action("relabel", "c", "", "Give the row another label; the file is never changed", "rows", "screen.relabel"),
    Action("drop_row", "d", "drop", "Leave the row out; the file is never changed", "doubts", "screen.drop_row"),
    Action("leave_out", "d", "", "Leave the row out; the file is never changed", "rows", "screen.drop_row"),
    Action("undo_edit", "u", "undo", "Undo the latest relabelling or dropping", "doubts", "screen.undo_edit"),
    Action("redo_edit", "U", "", "Redo what was undone last", "doubts", "screen.redo_edit"),
    Action("search", "slash", "find", "Find in the list", "rows classes errors doubts", "screen.search"),
    Action("filter", "f", "filter", "Next filter of the rows", "rows errors", "screen.filter"),
    Action("sort", "o", "sort", "Sort by another column", "rows errors", "screen.sort"),
    Action(
        "filters",
        "F",
        "",
        "Several filters at once: class, split, length, copies, script",
        "rows",
        "screen.filters",
    ),
    Action("all_columns", "i", "", "All columns of this row", "rows", "screen.all_columns"),
    Action("regex", "ctrl+r", "regex", "Search by a regular expression, or by words again", "find_row", "screen.regex"),
    Action("reverse", "O", "", "Reverse the order", "rows errors", "screen.reverse"),
    Action("surety", "c", "how sure", "Only those that it was so sure of", "errors", "screen.surety"),
    Action("row_on_data", "D", "row", "Show its row on Data", "errors doubts", "screen.row_on_data"),
    Action("keep", "enter", "keep", "Keep the text with its verdict", "text"),
    Action("recall", "up", "recall", "Examples, and what was kept", "text"),
    Action("return", "down", "", "Back towards your own text", "text"),
    Action("new_line", "ctrl+j", "", "A new line", "text"),
    Action("again", "enter", "try again", "Put the sentence back into the text", "kept", "screen.again"),
    Action("write", "enter", "write", "Write in the text", "play"),
    Action("other", "ctrl+r", "other run", "Ask another run or checkpoint", "play"),
    Action("watch_live", "n", "live run", "Go to the run that trains now", "screen"),
    Action("open_run", "enter", "open", "Watch this run", "runs"),
    Action("runs_of", "enter", "its runs", "List the runs of this setting", "settings", "screen.runs_of"),
    Action("unfold", "enter,right", "unfold", "List the runs of this group", "runs"),
    Action("fold_group", "enter", "fold", "Fold the runs of this group into one line", "runs", "fold"),
    Action("fold", "left", "", "Fold this group, or the one that this run is of", "runs"),
    Action("continue_group", "r", "continue", "Make the runs that it lacks, and resume those broken off", "runs"),
    Action("stop_group", "s", "stop", "Take its runs out of the queue, and stop the one that trains", "runs"),
    Action("overlay", "space", "overlay", "Show or hide this run's curve beside the others", "runs"),
    Action("baseline", "asterisk", "baseline", "Compare the other runs with this one; again: with none", "runs"),
    Action("resume", "r", "resume", "Resume the run", "train runs"),
    Action(
        "start_now",
        "r",
        "start",
        "Start it now, or move it to its place in the queue",
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
    Action(
        "delete_group", "d", "delete all", "Delete all runs of this group; asks first, and u brings them back", "runs"
    ),
    Action("undo", "u", "undo", "Bring back the run deleted last", "runs"),
    Action("train", "t", "train", "Train with this recipe; queued while a run trains", "data model runs"),
    Action("train_here", "t", "train", "Train with this recipe", "train play", "train"),
    Action("doubts", "e", "", "Rows that look mislabelled, to be relabelled or dropped", "data"),
    Action("undo_row_edit", "u", "", "Undo the latest relabelling or dropping of a row", "data", "undo_edit"),
    Action("redo_row_edit", "U", "", "Redo what was undone last", "data", "redo_edit"),
    Action("better", "B", "better model", "Start from the suggested model, fetched first", "data"),
    Action("join_labels", "J", "", "Merge labels that look alike; again: keep them apart", "data"),
    Action("join_rare", "M", "", "Merge labels too rare to split; again: leave them out", "data"),
    Action("drop_near", "D", "", "Leave out near copies; again: keep them", "data"),
    Action("keep_split", "K", "", "Use the split in the file's column; again: a new one", "data"),
    Action("choose_column", "W", "", "Choose between columns that could be label or text", "data"),
    Action("questions", "Q", "questions", "Questions that several runs answer, by name", "model"),
    Action("vary_layers", "V", "", "Several choices of what learns: many runs", "model", "vary('freeze.trainable')"),
    Action("vary_folds", "F", "", "k-fold cross-validation: every row is tested once", "model", "vary('data.fold')"),
    Action("measure", "P", "measure", "Measure this machine, for exact times", "model"),
    Action("apply", "enter", "smaller batches", "Train with smaller batches that fit into memory", "train"),
    Action("play", "enter", "play", "Try sentences on this run", "train"),
    Action("errors", "e", "errors", "The texts it gets wrong", "train"),
    Action("export_result", "X", "", "Export the result as Markdown", "train"),
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
    Action("pause", "p", "pause", COMMANDS["pause"].help, "train", "control('pause')"),
    Action("go_on", "p", "go on", COMMANDS["resume"].help, "train", "control('resume')"),
    Action("step", "full_stop", "step", COMMANDS["step"].help, "train", "control('step')"),
    Action("stop", "s", "stop", COMMANDS["stop"].help, "train"),
    Action("thaw", "space", "thaw or freeze", "Train or freeze parts from the next step on", "train"),
    Action("change_rates", "S", "", "Change the learning rates and the number of epochs", "train"),
    Action("evaluate", "E", "", COMMANDS["evaluate"].help, "train", "control('evaluate')"),
    Action("checkpoint", "ctrl+s", "", COMMANDS["save"].help, "train", "control('save')"),
    Action(
        "read_values",
        "i",
        "read values",
        "Cursor on the curves; i or esc leaves",
        "train",
        "view('read')",
    ),
    Action("train_next", "t", "train next", "Train with this recipe when this run has ended", "train play"),
    Action(
        "fewer_steps",
        "left_square_bracket",
        "window",
        "Show fewer steps, the latest",
        "train",
        "view('fewer')",
        "[ ]",
    ),
    Action("more_steps", "right_square_bracket", "", "Show more steps", "train", "view('more')"),
    Action(
        "smooth",
        "m",
        "",
        "Smooth the training loss, or show each step",
        "train",
        "view('smooth')",
    ),
    Action("log_scale", "L", "", "Loss on a log scale, and back", "train", "view('log')"),
    Action("zoom", "z", "", "Give the panel all of the screen, or go back", "screen"),
    Action("worker_log", "w", "", "Messages of the training process", "train"),
    Action("up", "up,k", "", "Move up", "list"),
    Action("down", "down,j", "", "Move down", "list"),
    Action("first", "g,home", "", "To the first", "list"),
    Action("last", "G,end", "", "To the last", "list"),
    Action("page_up", "pageup", "", "A page up", "list"),
    Action("page_down", "pagedown", "", "A page down", "list"),
    Action("code", "C", "", "Show which layers learn, as PyTorch code", "model"),
    Action("save", "ctrl+s", "save recipe", "Save the recipe as a file", "data model", "app.save"),
    Action("command_line", "Y", "", "The command line that does the same", "data model train runs"),
    Action("copy_value", "y", "", "Copy the value", "row_dialog"),
    Action("next_row", "right", "", "The next row", "row_dialog"),
    Action("previous_row", "left", "", "The row before", "row_dialog"),
    Action("copy_command", "y", "", "Copy the command line", "command_dialog", "copy"),
    Action("whose_model", "left,right,space", "", "With this model, or its own", "named", "screen.whose_model"),
    Action("following", "right,space", "", "Next word", "choice"),
    Action("previous", "left", "", "Word before", "choice"),
    Action(
        "accept",
        "enter",
        "",
        "Accept",
        "path filter_dialog run_dialog ask_dialog recipes freeze_dialog models_dialog trust_dialog confirm_dialog "
        "questions",
    ),
    Action("complete", "tab", "", "Complete the path, or go on", "path"),
    Action("suggestion_above", "up", "", "File above", "path", "up"),
    Action("suggestion_below", "down", "", "File below", "path", "down"),
    Action("back_to_train", "escape", "back", "Back to Train", "detail", "back"),
    Action("copy", "y", "", "Copy the text under the cursor", "screen"),
    Action("export", "x", "", "Export what has the focus, as a file", "screen"),
    Action("picture", "f8", "", "Save a picture of the screen", "anywhere", "app.picture"),
    Action("back", "escape", "", "One step out: leaves a field, or goes back to where you came from", "screen dialog"),
    Action("close", "escape,f1", "", "Close", "help explain", "back"),
    Action("close_help", "question_mark", "", "Close", "help_field", "screen.back"),
    Action("all_keys", "question_mark", "", "Every key of the screen", "explain"),
    Action("found_above", "up", "", "Line above", "filter", "screen.move(-1)"),
    Action("found_below", "down", "", "Line below", "filter", "screen.move(1)"),
    Action("page_above", "pageup", "", "A page up", "filter", "screen.move(-10)"),
    Action("page_below", "pagedown", "", "A page down", "filter", "screen.move(10)"),
    Action("next_panel", "tab", "", "Next panel or field", "screen"),
    Action("previous_panel", "shift+tab", "", "Panel or field before", "screen"),
    *(
        Action(f"mode_{mode}", str(i), "", f"{title}", "app", f"mode('{mode}')")
        for i, (mode, title) in enumerate(MODES.items(), 1)
    ),
    Action("jump", "ctrl+o", "", "Jump: a screen's digit or a panel's letter", "anywhere", "app.jump"),
    Action("commands", "ctrl+p", "", "Every command, by name", "anywhere", "app.command_palette"),
    Action("quit", "q,ctrl+q", "", "Quit; a run goes on without this window", "anywhere", "app.quit"),
    Action("theme", "", "", "Dark or light colours", "app", "app.switch_theme"),
    Action("explain", "f1", "", "What am I looking at?", "anywhere", "app.explain"),
    Action("help", "question_mark", "all keys", "Every key of this screen", "anywhere", "app.help"),
]


def at(*places: str) -> Iterator[Action]:
    """The actions of some places, in the order of the registry."""
    return (action for action in ACTIONS if set(action.places.split()) & set(places))


def places_of(place: str) -> tuple[str, ...]:
    """A screen or dialog, and the kinds of panel on it that have keys of their own."""
    return place, *PANELS.get(place, ())


def key_of(action: str) -> str:
    """The key of an action, as a person sees it."""
    return next(each.shown for each in ACTIONS if each.id == action)


def bindings(*places: str) -> list[BindingType]:
    """What a screen or widget that is these places declares as its BINDINGS."""
    return [action.binding for action in at(*places) if action.keys]


def takes_text(widget: Widget | None) -> TypeGuard[Widget]:
    """Whether this is a text field, into which every printable key is typed."""
    return widget is not None and widget.check_consume_key("a", "a")
