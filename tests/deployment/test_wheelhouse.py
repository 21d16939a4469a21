"""The offline installation: everything that is pinned is in the archive, and nothing outside of it is asked for."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.deployment.machine import ROOT, Machine, blocks
from tests.deployment.test_distribution import distribution_name, pinned
from tests.deployment.test_small_office import is_well
from tests.servers.process import require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOWHERE: Final = "http://127.0.0.1:9"
UNREACHABLE: Final = {
    "PIP_NO_INDEX": "1",
    "PIP_INDEX_URL": NOWHERE,
    "PIP_FIND_LINKS": "",
    "HTTP_PROXY": NOWHERE,
    "HTTPS_PROXY": NOWHERE,
    "http_proxy": NOWHERE,
    "https_proxy": NOWHERE,
    "no_proxy": "",
}

pytestmark = pytest.mark.slow


def run(*line: str | Path, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    environment = {**os.environ, **UNREACHABLE, **(environ or {})}
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make wheelhouse` makes; this alone asks the package index."""
    folder = tmp_path_factory.mktemp("dist")
    made = subprocess.run(
        [ROOT / "deploy" / "wheelhouse.sh", sys.executable, folder], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.splitlines()[-1])


@pytest.fixture
def house(archive: Path, tmp_path: Path) -> Path:
    """The archive, unpacked."""
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.glob("watermaster-*")
    return folder


@pytest.fixture
def installed(house: Path, tmp_path: Path) -> Path:
    """The directory into which it was installed without a network."""
    link = tmp_path / "opt" / "watermaster"
    link.parent.mkdir()
    done = run("sh", "-c", 'umask 077; exec "$@"', "sh", house / "install.sh", link)  # as root has it in some places
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"installed: {link}/bin/watermaster")
    return link


def test_every_pin_has_its_wheel_and_everything_else_that_the_page_names_is_there(house: Path) -> None:
    wheels = {distribution_name(path.name.split("-")[0]) for path in (house / "wheels").iterdir()}
    here = [pin for pin in pinned(ROOT / "requirements" / "runtime.txt") if "sys_platform == 'win32'" not in pin]
    assert wheels == {distribution_name(pin) for pin in here} | {"watermaster"}
    for name in ("install.sh", "watermaster.service", "small-office.md", "LICENSE", "requirements.txt"):
        assert (house / name).is_file()


def test_the_installed_program_makes_a_config_and_finds_no_mistake_in_it(installed: Path, tmp_path: Path) -> None:
    program = installed / "bin" / "watermaster"
    assert run(program, "--version").stdout.startswith("watermaster ")
    made = run(program, "init", tmp_path / "site")
    assert made.returncode == 0, made.stderr
    checked = run(program, "check", "--config", tmp_path / "site")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_user_of_the_service_may_read_the_program_whatever_mask_root_has(installed: Path) -> None:
    modes = {path: path.lstat().st_mode for path in installed.resolve().rglob("*")}
    assert [path for path, mode in modes.items() if not mode & stat.S_IROTH] == []


def test_the_installed_versions_are_the_pinned_ones(installed: Path) -> None:
    listing = "from importlib.metadata import distributions\nfor d in distributions(): print(f'{d.name}=={d.version}')"
    found = set(run(installed / "bin" / "python", "-c", listing).stdout.split())
    names = {distribution_name(each): each.partition("==")[2] for each in found}
    pins = {distribution_name(pin): pin.split(";")[0].strip().partition("==")[2] for pin in pins_of_this_python()}
    assert {name: names.get(name) for name in pins} == pins
    assert set(names) - set(pins) == {"watermaster"}


def pins_of_this_python() -> Iterator[str]:
    """Pins without those for other systems and other versions of Python."""
    for pin in pinned(ROOT / "requirements" / "runtime.txt"):
        _, semicolon, marker = pin.partition(";")
        names = {"python_full_version": ".".join(map(str, sys.version_info[:3])), "sys_platform": sys.platform}
        if not semicolon or holds(marker, names):
            yield pin


def holds(marker: str, names: Mapping[str, str]) -> bool:
    """Judge one comparison of a requirement (Source: PEP 508)."""
    name, operator, value = marker.split()
    given, wanted = ([*map(int, each.split("."))] if each[0].isdigit() else each for each in (names[name], value[1:-1]))
    return {"<": given < wanted, ">=": given >= wanted, "==": given == wanted}[operator]  # type: ignore[operator]  # both of a kind


def test_a_wheel_that_was_changed_is_not_installed_and_nothing_is_left_of_the_attempt(
    house: Path, tmp_path: Path
) -> None:
    (wheel,) = (house / "wheels").glob("structlog-*.whl")
    with wheel.open("ab") as file:
        file.write(b"\0")
    done = run(house / "install.sh", tmp_path / "opt")
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert list(tmp_path.glob("opt*")) == []


def test_another_python_is_refused_in_one_line(house: Path, tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho 3.99 linux-x86_64\n", encoding="utf-8")
    other.chmod(0o755)
    done = run(house / "install.sh", tmp_path / "opt", environ={"PYTHON": str(other)})
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "3.99" in done.stderr
    assert list(tmp_path.glob("opt*")) == []


def test_versions_stand_beside_each_other_and_the_link_leads_to_the_newest(
    installed: Path, house: Path, tmp_path: Path
) -> None:
    again = run(house / "install.sh", installed)
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    version = (house / "version").read_text(encoding="utf-8").strip()
    (house / "version").write_text("99\n", encoding="utf-8")
    assert run(house / "install.sh", installed).returncode == 0
    assert installed.readlink() == Path("watermaster-99")
    assert run(tmp_path / "opt" / f"watermaster-{version}" / "bin" / "watermaster", "--version").returncode == 0


def test_the_installation_of_the_page_runs(archive: Path, tmp_path: Path) -> None:
    """Sections 2 and 3 with the archive itself."""
    for needed in ("mosquitto", "mosquitto_pub", "curl"):
        require(needed)
    with Machine(tmp_path) as office:
        for each in (archive, archive.with_name(f"{archive.name}.sha256")):
            shutil.copy(each, office.root / "stick")
        unpack, configure, wm, check = blocks("2. In the office: install")
        office.run(unpack.replace("install.sh", f"install.sh {office.root}/opt/watermaster"))
        office.run(configure)
        is_well(office, wm + check)
        first, _ = blocks("3. The first reading")
        office.run(first)
        assert (office.root / "opt" / "watermaster").is_symlink()
