"""Model folders as the hub has them."""

import json

import pytest
from safetensors.torch import save_file

from core.model.weights import config_of, published


@pytest.fixture
def save_folder():
    """A function that writes a backbone's config.json and model.safetensors."""

    def save(backbone, folder):
        folder.mkdir(parents=True, exist_ok=True)
        save_file(published(backbone), folder / "model.safetensors", metadata={"format": "pt"})
        config = {"architectures": ["GPT2Model"]} | config_of(backbone.shape)
        (folder / "config.json").write_text(json.dumps(config))

    return save
