"""The documents lead where they say, and the two languages of the README say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from hydro.fixed import MICRO
from hydro.periods import Basis
from hydro.quantity import Quantity, canonical_unit
from hydro.register import Context, Register
from ingest.reasons import DeadLetterReason, RejectReason

ROOT: Final = Path(__file__).parents[2]
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CODE: Final = ("alerting", "bench", "dashboards", "hydro", "ingest", "simulators", "storage", "tests", "watermaster")
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


def named_documents(text: str) -> set[str]:
    """Every name of a Markdown file that is written out; patterns such as `*.md` are none."""
    return set(re.findall(r"(?<![\w./*<-])((?:[\w.-]+/)*[\w-]+\.md)\b", text))


def test_every_document_that_code_or_documents_name_is_there_or_is_explained() -> None:
    """Looked for beside the file, at the root and in docs/; docs/README.md explains the names that texts once had."""
    explained = re.findall(r"^\| \w+, `(\w+\.md)` \|", read(ROOT / "docs" / "README.md"), re.MULTILINE)
    sources = [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (*sources, *DOCUMENTS, ROOT / "config" / "README.md")
        for name in sorted(named_documents(read(path)))
        if name not in explained
        and not name.startswith("site/")  # what the quick start writes
        and not any((base / name).exists() for base in (path.parent, ROOT, ROOT / "docs", ROOT / "docs" / "decisions"))
    ]
    assert missing == []


def test_every_reason_for_refusing_something_is_explained() -> None:
    text = read(ROOT / "docs" / "messages.md")
    assert [reason for reason in (*DeadLetterReason, *RejectReason) if f"`{reason}`" not in text] == []


def test_every_quantity_and_its_unit_are_listed() -> None:
    rows = [row for row in read(ROOT / "docs" / "messages.md").splitlines() if row.startswith("| `")]
    for quantity in Quantity:
        unit = canonical_unit(quantity) or "none"
        assert any(f"`{quantity.text}`" in row.split("|")[1] and row.split("|")[2].strip() == unit for row in rows)


def test_operators_find_the_documents_from_where_they_start() -> None:
    for start in ("README.md", "README.zh.md", "config/README.md"):
        text = read(ROOT / start)
        assert [name for name in ("alerts", "register", "messages", "operating") if f"{name}.md" not in text] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_alert_of_the_quick_start_is_one_of_the_shipped_register(name: str) -> None:
    """Each hour of the loop has a reading in each of its slots, and all of them are below the target of an hour."""
    found = re.search(
        r"seq (\d+) -(\d+) 0\).*?\"station\": \"(\w+)\".*?\"discharge\": ([\d.]+)", read(ROOT / name), re.DOTALL
    )
    assert found is not None
    minutes, step, station, value = int(found[1]), int(found[2]), found[3], float(found[4])
    tables = {path.name: path.read_bytes() for path in (ROOT / "config" / "registry").glob("*.csv")}
    register = Register.parse(tables, Context(480, 30), {}).register
    assert register is not None
    [target] = [row for rows in register.targets.values() for row in rows if row.station == station]
    assert (target.basis, target.value / MICRO > value) == (Basis.HOUR, True)
    assert step <= register.stations[station].rows[-1].interval_min
    assert minutes >= 2 * 60
