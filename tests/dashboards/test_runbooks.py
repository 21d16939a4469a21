"""Runbooks: every class of alert has one, in both languages, on the page and in docs."""

from __future__ import annotations

import html
import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alerting.words import ALERT_WORDS
from dashboards.runbooks import CLASSES, SECTIONS, runbook
from dashboards.runbooks.document import document
from hydro.register.eflow import AlertClass
from tests.dashboards.console_server import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("runbooks")) as running:
        yield running


def test_every_class_of_alert_has_one() -> None:
    classes = re.findall(r"^\| `(\w+)` \|", (DOCS / "alert-classes.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(set(classes)) > 10
    assert set(classes) <= set(CLASSES)
    assert {each.value for each in AlertClass} <= set(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_each_says_everything_in_both_languages(name: str) -> None:
    book = runbook(name)
    assert book is not None
    assert name in ALERT_WORDS
    for section in SECTIONS:
        lines = book.section(section)
        assert lines
        for line in lines:
            assert CHINESE.search(line.zh), line
            assert line.en.strip(), line
            assert not CHINESE.search(line.en), line


def test_the_document_is_what_the_files_say() -> None:
    """Else: python -m dashboards.runbooks > docs/runbooks.md."""
    assert (DOCS / "runbooks.md").read_text(encoding="utf-8") == document()


@pytest.mark.parametrize(("lang", "heading"), [("zh", "怎么办"), ("en", "What to do")])
def test_the_page_shows_one_and_leads_to_the_others(console: Console, lang: str, heading: str) -> None:
    answer = console.get(f"/runbooks/flow_stopped?lang={lang}")
    assert answer.status == HTTPStatus.OK
    text = html.unescape(answer.body.decode())
    assert heading in text
    assert all(f'href="/runbooks/{name}"' in text for name in CLASSES)
    book = runbook("flow_stopped")
    assert book is not None
    assert (book.means.zh if lang == "zh" else book.means.en) in text


def test_a_class_that_there_is_not_has_none(console: Console) -> None:
    assert console.get("/runbooks/..%2F..%2Fetc").status == HTTPStatus.NOT_FOUND
    assert "there is no runbook of" in console.get("/runbooks/nonsense").problem(HTTPStatus.NOT_FOUND)
