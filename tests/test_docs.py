"""What the documents point to is there, and the commands that they show exist."""

import re
import shlex
from pathlib import Path

import pytest

from workbench.cli.main import parse

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
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
