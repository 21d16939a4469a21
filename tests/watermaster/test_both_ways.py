"""Reading commands say the same whether they ask the running service or read for themselves.

While the service runs, the commands have a config that names another ledger and another store: what they print can only
come from the service.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

import pytest

from hydro.instants import format_instant
from tests.end_to_end.running import Gateway, Running, eventually, write_config
from watermaster.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.servers import InfluxDB, Mosquitto

HOUR = 3_600_000
SLOT = 300_000
STATIONS = ["A,Anshun 安顺,section,Wu,Sancha,520103,g1,5", "B,Bijie,section,Wu,Liuchong,520103,,5"]
TARGETS = """station,quantity,from_day,to_day,value,basis
A,discharge,01-01,12-31,2.0,instant
A,discharge,01-01,12-31,2.0,hour
"""
VALUES = [2.4] * 12 + [1.5, 1.4567891] * 12
UNREADABLE = (b"{broken", b"\xff\x00\xfe", b'[{"station": "Z", "time": 1, "values": {"stage": 1}}, 7]')


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


def said(words: Sequence[str], config: Path) -> Said:
    """Run a command in this process."""
    out, err = StringIO(), StringIO()
    code: object = 0
    with (
        patch.object(sys, "argv", ["watermaster", *words, "--config", str(config)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    return Said(code if isinstance(code, int) else int(code is not None), out.getvalue(), err.getvalue())


class Kept(NamedTuple):
    """One data directory, asked and read.

    Attributes:
        asked: By command line, what came from the service.
        read: By command line, what came from files and store after the service had ended.
        alert: Id of one whose case was worked through the service.
    """

    asked: dict[tuple[str, ...], Said]
    read: dict[tuple[str, ...], Said]
    alert: str


def lines(first: int, end: int, alert: str, letters: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Everything that can be read."""
    of = {"discharge": ("A", "discharge"), "total": ("A", "volume_total")}
    day = ("--from", format_instant(first - HOUR, 480), "--to", format_instant(end + HOUR, 480))
    years = ("--from", format_instant(first - 800 * 24 * HOUR, 480), "--to", format_instant(end + 24 * HOUR, 480))
    for output in ("simple", "json"):
        shown = ("--output", output)
        for span in (day, years):
            yield ("series", *of["discharge"], *span, *shown)
            yield ("series", *of["total"], *span, *shown)
            yield ("series", *of["discharge"], *span, "--every", "1h" if span is day else "7d", *shown)
        yield ("series", "B", "stage", *day, *shown)
        yield ("alerts", "list", *shown)
        yield ("alerts", "list", "--limit", "1", *shown)
        yield ("alerts", "list", "--state", "firing", "--class", "eflow_shortfall", "--station", "A", *shown)
        yield ("alerts", "list", "--level", "blue", "--case", "raised", *shown)
        yield ("alerts", "show", alert, *shown)
        yield ("alerts", "export", *shown)
        yield ("deadletters", "list", *shown)
        yield ("deadletters", "list", "--limit", "2", *shown)
        yield ("deadletters", "list", "--kind", "message", *shown)
        yield from (("deadletters", "show", letter, *shown) for letter in letters)
    yield ("series", "Z", "stage", *day)
    yield ("series", "A", "flow", *day)
    yield ("series", "A", "stage", *day, "--every", "1x")
    yield ("alerts", "show", "nothing")
    yield ("alerts", "show", "../alerts")
    yield ("deadletters", "show", "999999")


@pytest.fixture(scope="module", params=["influxdb", "duckdb"])
def kept(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    mosquitto: Mosquitto,
    influxdb: InfluxDB,
) -> Kept:
    """All commands both ways, on the same data."""
    folder = tmp_path_factory.mktemp(f"both_{request.param}")
    prefix = folder.name
    settings = {
        "data_dir": str(folder / "var"),
        "mqtt": {"url": mosquitto.url, "client_id": prefix, "prefix": prefix},
        "store": {"url": influxdb.store_url(prefix) if request.param == "influxdb" else "duckdb:"},
        "console": {"port": 0},
    }
    other = {
        "store": {"url": "influxdb://127.0.0.1:9/nobody"},
        "ledger": {"url": f"sqlite:///{folder / 'none.sqlite'}"},
    }
    config = write_config(folder / "config", settings, STATIONS, {"eflow_targets": TARGETS})
    blind = write_config(folder / "blind", {**settings, **other}, STATIONS, {"eflow_targets": TARGETS})
    end = time.time_ns() // 1_000_000 // HOUR * HOUR
    first = end - len(VALUES) * SLOT
    with patch.dict(os.environ), Running(config) as service:
        for name in [name for name in os.environ if name.startswith("WATERMASTER_")]:
            del os.environ[name]
        gateway = Gateway(mosquitto, f"{prefix}-g1")
        for number, value in enumerate(VALUES, 1):
            values = {"discharge": value, "volume_total": 9_007_199_254.500001 + number, "stage": None}
            payload = {"station": "A", "time": format_instant(first + number * SLOT, 480), "values": values}
            gateway.publish(f"{prefix}/g1/up/json", json.dumps(payload).encode())
        for payload_bytes in UNREADABLE:
            gateway.publish(f"{prefix}/g1/up/json", payload_bytes)
        gateway.wait(len(VALUES) + len(UNREADABLE))
        gateway.close()
        eventually(lambda: service.count("observations_stored") == 3 * len(VALUES), 20, "the rows")
        eventually(lambda: len(service.get("alerts")["items"]) == 2, 20, "the alerts")
        eventually(lambda: len(service.get("deadletters")["items"]) == 4, 20, "the dead letters")
        alerts = [alert["id"] for alert in service.get("alerts")["items"]]
        letters = sorted({str(letter["id"]) for letter in service.get("deadletters")["items"]})
        worked = said(("alerts", "ack", alerts[0], "--by", "li", "--comment", "在查"), blind)
        assert worked == Said(0, f"{alerts[0]}: raised → accepted\n", "")
        chosen = [*lines(first, end, alerts[0], letters), ("alerts", "ack", alerts[0])]
        asked = {words: said(words, blind) for words in chosen}
        for path in ("/admin/snapshots/x/store.duckdb", "/admin/snapshots"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(service.url + path, timeout=5)  # noqa: S310  # our own address
        assert service.stop() == 0
        assert said(("alerts", "show", alerts[0]), blind).code == 1
        read = {words: said(words, config) for words in chosen}
    return Kept(asked, read, alerts[0])


def test_a_command_says_the_same_asked_or_read(kept: Kept) -> None:
    for words, read in kept.read.items():
        assert kept.asked[words] == read, words


def test_there_was_something_to_say(kept: Kept) -> None:
    refused = [words for words, one in kept.asked.items() if one.code]
    commands = ["series Z", "series A", "series A", "alerts show", "alerts show", "deadletters show", "alerts ack"]
    assert [" ".join(words[:2]) for words in refused] == commands
    assert {(kept.asked[words].code, kept.asked[words].out) for words in refused} == {(1, "")}
    assert all(kept.asked[words].err.count("\n") == 1 for words in refused)
    series = [one.out for words, one in kept.asked.items() if words[0] == "series" and not one.code]
    assert any("9007199290.50000" in out for out in series)
    letters = [one.out for words, one in kept.asked.items() if words[:2] == ("deadletters", "show")]
    assert any(base64.b64encode(UNREADABLE[1]).decode() in out for out in letters)


def test_who_worked_a_case_stands_in_its_history(kept: Kept) -> None:
    shown = kept.asked["alerts", "show", kept.alert, "--output", "simple"].out
    assert "  li  ack  raised 已发生 → accepted 已受理: 在查" in shown


def embedded(folder: Path) -> Path:
    """A config with an embedded store that nobody has made yet."""
    (folder / "var").mkdir()
    return write_config(folder / "config", {"data_dir": str(folder / "var"), "store": {"url": "duckdb:"}}, STATIONS)


SERIES = ("series", "A", "stage", "--from", "2026-03-01", "--to", "2026-03-02")


def test_reading_never_makes_a_store(tmp_path: Path) -> None:
    config = embedded(tmp_path)
    found = said(SERIES, config)
    assert (found.code, found.out) == (1, "")
    assert found.err == f"watermaster: there is no store in {tmp_path / 'var'}; `watermaster run` makes one\n"
    assert list((tmp_path / "var").iterdir()) == []


def test_a_store_that_another_process_holds_is_told_in_one_line(tmp_path: Path) -> None:
    config = embedded(tmp_path)
    path = tmp_path / "var" / "store.duckdb"
    program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    line = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        found = said(SERIES, config)
        assert holder.stdin is not None
        holder.stdin.close()
    assert (found.code, found.out, found.err.count("\n")) == (1, "", 1)
    assert f"is held by process {holder.pid}" in found.err
    assert found.err.endswith(f"no service with a console answers on {tmp_path / 'var'}\n")
