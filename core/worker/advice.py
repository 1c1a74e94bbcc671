"""What a run's advice depends on: its recipe, and what its texts are written in."""

from collections.abc import Sequence

from core.architectures.lookup import is_own_folder, preset_for, short_name
from core.architectures.models import MANY, MODELS
from core.architectures.preset import ENGLISH
from core.data.letters import hold_letters, in_other_script
from core.recipe import Recipe
from core.runs.verdict import Setting
from core.template import contents


def setting_of(recipe: Recipe, texts: Sequence[str]) -> Setting:
    """The setting of a run that has learned from such texts."""
    preset, name, texts = preset_for(recipe), recipe.model.name, contents(texts, recipe.data.text)
    foreign = in_other_script(texts) and preset.languages == ENGLISH
    better = "" if is_own_folder(name) else preset.learns_less_than
    others = [other for other, one in MODELS.items() if one.languages == MANY]
    return Setting(
        model=short_name(name),
        everything=preset.counts or recipe.plan.named == "all",
        reads_last=not preset.counts and recipe.readout.where == "last",
        foreign=foreign,
        reads=next(iter(others), ""),
        learns_more=better if hold_letters(texts) else "",
    )
