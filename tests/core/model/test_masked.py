"""The head that guesses masked words against transformers, on weights that it saved."""

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from cases import first
from core.architectures.lookup import read_config
from core.errors import BadModel
from core.model.families import backbone_for
from core.model.masked import MaskedModel
from core.model.weights import WeightsFile

VOCAB = 101
BERTS = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 56,
    "vocab_size": VOCAB,
    "max_position_embeddings": 40,
}
ROBERTAS = BERTS | {"type_vocab_size": 1, "pad_token_id": 1, "layer_norm_eps": 1e-5}
DISTILLED = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 56, "vocab_size": VOCAB}
KINDS = {
    "bert": (transformers.BertForMaskedLM, BERTS),
    "roberta": (transformers.RobertaForMaskedLM, ROBERTAS),
    "xlm-roberta": (transformers.XLMRobertaForMaskedLM, ROBERTAS),
    "deberta": (
        transformers.DebertaV2ForMaskedLM,
        BERTS
        | dict.fromkeys(("relative_attention", "share_att_key"), True)
        | {"norm_rel_ebd": "layer_norm", "position_biased_input": False, "type_vocab_size": 0}
        | {"pos_att_type": ["p2c", "c2p"], "position_buckets": 6},
    ),
    "modernbert": (
        transformers.ModernBertForMaskedLM,
        BERTS
        | dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"), 1)
        | {"local_attention": 6, "global_attn_every_n_layers": 2},
    ),
    "distilbert": (transformers.DistilBertForMaskedLM, DISTILLED | {"max_position_embeddings": 40}),
}


@pytest.fixture(params=KINDS)
def theirs(request):
    kind, sizes = KINDS[request.param]
    torch.manual_seed(0)
    model = kind(kind.config_class(**sizes)).eval()
    for p in model.parameters():  # far from its beginnings
        torch.nn.init.normal_(p, std=0.2)
    return model


@pytest.fixture
def folder(theirs, tmp_path):
    theirs.save_pretrained(tmp_path)
    return tmp_path


def opened(folder):
    model = MaskedModel(backbone_for(read_config(folder / "config.json"))).eval()
    file = WeightsFile(folder / "model.safetensors")
    file.load_into(model.backbone)
    return model, model.load_head(file)


def changed(folder, change):
    """Rewrite the weights of a folder as a function of the dictionary that they are."""
    save_file(change(load_file(folder / "model.safetensors")), folder / "model.safetensors")


@pytest.mark.parametrize(("dtype", "within"), first(1, [(torch.float64, 1e-9), (torch.float32, 1e-4)], names=2))
def test_logits_are_those_of_transformers(theirs, folder, dtype, within):
    ours, had = opened(folder)
    assert had
    ids = torch.randint(5, VOCAB, (3, 17), generator=torch.Generator().manual_seed(1))
    at = torch.tensor([0, 4, 16])
    with torch.no_grad():
        expected, ours = theirs.to(dtype)(ids).logits, ours.to(dtype)
        # they compute positions in fp32
        if isinstance(theirs, transformers.ModernBertForMaskedLM | transformers.DebertaV2ForMaskedLM):
            within = max(within, 1e-5)
        torch.testing.assert_close(ours(ids), expected, rtol=0, atol=within)
        torch.testing.assert_close(ours.logits(ours.hidden(ids)[1, at]), expected[1, at], rtol=0, atol=within)


def test_the_bias_of_the_table_goes_by_either_name(folder):
    model, _ = opened(folder)
    head = model.shape.masked_head
    (known,) = [name for name in head.table_bias if name in load_file(folder / "model.safetensors")]
    tensors = load_file(folder / "model.safetensors")
    bias = tensors.pop(known)
    for name in head.table_bias:
        save_file(tensors | {name: bias}, folder / "model.safetensors")
        again, had = opened(folder)
        assert had and torch.equal(again.bias, model.bias)


def test_older_files_call_a_norm_s_weight_gamma(folder):
    if read_config(folder / "config.json").family != "bert":
        pytest.skip("only BERT's first files do")
    expected = opened(folder)[0].state_dict()
    older = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}

    def renamed(name):
        return next((name.replace(new, old) for new, old in older.items() if new in name), name)

    changed(folder, lambda tensors: {renamed(name): tensor for name, tensor in tensors.items()})
    assert not any("LayerNorm.weight" in name for name in load_file(folder / "model.safetensors"))
    model, had = opened(folder)
    assert had and all(torch.equal(tensor, expected[name]) for name, tensor in model.state_dict().items())


def test_a_file_that_lacks_a_part_of_the_head_has_none(theirs, folder):
    head = opened(folder)[0].shape.masked_head
    changed(folder, lambda tensors: {name: t for name, t in tensors.items() if not name.startswith(head.norm)})
    assert not opened(folder)[1]
    theirs.base_model.save_pretrained(folder)
    assert not opened(folder)[1]


def test_a_head_with_another_table_is_refused(folder):
    head = opened(folder)[0].shape.masked_head
    table = opened(folder)[0].backbone.token_table.detach().clone()
    changed(folder, lambda tensors: tensors | {head.own_table: table})
    assert opened(folder)[1]
    changed(folder, lambda tensors: tensors | {head.own_table: table + 1})
    with pytest.raises(BadModel, match="a table of tokens of its own. It cannot be used here"):
        opened(folder)


def test_a_head_of_another_width_is_refused(folder):
    head = opened(folder)[0].shape.masked_head
    changed(folder, lambda tensors: tensors | {f"{head.dense}.weight": torch.zeros(8, 32)})
    with pytest.raises(BadModel, match=rf"{head.dense}.weight in .* is \(8, 32\), not \(32, 32\)"):
        opened(folder)


def test_random_weights_follow_from_the_seed(folder):
    made = []
    for seed in (1, 1, 2):
        model = MaskedModel(backbone_for(read_config(folder / "config.json")))
        model.initialize(torch.Generator().manual_seed(seed))
        made.append(model.dense.weight)
    assert torch.equal(made[0], made[1]) and not torch.equal(made[0], made[2])
