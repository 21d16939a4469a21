"""Where a demo lives: a data directory of its own, a config directory with the scenario's register, a broker's keys."""

from __future__ import annotations

import random
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from hydro.errors import BrokerError, ConfigError
from ingest.broker.access import password_line
from ingest.broker.folder import BrokerFolder
from ingest.broker.ports import LOOPBACK, check_free, free_port
from ingest.broker.program import Program, find_program
from watermaster.configuration import load_configuration
from watermaster.data_dir import DataDir
from watermaster.demo.visitor import with_visitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hydro.register import Register
    from simulators.scenario import Scenario
    from watermaster.settings import Settings

__all__ = ["Ground", "Keys", "data_folder", "make_ground", "make_keys"]

_DATA_DIR: Final = "WATERMASTER_DATA_DIR"
_PASSWORD: Final = "WATERMASTER_MQTT__PASSWORD"  # noqa: S105  # the name of a variable
_PREFIX: Final = "watermaster/v1"
_COLLECTOR: Final = "watermaster"
_USUAL_PORT: Final = 1883
_STORE: Final = "duckdb:"


@dataclass(frozen=True, slots=True)
class Keys:
    """Who may speak to the broker of a demo.

    Attributes:
        prefix: First levels of all topics.
        password: Of the collector; None where the broker is open.
        gateways: Password by gateway; empty where the broker is open.
    """

    prefix: str
    password: str | None = field(repr=False)
    gateways: dict[str, str] = field(repr=False)


class Ground(NamedTuple):
    """What a demo runs on.

    Attributes:
        settings: Everything embedded.
        register: The scenario's.
        config: The config directory.
        kept: Whether the files stay when the demo ends.
    """

    settings: Settings
    register: Register
    config: Path
    kept: bool


@contextmanager
def data_folder(environ: Mapping[str, str]) -> Iterator[tuple[Path, bool]]:
    """The data directory that the environment names, which stays; else one that goes with the demo.

    Raises:
        ConfigError: The one that is named is not empty: a demo would mix its readings with those of somebody else.
    """
    named = environ.get(_DATA_DIR)
    if not named:
        with TemporaryDirectory(prefix="watermaster-demo-", ignore_cleanup_errors=True) as folder:
            yield Path(folder), False
        return
    path = Path(named).absolute()
    try:
        if any(path.iterdir()):
            raise ConfigError(f"{_DATA_DIR} {path}: is not empty, and the demo needs a directory of its own")
    except FileNotFoundError:
        pass  # it will be made
    except OSError as error:
        raise ConfigError(f"{_DATA_DIR} {path}: {error.strerror}") from error
    yield path, True


def make_keys(gateways: Iterable[str], *, open_to_others: bool) -> Keys:
    """Keys of a broker that is open to everybody on this machine, or to the demo's own gateways alone.

    Without mosquitto there is no access list; then the topics are such as nobody guesses.

    Args:
        gateways: Names of the demo's own.
        open_to_others: Whether everybody may publish.
    """
    if open_to_others:
        return Keys(_PREFIX, None, {})
    if find_program().program is Program.IOTCORE:
        return Keys(f"demo-{secrets.token_hex(8)}", None, {})
    return Keys(_PREFIX, secrets.token_urlsafe(16), {name: secrets.token_urlsafe(16) for name in gateways})


def make_ground(
    folder: Path, scenario: Scenario, *, kept: bool, keys: Keys, console_port: int, visitors: bool
) -> Ground:
    """Write the config directory and read it as a service would.

    Args:
        folder: Data directory.
        scenario: Whose register it is.
        kept: Whether it stays.
        keys: Of the broker.
        console_port: TCP port of the page.
        visitors: Whether outside gateways are welcome, on the usual port and with a station of their own.

    Raises:
        ConfigError: A file can't be written.
    """
    data_dir, config = DataDir(folder), folder / "config"
    mqtt: dict[str, Any] = {"url": f"embedded://{LOOPBACK}:{_broker_port(visitors=visitors)}", "prefix": keys.prefix}
    environ: dict[str, str] = {}
    if keys.password is not None:
        mqtt["username"] = _COLLECTOR
        environ[_PASSWORD] = keys.password
        lines = [password_line(name, password, secrets.token_bytes(12)) for name, password in keys.gateways.items()]
        broker = BrokerFolder(data_dir.broker)
        broker.write(broker.passwords.name, "".join(f"{line}\n" for line in lines))
    settings = {
        "data_dir": str(folder),
        "mqtt": mqtt,
        "store": {"url": _STORE},
        "console": {"port": console_port},
        "ingest": {"trust_replay": True},
    }
    try:
        (config / "registry").mkdir(parents=True)
        (config / "watermaster.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        for name, content in (with_visitor(scenario) if visitors else scenario).contents().items():
            (config / "registry" / name).write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from error
    found = load_configuration(config, environ)
    if found.settings is None or found.register is None:
        raise ConfigError(f"the demo's own register: {found.mistakes[0]}")
    return Ground(found.settings, found.register, config, kept)


def _broker_port(*, visitors: bool) -> int:
    """The usual port where others shall find it and it is free, else any free one."""
    if visitors:
        try:
            check_free(LOOPBACK, _USUAL_PORT)
        except BrokerError:
            pass  # there is a broker on this machine already
        else:
            return _USUAL_PORT
    return free_port(LOOPBACK, random.Random())  # noqa: S311  # no secret
