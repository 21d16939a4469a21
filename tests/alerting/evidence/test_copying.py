"""Which raw messages are copied for an alert, and what is said of those that are not."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from alerting.evidence import collecting
from alerting.record import Late
from hydro.errors import StateError
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from storage.journal.directory import list_directory, segment_path
from tests.alerting.evidence.site import INFLOW, Site, reading, topic_of, when
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.storage.small_files import no_file_beyond

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path) as site:
        yield site


def test_the_messages_of_the_window_are_kept_as_they_arrived(site: Site) -> None:
    site.hours("ABC", 0, 5)
    alert = site.raised("B", 2)
    assert site.copy() == 1
    start = DAWN + 2 * HOUR_MS
    expected = [
        (topic_of("g1"), reading("B", at), at + 20_000) for at in range(start, start + HOUR_MS + 1, 5 * MINUTE_MS)
    ]
    assert [tuple(message) for message in site.messages(alert.id)] == expected


def test_what_was_copied_stands_in_the_case_and_in_a_manifest_with_its_hash(site: Site) -> None:
    site.hours("B", 0, 4)
    alert = site.raised("B", 2)
    site.copy()
    shown = site.shown(alert.id)
    folder = site.path / "evidence" / "alerts" / "2026-03"
    content = (folder / f"{alert.id}-1.ndjson.zst").read_bytes()
    assert shown == {
        "messages": 13,
        "bytes": len(content),
        "not_copied": 0,
        "folder": "alerts/2026-03",
        "parts": [
            {
                "why": "raised",
                "from": when(DAWN + 2 * HOUR_MS),
                "to": when(DAWN + 3 * HOUR_MS),
                "file": f"{alert.id}-1.ndjson.zst",
                "messages": 13,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "left_out": 0,
                "missing": 0,
                "journal_from": None,
                "reason": None,
                "copied_at": when(site.now),
            }
        ],
    }
    manifest = json.loads((folder / f"{alert.id}.json").read_bytes())
    assert manifest.pop("alert")["id"] == alert.id
    assert manifest == {"format": 1, **shown}
    assert sorted(path.name for path in folder.iterdir()) == [f"{alert.id}-1.ndjson.zst", f"{alert.id}.json"]


def test_what_arrives_after_the_verdict_is_no_part_of_what_raised_it(site: Site) -> None:
    site.hours("B", 0, 3)
    alert = site.raised("B", 2)
    site.arrive(topic_of("g1"), [reading("B", DAWN + 2 * HOUR_MS + 60_000)], DAWN + 4 * HOUR_MS)
    site.copy()
    assert site.shown(alert.id)["messages"] == 13


def test_what_ended_an_alert_and_what_rewrote_it_are_copied_beside_what_raised_it(site: Site) -> None:
    site.hours("B", 0, 3)
    first = site.raised("B", 2)
    site.copy()
    untouched = (site.path / "evidence" / "alerts" / "2026-03" / f"{first.id}-1.ndjson.zst").read_bytes()
    site.hours("B", 3, 6)
    site.raised("B", 2, 6)
    site.copy()
    late = reading("B", DAWN + 2 * HOUR_MS + 61_000, 0.5)
    site.arrive(topic_of("g1"), [reading("A", DAWN), late], DAWN + 9 * HOUR_MS)
    rewritten = change(shortfall(2, 6, station="B", value=1_000_000), station="B")
    site.tell(rewritten._replace(late=Late(site.now, DAWN + 8 * HOUR_MS)))
    site.copy()
    assert [part["why"] for part in site.shown(first.id)["parts"]] == ["raised", "resolved", "revised"]
    assert (site.path / "evidence" / "alerts" / "2026-03" / f"{first.id}-1.ndjson.zst").read_bytes() == untouched
    assert len(site.messages(first.id, 1)) == 36
    assert [message.payload for message in site.messages(first.id, 2)] == [late]


def test_the_inflow_that_limits_a_target_belongs_to_it(tmp_path: Path) -> None:
    with Site(tmp_path, {"eflow_targets": INFLOW}) as site:
        site.hours("BCD", 0, 3)
        alert = shortfall(2, station="B", target="limited")
        site.say(alert, station="B", target="limited")
        site.copy()
        assert {message.topic for message in site.messages(alert.id)} == {topic_of("g1"), topic_of("g2")}
        assert site.shown(alert.id)["messages"] == 26


@pytest.mark.parametrize("members", [(), ("C",)])
def test_a_gateway_stands_for_its_members_or_all_its_stations(site: Site, members: tuple[str, ...]) -> None:
    site.hours("BCD", 0, 4)
    alert = shortfall(2, station="g1", target="", subject_kind="gateway", members=members, id="of-g1")
    site.tell(change(alert, station="g1")._replace(subject_kind="gateway", target_id=""))
    site.copy()
    assert site.shown(alert.id)["messages"] == 13 * (len(members) or 2)


def test_an_alert_without_a_window_rests_on_the_day_before_its_onset(site: Site) -> None:
    site.hours("B", 0, 3)
    alert = shortfall(6, station="B", window=None)
    site.say(alert, station="B")
    site.copy()
    assert site.shown(alert.id)["parts"][0]["from"] == when(alert.onset - DAY_MS)
    assert site.shown(alert.id)["messages"] == 36


def test_where_there_is_nothing_to_copy_the_reason_stands_there(site: Site) -> None:
    site.hours("A", 0, 3)
    silent, unknown = site.raised("B", 2), site.raised("NOBODY", 2)
    site.copy()
    assert [site.shown(one.id)["parts"][0]["reason"] for one in (silent, unknown)] == ["no_message", "subject_unknown"]
    assert site.shown(silent.id)["messages"] == 0
    assert site.ledger.evidence_waiting() == 0


def test_a_journal_that_no_longer_reaches_back_is_said_so(site: Site) -> None:
    site.hours("B", 0, 3)
    site.now += 20 * DAY_MS
    site.arrive(topic_of("g1"), [reading("B", DAWN)], site.now)  # begins the next segment
    assert site.journal.enforce_retention(site.now).deleted
    alert = site.raised("B", 2)
    site.copy()
    [part] = site.shown(alert.id)["parts"]
    assert (part["reason"], part["journal_from"]) == ("no_message", when(DAWN + 20 * DAY_MS + 3 * HOUR_MS + 20_000))


def test_what_the_journal_lost_is_counted(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        for hour in range(4):
            site.hours("B", hour, hour + 1)
            site.now += 60 * MINUTE_MS  # a segment an hour
    lost = list_directory(tmp_path / "journal").segments[1]
    assert segment_path(tmp_path / "journal", lost).stat().st_size > 0
    segment_path(tmp_path / "journal", lost).unlink()
    with Site(tmp_path) as site:
        alert = site.raised("B", 1)
        site.copy()
        [part] = site.shown(alert.id)["parts"]
        assert part["missing"] > 0
        assert part["messages"] < 13


def test_more_than_fits_into_memory_takes_more_passes_and_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name in ("roomy", "tight"):
        (tmp_path / name).mkdir()
        with Site(tmp_path / name) as site:
            site.hours("ABCD", 0, 5)
            alerts = [site.raised(station, 2) for station in "ABCD"]
            assert site.copy() == (1 if name == "roomy" else 4)
            found.append([site.messages(alert.id) for alert in alerts])
        monkeypatch.setattr(collecting, "MOST_HELD_BYTES", 4_000)
    assert found[0] == found[1]


def test_beyond_the_bound_of_one_copying_messages_are_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MOST_MESSAGES", 10)
    site.hours("B", 0, 4)
    alert = site.raised("B", 2)
    site.copy()
    [part] = site.shown(alert.id)["parts"]
    assert (part["messages"], part["left_out"], site.writer.counts.left_out) == (10, 3, 3)


def test_a_full_disk_loses_nothing(site: Site) -> None:
    payloads = [reading("B", DAWN + 2 * HOUR_MS + number, number / 7) for number in range(3_000)]
    site.arrive(topic_of("g1"), payloads, DAWN + 3 * HOUR_MS)
    alert = site.raised("B", 2)
    with no_file_beyond(10_000), pytest.raises(StateError, match="can't keep evidence") as caught:
        site.writer.copy_some()
    assert caught.value.retryable
    assert site.ledger.evidence_waiting() == 1
    assert [path for path in (site.path / "evidence").rglob("*") if path.is_file()] == []
    site.copy()
    assert [message.payload for message in site.messages(alert.id)] == payloads


def test_where_the_disk_has_little_room_it_is_left_to_the_journal(tmp_path: Path) -> None:
    with Site(tmp_path, least_free=1 << 60) as site:
        site.hours("B", 0, 4)
        alert = site.raised("B", 2)
        with pytest.raises(StateError, match="are free on the disk"):
            site.writer.copy_some()
        site.folder = site.writer._folder = type(site.folder)(tmp_path / "evidence", 480, least_free=0)  # noqa: SLF001  # room was made
        site.copy()
        assert site.shown(alert.id)["messages"] == 13


def test_what_is_asked_for_while_it_is_copied_is_not_forgotten(site: Site) -> None:
    """A verdict that is rewritten again, before what rewrote it first was copied."""
    site.hours("B", 0, 3)
    alert = site.raised("B", 2)
    site.copy()

    def rewrite(number: int, value: int) -> None:
        late = reading("B", DAWN + 2 * HOUR_MS + 61_000 + number, value / 2e6)
        site.arrive(topic_of("g1"), [late], DAWN + (8 + number) * HOUR_MS)
        said = change(shortfall(2, station="B", value=value), station="B")
        site.tell(said._replace(late=Late(site.now, DAWN + 8 * HOUR_MS)))

    rewrite(0, 1_000_000)
    early = site.ledger.evidence_requests()
    rewrite(1, 900_000)
    site.ledger.evidence_copied({}, early)
    assert site.ledger.evidence_waiting() == 1
    site.copy()
    assert len(site.messages(alert.id, 1)) == 2


def test_the_loop_copies_what_was_left_by_the_last_run_and_ends_when_told(site: Site) -> None:
    site.hours("BC", 0, 4)
    alerts = [site.raised(station, 2) for station in "BC"]

    async def scenario() -> None:
        running = asyncio.create_task(site.writer.run())
        for _ in range(2_000):
            if not site.ledger.evidence_waiting():
                break
            await asyncio.sleep(0.01)
        site.writer.stop()
        await asyncio.wait_for(running, 20)

    asyncio.run(scenario())
    assert [site.shown(alert.id)["messages"] for alert in alerts] == [13, 13]
    assert (site.writer.counts.copied, site.writer.counts.messages, site.complaints) == (2, 26, [])


def test_the_oldest_months_go_when_the_folder_is_full_and_never_the_newest(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.folder = site.writer._folder = type(site.folder)(tmp_path / "evidence", 480, most_bytes=1, least_free=0)  # noqa: SLF001  # to make it full
        site.hours("B", 0, 2)
        old = site.raised("B", 0)
        site.copy()
        assert site.shown(old.id)["messages"] == 12
        start = 24 * 31
        site.hours("C", start, start + 2)
        new = site.raised("C", start)
        site.copy()
        folder = tmp_path / "evidence" / "alerts"
        assert [path.name for path in folder.iterdir()] == ["2026-04"]
        assert len(site.messages(new.id)) == 12
        assert site.folder.dropped == 1
