"""What the doctor says of Grafana."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.dashboards.grafana.published_api import TOKEN, PublishedApi
from watermaster.doctor import Part, State
from watermaster.doctor.showing import grafana
from watermaster.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watermaster.doctor import Finding


@pytest.fixture
def api() -> Iterator[PublishedApi]:
    """A Grafana that is there."""
    with PublishedApi() as serving:
        yield serving


def said(url: str | None, folder: Path, token: str | None = TOKEN) -> Finding:
    """The one thing that is found."""
    given: dict[str, str | None] = {"url": url}
    if token is not None:
        (folder / "token").write_text(token, encoding="utf-8")
        given["token_file"] = str(folder / "token")
    [finding] = asyncio.run(grafana(Settings.model_validate({"grafana": given})))
    assert finding.part is Part.GRAFANA
    assert (finding.advice is None) == (finding.state in (State.OK, State.OFF))
    return finding


def test_a_grafana_that_takes_us_is_well_and_nothing_is_sent_to_it(api: PublishedApi, tmp_path: Path) -> None:
    finding = said(api.url, tmp_path)
    assert (finding.state, finding.found) == (State.OK, f"{api.url}: version 11.6.0, the token is of Main Org.")
    assert (api.changes(), api.wrong) == ([], [])


def test_without_a_token_it_is_asked_only_whether_it_is_there(api: PublishedApi, tmp_path: Path) -> None:
    finding = said(api.url, tmp_path, token=None)
    assert (finding.state, "without grafana.token_file" in finding.found) == (State.OK, True)
    assert [one.path for one in api.asked] == ["/health"]


def test_where_the_settings_name_none_it_is_off(tmp_path: Path) -> None:
    assert said(None, tmp_path).state is State.OFF


@pytest.mark.parametrize(
    ("token", "words"), [("wrong", "does not know the token"), ("", "not a token"), ("a b", "not a token")]
)
def test_a_token_that_is_not_taken_is_told(api: PublishedApi, tmp_path: Path, token: str, words: str) -> None:
    finding = said(api.url, tmp_path, token)
    assert (finding.state, words in finding.found) == (State.FAILED, True)


def test_an_old_one_is_worth_a_look_and_one_that_is_away_is_told(api: PublishedApi, tmp_path: Path) -> None:
    api.health = {"database": "ok", "version": "10.2.0"}
    finding = said(api.url, tmp_path)
    assert (finding.state, "version 10.2.0 is older than 10.4" in finding.found) == (State.LOOK, True)
    finding = said("http://127.0.0.1:9", tmp_path)
    assert (finding.state, "can't be reached" in finding.found) == (State.FAILED, True)
