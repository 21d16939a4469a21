"""What is installed: the wheel holds the packages and their data, the pins hold hashes and no addresses."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: Final[list[str]] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
# Halves of one thing: the dependency brings the other and says which version.
BROUGHT_BY: Final = {"click": "typer", "pydantic-core": "pydantic", "starlette": "fastapi"}
PINS: Final = sorted((ROOT / "requirements").glob("*.txt"))


def distribution_name(requirement: str) -> str:
    """Normalise the name at the beginning of a requirement (Source: PEP 503)."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def pinned(path: Path) -> set[str]:
    """Requirements of one file with exact version, without hashes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.removesuffix("\\").strip() for line in lines if line and not line.startswith((" ", "#"))}


def imported(package: str) -> set[str]:
    """Top-level names that the modules of a package import from outside of the project and the standard library."""
    names: set[str] = set()
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - set(PACKAGES)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel, built from this tree."""
    path = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = path.glob("*.whl")
    return zipfile.Path(built)


def test_the_wheel_ships_the_packages_and_nothing_else(wheel: zipfile.Path) -> None:
    assert sorted(entry.name for entry in wheel.iterdir() if not entry.name.endswith(".dist-info")) == sorted(PACKAGES)


def test_every_package_of_the_tree_is_shipped_but_tests_and_bench() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"} == set(PACKAGES)


def test_the_wheel_ships_all_files_of_its_packages(wheel: zipfile.Path) -> None:
    with zipfile.ZipFile(wheel.root.filename or "") as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    tree = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == tree


def test_the_wheel_brings_the_command_and_the_licence(wheel: zipfile.Path) -> None:
    (info,) = [entry for entry in wheel.iterdir() if entry.name.endswith(".dist-info")]
    assert "watermaster = watermaster.cli:main" in (info / "entry_points.txt").read_text(encoding="utf-8")
    assert (info / "licenses" / "LICENSE").exists()


def test_dependencies_are_what_the_packages_import() -> None:
    """So that nothing is missing after `pip install watermaster`, and nothing is installed for nobody."""
    owners = packages_distributions()
    names = {name for package in PACKAGES for name in imported(package)}
    owned = {distribution_name(owners.get(name, [name])[0]) for name in names}
    used = {BROUGHT_BY.get(name, name) for name in owned}
    declared = {distribution_name(requirement) for requirement in PROJECT["project"]["dependencies"]}
    assert used == declared


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_every_pin_is_exact_and_has_hashes(path: Path) -> None:
    for block in re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip()):
        assert re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+", block), block
        assert "--hash=sha256:" in block


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_pins_name_no_index_no_host_and_no_path(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"https?:|file:|--(?!hash=)\S*|^\s*#.*|(?<!\S)/\S*", text, re.MULTILINE) == []


def test_tests_run_on_the_versions_that_are_deployed() -> None:
    dev, runtime, build = (pinned(ROOT / "requirements" / f"{name}.txt") for name in ("dev", "runtime", "build"))
    assert runtime <= dev
    assert build <= dev


def test_every_dependency_is_pinned() -> None:
    names = {distribution_name(pin) for pin in pinned(ROOT / "requirements" / "runtime.txt")}
    assert {distribution_name(requirement) for requirement in PROJECT["project"]["dependencies"]} <= names


def test_every_dependency_stands_with_its_reason_in_the_decision() -> None:
    decision = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")
    names = [distribution_name(requirement) for requirement in PROJECT["project"]["dependencies"]]
    assert [name for name in names if f"\n| `{name}` |" not in decision] == []
