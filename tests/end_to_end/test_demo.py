"""`watermaster demo` as a process: its history and its story on the page, its end, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any, Self

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hydro.instants import DAY_MS, HOUR_MS, format_instant, parse_instant
from hydro.register import Register
from tests.end_to_end.running import command, eventually
from tests.servers.process import require
from tests.watermaster.demo_day import DARK_GATEWAY, MACHAOTAN, PREFIX, SLOT, codes, planned, reports
from watermaster.backtest import backtest
from watermaster.demo.visitor import VISITOR
from watermaster.settings import TimeSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHORTFALL = "eflow_shortfall"


class Demo:
    """A running demo with temporary files of its own."""

    def __init__(self, path: Path, *options: str, data_dir: Path | None = None) -> None:
        self.temporary = path / "tmp"
        self.temporary.mkdir()
        self._log = path / "demo.log"
        self._line = [sys.executable, "-m", "watermaster", "demo", "--no-browser", "--port", "0", *options]
        self._environ = {**os.environ, "TMPDIR": str(self.temporary), "TZ": "UTC"}
        self._environ.pop("WATERMASTER_DATA_DIR", None)
        if data_dir is not None:
            self._environ["WATERMASTER_DATA_DIR"] = str(data_dir)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            # A session of its own, which a terminal's Ctrl-C would reach as a whole.
            self._process = subprocess.Popen(
                self._line, stdout=subprocess.PIPE, stderr=log, text=True, env=self._environ, start_new_session=True
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    @property
    def said(self) -> str:
        """What it wrote on stderr."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def address(self, what: str) -> str:
        """An address that it prints: ``page`` or ``broker``."""
        self.wait(lambda: re.search(rf"^{what} \S+ +\S+", self.said, re.MULTILINE) is not None, f"the {what}")
        found = re.search(rf"^{what} \S+ +(\S+)", self.said, re.MULTILINE)
        assert found is not None
        return found[1]

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait while it runs."""
        process = self._process
        assert process is not None
        eventually(lambda: condition() or process.poll() is not None, 60, what)
        assert condition(), f"it ended before {what}: {self.said}"

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """JSON of a REST path."""
        with urllib.request.urlopen(f"{self.address('page')}/api/v1/{path}", timeout=10) as answer:  # noqa: S310  # our own address
            return json.load(answer)

    def shortfalls(self) -> list[dict[str, Any]]:
        """All alerts of the class that the story is about."""
        return shortfalls(self.get("alerts")["items"])

    def metrics(self) -> dict[str, float]:
        """Totals of CONTRACT section 8, summed over their labels."""
        with urllib.request.urlopen(f"{self.address('page')}/metrics", timeout=10) as answer:  # noqa: S310  # our own address
            lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
        sums: dict[str, float] = {}
        for line in lines:
            name = line.split("{")[0].split(" ")[0].removeprefix("watermaster_").removesuffix("_total")
            sums[name] = sums.get(name, 0) + float(line.rsplit(" ", 1)[1])
        return sums

    def end(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Wait for its end, told by a signal to all of its processes or not; exit code and stdout."""
        assert self._process is not None
        if number is not None:
            os.killpg(self._process.pid, number)
        stdout, _ = self._process.communicate(timeout=60)
        return self._process.returncode, stdout


def shortfalls(alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the story is about. A warning before it, or an alert about the gateway that goes dark, may join."""
    return [alert for alert in alerts if alert["class"] == SHORTFALL]


def counted(summary: str) -> dict[str, int]:
    """Alerts by class, as the last lines say."""
    lines = summary.splitlines()
    assert lines == sorted(lines)
    return {alert_class: int(count) for alert_class, count in (line.split(" ") for line in lines)}


def live(demo: Demo) -> int:
    """Wait until its clock runs; the turn of its story, epoch milliseconds."""
    demo.wait(lambda: "history loaded" in demo.said, "the history")
    demo.wait(lambda: re.search(r"^\d{4}-\d\d-\d\d$", demo.said, re.MULTILINE) is not None, "the opening")
    found = re.search(r"^(\d{4}-\d\d-\d\d)$", demo.said, re.MULTILINE)
    assert found is not None
    return parse_instant(f"{found[1]}T08:00:00+08:00", 0)


def judged(turn: int, config: Path, until: int) -> list[dict[str, Any]]:
    """What a backtest makes of the same scenario: its shortfalls."""
    registry = Register.load(
        config / "registry", zone_minutes=480, default_lateness_min=30, time_settings=TimeSettings().model_dump()
    ).register
    assert registry is not None
    return shortfalls(backtest(reports(planned(turn), until), registry, prefix=PREFIX, max_age_days=400).alerts)


def test_a_day_of_history_and_the_story_are_on_the_page_while_it_runs(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with Demo(tmp_path, "--speed", "2400", data_dir=kept) as demo:
        turn = live(demo)
        scenario = planned(turn).scenario
        first, last = turn - DAY_MS - 1, turn - SLOT
        for row in scenario.tables["points"]:
            query = f"quantity={row['quantity']}&from={first}&to={last}"
            points = demo.get(f"stations/{row['station']}/series?{query}")["points"]
            assert len(points) == 288, row
            assert {flag for _, _, flag in points} == ({1} if row["max"] else {2}), row
        demo.wait(lambda: [alert["state"] for alert in demo.shortfalls()] == ["resolved"], "the end of the shortfall")
        assert demo.get("health")["status"] == "ok"
        counts = demo.metrics()
        assert counts["messages_received"] == counts["messages_decoded"]
        assert counts["observations_decoded"] == counts["observations_stored"]
        # Nothing is lost: the dark gateway's devices went on counting, and what it hands in has no numbers.
        assert counts["sequence_gaps"] == len(codes(scenario, DARK_GATEWAY))
        code, stdout = demo.end(signal.SIGINT)
    assert (code, counted(stdout)[SHORTFALL]) == (0, 1)
    assert list(demo.temporary.iterdir()) == []
    config = kept / "config"
    exported = command("alerts", "export", "--output", "json", config=config).stdout
    alerts = shortfalls([json.loads(line) for line in exported.splitlines()])
    expected = judged(turn, config, turn + 5 * HOUR_MS)
    assert [{**alert, "case": None} for alert in alerts] == expected
    assert [level["level"] for level in alerts[0]["levels"]] == ["yellow", "orange", "yellow"]
    # What the dark gateway handed in is there, and so are the wild value and the missing one.
    dark = codes(scenario, DARK_GATEWAY)[0]
    bounds = ("--from", format_instant(turn, 480), "--to", format_instant(turn + 3 * HOUR_MS, 480))
    rows = command("series", dark, "discharge", *bounds, config=config).stdout.splitlines()
    assert len(rows) == 1 + 36
    wild = command("series", "520122S005", "stage", *bounds, config=config).stdout
    assert re.search(rf"{re.escape(format_instant(turn + 45 * 60_000, 480))},88\.[78]\d*,4", wild)
    missing = command("series", "520122S012", "discharge", *bounds, config=config).stdout
    assert f"{format_instant(turn + 55 * 60_000, 480)},,9" in missing


def test_it_ends_by_itself_with_a_summary_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with Demo(tmp_path, "--speed", "3600", "--for", "4") as demo:
        code, stdout = demo.end()
    assert (code, counted(stdout)[SHORTFALL]) == (0, 1), demo.said
    assert list(demo.temporary.iterdir()) == []
    logged = [line for line in demo.said.splitlines() if "level=" in line and "run as root" not in line]
    assert (logged, "Traceback" in demo.said, "leaked" in demo.said) == ([], False, False)


@pytest.mark.slow
def test_the_next_day_follows_when_the_story_is_over(tmp_path: Path) -> None:
    with Demo(tmp_path, "--speed", "3600") as demo:
        turn = live(demo)
        demo.wait(lambda: len(demo.shortfalls()) >= 2, "the alert of the second day")
        raised = sorted(alert["raised_at"] for alert in demo.shortfalls())
        assert raised[:2] == [format_instant(turn, 480), format_instant(turn + DAY_MS, 480)]
        assert demo.end(signal.SIGTERM)[0] == 0


def test_its_own_clock_takes_nobody_from_outside(tmp_path: Path) -> None:
    require("mosquitto")  # with the other broker the topics can't be guessed
    with Demo(tmp_path, "--speed", "60") as demo:
        host, port = demo.address("broker").removeprefix("mqtt://").split(":")
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        refused: list[bool] = []
        client.on_connect = lambda *answer: refused.append(answer[3].is_failure)
        client.connect(host, int(port))
        client.loop_start()
        demo.wait(lambda: len(refused) > 0, "the broker's answer")
        client.disconnect()
        client.loop_stop()
        assert refused[0]
        assert demo.end(signal.SIGINT)[0] == 0


def test_at_the_real_speed_the_printed_line_publishes_for_the_visitors_station(tmp_path: Path) -> None:
    require("mosquitto_pub")
    shell = shutil.which("sh")
    assert shell is not None
    with Demo(tmp_path, "--speed", "1") as demo:
        demo.wait(lambda: "history loaded" in demo.said, "the history")
        [line] = [line.strip() for line in demo.said.splitlines() if "mosquitto_pub" in line]
        subprocess.run([shell, "-c", line], check=True, timeout=30)
        now = time.time_ns() // 1_000_000
        query = f"quantity=discharge&from={now - 2 * DAY_MS}&to={now + HOUR_MS}"
        found: list[list[Any]] = []

        def arrived() -> bool:
            found[:] = demo.get(f"stations/{VISITOR}/series?{query}")["points"]
            return len(found) == 1

        demo.wait(arrived, "the visitor's reading")
        assert found[0][1:] == [1.25, 1]
        rows = demo.get(f"stations/{MACHAOTAN}/series?{query}")["points"]
        assert len(rows) >= 287  # a day, from a slot to the next
        assert demo.end(signal.SIGTERM)[0] == 0
