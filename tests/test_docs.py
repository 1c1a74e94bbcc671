"""What the documents point to is there, and the commands that they show exist."""

import re
import shlex
from pathlib import Path

import pytest

from core.architectures.lookup import FAMILIES
from core.architectures.models import MODELS
from core.architectures.preset import Source
from core.export.expressible import heads
from workbench.cli.main import parse

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_is_one(page):
    for line in re.findall(r"^    workbench (.+)$", page.read_text(), re.M):
        words = shlex.split(line, comments=True)
        assert parse(words).command.startswith(words[0]), line


def kinds(arch):
    return arch.classifier.readouts, heads(arch)


def test_the_table_of_what_exports_is_that_of_the_program():
    page = (ROOT / "docs" / "export.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (`.+?`) \| (.+?) \| `(\w+)` \|$", page, re.M)
    known = {family: kind(1, 2, 1, 8, 8) for family, kind in FAMILIES.items()}
    assert rows == [
        (arch.title, *(", ".join(f"`{one}`" for one in some) for some in kinds(arch)), arch.classifier.name)
        for arch in known.values()
        if arch.classifier
    ]


def holds(cell, preset):
    """Whether a cell says how many parameters a model has, or is a range in which that lies."""
    factors = {"M": 1e6, "G": 1e9}
    found = [float(number) * factors[unit] for number, unit in re.findall(r"([\d.]+) ([MG])", cell)]
    total = sum(preset.architecture.parameters().values())
    return any(abs(each / total - 1) < 0.03 for each in found) or found[0] < total < found[-1]


def test_the_table_of_models_is_that_of_the_program():
    page = (ROOT / "docs" / "models.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    names = [(name, row[1:]) for row in rows if len(row) == 6 for name in re.findall(r"`(.+?)`", row[0])]
    assert sorted(name for name, _ in names) == sorted(MODELS)
    for name, (family, size, languages, licence, source) in names:
        preset = MODELS[name]
        assert (languages, licence) == (preset.languages, preset.licence)
        if preset.counts:
            continue
        assert family.startswith(preset.architecture.title) and holds(size, preset)
        fetched = isinstance(preset.source, Source)
        assert ("hub" in source) == fetched and ("package of" in source) == (fetched and bool(preset.source.wheels))
