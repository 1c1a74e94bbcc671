"""`workbench fetch`, with a hub on this machine."""

import json

from core.architectures.gpt2 import GPT2Architecture
from workbench.cli.main import main

ADDRESS = "hub:owner/tiny"


def fill(hub):
    config = json.dumps(GPT2Architecture(2, 32, 4, 64, 211).to_config()).encode()
    hub.files |= {"model.safetensors": b"x" * 5000, "config.json": config, "tokenizer.json": b"{}"}


def test_it_says_what_it_brings_what_was_checked_and_where_it_lies(hub, capsys, tmp_path):
    fill(hub)
    assert main(["fetch", ADDRESS]) == 0
    said = capsys.readouterr().out
    assert "5.0 KB from owner/tiny on the Hugging Face hub" in said and "licence: see its card" in said
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
    assert found["verified"] == "word" and found["revision"] == "a" * 40 and found["bytes"] == 5000


def test_what_is_built_in_is_not_fetched(capsys):
    assert main(["fetch", "nano"]) == 0
    assert "nano is built in already" in capsys.readouterr().out


def test_what_is_no_model_is_said(capsys):
    assert main(["fetch", "gtp2"]) == 1
    assert "Did you mean gpt2?" in capsys.readouterr().err
    assert main(["fetch", "hub:tiny"]) == 1
    assert "no address on the hub" in capsys.readouterr().err
