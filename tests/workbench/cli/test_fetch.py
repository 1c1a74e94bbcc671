"""`workbench fetch`, with a hub on this machine."""

import json
import shutil

import pytest
import torch
from safetensors.torch import save, save_file

from core.architectures.bert import BertArchitecture
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.lookup import preset_of
from core.model.families import backbone_for
from core.model.weights import published
from core.text import byte_bpe, train_bpe
from core.text.lookup import tokenizer_of
from core.text.tokenizer_files import built_in
from workbench.cli.main import main

ADDRESS = "hub:owner/tiny"


@pytest.fixture
def small_file(tmp_path):
    rows = [f"spam,free prize number {i}" for i in range(20)] + [f"ham,see you at {i} tonight" for i in range(20)]
    (tmp_path / "small.csv").write_text("\n".join(["label,text", *rows]) + "\n")
    return tmp_path / "small.csv"


TINY = BertArchitecture(1, 8, 2, 64, 30522, inner=16)


def fill(hub):
    made = backbone_for(TINY)
    made.initialize(torch.Generator().manual_seed(0))
    hub.files |= {
        "model.safetensors": save(published(made)),
        "config.json": json.dumps(TINY.to_config()).encode(),
        "tokenizer.json": built_in("bert-uncased").as_json().encode(),
    }


def test_it_says_what_it_brings_what_was_checked_and_where_it_lies(hub, capsys, tmp_path):
    fill(hub)
    assert main(["fetch", ADDRESS]) == 0
    said = capsys.readouterr().out
    assert "983.4 KB from owner/tiny on the Hugging Face hub" in said and "licence: see its card" in said
    assert f"is here, from the Hugging Face hub: {tmp_path / 'cache' / 'models' / 'owner--tiny'}" in said
    assert "the one that the hub keeps" in said
    hub.asked.clear()
    assert main(["fetch", ADDRESS]) == 0
    assert f"{ADDRESS} is on disk already" in capsys.readouterr().out and not hub.asked


def test_weights_that_nobody_vouches_for_take_a_word(hub, capsys):
    fill(hub)
    hub.large.clear()
    assert main(["fetch", ADDRESS]) == 1
    assert f"workbench fetch {ADDRESS} --unverified" in capsys.readouterr().err
    assert main(["fetch", ADDRESS, "--unverified", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (
        found["verified"] == "word"
        and found["revision"] == "a" * 40
        and found["bytes"] == len(hub.files["model.safetensors"])
    )


def quantized(hub):
    hub.files["config.json"] = json.dumps(TINY.to_config() | {"quantization_config": {"bits": 8}}).encode()


def unreadable(hub):
    hub.files["tokenizer.json"] = b"{}"


def too_large(hub):
    hub.files["config.json"] = json.dumps(TINY.to_config() | {"vocab_size": 30521}).encode()


def in_bytes(hub):
    made = published(backbone_for(TINY))
    hub.files["model.safetensors"] = save({name: tensor.to(torch.int8) for name, tensor in made.items()})


def of_another(hub):
    hub.files["model.safetensors"] = save({"wte.weight": torch.zeros(3)})


@pytest.mark.parametrize(
    ("spoil", "said", "comes"),
    [
        (quantized, "its weights are quantized (quantization_config)", False),
        (unreadable, "holds no tokenizer", False),
        (too_large, "has 30,522 ids, but the model's embeddings have 30,521 rows", False),
        (in_bytes, "in I8: its weights are quantized", True),
        (of_another, "it is not the BERT of its config.json", True),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_words_of_train(
    hub, capsys, tmp_path, small_file, spoil, said, comes
):
    """Before the weights come, where the small files show it."""
    fill(hub)
    spoil(hub)
    errors = []
    train = ["train", str(small_file), "--model", ADDRESS, "--runs", str(tmp_path / "runs")]
    for command in (["fetch", ADDRESS], train, ["fetch", ADDRESS], ["fetch", ADDRESS, "--json"]):
        assert main(command) != 0
        found = capsys.readouterr()
        assert "is here" not in found.out and "already" not in found.out
        # where a recipe cannot even be read, its option is named
        errors.append(found.err.strip().splitlines()[-1].replace("workbench: model.name: ", "workbench: "))
    assert said in errors[0] and len({*errors[:3]}) == 1 and said in errors[3]
    assert any("GET" in asked and "model.safetensors" in asked for asked in hub.asked) == comes
    assert not (tmp_path / "runs").exists()


def test_of_a_folder_it_says_what_train_does(hub, capsys, tmp_path, small_file):
    fill(hub)
    (tmp_path / "own").mkdir()
    for name, content in hub.files.items():
        (tmp_path / "own" / name).write_bytes(content)
    assert main(["fetch", str(tmp_path / "own")]) == 0
    assert "nothing is fetched for it" in capsys.readouterr().out
    (tmp_path / "own" / "tokenizer.json").unlink()
    said = []
    for command in (["fetch"], ["train", str(small_file), "--runs", str(tmp_path / "runs"), "--model"]):
        assert main([*command, str(tmp_path / "own")]) == 1
        said.append(capsys.readouterr().err.strip())
    assert said[0] == said[1] and "There is no tokenizer in" in said[0]


def test_what_is_built_in_is_not_fetched(capsys):
    assert main(["fetch", "nano"]) == 0
    assert "nano is built in already" in capsys.readouterr().out


def test_what_is_no_model_is_said(capsys):
    assert main(["fetch", "gtp2"]) == 1
    assert "Did you mean gpt2?" in capsys.readouterr().err
    assert main(["fetch", "hub:tiny"]) == 1
    assert "no address on the hub" in capsys.readouterr().err


def test_training_from_an_address_is_one_command(hub, capsys, tmp_path, small_file, monkeypatch):
    """The small files come first, so that data is profiled before the large one is fetched."""
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)  # for the worker
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    made = backbone_for(BertArchitecture(2, 32, 2, 64, 30522, inner=48))
    made.initialize(torch.Generator().manual_seed(0))
    save_file(published(made), tmp_path / "w.safetensors")
    hub.files |= {
        "model.safetensors": (tmp_path / "w.safetensors").read_bytes(),
        "config.json": json.dumps(made.arch.to_config()).encode(),
        "tokenizer.json": built_in("bert-uncased")._json.encode(),
    }
    asked = ["data", str(small_file), "--model", ADDRESS, "--json"]
    assert main(asked) == 0 and json.loads(capsys.readouterr().out)["context"] == 64
    assert "model.safetensors" not in " ".join(hub.asked)
    train = ["train", str(small_file), "--model", ADDRESS, "--epochs", "1", "--runs", str(tmp_path / "runs"), "--json"]
    assert main(train) == 0
    result = json.loads(capsys.readouterr().out)
    base = json.loads((tmp_path / "runs" / result["name"] / "base.json").read_text())["base"]
    assert (base["kind"], base["source"], base["revision"]) == ("pretrained", "owner/tiny", "a" * 40)
    assert main(["predict", "last", "see you at seven", "--runs", str(tmp_path / "runs")]) == 0
    answer = capsys.readouterr().out
    shutil.rmtree(tmp_path / "cache")
    hub.asked.clear()
    assert main(["predict", "last", "see you at seven", "--runs", str(tmp_path / "runs")]) == 0
    assert capsys.readouterr().out == answer and not any("main" in asked for asked in hub.asked)
    shutil.rmtree(tmp_path / "cache")
    hub.error = "RepoNotFound"
    assert main(["predict", "last", "see you at seven", "--runs", str(tmp_path / "runs")]) == 1
    assert "are gone. There is no owner/tiny on the hub" in capsys.readouterr().err


def of_pretraining(folder):
    """As `pretrain` leaves it: a tokenizer of the program's own form."""
    texts = ["see you at seven tonight", "win a free prize now"] * 20
    byte_bpe.write(train_bpe.train(texts, 299), folder / "tokens.tiktoken.xz")
    made = backbone_for(GPT2Architecture(1, 16, 2, 64, 300))
    made.initialize(torch.Generator().manual_seed(0))
    save_file({name: tensor.half() for name, tensor in published(made).items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(made.arch.to_config()))


def of_export(folder, runs, small_file):
    """As `export` leaves it: a classifier of transformers."""
    train = ["train", str(small_file), "--model", "nano", "--epochs", "1", "--readout", "last_real"]
    assert main([*train, "--runs", str(runs), "--json"]) == 0
    assert main(["export", "last", str(folder), "--runs", str(runs)]) == 0


@pytest.mark.more
def test_what_the_program_wrote_can_be_uploaded_and_fetched(hub, capsys, tmp_path, small_file, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)  # for the worker
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    hub.large.add("tokens.tiktoken.xz")
    runs = tmp_path / "runs"
    for number, write in enumerate((of_pretraining, lambda folder: of_export(folder, runs, small_file))):
        folder = tmp_path / f"written-{number}"
        folder.mkdir()
        write(folder)
        hub.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        hub.commit = str(number + 1) * 40
        address = f"{ADDRESS}@{hub.commit}"
        assert main(["fetch", address]) == 0 and "is here, from the Hugging Face hub" in capsys.readouterr().out
        found = [tokenizer_of(preset_of(name), "pretrained") for name in (address, str(folder))]
        texts = ["See you at seven", "", "free prize!", "né ☃"]
        assert len({repr([one.encode(text).ids.tolist() for text in texts]) for one in found}) == 1
        assert main(["train", str(small_file), "--model", address, "--epochs", "1", "--runs", str(runs), "--json"]) == 0
        base = json.loads((runs / json.loads(capsys.readouterr().out)["name"] / "base.json").read_text())["base"]
        assert (base["source"], base["revision"]) == ("owner/tiny", hub.commit)
        assert main(["predict", "last", "see you at seven", "--runs", str(runs)]) == 0
        capsys.readouterr()


def test_a_recipe_of_somebody_else_makes_nobody_ask_the_hub(hub, capsys, tmp_path, small_file):
    fill(hub)
    (tmp_path / "recipe.toml").write_text(f'[data]\npath = "{small_file}"\n[model]\nname = "{ADDRESS}"\n')
    assert main(["train", str(tmp_path / "recipe.toml"), "--runs", str(tmp_path / "runs")]) == 1
    said = capsys.readouterr().err
    assert f"If you trust it: workbench fetch {ADDRESS}" in said and not hub.asked
