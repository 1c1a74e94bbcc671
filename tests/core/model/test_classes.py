"""Every class of transformers that a family has, saved and read here: its backbone, whatever its head was for."""

import importlib

import pytest
import torch
import transformers

from core.architectures.lookup import FAMILIES, check_folder
from parity import backbone_of, texts, weighed

SIZES = {
    "vocab_size": 60,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 32,
    "pad_token_id": 1,
    "bos_token_id": 2,
    "eos_token_id": 3,
}
DEBERTA = {
    "relative_attention": True,
    "position_buckets": 8,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": "p2c|c2p",
    "type_vocab_size": 0,
    "position_biased_input": False,
}
HEADS = {"num_key_value_heads": 1}
OWN = {
    "modernbert": {"cls_token_id": 2, "sep_token_id": 3},
    "t5": {"d_ff": 24, "d_kv": 8, "pad_token_id": 0, "decoder_start_token_id": 0},
    "deberta-v2": DEBERTA,
    "distilbert": {"hidden_dim": 24},
    **dict.fromkeys(("llama", "qwen2", "qwen3"), HEADS),
}


def classes(family):
    name = family.replace("-", "_")
    module = importlib.import_module(f"transformers.models.{name}.modeling_{name}")
    found = [getattr(module, name) for name in module.__all__ if not name.endswith("PreTrainedModel")]
    return [kind for kind in found if issubclass(kind, transformers.PreTrainedModel)]


def demand_read(family, kind, folder, tied=True):
    config = kind.config_class(**SIZES | OWN.get(family, {}), tie_word_embeddings=tied)
    theirs = weighed(kind(config))
    theirs.save_pretrained(folder)
    ours = backbone_of(folder)
    check_folder(folder, ours.arch)
    base = theirs.get_encoder() if family == "t5" else theirs.base_model
    ids, lengths, mask = texts(ours.arch.pad, ours.arch.vocab)
    with torch.no_grad():
        h, context = ours.embed(ids), ours.batch_context(lengths, ids.shape[1])
        for i in range(ours.arch.n_blocks):
            h = ours.block(i, h, context)
        expected = base(ids, attention_mask=mask.long()).last_hidden_state
        torch.testing.assert_close(ours.norm(h)[mask], expected[mask], rtol=0, atol=1e-4, msg=kind.__name__)


@pytest.mark.parametrize(("family", "name"), [("llama", "Llama"), ("qwen2", "Qwen2"), ("qwen3", "Qwen3")])
def test_a_decoder_that_answered_questions_is_read(family, name, tmp_path):
    """Its backbone has another prefix than that of all others of its family."""
    demand_read(family, getattr(transformers, f"{name}ForQuestionAnswering"), tmp_path)


@pytest.mark.more
@pytest.mark.parametrize("family", FAMILIES)
def test_the_backbone_of_every_class_is_read(family, tmp_path):
    kinds = classes(family)
    assert len(kinds) >= 5
    for kind in kinds:
        for tied in (True, False):
            demand_read(family, kind, tmp_path / f"{kind.__name__}-{tied}", tied)
