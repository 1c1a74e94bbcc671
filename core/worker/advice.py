"""What a run's advice depends on: its recipe, and the script of its texts."""

from collections.abc import Sequence

from core.architectures.lookup import is_own_folder, preset_for, short_name
from core.architectures.models import MANY, MODELS
from core.recipe import Recipe
from core.runs.verdict import Setting

ENGLISH = "English"
LATIN = 0x24F  # the last letter of its extensions
MOST_LETTERS = 0.5  # of a text: with more of them in another script than Latin, it is in that script


def setting_of(recipe: Recipe, texts: Sequence[str]) -> Setting:
    """The setting of a run that has learned from such texts."""
    preset, name = preset_for(recipe), recipe.model.name
    foreign = in_other_script(texts) and preset.languages == ENGLISH
    others = [other for other, one in MODELS.items() if one.languages == MANY]
    return Setting(
        model=short_name(name),
        everything=preset.counts or recipe.plan.named == "all",
        reads_last=not preset.counts and recipe.readout.where == "last",
        foreign=foreign,
        reads=next(iter(others), ""),
        learns_more="" if is_own_folder(name) else preset.learns_less_than,
    )


def in_other_script(texts: Sequence[str]) -> bool:
    """Whether most texts have most of their letters in another script than Latin."""
    return sum(map(_is_in_other_script, texts)) * 2 > len(texts)


def _is_in_other_script(text: str) -> bool:
    letters = [letter for letter in text[:500] if letter.isalpha()]
    others = sum(ord(letter) > LATIN for letter in letters)
    return others > MOST_LETTERS * len(letters)
