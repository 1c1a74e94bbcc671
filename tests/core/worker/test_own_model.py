"""A model that a person brings: a folder of BERT's family, trained, resumed and asked after the folder is gone."""

import errno
import json
import os
import shutil

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

import decoders
import encoders
from cases import first
from core import assets
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.lookup import preset_of
from core.errors import BadModel, BadRecipe
from core.evaluate.language_model import Pretrained
from core.evaluate.predict import open_predictor
from core.evaluate.question import Question
from core.export import transformers as export
from core.export.card import card
from core.files import unwatched
from core.model.gpt2 import GPT2
from core.runs.events import Encoded, Ended, Followed, Noted
from core.runs.origin import demand_origin
from core.text import byte_bpe
from core.text.byte_spelling import merges, spelling
from core.text.lookup import tokenizer_of
from core.text.tokenizer_files import built_in
from core.train import checkpoint
from core.train.control_source import ControlSource
from core.worker.finetune import attempt

VOCAB = 30522


@pytest.fixture
def folder(tmp_path):
    """A tiny BERT as transformers saves one, with the tokenizer of the uncased ones."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 48}
    model = transformers.BertModel(transformers.BertConfig(**sizes, vocab_size=VOCAB, max_position_embeddings=64))
    model.save_pretrained(tmp_path / "tiny-bert")
    built_in("bert-uncased").save(tmp_path / "tiny-bert")
    return tmp_path / "tiny-bert"


@pytest.fixture(params=first(1, ["llama", "qwen2", "qwen3"]))
def decoder(request, tmp_path):
    """A tiny decoder as transformers saves one, with a tokenizer of its kind."""
    torch.manual_seed(0)
    folder, kind = tmp_path / f"tiny-{request.param}", {"llama": "llama3", "qwen2": "qwen3", "qwen3": "smollm2"}
    folder.mkdir()
    corpus = ["free prize, claim it now", "see you at seven", "win 100 naïve 日本語"] * 9
    made = decoders.tokenizer_json(kind[request.param], corpus, 300)
    (folder / "tokenizer.json").write_text(made)
    config = transformers.AutoConfig.for_model(
        request.param, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
        intermediate_size=48, vocab_size=310, max_position_embeddings=64, eos_token_id=301, tie_word_embeddings=False,
    )  # fmt: skip
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


CORPUS = ["free prize, claim it now", "see you at seven", "win 100 naïve 日本語"] * 9
BERTS = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 48}
MADE = {
    "modernbert": (
        encoders.modern_tokenizer,
        BERTS
        | dict.fromkeys(("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"), 1)
        | {"pad_token_id": 307, "local_attention": 4, "max_position_embeddings": 64},
    ),
    "t5": (encoders.t5_tokenizer, {"d_model": 32, "d_kv": 12, "d_ff": 48, "num_layers": 3, "num_heads": 2}),
    "deberta-v2": (
        encoders.deberta_tokenizer,
        BERTS
        | dict.fromkeys(("relative_attention", "share_att_key"), True)
        | {"norm_rel_ebd": "layer_norm", "position_biased_input": False, "pos_att_type": "p2c|c2p"}
        | {"position_buckets": 6, "max_position_embeddings": 64},
    ),
}


@pytest.fixture(params=first(1, list(MADE)))
def encoder(request, tmp_path):
    """A tiny encoder as transformers saves one, T5's with its decoder, and a tokenizer of its kind."""
    torch.manual_seed(0)
    folder, (tokenizer, sizes) = tmp_path / f"tiny-{request.param}", MADE[request.param]
    config = transformers.AutoConfig.for_model(request.param, vocab_size=320, **sizes)
    whole = transformers.AutoModelForSeq2SeqLM if request.param == "t5" else transformers.AutoModelForMaskedLM
    whole.from_config(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_text(tokenizer(CORPUS, 80 if request.param != "modernbert" else 300))
    return folder


TEXTS = ["You have won a prize", "free <|endoftext|> prize", "naïve 日本語 \n\t 12345", ""]


@pytest.fixture
def other(tmp_path, save_folder):
    """A folder of GPT-2's shape that has nano's tokens under other ids, in vocab.json and merges.txt."""
    model = GPT2(GPT2Architecture(3, 32, 2, 64, 8192))
    model.initialize(torch.Generator().manual_seed(3))
    save_folder(model, folder := tmp_path / "other")
    ranks, spell = byte_bpe.built_in("nano").ranks, spelling()
    vocab = {"".join(spell[b] for b in token): (id + 1000) % 8191 for token, id in ranks.items()}
    (folder / "vocab.json").write_text(json.dumps(vocab | {"<|endoftext|>": 8191}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges(ranks)))
    return folder


def ids(tokenizer):
    return [tokenizer.encode(text).ids.tolist() for text in TEXTS]


def live(run, stopping=lambda: False, resumed=False):
    return list(attempt(run, lambda *_: None, ControlSource(stopping), resumed))


def of_folder(folder, **changes):
    return {
        "model": {"name": str(folder), "weights": "pretrained", "readout": "auto", **changes.pop("model", {})},
        **changes,
    }


def demand_same_weights(whole, parted):
    """Two runs have learned the same, bit for bit: its tensors."""
    expected, found = (checkpoint.read(run.checkpoint("last"), checkpoint.WEIGHTS) for run in (whole, parted))
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    return found


def test_a_folder_is_a_model_and_the_run_keeps_what_it_is_made_of(new_run, folder):
    run = new_run(**of_folder(folder))
    shutil.copytree(folder, copy := folder.with_name("copy"))
    events = live(run)
    assert isinstance(events[-1], Ended) and events[-1].state == "done"
    assert run.recipe().model.readout == "mean" and run.recipe().model.context == 64
    assert demand_origin(run).base.kind == "folder"
    before = open_predictor(run).predict(["free prize", "see you"])
    shutil.rmtree(folder)  # the run has links to its files, and copies of the small ones
    after = open_predictor(run).predict(["free prize", "see you"])
    assert after == before
    assert load_file(run.path / "base.safetensors").keys() == load_file(copy / "model.safetensors").keys()


@pytest.mark.more
def test_pairs_are_learned_from_the_cache_as_without_it(new_run, folder, tmp_path):
    """And answered by the model that learned them, from the same columns or typed."""
    rows = [f"the film {i},{'free prize' if i % 2 else 'see you at seven'},{i % 2}\n" for i in range(60)]
    (tmp_path / "pairs.csv").write_text("first,second,label\n" + "".join(rows))
    data = {"path": str(tmp_path / "pairs.csv"), "text": "{first} [SEP] {second}", "label": "label", "probe": "off"}
    kind = {"model": {"readout": "first"}, "train": {"follow": ["the film [SEP] free prize"]}, "data": data}
    found = []
    for cache in ("run", "off"):
        events = live(run := new_run(**of_folder(folder, **kind, speed={"cache": cache})))
        assert isinstance(events[-1], Ended) and events[-1].state == "done", events[-1]
        assert any(isinstance(event, Encoded) for event in events) == (cache == "run")
        found.append(open_predictor(run).predict(["the film 1 [SEP] free prize"])[0].probabilities)
        followed = [event for event in events if isinstance(event, Followed)][-1].probabilities[0]
        last = open_predictor(run, "last").predict(kind["train"]["follow"])[0].probabilities
        assert followed == pytest.approx([*last.values()], abs=1e-4)
    assert found[0] == pytest.approx(found[1], abs=1e-5)
    one = open_predictor(run)
    one.tokenizer = built_in("bert-uncased")
    assert one.predict(["the film 1 [SEP] free prize"])[0].probabilities != pytest.approx(found[1], abs=1e-4)


@pytest.mark.more
def test_resuming_is_exact_and_needs_no_folder(new_run, folder):
    kind = of_folder(folder, model={"readout": "first", "head": "own"}, freeze={"trainable": "last_block"})
    whole, parted = new_run(**kind), new_run(**kind)
    live(whole)
    steps = iter(range(1000))
    live(parted, stopping=lambda: next(steps) > 9)
    shutil.rmtree(folder)
    assert isinstance(live(parted, resumed=True)[-1], Ended)
    demand_same_weights(whole, parted)


@pytest.mark.parametrize("trainable", first(1, ["last_block", "embeddings,lora.2,head"]))
def test_an_encoder_learns_resumes_and_answers_without_its_folder(new_run, encoder, trainable):
    kind = of_folder(encoder, freeze={"trainable": trainable}, speed={"cache": "run"})
    whole, parted = new_run(**kind), new_run(**kind)
    events, steps = live(whole), iter(range(1000))
    assert isinstance(events[-1], Ended) and events[-1].state == "done", events[-1]
    encoded = [2] if trainable == "last_block" else []
    assert [event.blocks for event in events if isinstance(event, Encoded)] == encoded
    live(parted, stopping=lambda: next(steps) > 9)
    shutil.rmtree(encoder)
    assert isinstance(live(parted, resumed=True)[-1], Ended)
    demand_same_weights(whole, parted)
    asked = open_predictor(parted)
    (alone,), together = asked.predict(["free prize"]), asked.predict(["free prize", "see you at seven, then", ""])
    assert alone.probabilities == pytest.approx(together[0].probabilities, abs=1e-5)


def test_a_decoder_learns_resumes_answers_and_goes_on_with_a_text_without_its_folder(new_run, decoder):
    kind = of_folder(decoder, freeze={"trainable": "last_block"}, speed={"cache": "run"})
    whole, parted = new_run(**kind), new_run(**kind)
    events, steps = live(whole), iter(range(1000))
    assert isinstance(events[-1], Ended) and events[-1].state == "done", events[-1]
    assert [event.blocks for event in events if isinstance(event, Encoded)] == [2]
    live(parted, stopping=lambda: next(steps) > 9)
    *_, said = Pretrained.open(Question(str(decoder), "free", tokens=5), unwatched).answer(
        Question(str(decoder), "free")
    )
    assert said.ended in ("text", "context", "tokens") and said.weights == "folder"
    shutil.rmtree(decoder)
    assert isinstance(live(parted, resumed=True)[-1], Ended)
    assert "head.bias" not in demand_same_weights(whole, parted)
    asked = open_predictor(parted)
    (alone,), together = asked.predict(["free prize"]), asked.predict(["free prize", "see you at seven, then", ""])
    assert alone.probabilities == pytest.approx(together[0].probabilities, abs=1e-5)
    assert "it reads all of the text, to another answer" in card(parted, asked, "transformers")
    folder = decoder.with_name("exported")
    export.export(asked.model, asked.recipe, asked.names, asked.tokenizer, folder, "a card")
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    ids = torch.tensor([asked.tokenizer.encode("free prize").ids.tolist()])
    shares = theirs(ids).logits[0].softmax(dim=0).tolist()
    assert shares == pytest.approx([alone.probabilities[name] for name in asked.names], abs=1e-4)


def test_a_decoder_without_its_output_layer_cannot_go_on_with_a_text(decoder):
    tensors = load_file(decoder / "model.safetensors")
    tensors.pop("lm_head.weight")
    save_file(tensors, decoder / "model.safetensors")
    with pytest.raises(BadModel, match="hold no output layer, which makes tokens of hidden states"):
        Pretrained.open(Question(str(decoder), "free"), unwatched)


def test_the_pooler_begins_as_it_was_pretrained(new_run, folder):
    run = new_run(**of_folder(folder, model={"readout": "first", "head": "own"}, train={"lr": 1e-9, "head_lr": 1e-9}))
    live(run)
    pooler = load_file(folder / "model.safetensors")["pooler.dense.weight"]
    torch.testing.assert_close(open_predictor(run).model.head[0].weight, pooler, rtol=0, atol=1e-5)


def test_the_prefix_is_encoded_once(new_run, folder):
    events = live(new_run(**of_folder(folder)))
    (encoded,) = [event for event in events if isinstance(event, Encoded)]
    assert encoded.blocks == 2 and encoded.texts == 72


def test_what_is_no_model_makes_no_run(new_run, folder, tmp_path):
    runs = tmp_path / "runs"
    config = json.loads((folder / "config.json").read_text())
    for spoil, says in [
        (lambda: (folder / "model.safetensors").write_bytes(b"short"), "not a whole safetensors file"),
        (lambda: (folder / "model.safetensors").unlink(), "pickled weights"),
        (lambda: (folder / "config.json").write_text(json.dumps(config | {"model_type": "mt5"})), "family 'mt5'"),
        (lambda: (folder / "config.json").write_text("{"), "no readable config.json"),
        (lambda: (folder / "config.json").unlink(), "not a model folder"),
        (lambda: shutil.rmtree(folder), "no folder"),
    ]:
        spoil()
        with pytest.raises((BadModel, BadRecipe), match=says):
            new_run(**of_folder(folder))
    assert not runs.exists() or not list(runs.iterdir())


def test_weights_of_another_model_are_refused_before_there_is_a_run(new_run, folder, tmp_path):
    with pytest.raises(BadModel, match="is a BERT of 3 blocks of width 32"):
        new_run(model={"name": "gpt2", "weights": str(folder)})
    with pytest.raises(BadModel, match="not a model folder"):
        new_run(model={"name": "gpt2", "weights": str(tmp_path / "none")})


def test_a_tokenizer_with_more_ids_than_the_model_has_rows_is_refused(new_run, folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"vocab_size": 1000}))
    weights = load_file(folder / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    save_file(weights | {name: weights[name][:1000].clone()}, folder / "model.safetensors")
    with pytest.raises(BadModel, match=r"30,522.*1,000"):
        live(new_run(**of_folder(folder)))


def test_a_folder_without_a_tokenizer_is_refused(new_run, folder):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(BadModel, match="There is no tokenizer in"):
        live(new_run(**of_folder(folder)))


def test_random_weights_of_a_folders_shape(new_run, folder):
    (folder / "model.safetensors").unlink()
    run = new_run(**of_folder(folder, model={"weights": "random"}))
    assert isinstance(live(run)[-1], Ended)
    assert demand_origin(run).base.kind == "random"


def test_the_built_in_tokenizer_is_that_of_bert():
    tokenizer = built_in("bert-uncased")
    assert (assets.FOLDER / "bert-uncased.tokenizer.json.xz").is_file()
    ids = tokenizer.encode("Hello [SEP] wörld").ids.tolist()
    assert ids[0] == 101 and ids[-1] == 102 and ids.count(102) == 1 and tokenizer.vocab == VOCAB


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"num_hidden_layers": 4}, "holds no encoder.layer.3"),
        ({"num_hidden_layers": 2}, "holds more blocks than the 2"),
        ({"intermediate_size": 49}, "numbers where its config.json says"),
    ],
)
def test_weights_that_are_not_those_of_their_config_make_no_run(new_run, folder, change, says):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(BadModel, match=says):
        new_run(**of_folder(folder))


@pytest.mark.parametrize("named", ["by its folder", "by its shape", "by its shape, with tokenizer.json"])
@pytest.mark.more
def test_a_folder_of_gpt2s_shape_is_read_with_the_tokenizer_beside_its_weights(tiny, new_run, other, named):
    expected = transformers.AutoTokenizer.from_pretrained(other)
    if "json" in named:
        expected.backend_tokenizer.save(str(other / "tokenizer.json"))
        (other / "vocab.json").unlink()
        (other / "merges.txt").unlink()
    chosen = {"name": "nano", "weights": str(other)} if "shape" in named else {"name": str(other)}
    run = new_run(**of_folder(other, model=chosen | {"readout": "last_real"}))
    events = live(run)
    assert isinstance(events[-1], Ended) and not [e for e in events if isinstance(e, Noted) and "tokenizer" in e.text]
    shutil.rmtree(other)
    asked = open_predictor(run)
    assert ids(asked.tokenizer) == [expected(text, split_special_tokens=True)["input_ids"] for text in TEXTS]
    assert ids(asked.tokenizer)[0] != byte_bpe.built_in("nano").encode(TEXTS[0]).ids.tolist()
    folder = other.with_name("exported")
    export.export(asked.model, asked.recipe, asked.names, asked.tokenizer, folder, "a card")
    again = new_run(**of_folder(folder, model={"readout": "last_real"}))
    assert isinstance(live(again)[-1], Ended)
    assert ids(open_predictor(again).tokenizer) == ids(tokenizer_of(preset_of(str(folder)), "pretrained"))
    assert ids(open_predictor(again).tokenizer) == ids(asked.tokenizer)


def test_another_tokenizer_is_never_taken_silently(tiny, new_run, other):
    (other / "vocab.json").unlink()
    by_shape = of_folder(other, model={"name": "nano", "weights": str(other), "readout": "last_real"})
    with pytest.raises(BadModel, match=r"other \(merges.txt\) is of a kind.* Put its tokenizer.json"):
        live(new_run(**by_shape))
    (other / "merges.txt").unlink()
    noted = [event.text for event in live(new_run(**by_shape)) if isinstance(event, Noted) and event.warn]
    assert noted == [f"{other} holds no tokenizer: texts are read with that of nano."]


def test_weights_that_stay_on_another_disk_are_said_to(tiny, new_run, other, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", refuse)
    run = new_run(**of_folder(other, model={"readout": "last_real"}))
    assert any("on another disk" in event.text for event in live(run) if isinstance(event, Noted) and event.warn)
    shutil.rmtree(other)
    with pytest.raises(BadModel, match=f"are gone. Put them back into {other}, or connect the disk"):
        open_predictor(run)
