"""When a connection is given up, and what is said on it; in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.mqtt.liveness import Limits, Pulse, Verdict, judge

LIMITS = Limits(heartbeat_s=10.0, deaf_s=30.0, keep_alive_s=16.0, stuck_s=30.0, answer_s=10.0)

# A connection that opened at 0 and on which everything happened at 100.
WELL = Pulse(
    asked_at=None,
    bytes_at=100.0,
    delivery_at=100.0,
    released_at=100.0,
    ping_at=100.0,
    heartbeat_at=100.0,
    paused_at=None,
    owing=False,
    blocked=False,
    backlog_over=False,
)


@pytest.mark.parametrize(
    ("changed", "at", "verdict"),
    [
        pytest.param({}, 100.0, Verdict.FINE, id="just now"),
        pytest.param({"heartbeat_at": None}, 100.0, Verdict.HEARTBEAT_DUE, id="the first heartbeat at once"),
        pytest.param(
            {"asked_at": 89.0, "bytes_at": 89.5}, 100.0, Verdict.UNANSWERED, id="no answer to the subscriptions"
        ),
        pytest.param({"asked_at": 50.0}, 100.0, Verdict.FINE, id="the answer is behind a backlog"),
        pytest.param({"asked_at": 91.0}, 100.0, Verdict.FINE, id="still time to answer"),
        pytest.param(
            {"asked_at": 80.0, "paused_at": 85.0, "owing": True}, 100.0, Verdict.FINE, id="the answer may wait unread"
        ),
        pytest.param({"backlog_over": True}, 100.0, Verdict.REFRESH_DUE, id="a long backlog is over"),
        pytest.param({}, 107.9, Verdict.FINE, id="before half a keep alive"),
        pytest.param({}, 108.0, Verdict.PING_DUE, id="two pings in a keep alive"),
        pytest.param({"ping_at": 108.0}, 110.0, Verdict.HEARTBEAT_DUE, id="a heartbeat every 10 s"),
        pytest.param({"bytes_at": 75.9}, 100.0, Verdict.SILENT, id="not a byte for one and a half keep alives"),
        pytest.param({"bytes_at": 76.1}, 100.0, Verdict.FINE, id="a byte in time"),
        pytest.param({"delivery_at": 69.9, "released_at": 60.0}, 100.0, Verdict.DEAF, id="bytes but no message"),
        pytest.param({"delivery_at": 70.1, "released_at": 60.0}, 100.0, Verdict.FINE, id="a message in time"),
        pytest.param({"delivery_at": 60.0, "released_at": 70.1}, 100.0, Verdict.FINE, id="frozen until the release"),
        pytest.param(
            {"delivery_at": 0.0, "released_at": 0.0, "owing": True}, 100.0, Verdict.FINE, id="frozen while owing"
        ),
        pytest.param(
            {"bytes_at": 0.0, "owing": True, "blocked": True},
            100.0,
            Verdict.SILENT,
            id="silence is never frozen by owing",
        ),
        pytest.param(
            {"heartbeat_at": 0.0, "owing": True, "blocked": True}, 100.0, Verdict.FINE, id="no heartbeats while blocked"
        ),
        pytest.param(
            {"paused_at": 95.0, "bytes_at": 0.0, "owing": True}, 100.0, Verdict.FINE, id="paused hears nothing, rightly"
        ),
        pytest.param(
            {"paused_at": 100.0, "owing": True, "blocked": True}, 100.0, Verdict.OVERFULL, id="full and failing"
        ),
        pytest.param(
            {"paused_at": 50.0, "released_at": 69.0, "owing": True}, 100.0, Verdict.OVERFULL, id="full and stuck"
        ),
        pytest.param(
            {"paused_at": 50.0, "released_at": 71.0, "owing": True}, 100.0, Verdict.FINE, id="full, slow, but working"
        ),
        pytest.param({"paused_at": 50.0, "owing": True}, 108.0, Verdict.PING_DUE, id="pings go on while paused"),
    ],
)
def test_verdict(changed: dict[str, float | bool | None], at: float, verdict: Verdict) -> None:
    assert judge(replace(WELL, **changed), LIMITS, at) is verdict  # type: ignore[arg-type]
