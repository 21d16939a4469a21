"""`watermaster gateway`: who may publish, and whether what it publishes would be taken."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hydro.errors import ConfigError
from hydro.register.cells import CellError, Context
from hydro.register.cells import gateway as gateway_name
from watermaster.cli.options import Config, Output, load, say
from watermaster.password_file import password_file_of

if TYPE_CHECKING:
    from hydro.register import Register
    from watermaster.first_message import FirstMessage

__all__ = ["command"]

_SECRET_BYTES: Final = 18
_Name = Annotated[str, typer.Argument(metavar="NAME", help="As in its topics and in the register's column gateway.")]
_Passwords = Annotated[
    Path | None,
    typer.Option("--passwords", metavar="FILE", help="The broker's password file; else mqtt.passwords."),
]
_Out = Annotated[Output, typer.Option("--output", help="For people, or one JSON object a line.")]

command = typer.Typer(
    add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="Passwords of gateways on the broker."
)


@command.command("add")
def add(
    name: _Name,
    *,
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for its first message, to say what comes of it.")
    ] = 0.0,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="Take the password from here, make none.")
    ] = None,
    passwords: _Passwords = None,
    output: _Out = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """Give a gateway a password, and with --wait look at its first message.

    The access list lets every name publish under its own topics alone, so nothing is to be added to it.
    """
    settings, register = load(config)
    _check_name(name, register)
    if name == settings.mqtt.username:
        message = f"{name} is mqtt.username, Watermaster's own name on the broker"
        raise ConfigError(message)
    file = password_file_of(settings, passwords)
    password = secrets.token_urlsafe(_SECRET_BYTES) if password_file is None else _password(password_file)
    file.put(name, password)
    prefix = settings.mqtt.prefix
    topic = f"{prefix}/{name}/up/json"
    stations = [code for code, rows in register.stations.items() if any(row.gateway == name for row in rows)]
    if output is Output.JSON:
        told = {"gateway": name, "password": password, "topic": topic, "stations": stations}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"gateway {name}\npassword {password}\ntopic {topic}\n")
        say(f"网关 {name} 已加入：密码只显示这一次，请写入网关。 Shown this once only: put it into the gateway.")
        _tell_reload(embedded=settings.mqtt.address.embedded)
    if wait:
        from watermaster.first_message import first_message  # noqa: PLC0415  # takes its time, and not every call needs it

        say(f"waiting up to {wait:g} s for {prefix}/{name}/up/…")
        _tell_first(first_message(settings, register, name, wait), name)


@command.command("revoke")
def revoke(name: _Name, passwords: _Passwords = None, config: Config = Path("config")) -> None:
    """Take a gateway's password away; the broker ends its connection when it reads the file again."""
    settings, _ = load(config)
    password_file_of(settings, passwords).remove(name)
    say(f"网关 {name} 的密码已撤销。 The password of {name} is gone.")
    _tell_reload(embedded=settings.mqtt.address.embedded)


@command.command("list")
def list_(passwords: _Passwords = None, output: _Out = Output.SIMPLE, config: Config = Path("config")) -> None:
    """Who has a password, and which gateways of the register have none."""
    settings, register = load(config)
    known = [user for user in password_file_of(settings, passwords).users() if user != settings.mqtt.username]
    wanted = {row.gateway for rows in register.stations.values() for row in rows if row.gateway}
    for name in sorted({*known, *wanted}):
        has, named = name in known, name in wanted
        if output is Output.JSON:
            sys.stdout.write(json.dumps({"gateway": name, "password": has, "register": named}) + "\n")
        else:
            missing = "" if has and named else "  not in the register" if has else "  without a password"
            sys.stdout.write(f"{name}{missing}\n")


def _check_name(name: str, register: Register) -> None:
    try:
        gateway_name(name, Context(register.zone_minutes, 0))
    except CellError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from error
    if not any(row.gateway == name for rows in register.stations.values() for row in rows):
        say(f"warning: no station of the register names {name}: it is heard for stations without a gateway")


def _password(path: Path) -> str:
    try:
        password = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} can't be read: {error}"
        raise ConfigError(message) from error
    if not password:
        message = f"{path} is empty: a password is one line"
        raise ConfigError(message)
    return password


def _tell_reload(*, embedded: bool) -> None:
    if embedded:
        say("The embedded broker reads the file again within a second.")
    else:
        say("The broker reads the file again at a SIGHUP: kill -HUP, or docker compose kill -s HUP mosquitto")


def _tell_first(found: FirstMessage | None, name: str) -> None:
    if found is None:
        message = (
            f"nothing came from {name}: is it connected, with this name and password, and has the broker read them?"
        )
        raise ConfigError(message)
    say(f"first message on {found.topic}:")
    for line in found.taken:
        say(f"  taken    {line}")
    for line in found.refused:
        say(f"  refused  {line}")
    if not found.is_good:
        raise typer.Exit(1)
