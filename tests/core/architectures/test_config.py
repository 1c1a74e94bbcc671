"""What a config.json of any family is refused for, and what it may say besides."""

import json

import pytest

from core.architectures.lookup import FAMILIES, read_config
from core.architectures.models import MODELS
from core.architectures.preset import Source
from core.errors import BadModel

NAMED = [name for name, preset in MODELS.items() if isinstance(preset.source, Source)]


def read(folder, config):
    (folder / "config.json").write_text(json.dumps(config))
    return read_config(folder / "config.json")


@pytest.mark.parametrize("name", NAMED)
def test_a_config_is_read_as_it_was_written_whatever_a_later_version_adds(tmp_path, name):
    arch = MODELS[name].architecture
    assert read(tmp_path, arch.to_config()) == arch
    added = {"a_field_of_tomorrow": {"or": [1, None]}, "新字段": "值", "transformers_version": "99.0.0"}
    assert read(tmp_path, arch.to_config() | added | {"num_experts": 1, "quantization_config": None}) == arch


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"num_local_experts": 8}, r"so-called experts \(num_local_experts is 8\)"),
        ({"quantization_config": {"bits": 4}}, "its weights are quantized"),
    ],
)
def test_experts_and_weights_of_few_bits_are_refused_in_every_family(tmp_path, name, change, says):
    arch = MODELS[name].architecture
    with pytest.raises(BadModel, match=f"computes otherwise than {arch.title}: .*{says}"):
        read(tmp_path, arch.to_config() | change)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_config_without_dimensions_says_what_is_missing_and_what_to_do(tmp_path, family):
    with pytest.raises(BadModel, match="does not describe a|computes otherwise than") as raised:
        read(tmp_path, {"model_type": family})
    assert raised.value.do


def test_a_width_that_heads_cannot_share_is_refused(tmp_path):
    with pytest.raises(BadModel, match="does not describe a GPT-2: its width is no multiple of its heads"):
        read(tmp_path, MODELS["gpt2"].architecture.to_config() | {"n_head": 7})
