"""T5's encoder against transformers, on weights that it saved, and its own fast paths against the slow ones."""

import json

import pytest
import torch
import transformers

from cases import each, first
from core.architectures.lookup import check_folder, read_config
from core.architectures.models import MODELS
from core.errors import BadModel
from core.evaluate.masked_word import MaskedWords
from core.evaluate.question import MaskedQuestion
from parity import backbone_of, demand_fast_paths_agree, demand_states_of_transformers, weighed

VOCAB = 101
SIZES = {
    "d_model": 32,
    "d_kv": 12,  # so that all heads together are wider than the model
    "d_ff": 44,
    "num_layers": 3,
    "num_heads": 4,
    "vocab_size": VOCAB,
    "n_positions": 40,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 12,  # shorter than the texts
}
KINDS = ("relu", "gated-gelu")


def made(kind, whole=transformers.T5EncoderModel):
    return weighed(whole(transformers.T5Config(**SIZES, feed_forward_proj=kind)))


@pytest.mark.parametrize(("dtype", "within"), first(1, [(torch.float64, 1e-5), (torch.float32, 1e-4)], names=2))
@pytest.mark.parametrize("kind", KINDS)
def test_hidden_states_of_every_block_are_those_of_transformers(tmp_path, dtype, within, kind):
    demand_states_of_transformers(made(kind), tmp_path, dtype, within)


@pytest.mark.parametrize("kind", ["T5ForConditionalGeneration", "T5ForSequenceClassification"])
def test_of_a_whole_model_the_encoder_is_read(tmp_path, kind):
    whole = made("relu", getattr(transformers, kind))
    whole.save_pretrained(tmp_path)
    whole = getattr(whole, "transformer", whole)
    ours = backbone_of(tmp_path)
    check_folder(tmp_path, ours.arch)
    ids = torch.arange(5, 22)[None]
    with torch.no_grad():
        h, context = ours.embed(ids), ours.batch_context(torch.tensor([17]), 17)
        for i in range(3):
            h = ours.block(i, h, context)
        torch.testing.assert_close(ours.norm(h), whole.encoder(ids).last_hidden_state, rtol=0, atol=1e-4)


@pytest.mark.parametrize("readout", each(3, ["first", "last_real", "mean", "mean_pads", "last_pad"]))
@pytest.mark.parametrize(("kind", "plan"), [("relu", "last_block"), ("gated-gelu", "lora.1,blocks.2,head")])
def test_fast_paths_give_what_the_slow_one_gives(tmp_path, readout, kind, plan):
    made(kind).save_pretrained(tmp_path)
    demand_fast_paths_agree(tmp_path, readout, plan, VOCAB)


def test_the_table_of_distances_learns_with_the_embeddings(tmp_path):
    made("relu").save_pretrained(tmp_path)
    ours = backbone_of(tmp_path)
    assert ours.part_of("distances.weight") == "embeddings"
    context = ours.batch_context(torch.tensor([9]), 9)
    ours.block(2, ours.embed(torch.arange(9)[None]), context).sum().backward()
    assert ours.distances.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"feed_forward_proj": "gated-silu"}, "computes otherwise than T5: feed_forward_proj is 'gated-silu'"),
        ({"feed_forward_proj": ["relu"]}, "feed_forward_proj is ..relu"),
        ({"is_decoder": True}, "is_decoder is True"),
        ({"d_kv": None}, "d_kv is None"),
        ({"relative_attention_num_buckets": 3}, "3 buckets do not hold distances up to 128"),
        ({"relative_attention_max_distance": 8}, "32 buckets do not hold distances up to 8"),
        ({"layer_norm_epsilon": 1}, "layer_norm_epsilon is no number"),
        ({"n_positions": 0}, "reads no token"),
        ({"pad_token_id": 40_000}, "pad_token_id 40000"),
        ({"model_type": "umt5"}, "of the family 'umt5'"),
    ],
)
def test_a_config_of_another_computation_is_refused(tmp_path, change, says):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(MODELS["t5-small"].architecture.to_config() | change))
    with pytest.raises(BadModel, match=says):
        read_config(file)


def test_what_a_config_leaves_out_or_says_besides_changes_nothing(tmp_path):
    config = MODELS["t5-small"].architecture.to_config() | {"a_field_of_tomorrow": [1]}
    for left_out in ("n_positions", "feed_forward_proj", "relative_attention_max_distance", "layer_norm_epsilon"):
        del config[left_out]
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert read_config(tmp_path / "config.json") == MODELS["t5-small"].architecture


def test_it_guesses_no_words_and_says_so():
    with pytest.raises(BadModel, match="t5-small guesses no masked words"):
        MaskedWords.open(MaskedQuestion("t5-small", "The film was ___."), lambda *_: None)
