"""What the tests of every family demand of it, against transformers and of its own fast paths."""

import json

import torch
from safetensors.torch import load_file, save_file

from core.architectures.lookup import check_folder, read_config
from core.freeze import FreezePlan
from core.model.classifier import Classifier
from core.model.families import backbone_for
from core.model.weights import WeightsFile, published
from core.readout import READOUTS, ClassifierKind
from core.recipe_parts import Lora


def weighed(model):
    """A model of transformers with weights that are far from their beginnings."""
    generator = torch.Generator().manual_seed(0)
    for name, p in model.named_parameters():
        mean = float(p.ndim == 1 and name.endswith("weight"))  # a norm's
        torch.nn.init.normal_(p, mean, std=0.2, generator=generator)
    return model.eval()


def texts(pad, vocab, width=17):
    """Ids, lengths and mask of texts of odd lengths, padded on the right."""
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor([width, 9, 3, 1])
    mask = torch.arange(width) < lengths[:, None]
    return torch.where(mask, torch.randint(5, vocab, (4, width), generator=generator), pad), lengths, mask


def backbone_of(folder):
    model = backbone_for(read_config(folder / "config.json"))
    WeightsFile(folder / "model.safetensors").load_into(model)
    return model.eval()


def demand_states_of_transformers(theirs, folder, dtype, within, final=True):
    """The states before every block, and the last one after the final norm, are those of `theirs`, saved to `folder`.

    What is written of ours is read there, too.
    """
    theirs.save_pretrained(folder)
    ours, theirs = backbone_of(folder).to(dtype), theirs.to(dtype)
    check_folder(folder, ours.arch)
    ids, lengths, mask = texts(ours.arch.pad, ours.arch.vocab)
    with torch.no_grad():
        expected = theirs(ids, attention_mask=mask.long(), output_hidden_states=True)
        h, context = ours.embed(ids), ours.batch_context(lengths, ids.shape[1])
        for i, state in enumerate(expected.hidden_states[:-1]):
            torch.testing.assert_close(h[mask], state[mask], rtol=0, atol=within)
            h = ours.block(i, h, context)
        torch.testing.assert_close(ours.norm(h)[mask], expected.last_hidden_state[mask], rtol=0, atol=within)
    counted = dict.fromkeys(ours.arch.parameters(), 0)
    for name, p in ours.named_parameters():
        counted[ours.part_of(name)] += p.numel()
    assert counted == ours.arch.parameters()
    written = published(ours.float())
    assert all(torch.equal(tensor, load_file(folder / "model.safetensors")[name]) for name, tensor in written.items())
    save_file(written, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(ours.arch.to_config()))
    assert read_config(folder / "config.json") == ours.arch
    again = type(theirs).from_pretrained(folder).to(dtype).eval()
    with torch.no_grad():
        found = again(ids, attention_mask=mask.long()).last_hidden_state
        torch.testing.assert_close(found[mask], expected.last_hidden_state[mask], rtol=0, atol=within)


def demand_fast_paths_agree(folder, readout, plan, vocab, head="mlp", segments=None, **kind):
    """Needed rows, a prefix at any depth, merged adapters, narrower batches: all within 1e-9 in float64.

    `segments` says which part of its text each token of `texts` belongs to; `kind` is what else a classifier is.
    """
    arch = read_config(folder / "config.json")
    made = {}
    for rows in ("all", "needed"):
        model = Classifier(arch, 3, ClassifierKind(READOUTS[readout], head, **kind), rows).double().eval()
        WeightsFile(folder / "model.safetensors").load_into(model.backbone)
        model.new_head(1)
        model.adapt(FreezePlan.parse(plan, arch.n_blocks), Lora(), 1)
        for name, p in model.named_parameters():
            if name.endswith(".b"):
                torch.nn.init.normal_(p, std=0.1, generator=torch.Generator().manual_seed(2))
        made[rows] = model
    ids, lengths, _ = texts(arch.pad, vocab)
    slow = made["all"](ids, lengths, segments)
    slow.logsumexp(dim=1).sum().backward()
    fast = made["needed"](ids, lengths, segments)
    fast.logsumexp(dim=1).sum().backward()
    for (name, p), other in zip(made["all"].named_parameters(), made["needed"].parameters(), strict=True):
        torch.testing.assert_close(other.grad, p.grad, rtol=0, atol=1e-9, msg=name)
    with torch.no_grad():
        for depth in range(arch.n_blocks + 1):
            h = made["needed"].prefix(ids, lengths, depth, segments)
            torch.testing.assert_close(made["needed"].suffix(h, lengths, depth), slow, rtol=0, atol=1e-9)
        made["needed"].merge()
        torch.testing.assert_close(made["needed"](ids, lengths, segments), slow, rtol=0, atol=1e-9)
        if not READOUTS[readout].reads_pads:  # then neither width nor neighbours change an answer
            one = made["needed"](ids[1:2, :9], lengths[1:2], None if segments is None else segments[1:2, :9])
            torch.testing.assert_close(one[0], slow[1], rtol=0, atol=1e-9)
