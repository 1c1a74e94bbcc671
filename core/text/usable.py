"""Whether a run can start from a model: what `train` looks at before it makes one, and `fetch` before it says done."""

from core.architectures.lookup import HUB, demand_weights, preset_of
from core.architectures.preset import ModelPreset, is_folder
from core.files import Progress
from core.model_files.fetch import fetch_small
from core.text.lookup import tokenizer_of


def demand_model(preset: ModelPreset, weights: str = "pretrained") -> None:
    """Raises BadModel where no run can start from a model with these weights, as far as what is here shows.

    That is what a folder or an address holds: the weights of a model by name are known, and so is a tokenizer that
    comes with the program.
    """
    demand_weights(preset, weights)
    if is_folder(weights) or not preset.tokenizer:
        tokenizer_of(preset, weights)


def before_fetching(name: str, progress: Progress) -> ModelPreset:
    """A model by name or address, before its weights come: of an address, the small files are here and looked at.

    Raises BadModel where it is not known, cannot be had, or no run could start from it.
    """
    if not name.startswith(HUB):
        return preset_of(name)
    preset = fetch_small(name, progress)
    demand_model(preset)
    return preset
