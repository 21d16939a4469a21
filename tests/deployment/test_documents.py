"""The documents lead where they say, and the two languages of the README say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS: Final = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def read(path: Path) -> str:
    """Text of a document."""
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", read(path))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_is_listed_under_its_number(path: Path) -> None:
    assert f"[{path.stem[:4]}]({path.name})" in read(ROOT / "docs" / "decisions" / "README.md")


def test_no_two_decisions_share_a_number() -> None:
    numbers = [path.stem[:4] for path in DECISIONS]
    assert sorted(set(numbers)) == numbers


def test_the_architecture_names_folders_and_files_that_exist_unless_it_says_when_they_come() -> None:
    rows = [row for row in read(ROOT / "docs" / "architecture.md").splitlines() if "which comes with" not in row]
    named = {path for row in rows for path in re.findall(r"`([a-z_]+/[\w./-]*)`", row)}
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_both_languages_of_the_readme_have_the_same_commands_and_sections() -> None:
    english, chinese = read(ROOT / "README.md"), read(ROOT / "README.zh.md")

    def commands(text: str) -> list[str]:
        blocks = re.findall(r"```\n(.*?)```", text, re.DOTALL)
        return [line.split("  #")[0].rstrip() for block in blocks for line in block.splitlines()]

    assert commands(chinese) == commands(english)
    assert len(re.findall("^#+ ", chinese, re.MULTILINE)) == len(re.findall("^#+ ", english, re.MULTILINE))
