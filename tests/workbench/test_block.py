"""Model: a block of the chosen model as a drawing, for every family, at every size, and as the documents say it."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from cases import first
from core.architectures.bert import BertArchitecture
from core.architectures.deberta import DebertaArchitecture
from core.architectures.design import GPT2, in_code
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.llama import LlamaArchitecture, Qwen2Architecture, Qwen3Architecture
from core.architectures.lookup import FAMILIES
from core.architectures.models import MODELS
from core.architectures.modernbert import ModernBertArchitecture
from core.architectures.t5 import T5Architecture
from core.recipe import load
from workbench.app import WorkbenchApp
from workbench.screens.model.as_code import AsCode
from workbench.screens.model.backbone import Backbone
from workbench.screens.model.block import SAID, SIGHT, BlockDrawing, beside, lines_of, sight
from workbench.widgets.layers import Layers
from workbench.widgets.panel import Panel

DOCS = Path(__file__).parents[2] / "docs" / "models.md"
SIZE = 12, 768, 12, 512, 1000
ARCHITECTURES = {  # by the columns of the document
    "GPT-2": GPT2Architecture(*SIZE),
    "Llama (SmolLM2, Llama 3.2)": LlamaArchitecture(*SIZE),
    "Qwen2 (Qwen2.5)": Qwen2Architecture(*SIZE),
    "Qwen3": Qwen3Architecture(*SIZE),
    "BERT, RoBERTa, DistilBERT": BertArchitecture(*SIZE),
    "ModernBERT": ModernBertArchitecture(*SIZE),
    "DeBERTa v2, v3": DebertaArchitecture(*SIZE),
    "T5's encoder": T5Architecture(*SIZE),
}


def documented():
    """The tables of blocks in the document: by family, what is said of each part."""
    found = {}
    for table in re.findall(r"(?m)^\| part of a block .*\n(?:\|.*\n)+", DOCS.read_text()):
        rows = [[cell.strip() for cell in line.strip("| \n").split(" | ")] for line in table.splitlines()]
        for i, family in enumerate(rows[0][1:], 1):
            found[family] = {row[0]: row[i] for row in rows[2:]}
    return found


@pytest.mark.parametrize("family", ARCHITECTURES)
def test_the_document_says_of_a_block_what_is_drawn(family):
    arch, said = ARCHITECTURES[family], documented()[family]
    design = arch.design
    assert said["norm"].startswith(design.norm_in_words)
    assert said["positions"].startswith(design.positions)
    assert said["a token sees"].startswith(design.sees)
    assert said["MLP"].startswith(design.mlp)
    assert not design.besides or any(cell.startswith(design.besides) for cell in said.values())
    assert said.get("heads of keys and values", "as").startswith("as") == (arch.n_kv_heads == arch.n_heads)


def test_every_family_has_its_column_and_its_drawing():
    assert set(documented()) == set(ARCHITECTURES)
    drawn = {arch.family for arch in ARCHITECTURES.values()} | {"distilbert", "roberta", "xlm-roberta"}
    assert drawn == set(FAMILIES)


@pytest.mark.parametrize("arch", [*ARCHITECTURES.values(), *(p.architecture for p in MODELS.values() if not p.counts)])
def test_every_line_fits_beside_the_ladder(arch):
    lines = lines_of(arch, arch.design)
    assert all(cell_len(line.words) <= SAID for line in lines) and len(lines) <= 12
    assert all(cell_len(line) <= SIGHT for line in beside(arch.design)) and len(beside(arch.design)) <= len(lines) + 1
    norms = [line for line in lines if line.words.startswith(arch.design.norm)]
    # in the stream where they come after, in a branch where they come before
    assert len(norms) == 2 and all(("▣" in norm.drawn) is not arch.design.norm_first for norm in norms)
    assert any(line.other for line in lines) is (arch.design != GPT2)
    assert ("norm1(x + att(x))" in in_code(arch.design)[1]) is not arch.design.norm_first


def test_a_picture_has_a_row_for_each_token():
    assert sight(causal=True) == ["█▄      ", "███▄    ", "█████▄  ", "███████▄"]
    assert sight() == ["████████"] * 4
    assert (
        sight(near=True) == ["██▄     ", "▀▀██▄   "[1:] + " ", "  ▀███▄ ", "    ▀███"]
        or sight(near=True)[0] == "██▄     "
    )


@pytest.mark.parametrize(
    ("name", "says", "size"),
    first(
        2,
        [
            ("smollm2-135m", ["SwiGLU, 1,536 wide", "RMSNorm", "keys, values: 3 heads", "what is before"], (120, 36)),
            ("bert", ["LayerNorm, after", "tokens + position table", "all of the text"], (80, 24)),
            ("modernbert", ["GeGLU", "rotary positions", "1 of 3 blocks", "2 of 3 blocks"], (80, 24)),
            ("t5-small", ["ReLU, 2,048 wide", "a bias by distance"], (120, 36)),
        ],
        names=3,
    ),
)
async def test_it_is_drawn_for_the_chosen_model(messages, tmp_path, until, name, says, size):
    app = WorkbenchApp(load({"data": {"path": str(messages)}, "model": {"name": "nano"}}), tmp_path / "runs")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: bool(app.session.draft.models))
        await pilot.press("2")
        await until(pilot, lambda: app.screen.query(Layers) and app.screen.query_one(Layers).has_focus)
        panel, drawing = app.screen.query_one("#block", Panel), app.screen.query_one(BlockDrawing)
        if size == (80, 24):  # folded, and opened in the place of the ladder
            assert not panel.display
            await pilot.press("ctrl+o", "k")
        await until(pilot, lambda: panel.display and drawing.size.height)
        assert panel.subtitle == "as in the book" and "GELU, 1,024 wide" in drawing.render().plain
        assert "bold" not in str(drawing.render().spans)
        app.screen.query_one(Backbone)._choose([*MODELS].index("nano"))
        app.session.draft.start_from(name)
        await until(pilot, lambda: panel.subtitle == "bright: not as in GPT-2")
        drawn = drawing.render().plain
        assert all(words in drawn for words in says) and "…" not in drawn
        assert len(drawn.split("\n")) <= drawing.size.height
        assert any(line.startswith("x = ") for line in app.screen.query_one(AsCode).lines)
