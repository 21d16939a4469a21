"""docker-compose.yml is a valid compose file and what it names exists. It is not run: there is no Docker in CI."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.deployment.test_broker_access import COLLECTOR
from tests.servers.alertmanager import SHIPPED_ALERTMANAGER, Alertmanager
from tests.servers.mosquitto import SHIPPED_ACL, SHIPPED_CONF, SHIPPED_TLS
from tests.servers.prometheus import SHIPPED_PROMETHEUS, Prometheus
from watermaster.settings import Settings

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: Final[dict[str, Any]] = COMPOSE["services"]


def bind_mounts(service: str) -> dict[str, str]:
    """Folders and files of the host that a service sees: place in the container by place in the repository."""
    mounts = [volume.split(":") for volume in SERVICES[service].get("volumes", [])]
    return {source: target for source, target, *_ in mounts if source.startswith(".")}


def test_the_file_is_valid_against_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*command, ROOT / "docker-compose.yml"], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_broker_runs_from_the_settings_and_access_list_that_the_tests_use() -> None:
    mounts = bind_mounts("mosquitto")
    shipped = {ROOT / source: target for source, target in mounts.items() if source.startswith("./config/")}
    assert shipped == {
        SHIPPED_CONF: "/mosquitto/config/mosquitto.conf",
        SHIPPED_ACL: "/mosquitto/config/mosquitto.acl",
        SHIPPED_TLS.parent: "/mosquitto/config/mosquitto.d",
    }


def test_alertmanager_and_prometheus_run_from_the_files_and_with_the_options_that_the_tests_use() -> None:
    for name, server, shipped in (
        ("alertmanager", Alertmanager, SHIPPED_ALERTMANAGER),
        ("prometheus", Prometheus, SHIPPED_PROMETHEUS),
    ):
        (target,) = [target for source, target in bind_mounts(name).items() if ROOT / source == shipped]
        options = {option.partition("=")[0]: option.partition("=")[2] for option in SERVICES[name]["command"]}
        assert options["--config.file"] == f"{target}/{name}.yml"
        assert set(server.options) | {"--web.listen-address"} >= set(options), name


def test_what_signs_certificates_and_keys_of_gateways_is_in_no_container() -> None:
    for name in SERVICES:
        assert {source for source in bind_mounts(name) if "tls" in source} <= {"./secrets/tls/broker"}, name


def test_every_service_is_bounded_and_writes_nowhere_but_to_its_volumes() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"].endswith(("m", "g")), name
        assert service["logging"]["options"]["max-file"], name
        assert re.search(r":v?\d+\.\d+", service["image"]) or "build" in service, f"{name}: no version"


@pytest.mark.parametrize(
    ("file", "setting"),
    [
        *((SHIPPED_CONF, setting) for setting in ("password_file", "acl_file", "persistence_location", "include_dir")),
        *((SHIPPED_TLS, setting) for setting in ("cafile", "certfile", "keyfile", "crlfile")),
    ],
    ids=lambda given: given if isinstance(given, str) else given.name,
)
def test_the_paths_of_the_broker_settings_lie_in_what_is_mounted(file: Path, setting: str) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    (path,) = [line.split()[1] for line in lines if line.startswith(f"{setting} ")]
    targets = [volume.split(":")[1] for volume in SERVICES["mosquitto"]["volumes"]]
    assert any(path.rstrip("/") == target or path.startswith(f"{target}/") for target in targets)


def test_every_service_comes_back_is_watched_and_keeps_its_data() -> None:
    for name, service in SERVICES.items():
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert f"{name}-data" in [volume.split(":")[0] for volume in service["volumes"]], name
        assert service["healthcheck"]["start_period"], name
    assert set(COMPOSE["volumes"]) == {f"{name}-data" for name in SERVICES}


def test_only_the_broker_is_reached_from_outside() -> None:
    outside = {(name, port) for name, service in SERVICES.items() for port in service["ports"] if port.count(":") == 1}
    assert outside == {("mosquitto", "8883:8883")}  # that is with TLS


def test_watermaster_talks_to_the_services_beside_it() -> None:
    environment = SERVICES["watermaster"]["environment"]
    assert environment["WATERMASTER_MQTT__URL"] == "mqtt://mosquitto:1883"
    assert environment["WATERMASTER_STORE__URL"].startswith("influxdb://influxdb:8086/")
    assert environment["WATERMASTER_MQTT__PASSWORD_FILE"] == "/run/secrets/" + SERVICES["watermaster"]["secrets"][0]
    assert environment["WATERMASTER_CONFIG"] == bind_mounts("watermaster")["./config"]


def test_the_environment_of_watermaster_holds_valid_settings() -> None:
    environment = dict(SERVICES["watermaster"]["environment"])
    del environment["WATERMASTER_CONFIG"]
    given: dict[str, Any] = {}
    for name, value in environment.items():
        *groups, last = name.removeprefix("WATERMASTER_").lower().split("__")
        group = given
        for word in groups:
            group = group.setdefault(word, {})
        group[last] = value
    settings = Settings.model_validate(given)
    assert settings.mqtt.username == COLLECTOR
    assert settings.model_dump(mode="json", exclude_unset=True) == given


def test_watermaster_does_not_run_as_root() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in dockerfile if line.startswith("USER ")] == ["USER watermaster"]
    assert dockerfile[-1] == "CMD " + json.dumps(SERVICES["watermaster"]["command"])


def test_the_image_gets_every_file_that_it_is_built_from() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {
        source
        for line in dockerfile
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line.removeprefix("!") for line in let_in if line.startswith("!")} == copied
    assert [source for source in sorted(copied) if not (ROOT / source).exists()] == []
