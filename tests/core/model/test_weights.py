"""Where weights come from, and what is said when they are not what they should be."""

import hashlib
import json

import pytest
import torch

from core.architectures.models import MODELS
from core.errors import BadModel
from core.model import weights
from core.model.gpt2 import GPT2


def quiet(*_):
    pass


@pytest.fixture
def folder(tmp_path, save_folder):
    model = GPT2(MODELS["nano"].architecture)
    model.initialize(torch.Generator().manual_seed(3))
    save_folder(model, tmp_path / "model")
    return tmp_path / "model"


def find(given, tmp_path, model="nano"):
    return weights.find_base(MODELS[model], str(given), tmp_path, 7, quiet)


def test_a_folder_is_a_base_with_its_hash(folder, tmp_path):
    base = find(folder, tmp_path)
    assert base.kind == "folder" and base.source == str(folder)
    assert base.sha256 == hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    model = GPT2(MODELS["nano"].architecture)
    weights.open_base(base, tmp_path).load_into(model)
    fresh = GPT2(MODELS["nano"].architecture)
    fresh.initialize(torch.Generator().manual_seed(3))
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), fresh.parameters(), strict=True))


def test_random_weights_are_kept_with_the_run(tmp_path):
    base = find("random", tmp_path)
    assert base.kind == "random" and (tmp_path / "base.safetensors").is_file()


def test_weights_that_changed_since_the_run_began_are_refused(folder, tmp_path):
    base = find(folder, tmp_path)
    with open(folder / "model.safetensors", "r+b") as file:
        file.seek(5000)
        file.write(b"\xff\xff")
    with pytest.raises(BadModel, match="has changed since"):
        weights.open_base(base, tmp_path)
    (tmp_path / base.file).unlink()
    with pytest.raises(BadModel, match="are gone"):
        weights.open_base(base, tmp_path)


@pytest.mark.parametrize("linked", [False, True])
def test_the_weights_of_a_folder_outlive_it(folder, tmp_path, linked):
    if linked:  # as in the hub's cache
        (folder / "model.safetensors").rename(folder.parent / "blob")
        (folder / "model.safetensors").symlink_to("../blob")
    base = find(folder, tmp_path)
    (folder / "model.safetensors").unlink()
    assert "wte.weight" in weights.open_base(base, tmp_path)


def test_a_folder_that_is_no_model_says_what_it_needs(tmp_path):
    with pytest.raises(BadModel, match="not a model folder.*config.json"):
        find(tmp_path / "missing", tmp_path)
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(BadModel, match="holds pytorch_model.bin.*pickled"):
        find(tmp_path / "pickled", tmp_path)


def test_a_truncated_file_is_said_to_be_one(folder, tmp_path):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadModel, match="not a whole safetensors file"):
        weights.WeightsFile(folder / "model.safetensors")


def test_another_size_is_chosen_by_its_folder(folder, tmp_path):
    with pytest.raises(BadModel, match="Choose it by its folder: --model"):
        find(folder, tmp_path, model="gpt2")


def test_a_config_of_something_else_is_refused(folder, tmp_path):
    (folder / "config.json").write_text(json.dumps({"hidden_size": 4}))
    with pytest.raises(BadModel, match="of a family that its config.json does not name"):
        find(folder, tmp_path)
