"""`watermaster dashboards`: files that Grafana reads, and the way to a running one."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboards.grafana.example import ROOT
from tests.dashboards.grafana.published_api import TOKEN, PublishedApi
from tests.watermaster.commands import here

if TYPE_CHECKING:
    from pathlib import Path

STORE = "influxdb://127.0.0.1:8086/watermaster"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The shipped register, to which settings are given."""
    shutil.copytree(ROOT / "config" / "registry", tmp_path / "config" / "registry")
    return tmp_path / "config"


def with_settings(config: Path, **settings: object) -> Path:
    """The directory with its settings."""
    (config / "watermaster.yaml").write_text(json.dumps({"store": {"url": STORE}, **settings}), encoding="utf-8")
    return config


def pushing(config: Path, grafana: PublishedApi, token: str = TOKEN, **settings: object) -> Path:
    """Settings for a Grafana, its token in a file."""
    file = config.parent / "token"
    file.write_text(f"{token}\n", encoding="utf-8")
    return with_settings(config, grafana={"url": grafana.url, "token_file": str(file)}, **settings)


def push(config: Path, *more: str) -> tuple[int, str, str]:
    """Run `dashboards push`; code, stdout, stderr."""
    done = here("dashboards", "push", "--config", config, *more, cwd=config.parent)
    return done.code, done.out, done.err


def test_build_writes_what_grafana_reads_at_its_start(config: Path) -> None:
    with_settings(config)
    done = here("dashboards", "build", "--config", config, cwd=config.parent)
    assert (done.code, done.out) == (0, ""), done.err
    assert "10 files" in done.err
    assert "2 data sources, 7 dashboards, 4 alert rules, 0 contact points" in done.err
    written = {path.relative_to(config / "grafana").as_posix() for path in (config / "grafana").rglob("*.*")}
    assert {"provisioning/alerting/watermaster.yaml", "dashboards/station.json"} <= written
    elsewhere = ("--out", config / "else", "--dashboard-folder", "/srv/g")
    again = here("dashboards", "build", "--config", config, *elsewhere, cwd=config.parent)
    assert again.code == 0
    assert "path: /srv/g" in (config / "else" / "provisioning" / "dashboards" / "watermaster.yaml").read_text()


def test_thresholds_are_those_of_the_day_that_is_asked_for(config: Path) -> None:
    with_settings(config)
    texts = {}
    for day in ("2026-01-15", "2026-07-15"):
        done = here("dashboards", "build", "--config", config, "--at", day, cwd=config.parent)
        assert done.code == 0
        texts[day] = (config / "grafana" / "dashboards" / "station.json").read_text(encoding="utf-8")
    steps = {day: set(_values(json.loads(text))) for day, text in texts.items()}
    assert 0.925 in steps["2026-01-15"] - steps["2026-07-15"]
    assert 3.7 in steps["2026-07-15"] - steps["2026-01-15"]


def _values(dashboard: dict[str, Any]) -> list[float]:
    found = []
    for panel in dashboard["panels"]:
        for override in panel.get("fieldConfig", {}).get("overrides", []):
            for each in override["properties"]:
                if each["id"] == "thresholds":
                    found += [step["value"] for step in each["value"]["steps"]]
    return found


def test_a_store_that_grafana_cannot_read_is_told(config: Path) -> None:
    with_settings(config, store={"url": "duckdb:"})
    done = here("dashboards", "build", "--config", config, cwd=config.parent)
    assert (done.code, done.out) == (1, "")
    assert "store.url: duckdb: is none that Grafana reads here" in done.err
    assert not (config / "grafana").exists()


def test_a_place_that_cannot_be_written_is_told(config: Path) -> None:
    with_settings(config)
    (config / "file").write_text("")
    done = here("dashboards", "build", "--config", config, "--out", config / "file", cwd=config.parent)
    assert done.code == 1
    assert "can't be written: Not a directory" in done.err


def test_push_sends_everything_and_says_where_it_went(config: Path) -> None:
    with PublishedApi() as grafana:
        pushing(config, grafana, alertmanager={"url": "http://127.0.0.1:9093"})
        for _ in range(2):
            code, out, err = push(config)
            assert (code, out) == (0, ""), err
            assert f"Grafana 11.6.0 at {grafana.url}, organisation Main Org.: took 2 data sources" in err
        assert grafana.wrong == []
        assert grafana.kept["datasources", "watermaster-influxdb"]["url"] == "http://127.0.0.1:8086"
        assert grafana.kept["contact-points", "watermaster-alertmanager"]["settings"] == {
            "url": "http://127.0.0.1:9093"
        }
        assert grafana.tree["routes"][0]["mute_time_intervals"] == ["watermaster-told-elsewhere"]


def test_addresses_are_those_that_grafana_reaches(config: Path) -> None:
    with PublishedApi() as grafana:
        pushing(config, grafana)
        file = str(config.parent / "token")
        addresses = {"influxdb_url": "http://influxdb:8086", "prometheus_url": "http://prometheus:9090"}
        with_settings(config, grafana={"url": grafana.url, "token_file": file, **addresses})
        assert push(config)[0] == 0
        sources = {name: kept["url"] for (kind, name), kept in grafana.kept.items() if kind == "datasources"}
        assert sources == {
            "watermaster-influxdb": "http://influxdb:8086",
            "watermaster-prometheus": "http://prometheus:9090",
        }


def test_the_token_of_influxdb_2_goes_where_grafana_encrypts_it(config: Path) -> None:
    with PublishedApi() as grafana:
        pushing(config, grafana)
        (config.parent / "influx").write_text("t0ken\n", encoding="utf-8")
        store = {"url": "influxdb+v2://db:8086/water?org=bureau", "token_file": str(config.parent / "influx")}
        with_settings(config, store=store, grafana={"url": grafana.url, "token_file": str(config.parent / "token")})
        assert push(config)[0] == 0
        source = grafana.kept["datasources", "watermaster-influxdb"]
        assert (source["url"], source["jsonData"]["dbName"]) == ("http://db:8086", "water")
        assert source["jsonData"]["httpHeaderName1"] == "Authorization"
        assert source["secureJsonData"] == {"httpHeaderValue1": "Token t0ken"}


def test_an_old_grafana_is_told_and_pushed_to(config: Path) -> None:
    with PublishedApi() as grafana:
        grafana.health = {"database": "ok", "version": "9.5.2"}
        pushing(config, grafana)
        code, _, err = push(config)
        assert (code, "Grafana 9.5.2 is older than 10.4" in err) == (0, True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param({}, "grafana.url: is not set", id="no address"),
        pytest.param({"grafana": {"url": "http://127.0.0.1:1"}}, "grafana.token_file: is not set", id="no token"),
    ],
)
def test_what_is_missing_for_a_push_is_named(config: Path, settings: dict[str, object], words: str) -> None:
    with_settings(config, **settings)
    code, out, err = push(config)
    assert (code, out) == (1, "")
    assert words in err
    assert len([line for line in err.splitlines() if line.startswith("watermaster:")]) == 1


def test_a_grafana_that_is_away_or_refuses_is_one_line_and_exit_1(config: Path) -> None:
    with PublishedApi() as grafana:
        pushing(config, grafana, token="wrong")  # a token of a test
        code, out, err = push(config)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "does not know the token; see grafana.token_file" in err
        assert grafana.changes() == []
        pushing(config, grafana)
    code, out, err = push(config)  # it has gone
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "can't be reached" in err


def test_a_token_that_can_be_none_is_told_before_it_is_sent(config: Path) -> None:
    with PublishedApi() as grafana:
        pushing(config, grafana, token="two words")  # a token of a test
        code, _, err = push(config)
        assert (code, "grafana.token_file: not a token" in err, grafana.asked) == (1, True, [])
