"""DeBERTa against transformers, on weights that it saved, and its own fast paths against the slow ones."""

import json

import pytest
import torch
import transformers

from cases import each, first
from core.architectures.deberta import DebertaArchitecture
from core.architectures.lookup import preset_of, read_config
from core.errors import BadModel
from core.model.classifier import Classifier
from core.model.weights import WeightsFile
from core.readout import READOUTS, ClassifierKind
from core.text.lookup import tokenizer_of
from parity import backbone_of, demand_fast_paths_agree, demand_states_of_transformers, texts, weighed

VOCAB = 101
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 44,
    "vocab_size": VOCAB,
    "max_position_embeddings": 40,
    "relative_attention": True,
    "share_att_key": True,
    "norm_rel_ebd": "layer_norm",
    "position_biased_input": False,
    "pos_att_type": ["p2c", "c2p"],
    "position_buckets": 6,  # so that texts are wider than half of them
    "num_labels": 3,
}
ARCH = DebertaArchitecture(12, 768, 12, 512, 128100)


@pytest.fixture(scope="module")
def theirs():
    return weighed(transformers.DebertaV2ForSequenceClassification(transformers.DebertaV2Config(**SIZES)))


@pytest.fixture
def folder(theirs, tmp_path):
    theirs.save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("dtype", "within"), first(1, [(torch.float64, 1e-5), (torch.float32, 1e-4)], names=2))
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"position_buckets": 8, "max_relative_positions": 12},
        {"max_relative_positions": 5},  # whose widest distance is at the edge of a bucket
        {"position_buckets": 5, "max_relative_positions": 8},
    ],
)
def test_hidden_states_of_every_block_are_those_of_transformers(tmp_path, dtype, within, more):
    model = weighed(transformers.DebertaV2Model(transformers.DebertaV2Config(**SIZES | more)))
    demand_states_of_transformers(model, tmp_path, dtype, within)


def test_the_family_s_own_head_gives_the_logits_of_transformers(theirs, folder):
    arch = read_config(folder / "config.json")
    model = Classifier(arch, 3, ClassifierKind(READOUTS["first"], "own")).double().eval()
    file = WeightsFile(folder / "model.safetensors")
    file.load_into(model.backbone)
    assert file.load_dense(model.head, arch)  # of a model that was fine-tuned before
    model.head[-1].load_state_dict(theirs.classifier.state_dict())
    ids, lengths, mask = texts(arch.pad, VOCAB)
    theirs = transformers.DebertaV2ForSequenceClassification.from_pretrained(folder).double().eval()
    with torch.no_grad():
        expected = theirs(ids, attention_mask=mask.long()).logits
        torch.testing.assert_close(model(ids, lengths), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("readout", each(3, ["first", "last_real", "mean", "mean_pads", "last_pad"]))
@pytest.mark.parametrize("plan", each(2, ["last_block", "lora.1,blocks.2,head", "lora"]))
def test_fast_paths_give_what_the_slow_one_gives(folder, readout, plan):
    demand_fast_paths_agree(folder, readout, plan, VOCAB)


def test_the_vectors_of_distances_learn_with_the_embeddings(folder):
    ours = backbone_of(folder)
    assert {ours.part_of(f"{name}.weight") for name in ("distances", "norm_distances")} == {"embeddings"}
    h = ours.block(2, ours.embed(torch.arange(9)[None]), ours.batch_context(torch.tensor([9]), 9))
    h.square().sum().backward()
    assert ours.distances.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"relative_attention": False}, "computes otherwise than DeBERTa: relative_attention is False"),
        ({"share_att_key": None}, "share_att_key is None"),
        ({"conv_kernel_size": 3}, "conv_kernel_size is 3"),
        ({"pos_att_type": "c2p"}, "pos_att_type is 'c2p'"),
        ({"pos_att_type": None}, "pos_att_type is None"),
        ({"type_vocab_size": 2}, "type_vocab_size is 2"),
        ({"position_buckets": -1}, "position_buckets is -1"),
        ({"position_buckets": 1}, "1 buckets do not hold distances up to 512"),
        ({"max_relative_positions": 100}, "256 buckets do not hold distances up to 100"),
        ({"max_relative_positions": "far"}, "max_relative_positions is 'far'"),
        ({"embedding_size": 128}, "embedding_size is 128"),
        ({"num_attention_heads": 7}, "no multiple of its heads"),
        ({"layer_norm_eps": 0}, "layer_norm_eps is no number"),
        ({"pad_token_id": 130_000}, "pad_token_id 130000"),
    ],
)
def test_a_config_of_another_computation_is_refused(tmp_path, change, says):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(ARCH.to_config() | change))
    with pytest.raises(BadModel, match=says):
        read_config(file)


@pytest.mark.parametrize("key", ["relative_attention", "share_att_key", "norm_rel_ebd", "position_biased_input"])
def test_what_is_left_out_means_what_transformers_takes_it_for(tmp_path, key):
    config = ARCH.to_config()
    del config[key]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(BadModel, match=f"computes otherwise than DeBERTa: {key} is"):
        read_config(tmp_path / "config.json")


def test_published_configs_are_read(tmp_path):
    config = ARCH.to_config() | {"max_relative_positions": -1, "pos_att_type": "p2c|c2p", "of_tomorrow": None}
    (tmp_path / "config.json").write_text(json.dumps(config | {"pooler_hidden_size": 768}))
    assert read_config(tmp_path / "config.json") == ARCH


def test_its_sentencepiece_file_is_refused_with_what_to_do(folder):
    (folder / "spm.model").write_bytes(b"anything")
    with pytest.raises(BadModel, match=r"spm.model\) is of a kind that is not read here") as refused:
        tokenizer_of(preset_of(str(folder)), "pretrained")
    assert "save_pretrained" in refused.value.do
