import json
import subprocess
import sys

import msgspec
import pytest
from safetensors.torch import save_file

from core import recipe
from core.architectures.bert import BertArchitecture
from core.architectures.models import MODELS
from core.errors import BadData, BadRecipe
from core.helper.data import kinds
from core.model.families import backbone_for
from core.model.weights import published
from core.rows import Profile, Row
from core.text.tokenizer_files import built_in


def silent(*_):
    pass


@pytest.fixture
def ask(file):
    """A desk that has looked at 40 rows, of which one is a copy, one is long and one is Chinese."""
    rows = [f"{'ab'[i % 2]},some Text number {i}" for i in range(37)]
    rows += ["a,some Text number 0", "b," + "word " * 100, "a,\u4f60\u597d \U0001f600!"]
    path = file("label,text\n" + "\n".join(rows))
    known = kinds()

    def ask(kind, **args):
        return msgspec.json.decode(msgspec.json.encode(known[kind](args, silent)))

    raw = recipe.load({"data": {"path": str(path)}, "model": {"name": "gpt2", "context": 50}}).model_dump()
    assert msgspec.convert(ask("profile", recipe=raw), Profile, strict=False).rows == 40
    return ask


def test_nothing_looked_at_yet():
    for kind, args in (("rows", {}), ("pieces", {"row": 0})):
        with pytest.raises(BadData, match="No file"):
            kinds()[kind](args, silent)


def test_a_bad_recipe_is_an_error():
    with pytest.raises(BadRecipe):
        kinds()["profile"]({"recipe": {"data": {"path": 3}}}, silent)


def test_rows_come_in_pages(ask):
    page = ask("rows", start=10, count=5)
    assert page["total"] == 40
    rows = msgspec.convert(page["rows"], list[Row])
    assert [row.row for row in rows] == [10, 11, 12, 13, 14]
    assert rows[0].label == "a" and rows[0].text == "some Text number 10" and rows[0].tokens == 4
    assert rows[0].split in ("train", "validation", "test")
    assert ask("rows", start=38, count=5)["rows"][1]["row"] == 39
    assert ask("rows", start=100)["rows"] == []


def test_rows_are_filtered_searched_and_sorted(ask):
    def rows(**args):
        return [row["row"] for row in ask("rows", **args)["rows"]]

    assert rows(filter="duplicate") == [37]
    assert rows(filter="cut") == [38]
    assert rows(filter="label a")[-1] == 39
    assert rows(search="text NUMBER 3") == [3, 30, 31, 32, 33, 34, 35, 36]
    assert rows(search="text number 3", filter="label b") == [3, 31, 33, 35]
    assert rows(search="nowhere") == []
    assert rows(sort="tokens")[-1] == 38
    assert rows(sort="label", count=3) == [0, 2, 4]
    assert rows(sort="row", reverse=True, count=2) == [39, 38]
    assert len(rows(filter="split train")) + len(rows(filter="split test")) + len(rows(filter="split validation")) == 39


def test_rows_are_shortened_and_marked(ask):
    (long,) = ask("rows", filter="cut")["rows"]
    assert long["marks"] == ["cut"] and len(long["text"]) == 300
    (copy,) = ask("rows", filter="duplicate")["rows"]
    assert copy["marks"] == ["duplicate"] and copy["split"] == ""


def test_pieces_of_a_row(ask):
    found = ask("pieces", row=38)
    assert found["text"] == "word " * 100 and found["label"] == "b" and found["tokens"] == 101
    assert "".join(text for text, *_ in found["pieces"]) == found["text"]
    with pytest.raises(BadData, match="no row 99"):
        ask("pieces", row=99)


def test_special_tokens_stand_apart_from_the_text(file):
    path, known = file("label,text\na,Hello\nb,[SEP] too\n"), kinds()
    known["profile"](
        {"recipe": recipe.load({"data": {"path": str(path)}, "model": {"name": "bert"}}).model_dump()}, silent
    )
    found = known["pieces"]({"row": 1}, silent)
    assert found["pieces"][0] == ("[CLS]", 1, True) and found["pieces"][-1] == ("[SEP]", 1, True)
    inner = found["pieces"][1:-1]
    assert not any(special for *_, special in inner) and "".join(text for text, *_ in inner) == "[SEP] too"


def test_a_folder_without_weights_is_missing(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(MODELS["bert"].architecture.to_config()))
    found = kinds()["models"]({"others": [str(tmp_path), "hub:nobody/nothing"]}, silent)
    assert found[str(tmp_path)] == found["hub:nobody/nothing"] == "missing" and found["nano"] == "built in"


def test_of_a_folder_that_no_run_can_start_from_it_is_said_why(tmp_path):
    def where():
        return kinds()["models"]({"others": [str(tmp_path)]}, silent)[str(tmp_path)]

    arch = BertArchitecture(1, 8, 2, 64, 30522, inner=16)
    (tmp_path / "config.json").write_text(json.dumps(arch.to_config()))
    save_file(published(backbone_for(arch)), tmp_path / "model.safetensors")
    assert "There is no tokenizer in" in where()
    built_in("bert-uncased").save(tmp_path)
    assert where() == "on disk"
    (tmp_path / "config.json").write_text(json.dumps(arch.to_config() | {"hidden_act": "relu"}))
    assert "computes otherwise than BERT: hidden_act is 'relu'" in where()


def test_no_piece_cuts_a_character_in_half(ask):
    found = ask("pieces", row=39)
    assert [text for text, *_ in found["pieces"]] == ["\u4f60", "\u597d", " \U0001f600", "!"]
    assert sum(n for _, n, _ in found["pieces"]) == found["tokens"]


def test_only_the_beginning_of_a_very_long_text_is_taken_apart(file):
    known = kinds()
    path = file("label,text\n" + "a,some text\nb,other text\n" * 5 + "a," + "word " * 50_000 + "\n")
    raw = recipe.load({"data": {"path": str(path)}}).model_dump()
    known["profile"]({"recipe": raw}, silent)
    found = known["pieces"]({"row": 10}, silent)
    assert found["tokens"] == 50_001 and len(found["pieces"]) == 4000


def test_models_say_where_their_weights_are(ask):
    found = ask("models")
    assert list(found) == list(MODELS) and found["nano"] == "built in"
    assert set(found.values()) <= {"built in", "on disk", "download"}


def test_models_on_disk_are_found_in_the_hubs_cache(tmp_path):
    source = MODELS["gpt2"].source
    folder = tmp_path / f"models--{source.repo.replace('/', '--')}" / "snapshots" / source.revision
    folder.mkdir(parents=True)
    (folder / "model.safetensors").touch()
    code = "import sys, core.helper.data as d; print(d.models({}, None)); assert 'torch' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"HF_HUB_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'gpt2': 'on disk', 'gpt2-medium': 'download'" in done.stdout
