"""Settings: every mistake at once with its line, secrets only from the environment or from files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from hydro.errors import ConfigError
from watermaster.settings import Settings, load_settings, parse_broker_url, read_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

COLON = '(a value with a colon at its end needs quotes: "sqlite:")'
STORE = "store:\n  url: influxdb://127.0.0.1:8086/water\n"


def load(
    tmp_path: Path, text: str | bytes, environ: Mapping[str, str] | None = None
) -> tuple[Settings | None, list[str]]:
    (tmp_path / "watermaster.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    settings, findings = load_settings(tmp_path, environ or {})
    return settings, [str(finding) for finding in findings]


def settings_of(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    settings, findings = load(tmp_path, STORE + text, environ)
    assert findings == []
    assert settings is not None
    return settings


def mistakes_of(tmp_path: Path, text: str | bytes, environ: Mapping[str, str] | None = None) -> list[str]:
    settings, findings = load(tmp_path, text, environ)
    assert settings is None
    return [finding.removeprefix("watermaster.yaml:") for finding in findings]


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = Settings()
    assert settings.data_dir == Path("./var")
    assert settings.mqtt.url == "mqtt://127.0.0.1:1883"
    assert settings.mqtt.client_id == "watermaster"
    assert settings.mqtt.prefix == "watermaster/v1"
    assert settings.mqtt.session_expiry_s == 604800
    assert (settings.journal.url, settings.journal.keep_days, settings.journal.max_gb) == ("", 14, 50)
    assert settings.store.url == "duckdb:"
    assert settings.ledger.url == "sqlite:"
    assert (settings.console.host, settings.console.port) == ("127.0.0.1", 8080)
    assert settings.time.model_dump() == {
        "zone": "+08:00",
        "allowed_lateness_min": 30,
        "max_age_days": 400,
        "revise_days": 35,
    }
    assert settings.time.zone_minutes == 480
    assert (settings.ingest.tcp, settings.ingest.trust_replay) == (None, False)
    assert (settings.alertmanager.url, settings.grafana.url, settings.grafana.token_file) == (None, None, None)


def test_settings_are_read_as_the_text_that_stands_there(tmp_path: Path) -> None:
    """YAML 1.1 alone would make +10:00 a number of minutes and `off` a truth value."""
    settings = settings_of(
        tmp_path,
        "data_dir: /srv/water\n"
        "mqtt: {url: 'mqtts://broker.example', client_id: north}\n"
        "time:\n  zone: +10:00\n  allowed_lateness_min: 60\n"
        "ingest:\n  tcp: off\n  trust_replay: yes\n"
        "journal:\n  max_gb: 0.5\n"
        "console:\n",
    )
    assert settings.data_dir == Path("/srv/water")
    assert settings.mqtt.address == ("broker.example", 8883, True, False)
    assert settings.time.zone_minutes == 600
    assert settings.time.allowed_lateness_min == 60
    assert (settings.ingest.tcp, settings.ingest.trust_replay) == (None, True)
    assert settings.journal.max_gb == 0.5
    assert settings.console.port == 8080


def test_a_setting_may_be_written_with_dots(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "mqtt.url: mqtt://a:1\nmqtt:\n  client_id: b\n").mqtt.url == "mqtt://a:1"


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        "mqtt:\n  url: mqtt://file:1\n  client_id: file\n",
        {
            "WATERMASTER_MQTT__URL": "mqtt://environment:2",
            "WATERMASTER_DATA_DIR": "/data",
            "WATERMASTER_TIME__REVISE_DAYS": "7",
            "WATERMASTER_CONFIG": "elsewhere",
            "WATERMASTER_CONSOLE__PORT": "",
            "PATH": "/bin",
        },
    )
    assert (settings.mqtt.url, settings.mqtt.client_id) == ("mqtt://environment:2", "file")
    assert (settings.data_dir, settings.time.revise_days, settings.console.port) == (Path("/data"), 7, 8080)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("mqtt:\n  keepalive: 3\n", "2: mqtt.keepalive: unknown setting", id="unknown"),
        pytest.param(
            "mqtt:\n\n  usrname: x\n",
            "3: mqtt.usrname: unknown setting (did you mean mqtt.username?)",
            id="typing error",
        ),
        pytest.param("zone: +08:00\n", "1: zone: unknown setting (did you mean time.zone?)", id="on the wrong level"),
        pytest.param("broker:\n  url: x\n", "1: broker: unknown setting", id="unknown group"),
        pytest.param("mqtt: tcp\n", "1: mqtt: is a group of settings, not a value", id="value for a group"),
        pytest.param("data_dir:\n  a: b\n", "1: data_dir: takes one value", id="group for a value"),
        pytest.param("mqtt:\n  url: [a, b]\n", "2: mqtt.url: takes one value", id="list for a value"),
        pytest.param("console:\n  port: 8o80\n", '2: console.port: "8o80" is not a whole number', id="no number"),
        pytest.param("console:\n  port: 65536\n", '2: console.port: "65536" is greater than 65535', id="too large"),
        pytest.param("journal:\n  keep_days: 0\n", '2: journal.keep_days: "0" is less than 1', id="too small"),
        pytest.param("journal:\n  max_gb: -1\n", '2: journal.max_gb: "-1" is not greater than 0', id="negative"),
        pytest.param("journal:\n  max_gb: .nan\n", '2: journal.max_gb: ".nan" is not a number', id="not a number"),
        pytest.param(
            "ingest:\n  trust_replay: maybe\n", '2: ingest.trust_replay: "maybe" is not true or false', id="bool"
        ),
        pytest.param(
            "time:\n  zone: Asia/Shanghai\n",
            "2: time.zone: zone 'Asia/Shanghai' is not a fixed offset such as +08:00",
            id="named zone",
        ),
        pytest.param(
            "mqtt:\n  url: http://x\n",
            '2: mqtt.url: "http://x" is not of the form mqtt://HOST:PORT, mqtts://HOST:PORT or embedded://HOST:PORT',
            id="broker address",
        ),
        pytest.param("mqtt:\n  prefix: a/+/b\n", None, id="wildcard in prefix"),
        pytest.param("mqtt:\n  prefix: /a\n", None, id="slash before prefix"),
        pytest.param("mqtt:\n  client_id: a/b\n", None, id="slash in client id"),
        pytest.param("mqtt:\n  session_expiry_s: 0\n", '2: mqtt.session_expiry_s: "0" is less than 1', id="no session"),
        pytest.param("store:\n  url: postgres://x/y\n", None, id="another store"),
        pytest.param("store:\n  url: influxdb://127.0.0.1:8086\n", None, id="no database"),
        pytest.param("ledger:\n  url: ledger.db\n", None, id="ledger file"),
        pytest.param("ingest:\n  tcp: 8898\n", '2: ingest.tcp: "8898" is not of the form ADDRESS:PORT', id="listener"),
        pytest.param(
            "grafana:\n  url: grafana\n", '2: grafana.url: "grafana" is not of the form http://HOST:PORT', id="http"
        ),
        pytest.param("data_dir: a\ndata_dir: b\n", "2: data_dir: stands there twice, first in line 1", id="twice"),
        pytest.param("- a\n", "1: does not hold settings such as `data_dir: ./var`", id="a list"),
        pytest.param("mqtt:\n  url: 'open\n", None, id="open quote"),
        pytest.param(
            "store:\n  url: duckdb:\n",
            f"2: is not YAML: mapping values are not allowed here {COLON}",
            id="colon at the end",
        ),
        pytest.param(b"data_dir: \xc4\xcf\n", "1: is not UTF-8: byte 0xC4 at offset 10", id="not UTF-8"),
        pytest.param(
            "mqtt:\n  password_file: ./no-such-file\n  username: a\n",
            '2: mqtt.password_file: "no-such-file" can\'t be read: No such file or directory',
            id="no password file",
        ),
        pytest.param(
            "mqtt:\n  cert_file: /dev/null\n", "2: mqtt.cert_file: needs mqtt.key_file beside it", id="half a key"
        ),
        pytest.param(
            "mqtt:\n  password_file: /dev/null\n", "1: mqtt: is missing, while a password is given", id="password alone"
        ),
        pytest.param(
            "store:\n  username: a\n  url: influxdb://h/d\n",
            "2: store.username: store.username and store.password_file: set both or none",
            id="user alone",
        ),
    ],
)
def test_a_mistake_has_its_line_and_setting(tmp_path: Path, text: str | bytes, expected: str | None) -> None:
    (found,) = [line for line in mistakes_of(tmp_path, text) if "warning" not in line]
    assert re.match(r"\d+: ", found)
    assert expected in (None, found)


def test_all_mistakes_of_file_and_environment_are_found_at_once(tmp_path: Path) -> None:
    text = "mqtt:\n  url: x\n  nonsense: 1\ntime:\n  zone: y\n"
    assert [line.rpartition(": ")[0] for line in mistakes_of(tmp_path, text, {"WATERMASTER_CONSOLE__PORT": "z"})] == [
        "environment: WATERMASTER_CONSOLE__PORT",
        '2: mqtt.url: "x" is not of the form mqtt://HOST:PORT or mqtts://HOST:PORT'.rpartition(": ")[0],
        "3: mqtt.nonsense",
        "5: time.zone",
    ]


@pytest.mark.parametrize("name", ["WATERMASTER_MQTT_URL", "WATERMASTER_MQTT__URI__X", "WATERMASTER_TEST"])
def test_an_unknown_variable_of_ours_is_a_mistake(tmp_path: Path, name: str) -> None:
    (found,) = mistakes_of(tmp_path, STORE, {name: "x"})
    assert found.startswith("environment: WATERMASTER_")


def test_a_secret_in_the_settings_file_is_a_mistake_and_is_not_repeated(tmp_path: Path) -> None:
    text = (
        "mqtt:\n  username: a\n  password: hunter2\n"
        "store:\n  url: influxdb://user:hunter2@host/water\n"
        "ledger:\n  url: postgresql://user:hunter2@host/water\n"
        "my_password: hunter2\n"
    )
    (tmp_path / "watermaster.yaml").write_text(text, encoding="utf-8")
    settings, findings = load_settings(tmp_path, {"WATERMASTER_MQTT__URL": "mqtt://user:hunter2@host"})
    assert settings is None
    assert [finding.column for finding in findings] == [
        "WATERMASTER_MQTT__URL",
        "mqtt.password",
        "store.url",
        "ledger.url",
        "my_password",
    ]
    assert "hunter2" not in repr(findings)


def test_secrets_come_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from a file\n", encoding="utf-8")
    text = f"mqtt:\n  username: a\n  password_file: {file}\n"
    mqtt = settings_of(tmp_path, text).mqtt
    assert read_secret(mqtt.password, mqtt.password_file) == "from a file"
    mqtt = settings_of(tmp_path, text, {"WATERMASTER_MQTT__PASSWORD": "from the environment"}).mqtt
    assert read_secret(mqtt.password, mqtt.password_file) == "from the environment"
    assert "from the environment" not in repr(mqtt)
    assert read_secret(None, None) is None
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        read_secret(None, tmp_path / "gone")
    assert read_secret(SecretStr("x"), tmp_path / "gone") == "x"


@pytest.mark.parametrize("url", ["influxdb+v3://h/b", "influxdbs+v3://h/b?org=o"])
def test_a_store_that_is_only_written_to_is_a_warning(tmp_path: Path, url: str) -> None:
    settings, (found,) = load(tmp_path, f"store:\n  url: '{url}'\n")
    assert settings is not None
    assert found.startswith("watermaster.yaml:2: warning: store.url: InfluxDB 3 is experimental")


def test_each_kind_of_influxdb_asks_for_its_own_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    secret = tmp_path / "secret"
    v2 = "store:\n  url: influxdb+v2://h/b?org=o\n"
    assert load(tmp_path, f"{v2}  token_file: {secret}\n")[1] == []
    assert load(tmp_path, v2)[1] == []
    assert load(tmp_path, f"{v2}  username: u\n  password_file: {secret}\n")[1] == [
        "watermaster.yaml:3: store.username: InfluxDB 2 and 3 ask for store.token_file instead"
    ]
    assert load(tmp_path, f"store:\n  url: influxdb://h/b\n  token_file: {secret}\n")[1] == [
        "watermaster.yaml:3: store.token_file: only InfluxDB 2 and 3 ask for a token"
    ]


def test_what_is_embedded_and_the_field_link_are_settings_like_others(tmp_path: Path) -> None:
    settings, findings = load(
        tmp_path,
        "mqtt:\n  url: embedded://127.0.0.1:0\nstore:\n  url: 'duckdb:'\n"
        "ingest:\n  tcp: 0.0.0.0:8898\n  confirm: EOT\n  refuse_unknown: true\n  max_per_address: 8\n",
    )
    assert (settings is not None, findings) == (True, [])
    assert settings is not None
    assert (settings.mqtt.address.embedded, settings.mqtt.address.port) == (True, 0)


def test_a_grafana_that_has_nothing_to_show_is_named(tmp_path: Path) -> None:
    grafana = "grafana:\n  url: http://127.0.0.1:3000\n"
    assert load(tmp_path, "store:\n  url: influxdb://127.0.0.1/water\n" + grafana)[1] == []
    settings, findings = load(tmp_path, "store:\n  url: 'duckdb:'\n" + grafana)
    assert settings is not None
    assert [line.split(": ")[2:4] for line in findings] == [["grafana.url", "has nothing to show"]]


def test_without_a_settings_file_everything_has_its_default(tmp_path: Path) -> None:
    settings, findings = load_settings(tmp_path, {"WATERMASTER_STORE__URL": "influxdb://h/d"})
    assert settings is not None
    assert [str(finding) for finding in findings] == [
        "watermaster.yaml: warning: is not there, all settings have their defaults"
    ]


def test_without_a_config_directory_there_are_no_settings(tmp_path: Path) -> None:
    settings, findings = load_settings(tmp_path / "none", {})
    assert settings is None
    assert [str(finding) for finding in findings] == [
        f"{tmp_path / 'none'}: there is no such directory; `watermaster init DIR` writes one"
    ]


@pytest.mark.parametrize(
    "url", ["mqtt://", "mqtt:", "mqtt://h:port", "mqtt://h:99999", "mqtt://h/topic", "mqtt://[::1"]
)
def test_a_broker_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_broker_url(url)


def test_a_broker_may_have_an_address_of_version_6() -> None:
    assert parse_broker_url("mqtt://[::1]:1884").host == "::1"
