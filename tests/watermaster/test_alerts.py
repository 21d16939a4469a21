"""`watermaster alerts`: what it prints where, and how it ends."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from rich.cells import cell_len

from alerting.case import CaseState, Outcome
from alerting.ledger import Ledger
from alerting.level import Level
from alerting.record import AlertState
from alerting.words import ALERT_WORDS
from hydro.register import AlertClass, AlertLevel
from tests.alerting.sample_alerts import DAWN, change, shortfall
from watermaster.cli import main

if TYPE_CHECKING:
    from pathlib import Path

STATIONS = """station,name,kind,basin,river,division,gateway,interval_min
52010300A1,鸭池河断面,section,,,,,5
52010300A2,,section,,,,,5
"""
TARGETS = """station,quantity,from_day,to_day,value,basis
52010300A1,discharge,,,2,hour
"""
FIRING = shortfall(1, levels=(Level.YELLOW, Level.ORANGE))
OVER = shortfall(2, 9, station="52010300A2", target="t")


def on_terminal(columns: int, *arguments: str) -> str:
    """What a command writes where standard output is a terminal of that width."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    line = [sys.executable, "-m", "watermaster", *arguments]
    written = b""
    with subprocess.Popen(line, stdin=terminal, stdout=terminal, env={**inherited, "TERM": "xterm"}) as process:
        os.close(terminal)
        with suppress(OSError):  # how a terminal whose other end is closed ends
            while piece := os.read(controller, 65_536):
                written += piece
        os.close(controller)
        assert process.wait(60) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", written.decode())


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as NDJSON."""
        return [json.loads(line) for line in self.out.splitlines()]


class Watermaster:
    """The command line on one config directory."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.config = folder / "config"
        (self.config / "registry").mkdir(parents=True)
        settings = f"data_dir: {folder / 'var'}\nstore:\n  url: influxdb://127.0.0.1/water\n"
        (self.config / "watermaster.yaml").write_text(settings, encoding="utf-8")
        (self.config / "registry/stations.csv").write_text(STATIONS, encoding="utf-8")
        (self.config / "registry/eflow_targets.csv").write_text(TARGETS, encoding="utf-8")
        self.ledger_url = f"sqlite:///{folder / 'var/ledger.sqlite'}"
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        for name in list(os.environ):
            if name.startswith("WATERMASTER_"):
                monkeypatch.delenv(name)

    def fill(self) -> None:
        """Two alerts in the ledger."""
        with Ledger.open(self.ledger_url, zone_minutes=480) as ledger:
            ledger.apply([change(FIRING), change(OVER, station="52010300A2", target="t")], 1, DAWN)

    def __call__(self, *words: str) -> Ran:
        """Run `watermaster alerts`."""
        self._monkeypatch.setattr(sys, "argv", ["watermaster", "alerts", *words, "--config", str(self.config)])
        self._capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1 if exit_.code else 0
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)


@pytest.fixture
def alerts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Watermaster:
    """Over a ledger with two alerts."""
    (tmp_path / "var").mkdir()
    watermaster = Watermaster(tmp_path, monkeypatch, capsys)
    watermaster.fill()
    return watermaster


def test_list_prints_the_contracts_objects_newest_first(alerts: Watermaster) -> None:
    found = alerts("list", "--output", "json")
    assert (found.code, found.err) == (0, "")
    assert [alert["id"] for alert in found.lines] == [OVER.id, FIRING.id]
    assert alerts("list", "--output", "json", "--state", "firing").lines == found.lines[1:]
    assert alerts("list", "--output", "json", "--station", "52010300A2").lines == found.lines[:1]
    assert (
        alerts("list", "--output", "json", "--level", "orange", "--class", "eflow_shortfall").lines == found.lines[1:]
    )


def test_a_list_that_is_cut_says_so_on_stderr(alerts: Watermaster) -> None:
    found = alerts("list", "--output", "json", "--limit", "1")
    assert len(found.lines) == 1
    assert "--limit" in found.err


def test_people_see_names_and_that_nothing_is_verified_yet(alerts: Watermaster) -> None:
    found = alerts("list")
    header, over, firing = found.out.splitlines()
    assert header.split() == ["id", "level", "state", "class", "subject", "onset", "ratio", "case"]
    words = [FIRING.id, "orange", "橙", "firing", "疑似", "eflow_shortfall", "生态流量不足", "52010300A1", "鸭池河断面"]
    assert firing.split() == [*words, "2026-03-01", "01:00", "0.605", "raised", "已发生"]
    assert over.split()[:4] == [OVER.id, "yellow", "黄", "resolved"]
    for words in (["ack"], ["verify", "--outcome", "confirmed"]):
        assert alerts(words[0], FIRING.id, *words[1:]).code == 0
    firing = next(line for line in alerts("list").out.splitlines() if line.startswith(FIRING.id))
    assert "疑似" not in firing
    assert firing.rstrip().endswith("verified 已核实")


@pytest.mark.parametrize("columns", [60, 80, 100, 120, 160])
def test_on_a_terminal_of_any_width_every_id_can_be_worked_with(alerts: Watermaster, columns: int) -> None:
    shown = on_terminal(columns, "alerts", "list", "--config", str(alerts.config))
    found = [word for line in shown.splitlines() for word in line.split() if re.fullmatch("[0-9a-f]{20}", word)]
    assert found == [OVER.id, FIRING.id]
    assert all(alerts("show", each).code == 0 for each in found)
    assert "2026-03-01 01:00" in shown
    assert "firing 疑似" in shown
    assert columns < 80 or max(cell_len(line) for line in shown.splitlines()) <= columns


def test_every_word_of_a_closed_list_has_a_translation() -> None:
    words = {*AlertClass, *AlertLevel, *AlertState, *CaseState, *Outcome, FIRING.reason}
    assert sorted(words - set(ALERT_WORDS)) == []


def test_an_empty_list_is_no_failure(alerts: Watermaster) -> None:
    assert alerts("list", "--case", "closed") == (0, "", "no alerts\n")


def test_show_prints_an_alert_and_its_history(alerts: Watermaster) -> None:
    alerts("ack", FIRING.id, "--by", "王工", "--comment", "我去看")
    shown = alerts("show", FIRING.id, "--output", "json")
    assert (shown.code, len(shown.lines), shown.lines[0]["case"]["state"]) == (0, 1, "accepted")
    people = alerts("show", FIRING.id).out
    assert "疑似 suspected orange 橙 eflow_shortfall 生态流量不足 (below_target 低于目标), firing 告警中" in people
    assert "value     1.21 against 2.0 m3/s (hour to 2026-03-01 02:00)\n" in people
    assert "王工  ack  raised 已发生 → accepted 已受理: 我去看" in people


def test_an_unknown_alert_is_one_line_and_exit_1(alerts: Watermaster) -> None:
    for words in (["show", "nothing"], ["ack", "nothing"]):
        found = alerts(*words)
        assert (found.code, found.out, found.err.count("\n")) == (1, "", 1)
        assert "has no alert 'nothing'" in found.err


def test_export_is_one_object_a_line_by_onset(alerts: Watermaster) -> None:
    found = alerts("export", "--output", "json")
    assert [alert["id"] for alert in found.lines] == [FIRING.id, OVER.id]
    with Ledger.open(alerts.ledger_url, zone_minutes=480) as ledger:
        assert found.out == "".join(json.dumps(alert, ensure_ascii=False) + "\n" for alert in ledger.export())
    table = list(csv.DictReader(io.StringIO(alerts("export").out)))
    assert [(row["id"], row["subject"], row["case"], row["resolved_at"]) for row in table] == [
        (FIRING.id, "52010300A1", "raised", ""),
        (OVER.id, "52010300A2", "raised", "2026-03-01T09:00:00+08:00"),
    ]


def test_a_case_goes_its_way_by_the_command_line(alerts: Watermaster) -> None:
    way = [
        (["ack", "--comment", "我去看"], "raised → accepted"),
        (["verify", "--outcome", "confirmed"], "accepted → verified"),
        (["dispatch", "--to", "县水务局"], "verified → disposing"),
        (["dispose"], "disposing → reported"),
        (["review"], "reported → reviewed"),
        (["close"], "reviewed → closed"),
        (["reopen"], "closed → accepted"),
    ]
    for words, moved in way:
        assert alerts(words[0], OVER.id, *words[1:], "--by", "王工") == (0, f"{OVER.id}: {moved}\n", "")
    shown = alerts("verify", OVER.id, "--outcome", "exempt", "--output", "json").lines[0]
    assert [step["by"] for step in shown["case"]["history"][:2]] == ["watermaster", "王工"]
    assert shown["case"]["history"][-1]["by"] not in ("", "王工")


def test_a_verb_that_does_not_apply_is_exit_1_and_says_what_does(alerts: Watermaster) -> None:
    found = alerts("close", FIRING.id)
    assert (found.code, found.out) == (1, "")
    assert found.err == f"watermaster: alert {FIRING.id}: can't close a case that is raised; allowed: ack\n"
    assert alerts("dispatch", FIRING.id).code == 1


@pytest.mark.parametrize(
    "words",
    [
        *(["shout", "x"], ["ack"], ["list", "--state", "open"], ["list", "--limit", "0"], ["show"]),
        *(["verify", "x", "--outcome", "maybe"], ["list", "--nothing"], ["ack", "x", "y"]),
    ],
)
def test_an_unknown_option_or_argument_is_exit_2(alerts: Watermaster, words: list[str]) -> None:
    found = alerts(*words)
    assert (found.code, found.out) == (2, "")


def test_without_a_ledger_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Watermaster(tmp_path, monkeypatch, capsys)("list")
    assert (found.code, found.out) == (1, "")
    directory = tmp_path / "var"
    assert found.err == f"watermaster: there is no ledger in {directory}; `watermaster run` makes one\n"
    assert not directory.exists()


def test_help_needs_no_database() -> None:
    """What takes its time is imported when it is needed (pydantic is Typer's own)."""
    program = (
        "import sys; from typer.testing import CliRunner; from watermaster.cli.alerts import app;"
        "assert CliRunner().invoke(app, ['close', '--help']).exit_code == 0;"
        "print([name for name in ('sqlalchemy', 'fastapi', 'rich.table', 'aiohttp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
