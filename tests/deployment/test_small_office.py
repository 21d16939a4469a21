"""The commands of docs/small-office.md, run one after the other; and the unit that they install."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.deployment.machine import ROOT, SHIPPED_UNIT, Machine, blocks
from tests.deployment.systemctl import unit_of
from tests.end_to_end.running import command, eventually
from tests.servers.process import require
from watermaster.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_THE_ARCHIVE: Final = (
    "sha256sum --check watermaster-*.tar.gz.sha256",
    "tar xf watermaster-*.tar.gz",
    "sudo ./watermaster-*/install.sh",
)
"""What test_wheelhouse.py runs; here the program is the one under test, and the unit lies where the archive has it."""

SERIES: Final = r"time,value,flag\n20\S+,{value},1\n"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """One with the program, and the stick in its place."""
    for needed in ("mosquitto", "mosquitto_pub", "mosquitto_passwd", "curl"):
        require(needed)
    with Machine(tmp_path) as office:
        program = office.root / "opt" / "watermaster" / "bin" / "watermaster"
        program.parent.mkdir(parents=True)
        program.symlink_to(Path(sys.executable).with_name("watermaster"))
        unpacked = office.root / "stick" / "watermaster-0-python-linux"
        unpacked.mkdir()
        (unpacked / SHIPPED_UNIT.name).symlink_to(SHIPPED_UNIT)
        yield office


def is_well(office: Machine, script: str) -> None:
    """Run commands of which the last asks for the health, and this one until all is well."""
    asking = script.splitlines()[-1]
    assert asking.startswith("curl ")
    office.run(script)

    def is_ok() -> bool:
        return bool(json.loads(office.run(asking))["status"] == "ok")

    eventually(is_ok, 30, "the health that the page promises")


def test_every_command_of_the_page_works_in_its_order(machine: Machine) -> None:
    unpack, configure, wm, check = blocks("2. In the office: install")
    machine.run(unpack, without=OF_THE_ARCHIVE)
    machine.run(configure)
    is_well(machine, wm + check)

    def shown(value: str) -> bool:
        return re.fullmatch(SERIES.format(value=re.escape(value)), machine.run(wm + series)) is not None

    first, series = blocks("3. The first reading")
    machine.run(first)
    eventually(lambda: shown("1.21"), 20, "the first reading")

    closed, gateway = blocks("4. Gateways in the network")
    is_well(machine, wm + closed)
    refused = machine.run(f"! {first.strip()} 2>&1\n")
    assert "not authorised" in refused.lower()
    machine.run(gateway)
    # Another second of the same slot: a reading of its own.
    eventually(lambda: "1.22" in machine.run(wm + series), 20, "the reading with a password")

    backup, restore = blocks("5. Backup and restore")
    machine.run(wm + backup)
    before = machine.run(wm + series)
    machine.run(restore)
    eventually(lambda: machine.run(wm + series) == before, 20, "the readings of the backup")
    machine.run(gateway)


def test_the_addresses_of_the_page_are_valid_settings() -> None:
    _, configure, _, _ = blocks("2. In the office: install")
    assert 'url: "duckdb:"' in configure
    assert "url: embedded://127.0.0.1:1883" in configure
    assert Settings().store.url == "duckdb:"


def test_make_calls_the_script() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\nwheelhouse: venv\n\tdeploy/wheelhouse.sh $(BIN)/python dist\n" in makefile
    assert "make wheelhouse\n" in blocks("1. With a network: collect what is needed")[0]


@pytest.fixture
def unit(tmp_path: Path) -> dict[str, list[str]]:
    """Values of the shipped unit by key."""
    path = tmp_path / "etc" / "systemd" / "system" / "watermaster.service"
    path.parent.mkdir(parents=True)
    path.symlink_to(SHIPPED_UNIT)
    return {key: [value.replace(str(tmp_path), "") for value in values] for key, values in unit_of(tmp_path).items()}


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """Its path is one that exists: systemd-analyze looks for the program, which is not installed here."""
    shipped = SHIPPED_UNIT.read_text(encoding="utf-8")
    copy = tmp_path / SHIPPED_UNIT.name
    copy.write_text(shipped.replace("/opt/watermaster/bin/watermaster", sys.executable), encoding="utf-8")
    verify = [str(require("systemd-analyze")), "verify", "--man=no", str(copy)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, [each for each in done.stderr.splitlines() if SHIPPED_UNIT.name in each]) == (0, [])


def test_the_unit_starts_a_command_that_there_is(unit: dict[str, list[str]]) -> None:
    program, verb = unit["ExecStart"][0].split()
    assert program == "/opt/watermaster/bin/watermaster"
    assert verb in command(verb, "--help").stdout
    assert unit["Environment"] == ["WATERMASTER_CONFIG=/etc/watermaster"]


def test_the_unit_is_not_root_and_writes_into_its_state_alone(unit: dict[str, list[str]]) -> None:
    assert unit["User"] == ["watermaster"]
    assert unit["StateDirectory"] == ["watermaster"]
    assert (unit["ProtectSystem"], unit["NoNewPrivileges"], unit["CapabilityBoundingSet"]) == (
        ["strict"],
        ["yes"],
        [""],
    )
    assert "ReadWritePaths" not in unit


def test_the_unit_lets_the_service_end_its_broker_last_and_comes_back_always(unit: dict[str, list[str]]) -> None:
    """control-group, the default, would send SIGTERM to the broker together with the collector."""
    assert unit["KillMode"] == ["mixed"]
    assert int(unit["TimeoutStopSec"][0]) >= 60
    assert (unit["Restart"], unit["StartLimitIntervalSec"]) == (["always"], ["0"])
    assert unit["MemoryMax"] == ["1536M"]


def test_the_unit_promises_no_signs_of_life_that_the_service_does_not_give(unit: dict[str, list[str]]) -> None:
    assert unit["Type"] == ["exec"]
    assert "WatchdogSec" not in unit
