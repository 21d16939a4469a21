"""Whatever arrives, in whatever form, evidence is what a slow look at each message finds; also after any crash."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.evidence import collecting
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.series import QUANTITY_SLOTS
from storage.message import RawMessage
from tests.alerting.evidence.site import Site, reading, topic_of
from tests.alerting.sample_alerts import DAWN

if TYPE_CHECKING:
    from alerting.record import AlertRecord

ROOT: Final = Path(__file__).parents[3]
WITHIN_S: Final = 60.0


def payload(random: Random, at: int) -> bytes:
    """A message in one of the forms that JSON takes, mostly of one of four stations, sometimes of none."""

    def one(station: str) -> dict[str, object]:
        return {"station": station, "time": at - random.randrange(7 * HOUR_MS), "values": {"discharge": 1.5}}

    stations = random.choices("ABCDX", k=3)
    match random.randrange(6):
        case 0:
            return json.dumps([one(station) for station in stations]).encode()
        case 1:
            times = [at - random.randrange(7 * HOUR_MS) for _ in range(4)]
            history = {"station": stations[0], "quantity": "discharge", "unit": "m3/s", "times": times}
            return json.dumps({**history, "values": [1.0, 2.0, 3.0, None]}).encode()
        case 2:
            escaped = f"\\u{ord(stations[0]):04x}"
            return json.dumps(one("?")).replace("?", escaped).encode()
        case 3:
            return b'{"station": "A", ' + bytes([random.randrange(256)])
        case _:
            return json.dumps(one(stations[0])).encode()


def expected(site: Site, messages: list[RawMessage], alert: AlertRecord, upto: int) -> list[RawMessage]:
    """Each message decoded by itself."""
    found = []
    window = alert.window
    assert window is not None
    for position, message in enumerate(messages[:upto], 1):
        batch = site.decoder.decode(position, [message.topic], [message.payload], np.array([message.received_at]))
        rows = batch.observations
        stations = [site.decoder.index.stations[number // QUANTITY_SLOTS] for number in rows.series.tolist()]
        is_inside = (rows.event_time >= min(alert.onset, window.start)) & (rows.event_time <= alert.raised_at)
        if any(code == alert.subject and inside for code, inside in zip(stations, is_inside, strict=True)):
            found.append(message)
    return found


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1 << 32), tight=st.booleans())
def test_evidence_is_what_a_slow_look_finds(seed: int, *, tight: bool) -> None:
    _compare(seed, tight=tight)


def _compare(seed: int, *, tight: bool) -> None:
    random = Random(seed)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch, Site(Path(folder)) as site:
        if tight:
            patch.setattr(collecting, "MOST_HELD_BYTES", 3_000)
        messages: list[RawMessage] = []
        asked: list[tuple[AlertRecord, int, int]] = []
        at = DAWN
        for _ in range(random.randrange(1, 30)):
            at += random.randrange(1, 40 * MINUTE_MS)
            gateway = random.choice(["g1", "g2", "_tcp", "other"])
            payloads = [payload(random, at) for _ in range(random.randrange(1, 12))]
            site.arrive(topic_of(gateway), payloads, at)
            messages += [RawMessage(topic_of(gateway), one, at) for one in payloads]
            if random.random() < 0.3:
                start = (at - DAWN) // HOUR_MS - random.randrange(4)
                station = random.choice("ABCD")
                if (station, start) not in {(one.subject, hour) for one, hour, _ in asked}:
                    asked.append((site.raised(station, start), start, len(messages)))
            if random.random() < 0.1:
                site.copy()
        site.copy()
        for alert, _, upto in asked:
            wanted = expected(site, messages, alert, upto)
            assert (site.messages(alert.id) if wanted else site.shown(alert.id)["parts"][0]["reason"]) == (
                wanted or "no_message"
            )


def prepare(folder: Path) -> None:
    folder.mkdir()
    with Site(folder) as site:
        site.hours("ABCD", 0, 4)
        for hour in range(4):
            for station in "ABCD":
                site.raised(station, hour)


def files(folder: Path) -> dict[str, bytes]:
    evidence = folder / "evidence"
    return {path.relative_to(evidence).as_posix(): path.read_bytes() for path in evidence.rglob("*") if path.is_file()}


def copied_in_another_process(folder: Path, *, killed_with_files: int | None = None) -> int:
    """Exit code; killed as soon as there are so many files."""
    with subprocess.Popen([sys.executable, "-m", "tests.alerting.evidence.worker", str(folder)], cwd=ROOT) as process:
        deadline = time.monotonic() + WITHIN_S
        while process.poll() is None and time.monotonic() < deadline:
            made = sum(1 for _ in (folder / "evidence").rglob("*")) if (folder / "evidence").exists() else 0
            if killed_with_files is not None and made >= killed_with_files:
                process.kill()
                break
        return process.wait(WITHIN_S)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_evidence_is_what_a_slow_look_finds_in_many_streams(seed: int) -> None:
    _compare(seed, tight=bool(seed % 2))


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(1, marks=pytest.mark.slow),
        9,
        pytest.param(20, marks=pytest.mark.slow),
        pytest.param(34, marks=pytest.mark.slow),
    ],
)
def test_killed_in_the_midst_of_it_the_same_is_there_in_the_end(tmp_path: Path, made: int) -> None:
    """Files that the ledger doesn't name yet are written again, byte for byte."""
    prepare(tmp_path / "calm")
    prepare(tmp_path / "killed")
    with Site(tmp_path / "calm") as site:
        site.copy()
    copied_in_another_process(tmp_path / "killed", killed_with_files=made)
    assert copied_in_another_process(tmp_path / "killed") == 0
    calm, killed = files(tmp_path / "calm"), files(tmp_path / "killed")
    assert killed == calm
    assert len(calm) == 2 * 16
    with Site(tmp_path / "killed") as site:
        assert site.ledger.evidence_waiting() == 0


def test_one_pass_serves_many_alerts(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.arrive(
            topic_of("g1"), [reading("B", DAWN + number * MINUTE_MS) for number in range(600)], DAWN + HOUR_MS * 10
        )
        for hour in range(9):
            site.raised("B", hour)
        assert site.copy() == 1
