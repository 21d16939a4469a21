"""`backtest` for people: another config beside this one, a page to look through, and the store instead of a file."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from hydro.instants import format_instant
from storage.message import RawMessage
from storage.recorded import RecordedWriter
from tests.end_to_end.running import command
from tests.watermaster.stored_field import StoredField, at, ended
from watermaster.cli.progress import Progress, progress_text

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = "station,quantity,from_day,to_day,value,basis,day_start_hour\n"
POINTS = "station,quantity,min,max\nA,discharge,0,100\nB,discharge,0,100\n"
DAYS = 10


def _values(station: str) -> list[float]:
    """Hourly; A is at 1.9 from the 3rd to the 6th, B at 5 throughout."""
    return [1.9 if station == "A" and 48 <= hour < 120 else 5.0 for hour in range(DAYS * 24)]


@pytest.fixture
def field(tmp_path: Path) -> StoredField:
    """Two stations; the store and a recorded stream hold the same values."""
    stations = ["A,甲,section,,赤水河,520382,,60", "B,乙,section,,赤水河,520382,,60"]
    targets = TARGETS + "A,discharge,01-01,12-31,1.8,day,0\nB,discharge,01-01,12-31,1.8,day,0\n"
    field = StoredField(tmp_path, stations, {"eflow_targets": targets, "points": POINTS})
    times = ended("2026-03-01", DAYS * 24, 60)
    with RecordedWriter(tmp_path / "week.ndjson") as stream:
        for place, time in enumerate(times):
            for station in "AB":
                payload = {"station": station, "time": time, "values": {"discharge": _values(station)[place]}}
                encoded = json.dumps(payload, separators=(",", ":")).encode()
                stream.write(RawMessage("watermaster/v1/g/up/json", encoded, time + 2_000))
    for station in "AB":
        field.measured(station, times, _values(station))
    field.store()
    return field


def _stricter(field: StoredField, value: str = "2.0") -> Path:
    """A copy of the config in which A owes more."""
    other = field.config.parent / f"stricter-{value}"
    shutil.copytree(field.config, other)
    path = other / "registry" / "eflow_targets.csv"
    path.write_text(path.read_text().replace("A,discharge,01-01,12-31,1.8", f"A,discharge,01-01,12-31,{value}"))
    return other


def lines(path: Path) -> list[dict[str, Any]]:
    """Objects of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def shortfalls(text: str) -> list[dict[str, Any]]:
    """Objects of the class that these tests are about, one a line; others may warn beside it."""
    found: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    return [one for one in found if one["class"] == "eflow_shortfall"]


def test_a_stricter_target_gains_an_alert_and_the_other_way_round_loses_it(field: StoredField, tmp_path: Path) -> None:
    stream, other = tmp_path / "week.ndjson", _stricter(field)
    done = command("backtest", stream, "--compare", other, "--output", "json", config=field.config)
    (change,) = shortfalls(done.stdout)
    assert (change["change"], change["subject"]["code"], change["before"]) == ("gained", "A", None)
    assert change["after"]["onset"] == "2026-03-03T00:00:00+08:00"
    back = command("backtest", stream, "--compare", field.config, "--output", "json", config=other)
    assert [change["change"] for change in shortfalls(back.stdout)] == ["lost"]


def test_two_configs_that_judge_alike_change_nothing(field: StoredField, tmp_path: Path) -> None:
    other, page = _stricter(field, "1.81"), tmp_path / "page.html"
    done = command("backtest", tmp_path / "week.ndjson", "--compare", other, "--html", page, config=field.config)
    assert done.stdout.split()[-4:] == ["0", "0", "0", "0"]
    assert "两套配置的告警完全相同" in page.read_text()


def test_the_table_names_the_station_in_both_languages_and_the_page_draws_it(
    field: StoredField, tmp_path: Path
) -> None:
    page, alerts = tmp_path / "page.html", tmp_path / "alerts"
    done = command(
        *("backtest", tmp_path / "week.ndjson", "--compare", _stricter(field)),
        *("--html", page, "--alerts", alerts),
        config=field.config,
    )
    for expected in ("对象 subject", "新增 gained", "甲 A", "合计 all", "2026-03-03 00:00"):
        assert expected in done.stdout
    assert shortfalls(alerts.read_text()) == []
    text = page.read_text()
    assert len(re.findall(r"<svg", text)) == len(re.findall(r"<article", text)) >= 1
    assert re.findall(r"<script|(?:src|href)\s*=\s*\"(?!#)|url\(|@import", text) == []
    assert "wm-series" in text
    assert "甲" in text


def test_a_page_without_comparing_shows_every_alert(field: StoredField, tmp_path: Path) -> None:
    page, alerts = tmp_path / "page.html", tmp_path / "alerts"
    command("backtest", tmp_path / "week.ndjson", "--html", page, "--alerts", alerts, config=_stricter(field))
    text = page.read_text()
    assert len(re.findall(r"<article", text)) == len(lines(alerts)) >= 1
    assert "新增" not in text


def test_the_store_is_judged_as_the_stream_that_filled_it_but_for_when_values_came(
    field: StoredField, tmp_path: Path
) -> None:
    other = _stricter(field)
    outs = {name: tmp_path / name for name in ("alerts", "attainment", "stored", "stored-attainment")}
    since, until = ("--from", "2026-03-01"), ("--to", "2026-03-11")
    command(
        *("backtest", tmp_path / "week.ndjson", *since, *until),
        *("--alerts", outs["alerts"], "--attainment", outs["attainment"]),
        config=other,
    )
    command(
        *("backtest", "--from-store", *since, *until),
        *("--alerts", outs["stored"], "--attainment", outs["stored-attainment"]),
        config=other,
    )
    assert outs["stored"].read_text() == outs["alerts"].read_text()
    command("backtest", "--from-store", *until, "--alerts", tmp_path / "whole", config=other)
    assert (tmp_path / "whole").read_text() == outs["alerts"].read_text()
    assert len(shortfalls(outs["alerts"].read_text())) == 1
    expected = [{**line, "timeliness": None} for line in lines(outs["attainment"])]
    assert lines(outs["stored-attainment"]) == expected


def test_a_value_that_was_corrected_in_the_store_is_judged_anew(field: StoredField, tmp_path: Path) -> None:
    """A's low days are corrected to 5 after all: the alert is gone."""
    other, out = _stricter(field), tmp_path / "stored"
    low = ended("2026-03-03", 72, 60)
    field.measured("A", low, [5.0] * len(low))
    field.store()
    command("backtest", "--from-store", "--from", "2026-03-01", "--to", "2026-03-11", "--alerts", out, config=other)
    assert shortfalls(out.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        ("--from-store", "--from", "2026-03-02", "--to", "2026-03-01", "--alerts", "x"),
        ("week.ndjson", "--from-store", "--from", "2026-03-01", "--alerts", "x"),
        ("week.ndjson",),
        ("--alerts", "x"),
        ("week.ndjson", "--from", "2026-03-02", "--to", "2026-03-01", "--alerts", "x"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_a_usage_error(field: StoredField, line: tuple[str, ...]) -> None:
    done = command("backtest", *line, config=field.config, ok=False)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_second_config_with_a_mistake_is_named(field: StoredField, tmp_path: Path) -> None:
    other = _stricter(field)
    (other / "registry" / "eflow_targets.csv").write_text(TARGETS + "A,discharge,01-01,12-31,much,day,0\n")
    done = command("backtest", tmp_path / "week.ndjson", "--compare", other, config=field.config, ok=False)
    assert (done.returncode, "much" in done.stderr) == (1, True)


def test_progress_tells_event_time_rate_and_what_is_left() -> None:
    assert progress_text(0.5, "2026-03-02 00:00", 3_000_000, 20.0).split("  ") == [
        " 50 %",
        "2026-03-02 00:00",
        "3,000,000 observations",
        "150,000/s",
        "0:20 left",
    ]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_written_now_and_then_and_wiped_on_a_terminal(field: StoredField, *, is_terminal: bool) -> None:
    from watermaster.backtest_passes import FileSource, Judging, run  # noqa: PLC0415  # only here

    seconds = iter(range(0, 100_000, 40))
    written: list[str] = []
    watch = Progress("", 480, write=written.append, is_terminal=is_terminal, clock=lambda: float(next(seconds)))
    source = FileSource([field.config.parent / "week.ndjson"])
    result = run(source, Judging(field.register, field.settings), watch, start=None, end=None)
    assert result.observations == watch.observations == 2 * DAYS * 24
    assert format_instant(watch.last_event or 0, 480) == "2026-03-11T00:00:00+08:00"
    assert watch.last_event == at("2026-03-11")
    line = written[0].strip()
    assert re.fullmatch(r"100 %  2026-03-11 00:00  480 observations  [\d,]+/s  0:00 left", line), line
    assert (written[-1].endswith("\r") and written[-1].strip() == "") is is_terminal
