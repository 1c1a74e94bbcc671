"""What a typist says of a text is what reading each of its beginnings from scratch says."""

import random

import numpy as np
import pytest
import torch

from cases import first
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.llama import Qwen3Architecture
from core.evaluate.incremental import IncrementalClassifier
from core.evaluate.predict import probabilities
from core.model.classifier import Classifier
from core.model.kv_cache import FEWEST
from core.model.linear import multiply_in
from core.readout import READOUTS, ClassifierKind
from core.recipe import load
from core.text.byte_bpe import built_in

CONTEXT = 2 * FEWEST + 22  # its room grows twice, the second time to less than double
RECIPE = load({"model": {"context": CONTEXT}})
SHAPE = GPT2Architecture(3, 16, 2, CONTEXT)
SIGNS = ["a", " the", "xq", " 1", "\n", "日", "😀", " winner", "!", " "]


def classifier(shape=SHAPE, readout="last_real") -> Classifier:
    model = Classifier(shape, 3, ClassifierKind(READOUTS[readout]))
    generator = torch.Generator().manual_seed(0)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.2, generator=generator)
    return model.eval()


def from_scratch(model: Classifier, ids: np.ndarray) -> torch.Tensor:
    """Probabilities (T, C) of the T beginnings of a text."""
    return probabilities(model, [ids[:n] for n in range(1, len(ids) + 1)], RECIPE)


def edited(text: str, dice: random.Random) -> str:
    """What a person at a keyboard may do to a text."""
    at, to = sorted(dice.randint(0, len(text)) for _ in range(2))
    match dice.randrange(8):
        case 0 | 1 | 2:
            return text + dice.choice(SIGNS)
        case 3:
            return text[:-1]
        case 4:
            return text[:at] + "".join(dice.choices(SIGNS, k=3)) + text[at:]
        case 5:
            return text[:at] + text[to:]
        case 6:
            return "".join(dice.choices(SIGNS, k=dice.randrange(CONTEXT)))
    return dice.choice(["", text, text + text, "free prize " * CONTEXT])


@pytest.mark.parametrize(
    ("seed", "readout"), first(2, [(0, "last_real"), (2, "mean"), (1, "last_real"), (3, "mean")], names=2)
)
def test_every_position_is_the_verdict_on_the_text_that_ends_there_whatever_was_edited(seed, readout):
    dice, model, text = random.Random(seed), classifier(readout=readout), ""
    typist, lengths, known = IncrementalClassifier(model), set(), {}
    for _ in range(30):
        ids = built_in("gpt2").shorten(built_in("gpt2").encode(text), CONTEXT).ids
        beginnings = [tuple(ids[:n].tolist()) for n in range(1, len(ids) + 1)]
        new = [beginning for beginning in beginnings if beginning not in known]
        known |= zip(new, probabilities(model, [np.array(beginning) for beginning in new], RECIPE), strict=True)
        found = typist.verdicts(ids)
        torch.testing.assert_close(found, torch.stack([known[b] for b in beginnings]), rtol=0, atol=1e-5)
        lengths.add(len(ids))
        text = edited(text, dice)
    assert {1, CONTEXT} < lengths


def test_only_the_tokens_from_the_first_that_differs_go_through_the_model():
    model, widths = classifier(), []
    typist = IncrementalClassifier(model)
    model.backbone.h[0].mlp.register_forward_hook(lambda module, given, made: widths.append(made.shape[1]))
    for ids in ([1, 2, 3, 4], [1, 2, 3, 4, 5], [1, 2, 3], [1, 2, 3, 4], [1, 9, 3, 4], [1, 9, 3, 4], [2]):
        typist.verdicts(ids)
    assert widths == [4, 1, 1, 3, 1]


def test_the_mean_of_all_states_up_to_a_position_is_exact_and_goes_on_from_the_common_beginning():
    model, widths = classifier(readout="mean").double(), []
    typist, dice = IncrementalClassifier(model), np.random.default_rng(0)
    model.backbone.h[0].mlp.register_forward_hook(lambda module, given, made: widths.append(made.shape[1]))
    text = dice.integers(0, 1000, CONTEXT)
    changed = text.copy()
    changed[90:] += 1
    for ids, new in ((text[:100], 100), (text[:70], 0), (text, CONTEXT - 70), (changed, CONTEXT - 90)):
        widths.clear()
        found = typist.verdicts(ids.tolist())
        assert sum(widths) == new
        with torch.no_grad():
            alone = [
                model(torch.tensor(ids[None, :n]), torch.tensor([n])).softmax(dim=1) for n in range(1, len(ids) + 1)
            ]
        torch.testing.assert_close(found, torch.cat(alone), rtol=0, atol=1e-9)


@pytest.mark.parametrize("readout", first(1, ["last_real", "mean"]))
def test_turned_keys_are_kept_with_their_places(readout):
    model = classifier(Qwen3Architecture(3, 16, 4, 40, 50, inner=24, n_kv_heads=2, head_dim=6), readout).double()
    typist, dice = IncrementalClassifier(model), np.random.default_rng(0)
    text = dice.integers(0, 50, 40)
    for ids in (text[:12], text[:20], text[:7], np.concatenate([text[:5], text[9:]]), text):
        with torch.no_grad():
            alone = [
                model(torch.tensor(ids[None, :n]), torch.tensor([n])).softmax(dim=1) for n in range(1, len(ids) + 1)
            ]
        torch.testing.assert_close(typist.verdicts(ids.tolist()), torch.cat(alone), rtol=0, atol=1e-9)


@pytest.mark.parametrize("readout", ["last_real", "mean"])
def test_a_failure_on_the_way_leaves_nothing_false_behind(readout):
    model = classifier(readout=readout)
    typist = IncrementalClassifier(model)
    typist.verdicts([1, 2, 3, 4])
    hook = model.backbone.h[2].ln_1.register_forward_pre_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        typist.verdicts([1, 2, 7, 8])
    hook.remove()
    for ids in ([1, 2, 7, 8, 9], [1, 2, 3, 4]):
        torch.testing.assert_close(typist.verdicts(ids), from_scratch(model, np.array(ids)), rtol=0, atol=1e-5)


def test_it_is_fp32_whatever_the_model_was_multiplied_in():
    model = classifier()
    exact = from_scratch(model, np.array([1, 2, 3]))
    multiply_in(model, "bf16")
    torch.testing.assert_close(IncrementalClassifier(model).verdicts([1, 2, 3]), exact, rtol=0, atol=1e-5)


def test_room_is_taken_as_texts_grow_and_never_beyond_the_context():
    typist = IncrementalClassifier(classifier())
    sizes = [
        typist.verdicts([5] * n).shape[0] and typist._past._kept[0].shape[3] for n in (1, FEWEST, FEWEST + 1, CONTEXT)
    ]
    assert sizes == [FEWEST, FEWEST, 2 * FEWEST, CONTEXT]
    small = IncrementalClassifier(classifier(GPT2Architecture(1, 32, 2, 8)))
    assert small.verdicts(list(range(8))).shape == (8, 3) and small._past._kept[0].shape[3] == 8


@pytest.mark.parametrize("readout", ["last_pad", "first", "mean_pads"])
def test_other_readouts_hold_no_verdict_at_a_position(readout):
    with pytest.raises(ValueError, match=readout):
        IncrementalClassifier(classifier(readout=readout))
