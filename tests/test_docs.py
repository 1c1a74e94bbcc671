"""What the documents point to is there, and the commands that they show exist."""

import re
import shlex
from pathlib import Path

import pytest

from core.architectures.lookup import FAMILIES
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
