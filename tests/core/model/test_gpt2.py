"""Same weights, same numbers as transformers."""

import torch
import transformers

from core.architectures.gpt2 import GPT2Architecture
from core.model import weights
from core.model.gpt2 import GPT2

TINY = GPT2Architecture(n_blocks=3, width=48, n_heads=4, max_tokens=64, vocab=211)


def reference(shape: GPT2Architecture = TINY) -> transformers.GPT2Model:
    torch.manual_seed(0)
    config = {k: v for k, v in shape.to_config().items() if k != "model_type"}
    model = transformers.GPT2Model(transformers.GPT2Config(**config | {"bos_token_id": 0, "eos_token_id": 0}))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)  # biases and norms too: at their defaults a mix-up would not show
    return model.eval()


def ours(folder, shape: GPT2Architecture = TINY) -> GPT2:
    model = GPT2(shape)
    weights.WeightsFile(folder / "model.safetensors").load_into(model)
    return model


def test_hidden_states_equal_those_of_transformers(tmp_path):
    theirs = reference()
    theirs.save_pretrained(tmp_path)
    model = ours(tmp_path)
    ids = torch.randint(0, TINY.vocab, (3, 17))
    with torch.no_grad():
        expected = theirs(ids, output_hidden_states=True).hidden_states
        h = model.embed(ids)
        torch.testing.assert_close(h, expected[0], atol=1e-4, rtol=1e-4)
        for i in range(TINY.n_blocks - 1):
            h = model.block(i, h, None)
            torch.testing.assert_close(h, expected[i + 1], atol=1e-4, rtol=1e-4)
        h = model.norm(model.block(TINY.n_blocks - 1, h, None))
        torch.testing.assert_close(h, expected[-1], atol=1e-4, rtol=1e-4)


def test_weights_with_a_language_model_head_load_too(tmp_path):
    config = transformers.GPT2Config(n_layer=3, n_embd=48, n_head=4, n_positions=64, vocab_size=211)
    theirs = transformers.GPT2LMHeadModel(config).eval()
    theirs.save_pretrained(tmp_path)
    ids = torch.randint(0, TINY.vocab, (2, 9))
    model = ours(tmp_path)
    with torch.no_grad():
        h = model.embed(ids)
        for i in range(TINY.n_blocks):
            h = model.block(i, h, None)
        torch.testing.assert_close(model.norm(h), theirs.transformer(ids).last_hidden_state, atol=1e-4, rtol=1e-4)


def test_a_saved_folder_opens_in_transformers_with_the_same_states(tmp_path, save_folder):
    model = GPT2(TINY)
    model.initialize(torch.Generator().manual_seed(1))
    save_folder(model, tmp_path)
    theirs = transformers.GPT2Model.from_pretrained(tmp_path).eval()
    ids = torch.randint(0, TINY.vocab, (2, 11))
    with torch.no_grad():
        h = model.embed(ids)
        for i in range(TINY.n_blocks):
            h = model.block(i, h, None)
        torch.testing.assert_close(model.norm(h), theirs(ids).last_hidden_state, atol=1e-4, rtol=1e-4)


def test_random_weights_depend_on_the_seed_alone():
    one, two, other = GPT2(TINY), GPT2(TINY), GPT2(TINY)
    one.initialize(torch.Generator().manual_seed(5))
    torch.manual_seed(99)
    two.initialize(torch.Generator().manual_seed(5))
    other.initialize(torch.Generator().manual_seed(6))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not torch.equal(one.wte.weight, other.wte.weight)
