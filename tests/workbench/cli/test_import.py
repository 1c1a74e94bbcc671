"""The chapter's classifier, brought in from the command line, is a run like any other."""

import json

import pytest
import torch

from core.recipe import Recipe
from core.runs.root import list_runs
from workbench.app import WorkbenchApp
from workbench.cli import main

D, VOCAB, CONTEXT, BLOCKS = 256, 8192, 512, 6  # nano's


@pytest.fixture
def brought_in(tmp_path, capsys):
    shapes = {
        "tok_emb.weight": (VOCAB, D),
        "pos_emb.weight": (CONTEXT, D),
        "out_head.weight": (2, D),
        "out_head.bias": (2,),
    }
    norms = ["final_norm"]
    for i in range(BLOCKS):
        block = f"trf_blocks.{i}"
        norms += [f"{block}.norm1", f"{block}.norm2"]
        layers = {f"{block}.att.{name}": (D, D) for name in ("W_query", "W_key", "W_value", "out_proj")}
        layers |= {f"{block}.ff.layers.0": (4 * D, D), f"{block}.ff.layers.2": (D, 4 * D)}
        for name, shape in layers.items():
            shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    shapes |= {f"{name}.{kind}": (D,) for name in norms for kind in ("scale", "shift")}
    generator = torch.Generator().manual_seed(0)
    file = tmp_path / "review_classifier.pth"
    torch.save({name: 0.05 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}, file)
    root = tmp_path / "runs"
    assert main.main(["import", str(file), "--labels", "not spam, spam", "--runs", str(root), "--json"]) == 0
    return json.loads(capsys.readouterr().out)["run"], root


def test_it_is_asked_and_its_padded_readout_is_refused_by_transformers(brought_in, tmp_path, capsys):
    run, root = brought_in
    assert main.main(["predict", "last", "You have won", "--runs", str(root)]) == 0
    assert "\tYou have won" in (out := capsys.readouterr().out) and out.startswith(("not spam\t", "spam\t"))
    assert main.main(["export", run, str(tmp_path / "out"), "--format", "transformers"]) == 1
    assert "--format onnx" in capsys.readouterr().err
    assert main.main(["resume", run, "--runs", str(root)]) == 1
    assert "r1 is done" in capsys.readouterr().err


@pytest.mark.more
async def test_the_app_lists_shows_and_asks_it(brought_in, shown, until):
    _, root = brought_in
    app = WorkbenchApp(Recipe(), root)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.session.followed.status is not None)
        await pilot.press("5")
        await until(pilot, lambda: "review_classifier" in shown(app) and "Brought in" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.MODE == "train" and "Brought in from review_classifier.pth" in shown(app))
        await pilot.press("4")
        await until(pilot, lambda: "r1 best, step 0" in shown(app))
    assert [run.status().state for run in list_runs(root)] == ["done"]
