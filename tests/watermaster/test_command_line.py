"""The command line as such: help for everything, at once; one clear line for what can't be."""

from __future__ import annotations

import socket
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.running import Running, command, write_config
from watermaster.cli import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import InfluxDB, Mosquitto

HEAVY = ("numpy", "pydantic", "sqlalchemy", "aiohttp", "fastapi", "uvicorn", "msgspec", "yaml", "mqtt5", "structlog")
"""What `--help` must not pull in: each costs a tenth of a second or more."""


def test_help_comes_at_once_because_it_imports_next_to_nothing() -> None:
    code = (
        "import sys\nfrom watermaster.cli import main\nsys.argv = ['watermaster', '--help']\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_begins_as_the_list_says(name: str) -> None:
    done = command(name, "--help")
    words = " ".join(done.stdout.split())
    assert COMMANDS[name][1].rstrip(".").split(":")[0] in words


@pytest.mark.parametrize(
    "line", [["fly"], ["run", "--fast"], ["run", "--only", "ingest,magic"], ["series", "A"], ["backtest", "x"]]
)
def test_an_unknown_option_or_argument_is_a_usage_error(line: list[str]) -> None:
    done = command(*line, ok=False)
    assert (done.returncode, "Traceback" in done.stderr, done.stdout) == (2, False, "")


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The single line that says what is wrong."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("watermaster:")]
    assert (done.returncode, len(lines), "Traceback" in done.stderr) == (1, 1, False), done.stderr
    return lines[0]


def run_once(config: Path) -> subprocess.CompletedProcess[str]:
    """`run`, which is expected to end by itself."""
    line = [sys.executable, "-m", "watermaster", "run", "--config", str(config)]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)


def settings_for(tmp_path: Path, broker: str, store: str = "influxdb://127.0.0.1:9/river") -> dict[str, object]:
    """Settings with everything under the test's folder."""
    name = tmp_path.name.replace("-", "_")
    return {
        "data_dir": str(tmp_path / "var"),
        "mqtt": {"url": broker, "client_id": name, "prefix": name},
        "store": {"url": store},
        "console": {"port": 0},
    }


def test_a_config_with_a_mistake_does_not_run(tmp_path: Path) -> None:
    config = write_config(tmp_path / "config", {"data_dri": "x"}, ["A,A,section,,,,,7"])
    assert "data_dri" in one_line(run_once(config))


@pytest.mark.parametrize("parts", ["ingest", "console", "ingest,alerting"])
def test_the_embedded_store_belongs_to_one_process(tmp_path: Path, parts: str) -> None:
    config = write_config(tmp_path / "config", {"data_dir": str(tmp_path / "data")}, ["A,A,section,,,,,5"])
    line = one_line(command("run", "--only", parts, config=config, ok=False))
    assert "belongs to one process" in line
    assert not (tmp_path / "data").exists()


def test_a_port_in_use_is_one_line_that_names_it(tmp_path: Path, mosquitto: Mosquitto) -> None:
    settings = settings_for(tmp_path, mosquitto.url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings["console"] = {"port": port}
        config = write_config(tmp_path / "config", settings, ["A,A,section,,,,,5"])
        assert f"127.0.0.1:{port}" in one_line(run_once(config))


def test_a_second_run_on_the_same_data_ends_at_once(tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB) -> None:
    settings = settings_for(tmp_path, mosquitto.url, influxdb.store_url("second_run"))
    config = write_config(tmp_path / "config", settings, ["A,A,section,,,,,5"])
    with Running(config) as first:
        line = one_line(run_once(config))
        assert str(first.pid) in line
        assert first.stop() == 0


def test_a_second_collector_with_the_same_client_id_ends_at_once(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB
) -> None:
    settings = settings_for(tmp_path, mosquitto.url, influxdb.store_url("second_collector"))
    config = write_config(tmp_path / "config", settings, ["A,A,section,,,,,5"])
    other = write_config(
        tmp_path / "other", {**settings, "data_dir": str(tmp_path / "elsewhere")}, ["A,A,section,,,,,5"]
    )
    with Running(config) as first:
        assert settings["mqtt"]["client_id"] in one_line(run_once(other))  # type: ignore[index]  # a dict
        assert first.get("health")["parts"]["broker"]["status"] == "ok"
        assert first.stop() == 0


def test_a_store_that_is_away_is_one_line_and_collecting_goes_on(tmp_path: Path, mosquitto: Mosquitto) -> None:
    config = write_config(tmp_path / "config", settings_for(tmp_path, mosquitto.url), ["A,A,section,,,,,5"])
    with Running(config) as service:
        health = service.get("health")
        assert (health["status"], health["parts"]["broker"]["status"]) == ("degraded", "ok")
        assert "127.0.0.1:9" in health["parts"]["store"]["detail"]
        assert sum("store" in line and "level=warning" in line for line in service.log.splitlines()) == 1
        assert "Traceback" not in service.log
        assert service.stop() == 0


@pytest.mark.slow
def test_a_broker_that_is_not_there_ends_the_start_after_30_seconds(tmp_path: Path) -> None:
    config = write_config(tmp_path / "config", settings_for(tmp_path, "mqtt://127.0.0.1:9"), ["A,A,section,,,,,5"])
    assert "127.0.0.1:9" in one_line(run_once(config))


def test_the_version_is_one_line() -> None:
    assert command("--version").stdout == f"watermaster {version('watermaster')}\n"


@pytest.mark.parametrize("time", ["yesterday", "2026-13-01", "2026-3-1", "0001-01-01T00:00:00+99:00", ""])
def test_a_time_that_is_none_is_a_usage_error_in_our_own_words(tmp_path: Path, time: str) -> None:
    config = write_config(tmp_path / "config", {"store": {"url": "influxdb://127.0.0.1:9/x"}}, ["A,A,section,,,,,5"])
    done = command("series", "A", "stage", "--from", time, "--to", "2026-01-01", config=config, ok=False)
    words = " ".join(done.stderr.split())
    assert done.returncode == 2
    assert f"{time!r} is not a time such as 2026-03-01 or 2026-03-01T08:00:00+08:00" in words


@pytest.mark.parametrize(
    "line", [["series", "A", "stage"], ["record", "--out", "x.ndjson"], ["backtest", "x.ndjson", "--alerts", "out"]]
)
def test_from_that_is_not_before_to_is_a_usage_error(tmp_path: Path, line: list[str]) -> None:
    config = write_config(tmp_path / "config", {"store": {"url": "influxdb://127.0.0.1:9/x"}}, ["A,A,section,,,,,5"])
    done = command(*line, "--from", "2026-02-01", "--to", "2026-01-01", config=config, ok=False)
    assert (done.returncode, "--from is not before --to" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (["alerts", "list"], "ledger"),
        (["alerts", "ack", "x"], "ledger"),
        (["deadletters", "list"], "dead-letter file"),
        (["deadletters", "show", "1"], "dead-letter file"),
        (["record", "--from", "2026-01-01", "--to", "2026-01-02", "--out", "stream.ndjson"], "journal"),
    ],
)
@pytest.mark.parametrize("there", ["no directory", "empty directory"])
def test_a_command_that_reads_makes_nothing(tmp_path: Path, line: list[str], what: str, there: str) -> None:
    data = tmp_path / "var"
    if there == "empty directory":
        data.mkdir()
    settings = {"data_dir": str(data), "store": {"url": "influxdb://127.0.0.1:9/x"}}
    config = write_config(tmp_path / "config", settings, ["A,A,section,,,,,5"])
    line = [str(tmp_path / word) if word.endswith(".ndjson") else word for word in line]
    done = command(*line, config=config, ok=False)
    assert one_line(done) == f"watermaster: there is no {what} in {data}; `watermaster run` makes one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config", *(["var"] if data.exists() else [])]
    assert data.exists() == (there == "empty directory")
    assert list(data.glob("*")) == []


def test_a_backtest_says_with_which_register_it_judged(tmp_path: Path) -> None:
    config = write_config(tmp_path / "config", {"store": {"url": "influxdb://127.0.0.1:9/x"}}, ["A,A,section,,,,,5"])
    stream = tmp_path / "stream.ndjson"
    stream.write_bytes(b"")
    said = command("backtest", stream, "--alerts", tmp_path / "out", config=config).stderr.splitlines()
    checked = command("check", config=config).stderr
    register = checked.rpartition("register ")[2].strip()
    assert said[-1] == f"register {register} from {config}"


def test_an_unknown_station_is_one_line(tmp_path: Path) -> None:
    config = write_config(tmp_path / "config", {"store": {"url": "influxdb://127.0.0.1:9/x"}}, ["A,A,section,,,,,5"])
    done = command("series", "B", "discharge", "--from", "2026-01-01", "--to", "2026-01-02", config=config, ok=False)
    assert (done.returncode, done.stderr) == (1, "watermaster: station 'B' is not in the register\n")


@pytest.mark.parametrize(
    ("name", "content"),
    [("missing.ndjson", None), ("empty.txt", b""), ("broken.ndjson", b"{nope\n"), ("broken.ndjson.gz", b"no gzip")],
)
def test_an_unreadable_stream_is_one_line_that_names_it(tmp_path: Path, name: str, content: bytes | None) -> None:
    config = write_config(tmp_path / "config", {}, ["A,A,section,,,,,5"])
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = command("backtest", path, "--alerts", tmp_path / "out", config=config, ok=False)
    assert name in one_line(done)
