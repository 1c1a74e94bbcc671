"""What a config.json of any family is refused for, and what it may say besides."""

import json

import pytest
import torch
import transformers
from safetensors.torch import save_file

from core.architectures.lookup import FAMILIES, check_folder, preset_of, read_config
from core.architectures.models import MODELS
from core.architectures.preset import Source
from core.errors import BadModel
from core.model.families import backbone_for
from core.model.weights import published

NAMED = [name for name, preset in MODELS.items() if isinstance(preset.source, Source)]

SMALL = {
    "nano": {"n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": 9, "n_positions": 4},
    "bert": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 99},
}


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


@pytest.mark.parametrize("name", NAMED)
def test_blocks_of_their_own_dimensions_are_refused_in_every_family(tmp_path, name):
    with pytest.raises(BadModel, match="its blocks have dimensions of their own .* workbench models names some"):
        read(tmp_path, MODELS[name].architecture.to_config() | {"per_layer_config": {"0": {"n_head": 2}}})


@pytest.mark.parametrize("name", ["gpt2", "smollm2-135m", "qwen3-0.6b"])
def test_a_decoder_whose_tokens_see_all_of_the_text_is_refused(tmp_path, name):
    config = MODELS[name].architecture.to_config()
    assert read(tmp_path, config | {"is_causal": True}) == MODELS[name].architecture
    with pytest.raises(BadModel, match="computes otherwise than .*: is_causal is False"):
        read(tmp_path, config | {"is_causal": False})


@pytest.mark.parametrize(
    ("name", "own", "alias"),
    [
        ("gpt2", "n_head", "num_attention_heads"),
        ("gpt2", "n_layer", "num_hidden_layers"),
        ("distilbert", "n_heads", "num_attention_heads"),
        ("distilbert", "n_layers", "num_hidden_layers"),
        ("t5-small", "num_layers", "num_hidden_layers"),
        ("t5-small", "d_kv", "head_dim"),
    ],
)
def test_a_dimension_may_have_its_other_name_and_is_refused_where_both_differ(tmp_path, name, own, alias):
    """transformers would heed the other name, whatever the family's own says."""
    arch = MODELS[name].architecture
    config = arch.to_config()
    value = config[own]
    for same in (config | {alias: value}, {k: v for k, v in config.items() if k != own} | {alias: value}):
        assert read(tmp_path, same) == arch
    with pytest.raises(BadModel, match=f"{own} and {alias} are the same, but are {value} and {value // 2}"):
        read(tmp_path, config | {alias: value // 2})


def test_a_gpt2_of_another_wide_layer_is_refused(tmp_path):
    arch = MODELS["gpt2"].architecture
    assert read(tmp_path, arch.to_config() | {"n_inner": 3072}) == read(tmp_path, arch.to_config() | {"n_inner": None})
    with pytest.raises(BadModel, match="n_inner is 2048, and not four times its width"):
        read(tmp_path, arch.to_config() | {"n_inner": 2048})


@pytest.mark.parametrize("name", ["roberta", "xlm-roberta"])
def test_what_a_roberta_leaves_out_is_as_transformers_has_it(tmp_path, name):
    config = MODELS[name].architecture.to_config()
    del config["layer_norm_eps"], config["type_vocab_size"]
    found, theirs = read(tmp_path, config), transformers.AutoConfig.from_pretrained(tmp_path)
    assert (found.epsilon, found.n_segments) == (theirs.layer_norm_eps, theirs.type_vocab_size) == (1e-12, 2)


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("relu", {"dense_act_fn": "gelu_new"}, "feed_forward_proj is 'relu', but dense_act_fn is 'gelu_new'"),
        ("relu", {"is_gated_act": True}, "but is_gated_act is True"),
        ("gated-gelu", {"dense_act_fn": "silu"}, "feed_forward_proj is 'gated-gelu', but dense_act_fn is 'silu'"),
        ("gated-gelu", {"is_gated_act": False}, "but is_gated_act is False"),
    ],
)
def test_a_t5_that_says_two_things_of_its_mlp_is_refused(tmp_path, kind, change, says):
    same = {"relu": ("relu", False), "gated-gelu": ("gelu_new", True)}[kind]
    config = MODELS["t5-small"].architecture.to_config() | {"feed_forward_proj": kind}
    config |= dict(zip(("dense_act_fn", "is_gated_act"), same, strict=True))
    assert read(tmp_path, config).gated is same[1]
    with pytest.raises(BadModel, match=says):
        read(tmp_path, config | change)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sliding_window": 2}, "sliding_window is 2, and not half of local_attention, 128"),
        (
            {"rope_parameters": {"rope_type": "default", "rope_theta": 55.0}},
            "rope_parameters are not those of full_att",
        ),
        ({"rope_scaling": "linear"}, "its rotary positions are 'linear', no table"),
    ],
)
def test_a_modernbert_that_says_two_things_of_a_block_is_refused(tmp_path, change, says):
    with pytest.raises(BadModel, match=says):
        read(tmp_path, MODELS["modernbert"].architecture.to_config() | change)


def test_what_a_modernbert_says_of_all_rotary_positions_comes_before_what_it_says_of_each(tmp_path):
    config = MODELS["modernbert"].architecture.to_config() | {"sliding_window": 64}
    found = read(tmp_path, config | {"rope_scaling": {"rope_type": "default", "rope_theta": 44.0}})
    assert (found.theta, found.local_theta) == (44.0, 44.0)


@pytest.mark.parametrize("name", ["nano", "bert"])
@pytest.mark.parametrize("kind", ["I8", "F8_E4M3"])
def test_weights_of_few_bits_are_refused_even_where_the_config_does_not_say_so(tmp_path, name, kind):
    numbers = {"I8": torch.int8, "F8_E4M3": torch.float8_e4m3fn}[kind]
    arch = read(tmp_path, MODELS[name].architecture.to_config() | SMALL[name])
    backbone = backbone_for(arch)
    save_file({k: tensor.to(numbers) for k, tensor in published(backbone).items()}, tmp_path / "model.safetensors")
    with pytest.raises(BadModel, match=f" in {kind}: its weights are quantized") as refused:
        check_folder(tmp_path, arch)
    assert "F32" in refused.value.do
    save_file({k: tensor.half() for k, tensor in published(backbone).items()}, tmp_path / "model.safetensors")
    check_folder(tmp_path, arch)


def test_weights_in_several_files_are_refused_with_how_to_make_them_one(tmp_path):
    arch = read(tmp_path, MODELS["bert"].architecture.to_config() | SMALL["bert"])
    transformers.AutoModel.from_config(transformers.AutoConfig.from_pretrained(tmp_path)).save_pretrained(
        tmp_path, max_shard_size="20KB"
    )
    with pytest.raises(BadModel, match="are cut into several files") as refused:
        check_folder(tmp_path, arch)
    assert "save_pretrained" in refused.value.do


def test_weights_that_are_not_there_are_called_as_in_the_file(tmp_path):
    arch = read(tmp_path, MODELS["bert"].architecture.to_config() | SMALL["bert"])
    tensors = published(backbone_for(arch))
    del tensors["embeddings.word_embeddings.weight"]
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(BadModel, match=r"holds no embeddings\.word_embeddings\.weight: it is not the BERT"):
        check_folder(tmp_path, arch)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_config_without_dimensions_says_what_is_missing_and_what_to_do(tmp_path, family):
    with pytest.raises(BadModel, match="does not describe a|computes otherwise than") as raised:
        read(tmp_path, {"model_type": family})
    assert raised.value.do


def test_a_width_that_heads_cannot_share_is_refused(tmp_path):
    with pytest.raises(BadModel, match="does not describe a GPT-2: its width is no multiple of its heads"):
        read(tmp_path, MODELS["gpt2"].architecture.to_config() | {"n_head": 7})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("deberta", "Of DeBERTa's family there is none by name; a folder with a model, or hub:owner/name"),
        ("deberta-v3-base", "Of DeBERTa's family there is none by name"),
        ("qwen2.5-0.5b", "Of Qwen2's family there is none by name"),
        ("flan-t5-base", "Of T5's family there are t5-small;"),
        ("distilroberta", "Did you mean roberta?"),
        ("modern-bert", "Did you mean modernbert?"),
        ("gtp2", "Did you mean gpt2?"),
        ("gpt5", "Did you mean gpt2?"),
        ("xlm-roberta-huge", "Did you mean xlm-roberta?"),
        ("anything", "There are nano, gpt2,"),
    ],
)
def test_what_names_a_family_is_not_taken_for_a_model_of_another(name, said):
    with pytest.raises(BadModel, match="is no model of this program, and no folder") as refused:
        preset_of(name)
    assert said in refused.value.do
