"""Choosing a model: by family, from a folder or the hub; what is not here is fetched only when the person asks."""

import json
import shutil
from contextlib import asynccontextmanager

import pytest
from safetensors.torch import save_file
from textual.widgets import Input

from cases import first
from core import files
from core.architectures.bert import DistilBertArchitecture
from core.architectures.lookup import by_family, folder_of, preset_of
from core.architectures.models import MODELS
from core.errors import BadModel
from core.model.families import backbone_for
from core.model.weights import published
from core.recipe import load
from core.runs.root import create_run
from core.text.tokenizer_files import built_in
from workbench.app import WorkbenchApp
from workbench.screens.data.source import Source
from workbench.screens.model.backbone import Backbone
from workbench.screens.model.models_dialog import Models, ModelsDialog
from workbench.screens.model.price import PricePanel
from workbench.screens.model.recipe_form import Options
from workbench.widgets.layers import Layers

SIZES = first(1, [(80, 24), (100, 30), (120, 36)])
ORDER = [preset.name for presets in by_family().values() for preset in presets]
TINY = DistilBertArchitecture(3, 32, 2, 64, 30522)


@pytest.fixture
def folder(tmp_path):
    """The folder of a tiny DistilBERT, with its tokenizer."""
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    save_file(
        {k: v.contiguous() for k, v in published(backbone_for(TINY, False)).items()}, folder / "model.safetensors"
    )
    (folder / "config.json").write_text(json.dumps(TINY.to_config()))
    built_in("bert-uncased").save(folder)
    return folder


@pytest.fixture
def opened(messages, tmp_path, until):
    """`async with opened(model, size) as pilot` stands on the backbone's panel, the file profiled or refused."""

    @asynccontextmanager
    async def opened(model="nano", size=(120, 36), **layers):
        recipe = load({"data": {"path": str(messages)}, "model": {"name": str(model)}}, layers)
        app = WorkbenchApp(recipe, tmp_path / "runs")
        async with app.run_test(size=size) as pilot:
            draft = app.session.draft
            await until(pilot, lambda: bool((draft.profile or draft.problem) and draft.models))
            await pilot.press("2")
            await until(
                pilot, lambda: bool(app.screen.query(Backbone)) and bool(app.screen.query_one(Layers).has_focus)
            )
            app.screen.query_one(Backbone).focus()
            await pilot.pause()
            yield pilot

    return opened


def hint(pilot) -> str:
    return str(pilot.app.screen.query_one(".hint").render())


def chosen(pilot) -> str:
    return pilot.app.session.draft.recipe.model.name


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.more
async def test_the_arrows_lead_through_all_models_family_by_family(opened, shown, size):
    async with opened(size=size) as pilot:
        seen = [chosen(pilot)]
        for name in ORDER[1:]:
            await pilot.press("right")
            preset, words = MODELS[name], shown(pilot.app)
            seen.append(chosen(pilot))
            assert preset.title in words and preset.languages in words
            if size[0] >= 120:  # below, a model of many blocks leaves the strip one line
                titles, names, about = (line.rstrip() for line in words.splitlines()[2:5])
                assert preset.architecture.title in titles and f"▌{name}" in names.replace("▌ ", "▌")
                assert (
                    preset.licence in about
                    and ("reads all of a text" if preset.counts else f"reads {preset.reads} tokens") in about
                )
                assert (len(names) <= size[0] and "‹" in names) or "›" in names
        assert seen == ORDER
        await pilot.press("right")
        assert chosen(pilot) == ORDER[-1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.more
async def test_of_a_folder_that_no_run_can_start_from_it_is_said_why(opened, folder, until, shown, size):
    (folder / "tokenizer.json").unlink()
    async with opened(folder, size) as pilot:
        await until(pilot, lambda: "cannot be used" in pilot.app.screen.query_one(Backbone).render().plain)
        await pilot.press("enter")
        await pilot.pause()
        words, models = " ".join(shown(pilot.app).split()), pilot.app.screen.query_one(Models)
        assert "cannot be used" in words and "There is no tokenizer in" in words and "or vocab.txt." in words
        lines = [models.line(i, models.size.width).plain for i in range(len(models.items))]
        assert any("modernbert-large 394.8 M" in line and "fetch 1.6 GB" in line for line in lines)


@pytest.mark.more
async def test_a_click_chooses_a_neighbour(opened):
    async with opened() as pilot:
        backbone = pilot.app.screen.query_one(Backbone)
        at = backbone.render().plain.splitlines()[1].index("minilm")
        await pilot.click(Backbone, offset=(at, 1))
        assert chosen(pilot) == "minilm"


@pytest.mark.more
@pytest.mark.parametrize("size", SIZES)
async def test_enter_lists_all_by_family_and_enter_takes_one(opened, shown, size, until):
    async with opened("minilm", size) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ModelsDialog))
        models = pilot.app.screen.query_one(Models)
        assert models.model.name == "minilm" and "learns much from few labels" in hint(pilot)
        assert "hub:owner/name" in shown(pilot.app)
        row = next(line for line in shown(pilot.app).splitlines() if " bert " in line and "Apache" in line)
        assert "English" in row and "512" in row and "108.9 M" in row and "440.4 MB" in row
        visited = []
        await pilot.press("g")
        for _ in ORDER:
            visited.append(models.model.name)
            await pilot.press("down")
        assert visited == ORDER
        await pilot.press("up", "up", "enter")
        await until(pilot, lambda: chosen(pilot) == ORDER[-3])
        await pilot.press("enter", "g", "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, ModelsDialog))
        assert chosen(pilot) == ORDER[-3]


@pytest.mark.more
async def test_a_folder_is_named_in_the_dialog_and_stays_among_the_models(opened, folder, shown, until):
    async with opened("distilbert") as pilot:
        await pilot.press("enter", "tab")
        field = pilot.app.screen.query_one(Input)
        field.value = str(folder.parent)
        await pilot.press("enter")
        await pilot.pause()
        assert "is not a model folder" in hint(pilot)
        field.value = str(folder)
        await pilot.press("enter")
        await until(pilot, lambda: chosen(pilot) == str(folder))
        await until(pilot, lambda: "on disk" in pilot.app.screen.query_one(Backbone).render().plain)
        assert "· tiny  " in shown(pilot.app).splitlines()[0] and str(folder.parent) not in shown(pilot.app)
        await pilot.press("left")
        assert chosen(pilot) == "distilbert"
        await pilot.press("right")
        assert chosen(pilot) == str(folder)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ModelsDialog))
        assert pilot.app.screen.query_one(Models).model.name == str(folder)


@pytest.mark.more
async def test_a_folder_that_vanishes_brings_no_traceback(opened, folder, until):
    async with opened(folder) as pilot:
        draft = pilot.app.session.draft
        shutil.rmtree(folder)
        for key in ("a", "h", "1", "2", "5", "2"):
            await pilot.press(key)
        await until(pilot, lambda: draft.profiling is None)
        draft.find_models()
        await until(pilot, lambda: "not there any more" in pilot.app.screen.query_one(Backbone).render().plain)
        await pilot.press("t")
        await pilot.pause()
        assert pilot.app.session.followed.run is None and pilot.app._notifications
        await pilot.press("left", "right")  # it cannot be chosen again, and is passed over from then on
        assert chosen(pilot) == "distilbert" and str(folder) not in draft.others
        await pilot.press("right")
        assert chosen(pilot) == "roberta"


def test_a_run_of_a_folder_that_is_gone_is_not_made(folder, tmp_path):
    recipes = [load({"model": {"name": str(folder), "weights": weights}}) for weights in ("pretrained", "random")]
    shutil.rmtree(folder)
    for recipe in recipes:
        with pytest.raises(BadModel):
            create_run(tmp_path / "runs", recipe)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.more
async def test_a_model_without_its_tokenizer_has_sizes_but_no_times(opened, shown, size):
    async with opened("roberta", size) as pilot:
        panel, layers = pilot.app.screen.query_one(PricePanel), pilot.app.screen.query_one(Layers)
        assert ("tokenizer" in panel.render().plain and "124," in panel.render().plain) or size[0] < 100
        assert "39.0 M" in layers.line(layers.count - 1, 80).plain
        assert "50,265 tokens" in layers.line(layers.count - 1, 80).plain
        await pilot.press("1")
        await pilot.pause()
        words = shown(pilot.app)
        assert "The tokenizer of roberta is not on this machine yet." in words and "f fetches roberta" in words
        assert pilot.app.screen.query_one(Source).has_focus and "f fetch" in words.splitlines()[-1]
        await pilot.press("2", "left", "left")
        assert chosen(pilot) == "bert"


@pytest.mark.more
async def test_what_holds_nothing_is_not_on_the_ladder_and_goes_along_in_plans(opened):
    async with opened("gpt2", freeze={"trainable": "blocks.11,blocks.9,norm,head"}) as pilot:
        layers, draft = pilot.app.screen.query_one(Layers), pilot.app.session.draft
        rows = [layers.line(i, 80).plain for i in range(layers.count)]
        assert any("final norm" in row for row in rows) and "50,257 tokens" in rows[-1]
        draft.start_from("bert")
        await pilot.pause()
        rows = [layers.line(i, 80).plain for i in range(layers.count)]
        assert not any("norm" in row for row in rows) and draft.recipe.plan.in_words == "2 of 12 blocks, head"
        layers.focus()
        await pilot.press("g", "h")
        assert str(draft.recipe.plan) == "head"
        await pilot.press("down", "space")
        assert str(draft.recipe.plan) == "last_block" and "11 blocks below" in layers.line(2, 80).plain
        await pilot.press("down", "space")
        assert str(draft.recipe.plan) == "last_two_blocks"
        await pilot.press("minus", "minus")
        assert str(draft.recipe.plan) == "head"
        draft.change("freeze.trainable", "blocks.11,blocks.9,norm,head")
        draft.start_from("roberta")
        draft.start_from("gpt2")
        assert draft.recipe.freeze.trainable == "blocks.9,blocks.11,norm,head"


@pytest.fixture
def asked_hub(hub, tmp_path, monkeypatch, executed):
    """A hub that the app's helpers ask; it has a tiny DistilBERT at owner/tiny."""
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return hub


@pytest.mark.more
async def test_an_address_is_fetched_when_it_is_asked_for_twice_and_then_chosen(
    opened, folder, asked_hub, until, shown
):
    asked_hub.files |= {path.name: path.read_bytes() for path in folder.iterdir()}
    async with opened() as pilot:
        await pilot.press("enter", "tab")
        pilot.app.screen.query_one(Input).value = "hub:owner/tiny"
        await pilot.press("enter")
        await pilot.pause()
        assert "Press enter again" in hint(pilot) and not asked_hub.asked
        await pilot.press("enter")
        await until(pilot, lambda: chosen(pilot) == "hub:owner/tiny")
        assert preset_of("hub:owner/tiny").architecture == TINY
        await until(pilot, lambda: "on disk" in pilot.app.screen.query_one(Backbone).render().plain)
        await until(pilot, lambda: pilot.app.session.draft.profile is not None)


@pytest.mark.more
async def test_what_cannot_be_fetched_is_said(opened, asked_hub, until):
    asked_hub.error = "RepoNotFound"
    async with opened("roberta") as pilot:
        await pilot.press("f")
        assert pilot.app.session.fetcher.name == "roberta"
        await until(pilot, lambda: bool(pilot.app._notifications))
        assert pilot.app.session.fetcher.name == "" and chosen(pilot) == "roberta"
        (said,) = pilot.app._notifications
        assert "There is no FacebookAI/roberta-base" in said.title and "SHA-256" not in said.title + said.message
        assert "workbench fetch roberta" in said.message


@pytest.mark.parametrize("size", first(1, [(80, 24), (120, 36)]))
@pytest.mark.more
async def test_f_fetches_and_f_stops_it(opened, asked_hub, until, shown, size):
    place = folder_of("bert")
    place.parent.mkdir(parents=True)
    with files.alone(place.parent / f".{place.name}.lock", lambda: None):  # as if another process fetched it
        async with opened("bert", size) as pilot:
            fetcher, backbone = pilot.app.session.fetcher, pilot.app.screen.query_one(Backbone)
            assert "f fetches it" in shown(pilot.app) and not fetcher.name
            await pilot.press("f")
            await until(pilot, lambda: fetcher.progress is not None)
            assert "0 B of 440.4 MB" in backbone.render().plain and "f stops" in shown(pilot.app)
            await pilot.press("right")  # all else goes on
            assert "bert: 0 B of 440.4 MB" in shown(pilot.app)
            await pilot.press("left", "f")
            await until(pilot, lambda: not fetcher.name)
            assert "fetch 440.4 MB" in backbone.render().plain
            await pilot.press("f")
            await until(pilot, lambda: fetcher.progress is not None)  # and is left with the app
    assert not asked_hub.asked


@pytest.mark.more
async def test_what_is_left_open_says_what_the_model_makes_of_it(opened):
    async with opened("bert") as pilot:
        form = pilot.app.screen.query_one(Options)
        names = [option.name for option in form.shown]
        said = {name: form.line(names.index(name), 60).plain for name in ("model.readout", "model.context", "train.lr")}
        assert said["model.readout"].endswith("auto  first") and said["model.context"].endswith("model  512")
        assert said["train.lr"].endswith("auto  5e-5")
        await pilot.press("2")
        pilot.app.session.draft.start_from("minilm")
        assert form.line(names.index("model.readout"), 60).plain.endswith("auto  mean")
