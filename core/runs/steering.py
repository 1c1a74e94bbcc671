"""What a run was told to change while it trained, in words. No torch."""

from core.runs.folder import RunFolder
from core.runs.history import History

# of freeze plans in words: how they go on in a sentence
LEARNED = {
    "last block": "the last block",
    "last two": "the last two blocks",
    "last three": "the last three blocks",
    "all layers": "all layers",
    "LoRA": "LoRA",
}


def steered(history: History) -> str:
    """'last two from step 155; lr 0.001 from step 300'; empty where a run went by its recipe."""
    return "; ".join(f"{words} from step {after + 1:,}" for after, words in history.steered)


def steered_run(run: RunFolder) -> str:
    """The same of a run's folder. Its log is read only where it has been told anything: it may be long."""
    return steered(History.of(run.log())) if run.control_file.exists() else ""


def learned(plan: str, steered: str) -> str:
    """'last block; last two from step 155': what learned by the recipe, in words, and what it was told later."""
    return "; ".join(filter(None, (plan, steered)))


def weights_tested(history: History, step: int) -> str:
    """'weights of step 120, before the last two blocks learned': what was tested, of a run that may have been told to
    learn in another way after that step.
    """
    words = f"weights of step {step:,}"
    later = next(((after, change) for after, change in history.steered if after >= step), None)
    if later is None:
        return words
    after, change = later
    if change in LEARNED:
        return f"{words}, before {LEARNED[change]} learned"
    return f"{words}, before the change at step {after + 1:,}"
