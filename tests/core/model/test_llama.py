"""The decoders in Llama's shape against transformers, on weights that it saved, and their fast paths against the slow
ones.
"""

import json
from dataclasses import replace

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from cases import each, first
from core.architectures.llama import Llama3Scaling, LlamaArchitecture, Qwen3Architecture
from core.architectures.lookup import preset_of, read_config
from core.architectures.models import MODELS
from core.errors import BadModel
from core.model.classifier import Classifier
from core.model.kv_cache import KVCache
from core.model.language import LanguageModel
from core.model.llama import stretched
from core.model.weights import WeightsFile, published
from core.readout import READOUTS, ClassifierKind
from parity import backbone_of, demand_fast_paths_agree, texts, weighed

VOCAB, MOST, PAD = 101, 40, 2
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 56,
    "vocab_size": VOCAB,
    "max_position_embeddings": MOST,
    "initializer_range": 0.2,
    "eos_token_id": PAD,
    "pad_token_id": PAD,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}
KINDS = {
    "llama": (transformers.LlamaConfig, {}),
    "llama3": (transformers.LlamaConfig, {"rope_parameters": LLAMA3, "num_key_value_heads": 1}),
    "qwen2": (transformers.Qwen2Config, {"tie_word_embeddings": True}),
    "qwen3": (transformers.Qwen3Config, {"head_dim": 12, "num_key_value_heads": 4}),
}


@pytest.fixture(params=KINDS)
def theirs(request):
    """A language model of transformers with weights that are far from their beginnings."""
    config, more = KINDS[request.param]
    return made(transformers.AutoModelForCausalLM, config(**SIZES | more))


def made(kind, config):
    return weighed(kind.from_config(config))


@pytest.fixture
def folder(theirs, tmp_path):
    theirs.save_pretrained(tmp_path)
    return tmp_path


def batch():
    return texts(PAD, VOCAB, MOST - 1)


# in float64 transformers takes norms and softmax in fp32 itself
@pytest.mark.parametrize(("dtype", "within"), first(1, [(torch.float64, 1e-5), (torch.float32, 1e-4)], names=2))
def test_hidden_states_and_logits_are_those_of_transformers(theirs, folder, dtype, within):
    ours, theirs = LanguageModel(backbone_of(folder)).to(dtype), theirs.to(dtype)
    assert ours.load_head(WeightsFile(folder / "model.safetensors"))
    assert (ours.table is None) is theirs.config.tie_word_embeddings is ours.backbone.arch.tied
    ids, lengths, mask = batch()
    with torch.no_grad():
        expected = theirs(ids, attention_mask=mask.long(), output_hidden_states=True)
        backbone = ours.backbone
        h = backbone.embed(ids)
        context = backbone.batch_context(lengths, ids.shape[1])
        for i, state in enumerate(expected.hidden_states):
            found = backbone.norm(h) if i == backbone.arch.n_blocks else h
            torch.testing.assert_close(found[mask], state[mask], rtol=0, atol=within)
            h = backbone.block(i, h, context) if i < backbone.arch.n_blocks else h
        torch.testing.assert_close(ours(ids)[mask], expected.logits[mask], rtol=0, atol=10 * within)


@pytest.mark.parametrize("kind", KINDS)
def test_the_family_s_own_head_gives_the_logits_of_transformers(kind, tmp_path):
    config, more = KINDS[kind]
    theirs = made(transformers.AutoModelForSequenceClassification, config(**SIZES | more, num_labels=3))
    theirs.save_pretrained(tmp_path)  # with the prefix of a classifier
    arch = read_config(tmp_path / "config.json")
    model = Classifier(arch, 3, ClassifierKind(READOUTS["last_real"], "own")).eval()
    assert model.head.bias is None
    WeightsFile(tmp_path / "model.safetensors").load_into(model.backbone)
    model.head.load_state_dict({"weight": theirs.score.weight})
    ids, lengths, _ = batch()
    with torch.no_grad():
        torch.testing.assert_close(model(ids, lengths), theirs(ids).logits, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", first(1, [{}, {"causal": False}]), ids=["causal", "not causal"])
@pytest.mark.parametrize("readout", each(3, [*READOUTS]))
def test_fast_paths_give_what_the_slow_one_gives(folder, readout, kind):
    demand_fast_paths_agree(folder, readout, "lora", VOCAB, head="own", **kind)


def test_fast_paths_without_adapters_give_what_the_slow_one_gives(folder):
    demand_fast_paths_agree(folder, "last_real", "last_block", VOCAB, head="own")


def test_a_text_that_grows_is_read_as_the_whole_one_is(folder):
    backbone = backbone_of(folder).double()
    ids, lengths, _ = batch()
    with torch.no_grad():
        context = backbone.batch_context(lengths[:1], ids.shape[1])
        h = backbone.embed(ids[:1])
        for i in range(backbone.arch.n_blocks):
            h = backbone.block(i, h, context)
        whole, cache = backbone.norm(h)[0], KVCache(backbone)
        # one by one, several at once, and again from within
        for start, end in [(0, 5), (5, 6), (6, 7), (7, 20), (3, 4), (4, 30), (30, 39)]:
            found = cache.read(ids[0, start:end], start)
            torch.testing.assert_close(found, whole[start:end], rtol=0, atol=1e-9)


def test_what_is_written_is_read_by_transformers(theirs, folder, tmp_path):
    ours = backbone_of(folder)
    save_file(published(ours), tmp_path / "model.safetensors", metadata={"format": "pt"})
    (tmp_path / "config.json").write_text(json.dumps(ours.arch.to_config()))
    assert read_config(tmp_path / "config.json") == ours.arch
    again = transformers.AutoModel.from_pretrained(tmp_path).eval()
    ids, _, mask = batch()
    with torch.no_grad():
        found, expected = (model(ids, attention_mask=mask.long())[0] for model in (again, theirs.base_model))
        torch.testing.assert_close(found[mask], expected[mask])


def test_frequencies_are_those_of_llama_3():
    config = transformers.LlamaConfig(
        **SIZES | {"head_dim": 64, "rope_parameters": LLAMA3 | {"original_max_position_embeddings": 8192}}
    )
    expected, _ = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    plain = 1.0 / 500_000.0 ** (torch.arange(0, 64, 2) / 64)
    found = stretched(Llama3Scaling(32.0, 1.0, 4.0, 8192), plain)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    assert 0 < (found == plain).sum() < len(plain) - 1  # short waves stay


def test_an_output_layer_of_its_own_may_be_missing(folder):
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("lm_head.weight", None)
    save_file(tensors, folder / "model.safetensors")
    model = LanguageModel(backbone_of(folder))  # the backbone needs none
    assert model.load_head(WeightsFile(folder / "model.safetensors")) is model.backbone.arch.tied


def config_of(name, **changes):
    config = MODELS[name].architecture.to_config()
    return {key: value for key, value in (config | changes).items() if value != "missing"}


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("smollm2-135m", {"hidden_act": "gelu"}, "computes otherwise than Llama: hidden_act is 'gelu'"),
        ("smollm2-135m", {"mlp_bias": True}, "mlp_bias is True"),
        ("qwen3-0.6b", {"attention_bias": True}, "attention_bias is True"),
        ("smollm2-135m", {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}, "scaled by 'yarn', where only llama3"),
        ("smollm2-135m", {"rope_scaling": {"type": "linear", "factor": 4.0}}, "scaled by 'linear'"),
        ("smollm2-135m", {"rope_scaling": None, "rope_parameters": {"rope_type": "dynamic"}}, "scaled by 'dynamic'"),
        ("smollm2-135m", {"rope_scaling": {"full_attention": {"rope_type": "default"}}}, "differ from block to block"),
        ("smollm2-135m", {"rope_scaling": "yarn"}, "rope_scaling is 'yarn', no table"),
        (
            "smollm2-135m",
            {"rope_scaling": {"rope_type": "default"}, "rope_parameters": {"rope_type": "yarn"}},
            "scaled by 'yarn'",
        ),
        (
            "smollm2-135m",
            {"rope_scaling": LLAMA3, "rope_parameters": {"rope_type": "default", "rope_theta": 77.0}},
            "rope_scaling and rope_parameters do not say the same",
        ),
        (
            "qwen3-0.6b",
            {"use_sliding_window": True, "max_window_layers": 0, "sliding_window": "missing"},
            "sees only a window of 4096 tokens",
        ),
        ("smollm2-135m", {"tie_word_embeddings": "yes"}, "tie_word_embeddings is 'yes', neither true nor false"),
        ("smollm2-135m", {"rope_scaling": {"rope_type": ["llama3"]}}, r"scaled by \['llama3'\]"),
        ("smollm2-135m", {"rope_scaling": LLAMA3 | {"factor": "8"}}, "factor is '8', no number above 0"),
        ("smollm2-135m", {"rope_scaling": LLAMA3 | {"low_freq_factor": 4}}, "low_freq_factor 4 is not below"),
        (
            "smollm2-135m",
            {"rope_scaling": LLAMA3 | {"original_max_position_embeddings": 0}},
            "original_max_position_emb",
        ),
        ("smollm2-135m", {"partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5"),
        ("smollm2-135m", {"rope_theta": float("nan")}, "rope_theta is nan"),
        (
            "qwen3-0.6b",
            {"use_sliding_window": True, "sliding_window": 4096, "max_window_layers": 9},
            "sees only a window of 4096 tokens",
        ),
        ("qwen3-0.6b", {"quantization_config": {"quant_method": "fp8"}}, "its weights are quantized"),
        ("qwen3-0.6b", {"num_experts": 8}, r"several MLPs, so-called experts \(num_experts is 8\)"),
        ("smollm2-135m", {"model_type": "mixtral", "num_local_experts": 8}, "is of the family 'mixtral'"),
        ("smollm2-135m", {"num_key_value_heads": 4}, "9 heads are no multiple of its 4"),
        ("smollm2-135m", {"head_dim": 63}, "a head of 63 cannot be turned in pairs"),
        ("smollm2-135m", {"head_dim": "64"}, "head_dim is '64'"),
        ("smollm2-135m", {"num_hidden_layers": True}, "num_hidden_layers is True"),
        ("smollm2-135m", {"intermediate_size": "missing"}, "intermediate_size is missing"),
        ("smollm2-135m", {"rms_norm_eps": "small"}, "rms_norm_eps"),
    ],
)
def test_a_config_of_another_computation_is_refused(tmp_path, name, change, says):
    (tmp_path / "config.json").write_text(json.dumps(config_of(name, **change)))
    with pytest.raises(BadModel, match=says) as raised:
        read_config(tmp_path / "config.json")
    assert len(f"{raised.value}") < 500


@pytest.mark.parametrize(
    "change",
    [
        {"some_new_field": {"of": ["a", "later", "version"]}, "rope_interleaved": False, "num_experts": None},
        {"use_sliding_window": False, "sliding_window": 4096, "max_window_layers": 28},
        {"use_sliding_window": True, "sliding_window": 40960},  # as wide as the context
        {"use_sliding_window": True, "sliding_window": 4096, "max_window_layers": 28},  # in none of 28 blocks
        {"use_sliding_window": True, "sliding_window": 4096, "max_window_layers": "missing"},
        {"layer_types": ["full_attention"] * 28, "use_sliding_window": True, "sliding_window": 4096},
        {"rope_theta": "missing", "rope_scaling": None, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}},
        {"rope_theta": 1_000_000, "rope_scaling": "missing"},
        {"head_dim": "missing"},  # Qwen3's is 128 whatever the width is
        {"eos_token_id": [151645, 151643], "quantization_config": None},
    ],
    ids=lambda change: ",".join(change),
)
def test_what_changes_nothing_is_passed_over(tmp_path, change):
    (tmp_path / "config.json").write_text(json.dumps(config_of("qwen3-0.6b", **change)))
    assert read_config(tmp_path / "config.json") == MODELS["qwen3-0.6b"].architecture


def test_the_context_of_pretraining_comes_first_where_it_stands_outside_the_table(tmp_path):
    """As in transformers, which moves it there."""
    config = config_of("smollm2-135m", rope_scaling=LLAMA3, original_max_position_embeddings=8)
    (tmp_path / "config.json").write_text(json.dumps(config))
    found, theirs = read_config(tmp_path / "config.json"), transformers.LlamaConfig.from_pretrained(tmp_path)
    theirs.standardize_rope_params()  # as its model does
    assert found.scaling.context == theirs.rope_parameters["original_max_position_embeddings"] == 8


def test_what_a_config_leaves_out_is_as_transformers_has_it(tmp_path):
    sizes = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    file = tmp_path / "config.json"
    given = {"model_type": "llama", "vocab_size": 9, "max_position_embeddings": 8, **sizes}
    expected = LlamaArchitecture(2, 48, 4, 8, 9, 64, 4, 12, 1e-6, tied=False, end_of_text=8)
    nothing = dict.fromkeys(["rope_theta", "rope_scaling", "rms_norm_eps", "head_dim", "num_key_value_heads"])
    for config in (given | nothing, given):
        file.write_text(json.dumps(config))
        assert read_config(file) == expected
    config = transformers.LlamaConfig.from_pretrained(tmp_path)
    assert (config.rms_norm_eps, config.head_dim, config.num_key_value_heads) == (1e-6, 12, 4)
    assert config.tie_word_embeddings is False and config.rope_parameters["rope_theta"] == 10_000.0


@pytest.mark.parametrize("name", ["smollm2-135m", "smollm2-360m", "qwen3-0.6b"])
def test_a_config_comes_back_as_it_went(tmp_path, name):
    arch = MODELS[name].architecture
    for one in (arch, replace(arch, tied=False), replace(arch, scaling=Llama3Scaling(8.0, 1.0, 4.0, 8192))):
        (tmp_path / "config.json").write_text(json.dumps(one.to_config()))
        assert read_config(tmp_path / "config.json") == one
        assert preset_of(str(tmp_path)).head == "own"


def test_a_block_costs_what_its_matrices_do():
    arch = Qwen3Architecture(2, 16, 4, 32, 9, inner=24, n_kv_heads=2, head_dim=6)
    products = sum(n_out * n_in for n_out, n_in in arch.matrices.values())
    scores = 2 * 5 * 5 * 24  # of every position with every other, and the weighted sums
    assert arch.block_flops(5) == 2 * (5 * products + scores)
    keys = 2 * 12 * 16
    assert arch.block_flops(5, "one") == 2 * (products - keys + 5 * keys + scores / 5)
