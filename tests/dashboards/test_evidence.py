"""Evidence and traces over REST and on the page: seen where the case is, and fetched as it lies on the disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from alerting.case import Step, Verb
from alerting.ledger import EvidencePart, EvidenceSummary, Occasion, Signature
from alerting.record import Late
from dashboards.console import schema
from hydro.instants import HOUR_MS
from tests.alerting.sample_alerts import DAWN, change, shortfall

if TYPE_CHECKING:
    from tests.dashboards.console_server import Console

ALERTS = "/api/v1/alerts"
CONTENT = b"(\xb5/\xfd not really, but the bytes are what counts"


def copied(console: Console) -> str:
    """An alert with evidence; its id."""
    alert = shortfall(1)
    console.ledger.apply([change(alert)], 1, DAWN)
    folder = console.path / "evidence" / "alerts" / "2026-03"
    folder.mkdir(parents=True)
    (folder / f"{alert.id}-1.ndjson.zst").write_bytes(CONTENT)
    (folder / "secret").write_bytes(b"of somebody else")
    raised = EvidencePart(
        why=Occasion.RAISED,
        start=DAWN,
        end=DAWN + HOUR_MS,
        copied_at=DAWN + 2 * HOUR_MS,
        file=f"{alert.id}-1.ndjson.zst",
        messages=13,
        size=len(CONTENT),
        sha256="ab",
    )
    ended = EvidencePart(
        why=Occasion.RESOLVED, start=DAWN, end=DAWN, copied_at=DAWN, reason="no_message", journal_from=DAWN
    )
    summary = EvidenceSummary(folder="alerts/2026-03", parts=(raised, ended))
    console.ledger.evidence_copied({alert.id: summary}, console.ledger.evidence_requests())
    return alert.id


def test_the_case_shows_what_was_copied_and_the_list_is_there_by_itself(console: Console) -> None:
    alert = copied(console)
    shown = console.get(f"{ALERTS}/{alert}")
    schema.Alert.model_validate_json(shown.body)
    evidence = console.get(f"{ALERTS}/{alert}/evidence")
    schema.Evidence.model_validate_json(evidence.body)
    assert shown.json["case"]["evidence"] == evidence.json
    assert [part["messages"] for part in evidence.json["parts"]] == [13, 0]


def test_a_file_comes_as_it_lies_there(console: Console) -> None:
    alert = copied(console)
    answer = console.get(f"{ALERTS}/{alert}/evidence/{alert}-1.ndjson.zst")
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["content-type"] == "application/zstd"
    assert f'filename="{alert}-1.ndjson.zst"' in answer.headers["content-disposition"]


@pytest.mark.parametrize("file", ["secret", "..%2Fsecret", "ID-2.ndjson.zst", "%00", "ID.json", "x" * 3_000])
def test_only_files_that_the_ledger_names_are_given(console: Console, file: str) -> None:
    alert = copied(console)
    answer = console.get(f"{ALERTS}/{alert}/evidence/{file.replace('ID', alert)}")
    assert answer.status == 404
    assert b"somebody else" not in answer.body


def test_a_file_that_was_given_up_is_a_problem_that_says_so(console: Console) -> None:
    alert = copied(console)
    (console.path / "evidence" / "alerts" / "2026-03" / f"{alert}-1.ndjson.zst").unlink()
    answer = console.get(f"{ALERTS}/{alert}/evidence/{alert}-1.ndjson.zst")
    assert "given up for room" in answer.problem(404)


def test_before_anything_was_copied_there_is_nothing(console: Console) -> None:
    alert = shortfall(1)
    console.ledger.apply([change(alert)], 1, DAWN)
    assert "nothing was copied" in console.get(f"{ALERTS}/{alert.id}/evidence").problem(404)
    assert "not in the ledger" in console.get(f"{ALERTS}/nobody/evidence").problem(404)
    assert "evidence" not in console.get(f"{ALERTS}/{alert.id}").json["case"]


@pytest.mark.parametrize(
    ("lang", "trace", "raised", "ended"),
    [
        ("en", "was yellow .*, is no alert", "what raised it: 13, 1 KB", "what resolved it: no message"),
        ("zh", "原为 黄.*，现为 无告警", "告警依据：13 条，1 KB", "解除依据：没有报文"),
    ],
)
def test_the_page_shows_trace_and_evidence_where_the_case_is_unfolded(
    console: Console, lang: str, trace: str, raised: str, ended: str
) -> None:
    alert = copied(console)
    console.ledger.transition(alert, Step(Verb.ACK), Signature("王工", DAWN))
    console.ledger.apply([change()._replace(late=Late(DAWN + 3 * HOUR_MS, DAWN + 2 * HOUR_MS))], 2, DAWN)
    page = console.get(f"/?alert={alert}&lang={lang}&show=all").body.decode()
    assert f'href="/api/v1/alerts/{alert}/evidence/{alert}-1.ndjson.zst"' in page
    assert raised in page
    assert ended in page
    assert re.search(trace, page)
