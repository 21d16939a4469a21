"""`watermaster deadletters`: what it prints for people and for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hydro.instants import parse_instant
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from storage.dead_letters import DeadLetterFile, StoredDeadLetter
from tests.end_to_end.running import command, write_config
from tests.ingest.example_register import make_register

if TYPE_CHECKING:
    from pathlib import Path

NOON = parse_instant("2026-03-01T12:00:00+08:00", 480)
TOPIC = "watermaster/v1/g1/up/json"
TEXT = '[{"station": "Z"},\n {"站": 1}]'
LETTERS = (
    StoredDeadLetter(7, "reading", "too_old", 3, TOPIC, TEXT.encode(), NOON, "Z at 2020-01-01T00:00:00+08:00"),
    StoredDeadLetter(7, "reading", "unknown_station", 1, TOPIC, TEXT.encode(), NOON, "Y"),
    StoredDeadLetter(9, "message", "bad_json", 0, TOPIC, b"\xff\x00", NOON, "byte 0"),
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config whose data_dir holds three dead letters."""
    folder = tmp_path_factory.mktemp("deadletters")
    (folder / "var").mkdir()
    file = DeadLetterFile(folder / "var" / "dead_letters.sqlite")
    file.add(LETTERS)
    file.close()
    settings = {"data_dir": str(folder / "var"), "store": {"url": "influxdb://127.0.0.1:9/x"}}
    return write_config(folder / "config", settings, ["A,A,section,,,,,5"])


def test_the_columns_of_the_list_stand_below_each_other(config: Path) -> None:
    lines = command("deadletters", "list", config=config).stdout.splitlines()
    assert len({line.index(TOPIC) for line in lines}) == 1
    assert [line.split()[:4] for line in lines] == [
        ["9", "2026-03-01T12:00:00+08:00", "message", "bad_json"],
        ["7", "2026-03-01T12:00:00+08:00", "reading", "too_old"],
        ["7", "2026-03-01T12:00:00+08:00", "reading", "unknown_station"],
    ]


def test_only_the_kinds_that_there_are_can_be_asked_for(config: Path) -> None:
    lines = command("deadletters", "list", "--kind", "message", "--output", "json", config=config).stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [9]
    assert command("deadletters", "list", "--kind", "foo", config=config, ok=False).returncode == 2


def test_a_message_is_shown_once_with_all_reasons_and_its_text(config: Path) -> None:
    assert command("deadletters", "show", "7", config=config).stdout.splitlines() == [
        f"7  {TOPIC}  2026-03-01T12:00:00+08:00",
        "  reading  too_old (3 readings): Z at 2020-01-01T00:00:00+08:00",
        "  reading  unknown_station: Y",
        f"  {len(TEXT.encode())} bytes:",
        *TEXT.splitlines(),
    ]


def test_bytes_that_are_no_text_never_reach_the_terminal(config: Path) -> None:
    assert command("deadletters", "show", "9", config=config).stdout.splitlines()[2:] == [
        "  2 bytes, not text, in base64:",
        "/wA=",
    ]


def test_machines_get_one_object_a_letter(config: Path) -> None:
    lines = command("deadletters", "show", "7", "--output", "json", config=config).stdout.splitlines()
    assert [json.loads(line)["reason"] for line in lines] == ["too_old", "unknown_station"]
    assert json.loads(lines[0])["payload"] == TEXT


def test_an_id_that_is_no_number_is_a_usage_error_and_one_that_is_not_there_is_not(config: Path) -> None:
    done = command("deadletters", "show", "abc", config=config, ok=False)
    assert (done.returncode, "'abc' is not a number" in done.stderr) == (2, True)
    for unknown in ("8", "9" * 40):
        done = command("deadletters", "show", unknown, config=config, ok=False)
        assert (done.returncode, done.stderr) == (1, f"watermaster: dead letter {unknown} is not known\n")


@pytest.mark.parametrize(
    ("time", "shown"), [(0, "1970-01-01T08:00:00+08:00"), (1_600_000_000_000, "2020-09-13T20:26:40+08:00")]
)
def test_what_was_refused_is_named_with_its_time_as_people_write_it(time: int, shown: str) -> None:
    register = make_register()
    index = SeriesIndex(register.stations)
    decoder = Decoder(register, index, prefix="watermaster/v1", max_age_days=400, ticks=TickSource.HEARTBEAT)
    payload = json.dumps({"station": "A", "time": time, "values": {"stage": 1}}).encode()
    [letter] = decoder.decode(1, [TOPIC], [payload], np.array([NOON], np.int64)).dead_letters
    assert letter.detail == f"A at {shown}"
