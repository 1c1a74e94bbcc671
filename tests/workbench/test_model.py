"""The Model screen: every toggle has its price at once, and the form its problem in place."""

import os
import tomllib

import pytest
from textual.widgets import Input
from textual.widgets._toast import Toast

from cases import first
from core.architectures.design import GPT2, in_code
from core.architectures.models import MODELS
from core.estimate.left_open import comes_to
from core.freeze import FreezePlan, parts_of
from core.recipe import MOST_REPEATED, load
from core.runs.control import Stop
from core.runs.root import list_runs
from workbench.app import WorkbenchApp
from workbench.screens.model.as_code import AsCode
from workbench.screens.model.backbone import Backbone
from workbench.screens.model.price import PricePanel
from workbench.screens.model.recipe_form import Explanation, Options
from workbench.screens.model.recipes_dialog import Recipes, RecipesDialog
from workbench.screens.save_dialog import SaveDialog
from workbench.session.draft import OF_ANOTHER_FILE
from workbench.widgets.layers import Layers, folded, lowered, painted, raised


@pytest.fixture
def model(messages, tmp_path, until):
    """`async with model(size, **layers) as pilot` stands on the Model screen with the file profiled."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def model(size=(120, 36), notifications=False, **layers):
        app = WorkbenchApp(
            load({"data": {"path": str(messages)}, "model": {"name": "gpt2"}}, layers), tmp_path / "runs"
        )
        async with app.run_test(size=size, notifications=notifications) as pilot:
            await until(pilot, lambda: app.session.draft.profile is not None and bool(app.session.draft.models))
            await pilot.press("2")
            await until(pilot, lambda: app.screen.query(Layers) and app.screen.focused is app.screen.query_one(Layers))
            yield pilot

    return model


def lines(widget) -> list[str]:
    return [widget.render_line(y).text.rstrip() for y in range(widget.count)]


@pytest.mark.more
async def test_keys_change_what_learns_and_the_price_answers_each(model):
    async with model() as pilot:
        session, panel = pilot.app.session, pilot.app.screen.query_one(PricePanel)
        assert str(session.draft.recipe.plan) == "last_block" and "7,090,946 of 124,441,346" in panel.render().plain
        seen = []
        for key, plan in [("h", "head"), ("plus", "last_block"), ("plus", "last_two_blocks"), ("minus", "last_block"),
                          ("a", "all"), ("b", "last_block")]:  # fmt: skip
            await pilot.press(key)
            assert str(session.draft.recipe.plan) == plan
            seen.append(panel.render().plain)
        assert len(set(seen)) >= 4 and "100 %" in seen[4]
        assert "last key" in seen[-1] and "Estimated" in seen[-1]


@pytest.mark.parametrize("size", first(1, [(120, 36), (80, 24)]))
@pytest.mark.more
async def test_what_exports_is_said_before_training(model, size):
    async with model(size=size) as pilot:
        draft, panel = pilot.app.session.draft, pilot.app.screen.query_one(PricePanel)
        full = size[1] == 36
        assert ("to transformers, ONNX" in panel.render().plain) == full
        assert "ONNX only" not in panel.render().plain
        for option, value, why in (
            ("readout", "mean", "readout"), ("head", "mlp", "head"), ("causal", "false", "mask"),
        ):  # fmt: skip
            draft.change(f"model.{option}", value)
            await pilot.pause()
            assert "ONNX only" in panel.render().plain and ("for its " + why in panel.render().plain) == full
            shown = "\n".join(panel.render_line(y).text for y in range(panel.size.height))
            assert "ONNX only" in shown
            draft.change(f"model.{option}", "true" if option == "causal" else "auto")
        draft.change("model.name", "minilm")
        await pilot.pause()
        assert "ONNX only" in panel.render().plain  # it is read at the mean


async def test_space_toggles_the_part_under_the_cursor_and_v_a_range(model):
    async with model() as pilot:
        session, layers = pilot.app.session, pilot.app.screen.query_one(Layers)
        await pilot.press("g", "j", "j", "j", "space")
        assert session.draft.recipe.plan.parts == {"head", "norm", "blocks.11", "blocks.10"}
        await pilot.press("j", "j", "v", "j", "j", "space")
        assert {
            "blocks.8",
            "blocks.7",
            "blocks.6",
        } <= session.draft.recipe.plan.parts and "blocks.9" not in session.draft.recipe.plan.parts
        assert session.draft.recipe.freeze.trainable.startswith("blocks.6,blocks.7,blocks.8")
        await pilot.press("v")
        assert layers.choosing
        await pilot.press("escape")
        assert not layers.choosing
        assert lines(layers)[0].split()[:2] == ["■■", "head"] and "·" in lines(layers)[-1]


async def test_a_click_toggles_and_the_last_part_cannot_be_frozen(model):
    async with model() as pilot:
        session = pilot.app.session
        await pilot.click(Layers, offset=(8, 15))
        assert "embeddings" in session.draft.recipe.plan.parts
        await pilot.press("h", "g", "space")
        assert str(session.draft.recipe.plan) == "head"
        assert any("Nothing" in n.title or "nothing" in n.title for n in pilot.app._notifications)


@pytest.mark.more
async def test_P_measures_this_machine_and_what_was_measured_is_there_at_the_next_start(model, until):
    nano = {"model": {"name": "nano"}, "speed": {"threads": 1}}
    async with model(**nano) as pilot:
        session, panel, layers = (
            pilot.app.session,
            pilot.app.screen.query_one(PricePanel),
            pilot.app.screen.query_one(Layers),
        )
        before = panel.render().plain
        assert "P measures" in before and "loading, baseline, test" in before and "without cache about" in before
        seen = []
        session.draft.speeds_changed.subscribe(panel, lambda _: seen.append(panel.render().plain))
        await pilot.press("P")
        await until(pilot, lambda: session.draft.speeds is not None)
        after = panel.render().plain
        assert any("Measuring this machine" in words for words in seen)
        assert "Measured here" in after and "P measures" not in after
        assert "last key" not in after
        # another model is another measurement
        await pilot.press("shift+tab", "right")
        assert session.draft.recipe.model.name == "gpt2" and "P measures" in panel.render().plain
        await pilot.press("left")
        await until(pilot, lambda: session.draft.speeds is not None and session.draft.profiling is None)
        priced = [line[1:] for line in lines(layers)]
    async with model(**nano) as pilot:
        draft = pilot.app.session.draft
        await until(pilot, lambda: draft.speeds is not None and draft.profiling is None)
        assert [line[1:] for line in lines(pilot.app.screen.query_one(Layers))] == priced
        assert "Measured here" in pilot.app.screen.query_one(PricePanel).render().plain


async def test_nothing_is_measured_beside_a_run(model, runs):
    async with model(size=(80, 24)) as pilot:
        run = runs.write("running")
        with runs.held(run):
            await pilot.press("P")
            await pilot.pause()
            assert any("nothing beside it is fast" in note.title for note in pilot.app._notifications)
            assert pilot.app.session.draft.measuring is None
        assert "P measures" in pilot.app.screen.query_one(PricePanel).render().plain


@pytest.mark.more
async def test_the_ladder_shows_where_the_cache_ends(model):
    async with model() as pilot:
        layers, session = pilot.app.screen.query_one(Layers), pilot.app.session

        def boundary() -> list[int]:
            return [y for y, line in enumerate(lines(layers)) if "computed once" in line]

        assert boundary() == [3] and "11 blocks below computed once" in lines(layers)[3]
        await pilot.press("plus")
        assert boundary() == [4]
        await pilot.press("h")
        assert boundary() == [2] and "12 blocks" in lines(layers)[2]
        before = str(session.draft.recipe.plan)
        await pilot.click(Layers, offset=(8, 2))
        assert str(session.draft.recipe.plan) == before
        await pilot.press("a")
        assert not boundary() and layers.count == 15
        session.draft.change_all({"freeze.trainable": "last_block", "speed.cache": "off"})
        await pilot.pause()
        assert not boundary()
        assert "the cache is off" in pilot.app.screen.query_one(PricePanel).render().plain


async def test_the_cursor_passes_over_the_boundary(model):
    async with model() as pilot:
        layers = pilot.app.screen.query_one(Layers)
        await pilot.press("g", "j", "j")
        assert layers.cursor == 2
        await pilot.press("j")
        assert layers.cursor == 4 and "block 10" in lines(layers)[4]
        await pilot.press("k", "G")
        assert "embeddings" in lines(layers)[layers.cursor]


@pytest.mark.more
async def test_another_model_takes_the_plan_along_and_says_where_its_weights_are(model):
    async with model(freeze={"trainable": "blocks.11,blocks.9,norm,head"}) as pilot:
        session, backbone = pilot.app.session, pilot.app.screen.query_one(Backbone)
        words = backbone.render().plain
        assert "gpt2 124M" in words and ("fetch 548.1 MB" in words or "on disk" in words)
        backbone.focus()
        await pilot.press("left")
        assert session.draft.recipe.model.name == "nano" and session.draft.recipe.plan.parts == {
            "blocks.5",
            "blocks.3",
            "norm",
            "head",
        }
        await pilot.press("right", "right")
        assert session.draft.recipe.model.name == "gpt2-medium" and "blocks.23" in session.draft.recipe.plan.parts


@pytest.mark.more
async def test_equal_neighbours_of_a_large_model_fold_and_unfold_under_the_cursor(model):
    async with model(size=(80, 24), model={"name": "gpt2-xl"}) as pilot:
        layers = pilot.app.screen.query_one(Layers)
        assert layers.is_folded and layers.count <= layers.size.height
        assert any("blocks 0–" in line and "frozen" in line for line in lines(layers))
        assert pilot.app.screen.query_one("#map").display
        await pilot.press("G", "k", "space")
        assert "blocks.0" in pilot.app.session.draft.recipe.plan.parts and "block 0" in lines(layers)[layers.cursor]


def test_folding_leaves_what_differs_and_what_is_near_alone():
    plan, parts = FreezePlan.of(48, ["head", "norm", "blocks.47", "blocks.20"]), parts_of(48)[::-1]
    rungs = folded(plan, parts, 10, 20)
    assert rungs[0].first == 0 and rungs[-1].last == 50 and len(rungs) <= 20
    assert sum(rung.last - rung.first + 1 for rung in rungs) == 51
    alone = {rung.first for rung in rungs if rung.first == rung.last}
    assert {0, 1, 2, 29, 50} | set(range(8, 13)) <= alone
    assert len(folded(plan, parts, 0, 60)) == 51


def test_the_boundary_moves_by_one_block():
    head = FreezePlan.parse("head", 6)
    assert str(lowered(head)) == "last_block" and str(raised(lowered(head))) == "head" and raised(head) == head
    everything = FreezePlan.parse("all", 6)
    assert lowered(everything) == everything and "embeddings" not in raised(everything).parts
    gaps = FreezePlan.of(6, ["head", "blocks.2"])
    assert lowered(gaps).parts == {"head", "blocks.2", "blocks.1"} and raised(gaps).parts == {"head"}


def test_adapters_fold_and_move_the_boundary_like_learning_blocks():
    plan = FreezePlan.of(48, ["head", *(f"lora.{i}" for i in range(20, 48))])
    rungs = folded(plan, parts_of(48)[::-1], 0, 12)
    assert [(rung.first, rung.last) for rung in rungs if rung.size > 1] == [(9, 29), (30, 49)]
    assert lowered(plan).parts == plan.parts | {"lora.19"} and raised(lowered(plan)) == plan
    lora = FreezePlan.parse("lora", 6)
    assert lowered(lora).parts == lora.parts | {"embeddings"}
    assert raised(FreezePlan.of(6, ["head", "norm", "lora.5"])) == FreezePlan.parse("head", 6)


def test_a_range_is_given_adapters_or_loses_them():
    plan = FreezePlan.parse("last_block", 6)
    some = painted(plan, ["norm", "blocks.5", "blocks.4"])
    assert some.parts == {"head", "norm", "lora.5", "lora.4"}
    assert painted(some, ["blocks.5", "blocks.4"]).parts == {"head", "norm"}
    assert painted(some, ["blocks.4", "blocks.3"]).parts == some.parts | {"lora.3"}
    assert painted(plan, ["head", "norm"]) == plan


@pytest.mark.more
async def test_l_adapts_every_block_or_a_range(model):
    async with model() as pilot:
        session, layers = pilot.app.session, pilot.app.screen.query_one(Layers)
        panel = pilot.app.screen.query_one(PricePanel)
        await pilot.press("g", "l")
        assert str(session.draft.recipe.plan) == "lora" and "1,328,642 of" in panel.render().plain
        assert lines(layers)[2].split()[:5] == ["▚▚", "block", "11", "110.6", "K"]
        assert "▚ LoRA" in pilot.app.screen.query_one("#layers").subtitle
        assert "replace_linear_with_lora" in pilot.app.screen.query_one(AsCode).render().plain
        adapted = panel.render().plain
        await pilot.press("a")
        assert panel.render().plain != adapted and lines(layers)[2].split()[3] == "7.1"
        await pilot.press("b", "g", "j", "j", "j", "v", "j", "l")
        assert session.draft.recipe.freeze.trainable == "lora.9,lora.10,blocks.11,norm,head" and not layers.choosing
        await pilot.press("space")
        assert session.draft.recipe.freeze.trainable == "lora.10,blocks.11,norm,head"
        await pilot.press("space", "plus")
        assert session.draft.recipe.freeze.trainable == "blocks.8,blocks.9,lora.10,blocks.11,norm,head"
        pilot.app.screen.query_one(Backbone).focus()
        await pilot.press("left")
        assert session.draft.recipe.freeze.trainable == "blocks.2,blocks.3,lora.4,blocks.5,norm,head"


async def test_the_toggles_stand_there_as_code(model):
    async with model(size=(80, 24)) as pilot:
        code, layers = pilot.app.screen.query_one(AsCode), pilot.app.screen.query_one(Layers)
        assert not code.size
        await pilot.press("C", "g", "h")
        head = ["model.parameters():", "requires_grad = False", "model.out_head.parameters():", "requires_grad = True"]
        lines_of_code = code.render().plain.split("\n")
        assert all(words in line for words, line in zip(head, lines_of_code[:4], strict=True))
        assert lines_of_code[4:] == [f" {line}" for line in in_code(GPT2)]
        await pilot.press("l")
        await pilot.pause()
        assert "replace_linear_with_lora(model.trf_blocks, rank=8, alpha=16)" in code.render().plain
        assert code.size.height == len(code.render().plain.split("\n"))
        assert layers.is_folded and layers.virtual_size.height <= layers.size.height
        pilot.app.session.draft.change("freeze.trainable", "blocks.1,blocks.3,blocks.5,blocks.7,head")
        await pilot.pause()
        shown = code.render().plain.split("\n")
        assert len(shown) == code.size.height and shown[-1] == f" … {15 - len(shown) + 1} more lines"
        pilot.app.session.draft.change("freeze.trainable", "embeddings,norm")
        pilot.app.session.draft.change("model.name", "distilbert")
        await pilot.pause()
        learn = [line for line in code.lines if "in model." in line]
        assert [line.split("model.")[1].split(".")[0] for line in learn[1:]] == ["tok_emb", "pos_emb", "emb_norm"]
        await pilot.press("C")
        await pilot.pause()
        assert not code.size


@pytest.mark.more
async def test_a_recipe_by_name_is_chosen_by_what_it_says(model):
    async with model(size=(80, 24), model={"name": "nano"}) as pilot:
        app, session = pilot.app, pilot.app.session
        await pilot.press("tab", "g", "enter")
        assert isinstance(app.screen, RecipesDialog)
        listed, about = app.screen.query_one(Recipes), app.screen.query_one("#about")
        assert "book/6" not in listed.items and any("LoRA" in line and "(96.67)" in line for line in lines(listed))
        assert "in the book (of another model)" in str(app.screen.query_one("#from").render())
        await pilot.press("j", "j")
        await pilot.pause()
        assert "(built in)" in str(about.render()) and "book/6, book/7, book/8 too" in str(about.render())
        await pilot.press("escape")
        assert session.draft.recipe.preset == "default" and not isinstance(app.screen, RecipesDialog)
        session.draft.change("train.epochs", 9)
        await pilot.press("right", *"jjjjjjjj")
        assert listed_name(app) == "book/11"
        await pilot.press("enter")
        assert session.draft.recipe.preset == "book/11" and session.draft.recipe.model.name == "nano"
        assert session.draft.recipe.train.epochs == 5 and session.draft.recipe.lora.rank == 16
        await pilot.press("enter", "right")
        assert listed_name(app) == "book/11" and "book/6" in app.screen.query_one(Recipes).items
        assert not any("(" in line and "." in line for line in lines(app.screen.query_one(Recipes))[:4])
        assert "another model" not in str(app.screen.query_one("#from").render())
        await pilot.press("enter")
        assert session.draft.recipe.preset == "book/11" and session.draft.recipe.model.name == "gpt2"
        chosen = []
        await app.push_screen(RecipesDialog(session.draft), chosen.append)
        app.screen.query_one(Recipes).cursor = app.screen.query_one(Recipes).items.index("imdb/roberta-large")
        await pilot.pause()
        assert "Brings its data, imdb" in str(app.screen.query_one("#about").render())
        await pilot.press("enter")
        data = OF_ANOTHER_FILE | {"data.path": "imdb"}
        assert chosen == [{"preset": "imdb/roberta-large", "model.name": "gpt2", **data}]


def listed_name(app) -> str:
    return app.screen.query_one(Recipes).selected


@pytest.mark.more
async def test_the_form_has_the_options_of_adapters_where_there_are_any(model):
    async with model() as pilot:
        session, form = pilot.app.session, pilot.app.screen.query_one(Options)
        explanation = pilot.app.screen.query_one(Explanation)
        assert not any(option.name.startswith("lora.") for option in form.shown)
        await pilot.press("l", "tab")
        names = [option.name for option in form.shown]
        assert {"lora.rank", "lora.alpha", "lora.layers"} <= set(names)
        form.cursor = names.index("lora.layers")
        await pilot.press("enter")
        pilot.app.screen.focused.value = "query,values"
        await pilot.press("enter")
        assert "holds values, which is no matrix of a block" in explanation.render().plain
        pilot.app.screen.focused.value = "query, value"
        await pilot.press("enter")
        assert session.draft.recipe.lora.layers == "query, value" and pilot.app.screen.focused is form
        await pilot.press("G", "enter")
        names = [option.name for option in form.shown]
        form.cursor = names.index("model.causal")
        await pilot.press("right")
        assert session.draft.recipe.model.causal is False
        assert any("model.causal" in line for line in lines(form))  # the form has scrolled to it
        form.ask("model.readout", "mean_pads")
        await pilot.pause()
        assert "must be fixed with the readout mean_pads" in explanation.render().plain
        await pilot.press("escape")


@pytest.mark.more
async def test_the_form_changes_words_and_numbers_and_shows_help(model):
    async with model() as pilot:
        session, form = pilot.app.session, pilot.app.screen.query_one(Options)
        await pilot.press("tab")
        names = [option.name for option in form.shown]
        assert "train.epochs" in names and "train.eval_every" not in names
        form.cursor = names.index("data.balance")
        await pilot.press("enter")
        assert session.draft.recipe.data.balance == "undersample"
        form.cursor = names.index("train.epochs")
        await pilot.pause()
        assert "How often every training text is seen" in pilot.app.screen.query_one(Explanation).render().plain
        await pilot.press("enter")
        field = pilot.app.screen.focused
        assert isinstance(field, Input) and field.value == "auto"
        field.value = "7"
        await pilot.press("enter")
        assert session.draft.recipe.train.epochs == 7 and pilot.app.screen.focused is form and not field.display
        await pilot.press("G", "enter")
        assert any(option.name == "train.eval_every" for option in form.shown)


@pytest.mark.more
async def test_the_form_says_what_is_made_of_options_that_are_left_open(model, until):
    async with model(model={"name": "nano"}) as pilot:
        session, form = pilot.app.session, pilot.app.screen.query_one(Options)
        draft = session.draft

        def line(name: str) -> str:
            return form.line([option.name for option in form.shown].index(name), 100).plain

        preset, rows = MODELS["nano"], draft.profile.training_rows
        assert rows == sum(draft.profile.splits["train"].values())

        def epochs(batch: int) -> int:
            return max(preset.epochs, min(MOST_REPEATED, -(-preset.least_steps // -(-rows // batch))))

        assert line("train.epochs").endswith(f"auto  {epochs(preset.batch)}") and epochs(preset.batch) > preset.epochs
        assert f"× {epochs(preset.batch)}" in pilot.app.screen.query_one(PricePanel).render().plain
        form.ask("train.batch", "1")
        assert line("train.epochs").endswith(f"auto  {epochs(1)}") and epochs(1) < epochs(preset.batch)
        form.wants_all = True
        threads = comes_to(draft.recipe, draft.profile)["speed.threads"]
        assert line("speed.threads").endswith(f"auto  {threads}") and line("data.probe").endswith(("on", "off"))
        assert line("data.encoding").endswith("auto  UTF-8")
        assert line("train.schedule").endswith("auto  linear") and line("train.warmup").endswith("auto  0.1")
        assert line("train.keep").endswith("auto  last") and line("train.head_lr").endswith("auto  0.002")
        draft.change("freeze.trainable", "head")
        assert line("train.head_lr").endswith("auto  0.02")
        draft.change_all({"freeze.trainable": "auto", "model.name": "gpt2"})
        assert line("train.lr").endswith("auto  5e-5")
        assert line("train.epochs").endswith("auto  5") and line("train.schedule").endswith("auto  constant")
        form.ask("train.warmup", "2")
        await pilot.pause()
        assert "train.warmup cannot be 2" in pilot.app.screen.query_one(Explanation).render().plain
        form.ask("train.warmup", "auto")
        assert not form.pending and draft.recipe.train.warmup == "auto"


@pytest.mark.more
async def test_a_plan_that_is_left_open_stays_so_when_the_model_changes(model):
    async with model() as pilot:
        draft = pilot.app.session.draft
        draft.start_from("nano")
        assert (draft.recipe.freeze.trainable, str(draft.recipe.plan)) == ("auto", "last_two_blocks")
        await pilot.press("b")
        draft.start_from("gpt2")
        draft.start_from("nano")
        assert (draft.recipe.freeze.trainable, str(draft.recipe.plan)) == ("last_block", "last_block")


async def test_a_wrong_value_is_explained_trains_nothing_and_esc_takes_it_back(model, until):
    async with model() as pilot:
        session, form = pilot.app.session, pilot.app.screen.query_one(Options)
        await pilot.press("tab")
        form.cursor = [option.name for option in form.shown].index("train.epochs")
        await pilot.press("enter")
        pilot.app.screen.focused.value = "none"
        await pilot.press("enter")
        assert "✕ epochs cannot be 'none'" in pilot.app.screen.query_one(Explanation).render().plain
        assert session.draft.recipe.train.epochs == "auto" and isinstance(pilot.app.screen.focused, Input)
        form.ask("train.batch", "4")
        assert session.draft.recipe.train.batch == 4 and list(form.pending) == ["train.epochs"]
        pilot.app.action_mode("data")
        await pilot.press("t")
        await until(pilot, lambda: pilot.app._notifications)
        assert all("train.epochs" in note.title for note in pilot.app._notifications) and session.followed.run is None
        pilot.app.action_mode("model")
        await pilot.press("escape")
        assert not form.pending and pilot.app.screen.focused is form


@pytest.mark.more
async def test_options_that_only_go_together_can_be_changed_one_after_the_other(model):
    async with model() as pilot:
        session, form = pilot.app.session, pilot.app.screen.query_one(Options)
        await pilot.press("tab")
        names = [option.name for option in form.shown]
        form.cursor = names.index("model.readout")
        await pilot.press("right", "right")
        assert form.pending == {"model.readout": "last_pad"} and session.draft.recipe.model.readout == "last_real"
        assert "padding must be fixed" in pilot.app.screen.query_one(Explanation).render().plain
        await pilot.press("t")
        await pilot.pause()
        assert session.followed.run is None
        form.cursor = names.index("train.padding")
        await pilot.press("left", "left")
        assert (
            session.draft.recipe.model.readout == "last_pad"
            and session.draft.recipe.train.padding == "fixed"
            and not form.pending
        )


@pytest.mark.more
async def test_in_a_small_terminal_the_recipe_is_the_next_tab(model):
    async with model(size=(80, 24)) as pilot:
        screen = pilot.app.screen
        assert screen.query_one(Backbone).size.height == 1 and screen.query_one(PricePanel).size.height == 1
        assert "learns 5.7 %" in screen.query_one(PricePanel).render().plain
        assert not screen.query_one("#recipe").display
        await pilot.press("tab")
        assert screen.query_one("#recipe").display and not screen.query_one("#layers").display
        await pilot.press("escape")
        assert screen.query_one("#layers").display and screen.focused is screen.query_one(Layers)


async def test_ctrl_s_saves_the_recipe_and_asks_before_it_replaces_a_file(model, tmp_path):
    async with model() as pilot:
        path = tmp_path / "mine.toml"
        for epochs, presses in ((5, 1), (6, 2)):
            pilot.app.session.draft.change("train.epochs", epochs)
            await pilot.press("ctrl+s")
            assert isinstance(pilot.app.screen, SaveDialog)
            pilot.app.screen.query_one(Input).value = str(path)
            for _ in range(presses):
                assert isinstance(pilot.app.screen, SaveDialog)
                await pilot.press("enter")
            assert not isinstance(pilot.app.screen, SaveDialog)
            assert load(tomllib.loads(path.read_text())) == pilot.app.session.draft.recipe


async def test_t_starts_a_run_and_train_follows_it(model, until):
    async with model(model={"name": "nano"}, freeze={"trainable": "head"}, train={"epochs": 1000}) as pilot:
        session = pilot.app.session
        await pilot.press("t")
        await until(pilot, lambda: pilot.app.current_mode == "train" and session.followed.status is not None)
        assert session.followed.run.recipe().freeze.trainable == "head" and session.followed.run.locked()
        await until(pilot, lambda: session.followed.history.step > 0)
        await session.launcher.send(session.followed.run, Stop())
        await until(pilot, lambda: session.followed.status.state == "stopped")


@pytest.mark.more
async def test_where_memory_is_short_enter_takes_smaller_batches(model, shown, until):
    layers = {"model": {"name": "nano"}, "freeze": {"trainable": "head"}, "train": {"epochs": 1000, "batch": 2**22}}
    async with model(size=(80, 24), **layers) as pilot:
        app, session = pilot.app, pilot.app.session
        await pilot.press("t")
        await until(pilot, lambda: session.followed.status is not None and session.followed.status.state == "failed")
        fits = session.followed.history.ended.fits
        assert fits.batch * fits.accumulate == 2**22 and fits.accumulate > 1
        screen = " ".join(shown(app).split())
        assert (
            "GB of memory;" in screen
            and f"Batch {fits.batch} with {fits.accumulate} accumulated gives the same" in screen
        )
        assert "Enter applies it." in screen and "enter smaller batches" in screen
        await pilot.press("escape")
        assert session.followed.run.name == "r1" and session.draft.recipe.train.batch == 2**22
        await pilot.press("enter")
        await until(pilot, lambda: session.followed.run.name == "r2" and session.followed.history.step > 0)
        for recipe in (session.draft.recipe, session.followed.run.recipe()):
            assert (recipe.train.batch, recipe.train.accumulate) == (fits.batch, fits.accumulate)
        await session.launcher.send(session.followed.run, Stop())
        await until(pilot, lambda: session.followed.status.state == "stopped")
        assert not app.screen.check_action("apply", ())
        session.followed.follow(list_runs(session.root)[-1])
        await until(pilot, lambda: session.followed.status is not None and session.followed.status.state == "failed")
        assert session.launcher.fits is None and "--batch" in shown(app)  # it is another recipe by now


async def test_without_a_file_t_says_so(tmp_path, until):
    app = WorkbenchApp(load({"data": {"path": "gone.csv"}}), tmp_path / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.session.draft.problem is not None)
        await pilot.press("2", "t")
        await pilot.pause()
        assert any("There is no file" in note.title for note in app._notifications)
        assert "no data" in app.screen.query_one(PricePanel).render().plain


@pytest.mark.more
async def test_beside_a_price_stands_that_the_machine_is_busy(model, monkeypatch, until):
    monkeypatch.setattr(os, "getloadavg", lambda: (64 * (os.cpu_count() or 1), 0.0, 0.0))
    for size in ((120, 36), (80, 24)):
        async with model(size=size) as pilot:
            assert "▲ busy, so longer: load" in pilot.app.screen.query_one("#price").subtitle
            await until(pilot, lambda: pilot.app.session.draft.profile is not None)
            assert size[0] < 100 or "loading, baseline, test" in pilot.app.screen.query_one(PricePanel).render().plain
    monkeypatch.setattr(os, "getloadavg", lambda: (0.1, 0.0, 0.0))
    async with model() as pilot:
        assert pilot.app.screen.query_one("#price").subtitle == ""


@pytest.mark.more
async def test_a_toast_stands_once_and_covers_neither_the_price_nor_what_the_recipe_says(model, until):
    async with model(size=(80, 24), notifications=True) as pilot:
        app = pilot.app
        await pilot.press("tab")
        for _ in range(3):
            app.notify("r1 comes next.", title="It waits for its turn")
        await until(pilot, lambda: len(app.screen.query(Toast)) == 1)
        (toast,) = app.screen.query(Toast)
        for covered in ("#price", Explanation):
            assert not toast.region.overlaps(app.screen.query_one(covered).region)
