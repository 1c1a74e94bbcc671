"""ModernBERT against transformers, on weights that it saved, and its own fast paths against the slow ones."""

import json
from dataclasses import replace

import pytest
import torch
import transformers
from tokenizers import Tokenizer, models

from cases import each, first
from core.architectures.design import in_code
from core.architectures.lookup import preset_for, preset_of, read_config
from core.architectures.models import MODELS
from core.errors import BadModel
from core.model.classifier import Classifier
from core.readout import READOUTS, ClassifierKind
from core.recipe import load
from core.runs.root import create_run
from core.text.lookup import tokenizer_of
from parity import demand_fast_paths_agree, demand_states_of_transformers, texts, weighed

VOCAB, WINDOW = 101, 6
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 44,
    "vocab_size": VOCAB,
    "max_position_embeddings": 40,
    "local_attention": WINDOW,  # shorter than the texts
    "pad_token_id": 3,
    **dict.fromkeys(("bos_token_id", "cls_token_id"), 1),
    **dict.fromkeys(("eos_token_id", "sep_token_id"), 2),
    "num_labels": 3,
}


@pytest.fixture(scope="module")
def theirs():
    return weighed(transformers.ModernBertForSequenceClassification(transformers.ModernBertConfig(**SIZES)))


@pytest.fixture
def folder(theirs, tmp_path):
    theirs.save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("dtype", "within"), first(1, [(torch.float64, 1e-5), (torch.float32, 1e-4)], names=2))
@pytest.mark.parametrize("every", [1, 3])
def test_hidden_states_of_every_block_are_those_of_transformers(tmp_path, dtype, within, every):
    config = transformers.ModernBertConfig(**SIZES, global_attn_every_n_layers=every)
    model = weighed(transformers.ModernBertModel(config))
    demand_states_of_transformers(model, tmp_path, dtype, within)


@pytest.mark.parametrize("readout", ["first", "mean"])
def test_the_family_s_own_head_gives_the_logits_of_transformers(theirs, folder, readout):
    arch = read_config(folder / "config.json")
    model = Classifier(arch, 3, ClassifierKind(READOUTS[readout], "own")).double().eval()
    from core.model.weights import WeightsFile

    file = WeightsFile(folder / "model.safetensors")
    file.load_into(model.backbone)
    assert file.load_dense(model.head, arch)
    model.head[-1].load_state_dict(theirs.classifier.state_dict())
    theirs = transformers.ModernBertForSequenceClassification.from_pretrained(folder).double().eval()
    theirs.config.update(arch.classifier.readouts[readout])
    ids, lengths, mask = texts(arch.pad, VOCAB)
    with torch.no_grad():
        expected = theirs(ids, attention_mask=mask.long()).logits
        torch.testing.assert_close(model(ids, lengths), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("readout", each(3, ["first", "last_real", "mean", "mean_pads", "last_pad"]))
@pytest.mark.parametrize("plan", each(2, ["last_block", "lora.1,blocks.3,head", "lora"]))
def test_fast_paths_give_what_the_slow_one_gives(folder, readout, plan):
    demand_fast_paths_agree(folder, readout, plan, VOCAB)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hidden_activation": "silu"}, "computes otherwise than ModernBERT: hidden_activation is 'silu'"),
        ({"norm_bias": True}, "norm_bias is True"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}, "its rotary positions are scaled .'yarn'"),
        ({"rope_scaling": {"type": "linear"}}, "'linear'"),
        ({"rope_scaling": "llama3"}, "'llama3'"),
        ({"rope_parameters": {"full_attention": {"rope_type": "dynamic"}}}, "'dynamic'"),
        ({"rope_parameters": {"full_attention": {"rope_theta": "far"}}}, "is 'far', no number above 1"),
        ({"local_rope_theta": 0}, "local_rope_theta is 0, no number"),
        ({"local_rope_theta": True}, "local_rope_theta is True"),
        ({"global_attn_every_n_layers": 0}, "global_attn_every_n_layers is 0"),
        ({"layer_types": ["sliding_attention"] * 22}, "at equal distances"),
        ({"layer_types": ["full_attention"]}, "at equal distances"),
        ({"layer_types": 3}, "at equal distances"),
        ({"local_attention": -1}, "local_attention is -1"),
        ({"local_attention": 12.5}, "local_attention is 12.5"),
        ({"norm_eps": "small"}, "norm_eps is no number"),
        ({"num_attention_heads": 5}, "no multiple of twice its heads"),
        ({"pad_token_id": 60_000}, "pad_token_id 60000"),
    ],
)
def test_a_config_of_another_computation_is_refused(tmp_path, change, says):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(MODELS["modernbert"].architecture.to_config() | change))
    with pytest.raises(BadModel, match=says):
        read_config(file)


def test_newer_and_older_configs_say_the_same(tmp_path):
    arch = MODELS["modernbert"].architecture
    older = arch.to_config() | {"reference_compile": None, "a_field_of_tomorrow": {"or": "so"}}
    transformers.ModernBertConfig(**older).save_pretrained(tmp_path)
    newer = json.loads((tmp_path / "config.json").read_text())
    assert "layer_types" in newer and "rope_parameters" in newer
    assert read_config(tmp_path / "config.json") == arch
    (tmp_path / "config.json").write_text(json.dumps(older | {"local_rope_theta": None}))
    assert read_config(tmp_path / "config.json").local_theta == arch.theta


@pytest.mark.parametrize(
    ("every", "says"),
    [
        (1, "sees all of the text"),
        (3, "sees what is near, 1 block of 3 all"),
        (99, "sees what is near, 1 block of 22 all"),
    ],
)
def test_a_block_is_told_with_what_its_tokens_see(every, says):
    arch = replace(MODELS["modernbert"].architecture, every=every)
    assert in_code(arch.design)[1].endswith(f"# {says}")


@pytest.mark.parametrize(
    ("settings", "padding", "pad"),
    [
        ({"pad_token": "<fill>"}, None, 90),
        ({"pad_token": {"content": "<fill>"}}, None, 90),
        ({}, "<fill>", 90),
        ({}, None, 3),
    ],
)
def test_where_its_config_names_no_pad_the_tokenizer_s_is_taken(tmp_path, settings, padding, pad):
    sizes = SIZES | {"pad_token_id": None}
    theirs = weighed(transformers.ModernBertModel(transformers.ModernBertConfig(**sizes)))
    theirs.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["pad_token_id"] is None
    with pytest.raises(BadModel, match="it names no pad_token_id, and neither ModernBERT's, 50283, nor a pad of a"):
        read_config(tmp_path / "config.json")
    made = Tokenizer(models.WordLevel({"[UNK]": 0, "[PAD]": 3, "a": 8, "<fill>": 90}, unk_token="[UNK]"))
    if padding:
        made.enable_padding(pad_id=90, pad_token=padding)
    made.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    assert read_config(tmp_path / "config.json").pad == pad
    assert tokenizer_of(preset_of(str(tmp_path)), "pretrained").pad == pad
    run = create_run(tmp_path / "runs", load({"model": {"name": str(tmp_path)}}))
    assert preset_for(run.recipe()).architecture.pad == pad, "a run keeps it"
    demand_states_of_transformers(theirs, tmp_path, torch.float32, 1e-4)
