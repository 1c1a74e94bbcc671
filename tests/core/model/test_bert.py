"""BERT's family against transformers, on weights that it saved, and its own fast paths against the slow ones."""

import dataclasses
import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, processors

from cases import each, first
from core.architectures.bert import RobertaArchitecture
from core.architectures.lookup import preset_of, read_config
from core.architectures.models import MODELS
from core.errors import BadModel
from core.model.classifier import Classifier
from core.model.weights import WeightsFile, published
from core.readout import READOUTS, ClassifierKind
from core.text.lookup import tokenizer_of
from parity import backbone_of, demand_fast_paths_agree, texts, weighed

VOCAB, MOST = 101, 38
SHAPE = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 56}
BERTS = SHAPE | {"vocab_size": VOCAB, "max_position_embeddings": MOST + 2}
ROBERTAS = BERTS | {"type_vocab_size": 1, "pad_token_id": 1, "layer_norm_eps": 1e-5}
DISTILLED = {"dim": 32, "n_layers": 3, "n_heads": 4, "hidden_dim": 56, "vocab_size": VOCAB}
KINDS = {
    "bert": (transformers.BertConfig, BERTS),
    "roberta": (transformers.RobertaConfig, ROBERTAS),
    "xlm-roberta": (transformers.XLMRobertaConfig, ROBERTAS),
    "distilbert": (
        transformers.DistilBertConfig,
        DISTILLED | {"max_position_embeddings": MOST + 2},
    ),
}


@pytest.fixture(params=KINDS)
def theirs(request):
    """A sequence classifier of transformers with weights that are far from their beginnings."""
    config, sizes = KINDS[request.param]
    return weighed(transformers.AutoModelForSequenceClassification.from_config(config(**sizes, num_labels=3)))


@pytest.fixture
def folder(theirs, tmp_path):
    theirs.base_model.save_pretrained(tmp_path)
    return tmp_path


def batch(pad):
    """Texts of odd lengths, padded on the right; segments as a pair of texts has them."""
    ids, lengths, mask = texts(pad, VOCAB)
    return ids, lengths, mask, (torch.arange(ids.shape[1]) >= lengths[:, None] // 2).long() * mask


@pytest.mark.parametrize(("dtype", "within"), first(1, [(torch.float64, 1e-9), (torch.float32, 1e-4)], names=2))
@pytest.mark.parametrize("pair", [False, True])
def test_hidden_states_of_every_block_are_those_of_transformers(theirs, folder, dtype, within, pair):
    ours, base = backbone_of(folder).to(dtype), theirs.base_model.to(dtype)
    ids, lengths, mask, segments = batch(ours.arch.pad)
    more = {"token_type_ids": segments} if pair and ours.arch.n_segments > 1 else {}
    with torch.no_grad():
        expected = base(ids, attention_mask=mask.long(), output_hidden_states=True, **more).hidden_states
        h = ours.embed(ids, segments=segments if more else None)
        context = ours.batch_context(lengths, ids.shape[1])
        for i, state in enumerate(expected):
            torch.testing.assert_close(h[mask], state[mask], rtol=0, atol=within)
            h = ours.block(i, h, context) if i < ours.arch.n_blocks else h


def test_the_family_s_own_head_gives_the_logits_of_transformers(theirs, folder):
    arch = read_config(folder / "config.json")
    kind = ClassifierKind(READOUTS[next(iter(arch.classifier.readouts))], "own")
    model = Classifier(arch, 3, kind).double().eval()
    WeightsFile(folder / "model.safetensors").load_into(model.backbone)
    state = theirs.double().state_dict()
    for layer, name in zip(
        (model.head[0], model.head[2]), (arch.own_dense.exported, arch.classifier.last), strict=True
    ):
        layer.load_state_dict({kind: state[f"{name}.{kind}"] for kind in ("weight", "bias")})
    ids, lengths, mask, segments = batch(arch.pad)
    pairs = {} if arch.n_segments < 2 else {"token_type_ids": segments}
    with torch.no_grad():
        for more in ({}, pairs):
            expected = theirs(ids, attention_mask=mask.long(), **more).logits
            found = model(ids, lengths, more.get("token_type_ids"))
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


def test_the_pooler_is_read_from_the_pretrained_weights_where_there_is_one(theirs, folder):
    arch = read_config(folder / "config.json")
    head = Classifier(arch, 3, ClassifierKind(READOUTS["first"], "own")).head
    layer, began = head[0], head[0].weight.clone()
    if arch.family != "bert":  # in the others it begins at random
        assert not WeightsFile(folder / "model.safetensors").load_dense(head, arch)
        assert torch.equal(layer.weight, began)
        return
    theirs.base_model.add_module("pooler", transformers.BertModel(theirs.config).pooler)
    theirs.save_pretrained(folder)  # with the prefix of a classifier
    assert WeightsFile(folder / "model.safetensors").load_dense(head, arch)
    assert torch.equal(layer.weight, theirs.base_model.pooler.dense.weight)


@pytest.mark.parametrize("readout", each(3, ["first", "last_real", "mean", "mean_pads", "last_pad"]))
@pytest.mark.parametrize("plan", each(2, ["head", "last_block", "lora.1,blocks.2,head", "lora"]))
def test_fast_paths_give_what_the_slow_one_gives(folder, readout, plan):
    arch = read_config(folder / "config.json")
    segments = batch(arch.pad)[3] if arch.n_segments > 1 else None
    demand_fast_paths_agree(folder, readout, plan, VOCAB, head="own", segments=segments)


def test_what_is_written_is_read_by_transformers(theirs, folder, tmp_path):
    ours = backbone_of(folder)
    save_file(published(ours), tmp_path / "model.safetensors", metadata={"format": "pt"})
    (tmp_path / "config.json").write_text(json.dumps(ours.arch.to_config()))
    assert read_config(tmp_path / "config.json") == ours.arch
    again = type(theirs.base_model).from_pretrained(tmp_path).eval()
    ids, _, mask, _ = batch(ours.arch.pad)
    with torch.no_grad():
        expected = theirs.base_model(ids, attention_mask=mask.long()).last_hidden_state
        torch.testing.assert_close(again(ids, attention_mask=mask.long()).last_hidden_state[mask], expected[mask])


def test_older_files_call_a_norm_s_weight_gamma(folder):
    if read_config(folder / "config.json").family != "bert":
        pytest.skip("only BERT's first files do")
    expected = backbone_of(folder).state_dict()
    older = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in load_file(folder / "model.safetensors").items()
    }
    save_file(older, folder / "model.safetensors")
    for name, tensor in backbone_of(folder).state_dict().items():
        assert torch.equal(tensor, expected[name])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hidden_act": "relu"}, "computes otherwise than BERT: hidden_act is 'relu'"),
        ({"position_embedding_type": "relative_key"}, "computes otherwise"),
        ({"is_decoder": True}, "computes otherwise"),
        ({"hidden_size": "32"}, "hidden_size is '32'"),
        ({"num_attention_heads": 5}, "no multiple of its heads"),
        ({"num_hidden_layers": None}, "num_hidden_layers is None"),
        ({"pad_token_id": 50_000}, "pad_token_id"),
        ({"layer_norm_eps": "small"}, "layer_norm_eps"),
        ({"layer_norm_eps": float("nan")}, "layer_norm_eps"),
        ({"type_vocab_size": 1.5}, "type_vocab_size is 1.5"),
        ({"type_vocab_size": -1}, "type_vocab_size is -1"),
        ({"num_hidden_layers": 10**30}, "num_hidden_layers is 1000"),
        ({"model_type": "roberta", "pad_token_id": 511}, "leaves no position"),
        ({"model_type": "bart"}, "of the family 'bart'"),
        ({"model_type": ["bert"]}, "is of the family"),
    ],
)
def test_a_config_of_another_computation_is_refused(tmp_path, change, says):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(MODELS["minilm"].architecture.to_config() | change))
    with pytest.raises(BadModel, match=says):
        read_config(file)


@pytest.mark.parametrize(
    "name", [name for name, preset in MODELS.items() if not preset.architecture.causal and not preset.counts]
)
def test_a_config_comes_back_as_it_went(tmp_path, name):
    arch = MODELS[name].architecture
    (tmp_path / "config.json").write_text(json.dumps(arch.to_config()))
    assert read_config(tmp_path / "config.json") == arch
    assert dataclasses.asdict(arch)["max_tokens"] == (8192 if arch.family == "modernbert" else 512)


def test_a_roberta_whose_pad_is_a_token_of_texts_is_refused(tmp_path):
    """transformers counts its positions without every token of that id."""
    made = Tokenizer(models.BPE({"<s>": 0, "<pad>": 1, "</s>": 2, "a": 3}, []))
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    made.save(str(tmp_path / "tokenizer.json"))
    arch = RobertaArchitecture(2, 16, 2, 20, 9, inner=24)
    for pad, fits in ((0, False), (1, True), (2, False)):
        (tmp_path / "config.json").write_text(json.dumps(arch.to_config() | {"pad_token_id": pad}))
        if fits:
            assert tokenizer_of(preset_of(str(tmp_path)), "pretrained").pad == pad
            continue
        with pytest.raises(BadModel, match=f"id {pad}, is a token of its texts too"):
            tokenizer_of(preset_of(str(tmp_path)), "pretrained")
