"""A on the Backbone panel with an encoder: the words that it guesses for a gap, in a real helper."""

import json
import re
import sys
from functools import partial

import pytest
import torch
from safetensors.torch import save_file
from textual.widgets import Input, Static

from cases import first
from core.architectures.bert import BertArchitecture
from core.evaluate.question import WITH_A_GAP
from core.model.bert import Bert
from core.model.masked import MaskedModel
from core.model.weights import published
from core.text.tokenizer_files import built_in
from workbench.cli import main
from workbench.screens.model.backbone import Backbone
from workbench.screens.model.guess_dialog import GuessDialog, Words


@pytest.fixture
def folder(tmp_path):
    """A function that makes a folder of a tiny BERT, with the head that guesses words or without."""

    def folder(head=True):
        tokenizer, folder = built_in("bert-uncased"), tmp_path / "small"
        model = MaskedModel(Bert(BertArchitecture(1, 16, 2, 32, tokenizer.vocab, inner=16)))
        model.initialize(torch.Generator().manual_seed(0))
        folder.mkdir(exist_ok=True)
        with torch.no_grad():
            model.bias[tokenizer.encode("capital").ids[1]] = 12  # it says this of everything
        names = model.shape.published_masked_head
        tensors = {names[ours].names[0]: p.detach() for ours, p in model.named_parameters() if ours in names}
        save_file(published(model.backbone, prefixed=True) | (tensors if head else {}), folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps(model.shape.to_config()))
        tokenizer.save(folder)
        return str(folder)

    return folder


@pytest.fixture
def dialog(asks):
    """`async with dialog(name, size, **model) as pilot` has asked for the dialog with the key."""
    return partial(asks, GuessDialog)


def said(app) -> str:
    return str(app.screen.query_one("#said", Static).render())


def bars(app) -> list[str]:
    return str(app.screen.query_one(Words).render()).split("\n")


def hint(app) -> str:
    return str(app.screen.query_one(".hint", Static).render())


@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
async def test_the_likeliest_words_are_shown_with_bars(dialog, folder, until, shown, size):
    async with dialog(folder(), size) as pilot:
        app = pilot.app
        assert app.screen.query_one("#words", Input).value == WITH_A_GAP and "___ marks a gap" in hint(app)
        await pilot.press("enter")
        await until(pilot, lambda: "1 gap in" in hint(app))
        blank, first, *others = bars(app)
        assert said(app) == "Paris is the capital of France." and blank == "" and len(others) == 4
        assert re.fullmatch(r"capital +█+.? +8\d\.\d %", first)
        assert "enter asks" in shown(app) and "Ask small" in shown(app) and first in shown(app)
        app.screen.query_one("#words", Input).value = "a ___ and [b] ___"
        await pilot.press("tab", "right", "shift+tab", "enter")
        await until(pilot, lambda: "2 gaps in" in hint(app))
        assert said(app) == "a capital and [b] capital" and len(bars(app)) == 22
        assert bars(app)[12].startswith("capital ") and bars(app)[0] == bars(app)[11] == ""
        await until(pilot, lambda: {len(line) for line in bars(app)} == {0, app.screen.query_one(Words).size.width})
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, GuessDialog))
        assert app.screen.query_one(Backbone).has_focus


@pytest.mark.more
async def test_what_cannot_be_guessed_is_said_and_can_be_asked_again(dialog, folder, until):
    async with dialog(folder()) as pilot:
        app, field = pilot.app, pilot.app.screen.query_one("#words", Input)
        for text, sentence in (("no gap", "Mark one with ___ or [MASK]."), ("___ " * 40, "Shorten it.")):
            field.value = text
            await pilot.press("enter")
            await until(pilot, lambda sentence=sentence: "✕" in hint(app) and sentence in hint(app))
            assert bars(app) == [""]
        field.value = "a ___"
        await pilot.press("enter")
        await until(pilot, lambda: "1 gap in" in hint(app))


@pytest.mark.more
async def test_weights_without_the_head_say_so(dialog, folder, until):
    async with dialog(folder(head=False)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "✕ The weights of small hold no head that guesses masked words" in hint(pilot.app))
        assert said(pilot.app) == WITH_A_GAP


@pytest.mark.more
async def test_random_weights_guess_by_chance(dialog, folder, until):
    async with dialog(folder(), weights="random") as pilot:
        assert "guesses by chance" in hint(pilot.app)
        await pilot.press("enter")
        await until(pilot, lambda: "1 gap in" in hint(pilot.app))
        assert "guesses by chance" in hint(pilot.app)


@pytest.mark.more
async def test_weights_that_are_not_here_are_announced(dialog):
    async with dialog("bert") as pilot:
        assert "enter downloads 440.4 MB first" in hint(pilot.app)


def run(capsys, *argv):
    code = main.main([str(word) for word in argv])
    return code, *capsys.readouterr()


def test_the_command_line_prints_the_words(folder, capsys, monkeypatch):
    model = folder()
    code, out, err = run(capsys, "models", "ask", model)
    head, first, *others = out.splitlines()
    assert code == 0 and head == "gap\tword\tprobability" and len(others) == 4 and "1 gap in" in err
    gap, word, share = first.split("\t")
    assert (gap, word) == ("1", "capital") and share.endswith(" %")
    code, out, _ = run(capsys, "models", "ask", model, "a ___ or [MASK]", "--top-k", 2, "--json")
    answer = json.loads(out)
    assert code == 0 and set(answer) == {"text", "parts", "gaps", "seconds", "weights"}
    assert [gap[0]["word"] for gap in answer["gaps"]] == ["capital"] * 2
    assert answer["parts"] == ["a ", " or ", ""] and {len(gap) for gap in answer["gaps"]} == {2}
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    code, out, err = run(capsys, "models", "ask", model, "a ___ ___", "--weights", "random")
    assert out.startswith("a ___ ___\n") and len(re.findall(r"^[12] .* % +▏", out, re.M)) == 10
    assert "2 gaps in" in err and "guesses by chance" in err


def test_the_command_line_refuses_what_is_for_other_models(folder, capsys):
    model = folder()
    code, out, err = run(capsys, "models", "ask", model, "a ___", "--spam", "--temperature", 1, "--tokens", 3)
    assert (code, out) == (main.USAGE, "") and err.count("Leave this out.") == 3 and "guesses masked words" in err
    for argv, sentence in (
        ([model, "no gap"], "Mark one with ___ or [MASK]."),
        ([model, "___ " * 40], "Shorten it."),
        ([model, "___", "--top-k", 0], "0 is not a number of words"),
        (["hub:owner/none", "___"], "workbench fetch hub:owner/none"),
    ):
        code, _, err = run(capsys, "models", "ask", *argv)
        assert code in (main.FAILED, main.USAGE) and sentence in err
    code, _, err = run(capsys, "models", "ask", folder(head=False))
    assert code == main.FAILED and "small hold no head that guesses masked words" in err
