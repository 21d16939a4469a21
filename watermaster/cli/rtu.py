"""`watermaster rtu`: which RTUs are on line, asking them, and the log of what was asked."""

from __future__ import annotations

import getpass
import json
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hydro.errors import ConfigError, WatermasterError
from watermaster.ask import find_service
from watermaster.cli.options import Config, Output, load, nothing_there, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from watermaster.ask import Service

__all__ = ["command"]

_LIST: Final = "list"
_MOST: Final = 100_000
_USUAL: Final = {"sl651": ["20", "21", "22", "23", "24", "25", "26", "27"], "slt427": ["53"]}
_WAIT_S: Final = 60
_AGAIN_S: Final = 1.0


class Verb(StrEnum):
    """What is to be done."""

    SHOW = "show"
    NOW = "now"
    HISTORY = "history"
    CLOCK = "clock"
    SET_CLOCK = "set-clock"
    SETTINGS = "settings"
    VERSION = "version"
    STATUS = "status"
    COUNTERS = "counters"
    LOG = "log"


def command(  # noqa: PLR0913  # options of all verbs, by name
    station: Annotated[str, typer.Argument(metavar="STATION", help="Station code; `list` for all RTUs.")],
    verb: Annotated[Verb, typer.Argument(help="What to do; all but show and log are asked of the RTU.")] = Verb.SHOW,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Of now, history: quantities, or identifiers such as 39. Of settings: parameters of SL 651 such as 20,"
            " a function of SL/T 427 such as 53.",
        ),
    ] = None,
    *,
    start: Annotated[
        str | None, typer.Option("--from", help="Of history: rounded down to the hour.", metavar="ISO")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Of history: rounded up to the hour.", metavar="ISO")] = None,
    step: Annotated[int, typer.Option("--step", min=0, help="Of history over SL 651: minutes, 0 = hours.")] = 5,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="Of settings: 20=1; SL/T 427: 12=01, data in hex.", metavar="NAME=VALUE"),
    ] = None,
    password: Annotated[str, typer.Option("--password", help="Of settings over SL/T 427: four digits.")] = "0000",  # noqa: S107  # the protocol's own
    by: Annotated[str | None, typer.Option("--by", help="Who asks; the user of this machine without it.")] = None,
    comment: Annotated[str, typer.Option("--comment", help="Why; stands in the log.")] = "",
    valid: Annotated[
        int, typer.Option("--valid", min=1, max=604_800, help="Seconds to wait for an RTU that is off line.")
    ] = 60,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Of log and list: at most so many.")] = 1_000,
    output: Annotated[Output, typer.Option("--output", help="For people, or one JSON object a line.")] = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """RTUs on line: show them, ask and set them, and the log of that. Needs a running service with a console."""
    service = _service(config, station)
    wanted = None if station == _LIST else station
    if verb is Verb.SHOW:
        _show(service, wanted, limit, output)
        return
    if verb is Verb.LOG:
        _log(service, wanted, limit, output)
        return
    if wanted is None:
        raise typer.BadParameter("`list` is no station", param_hint="STATION")
    asked: dict[str, Any] = {"command": verb.value, "password": password}
    match verb:
        case Verb.NOW:
            asked["elements"] = names or []
        case Verb.HISTORY:
            asked |= {"elements": names or [], "from": start, "to": end, "step_min": step}
        case Verb.SETTINGS if values:
            asked |= {"command": "set", "values": _pairs(values)}
        case Verb.SETTINGS:
            asked |= {"command": "read", "parameters": names or _usual(service, station)}
        case _:
            pass
    _ask(service, station, asked | {"by": by or getpass.getuser(), "comment": comment, "valid_s": valid}, output)


def _show(service: Service, station: str | None, limit: int, output: Output) -> None:
    rtus, has_more = service.items("rtus", most=min(limit, _MOST), station=station)
    if output is Output.JSON:
        _write_lines(rtus)
    else:
        sys.stdout.writelines(f"{_line(rtu)}\n" for rtu in rtus)
    if has_more:
        say(f"there are more than {limit}: --limit")
    if not rtus:
        say(
            "no RTU was heard since the start"
            if station is None
            else f"station {station} was not heard since the start"
        )


def _log(service: Service, station: str | None, limit: int, output: Output) -> None:
    entries, has_more = service.items("commands", most=limit, station=station)
    if output is Output.JSON:
        _write_lines(entries)
    else:
        sys.stdout.writelines(f"{_entry_line(entry)}\n" for entry in entries)
    if has_more:
        say(f"there are more than {limit}: --limit")
    if not entries:
        say("nothing was asked")


def _pairs(values: list[str]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in values]
    if wrong := ["".join(pair) for pair in pairs if not all(pair)]:
        raise typer.BadParameter(f"{wrong[0]!r} is not NAME=VALUE", param_hint="--set")
    return {name: value for name, _, value in pairs}


def _service(config: Path, station: str) -> Service:
    settings, register = load(config)
    if station != _LIST and station not in register.stations:
        raise ConfigError(f"station {station!r} is not in the register")
    if not settings.data_dir.is_dir():
        raise nothing_there("running service", settings.data_dir)
    service = find_service(settings.data_dir)
    if service is None:
        raise WatermasterError(f"no service with a console runs on {settings.data_dir}: RTUs are asked through it")
    return service


def _usual(service: Service, station: str) -> list[str]:
    """What is read when nothing is named, in the protocol under which the station spoke."""
    rtus, _ = service.items("rtus", most=1, station=station)
    return _USUAL[rtus[0]["protocol"] if rtus else "sl651"]


def _ask(service: Service, station: str, asked: Mapping[str, Any], output: Output) -> None:
    found = service.post("rtus", station, "commands", body={**asked, "wait_s": _WAIT_S})
    if found is None:
        raise WatermasterError(f"{service} does not know station {station}")
    while found["outcome"] == "waiting" and found["tries"]:  # it was sent, and its answer takes long
        time.sleep(_AGAIN_S)
        found = service.get("commands", str(found["id"])) or found
    if output is Output.JSON:
        _write_lines([found])
    else:
        sys.stdout.writelines(f"{line}\n" for line in _described(found))
    if found["outcome"] == "waiting":
        say(f"{station} is off line; command {found['id']} waits for it: `watermaster rtu {station} log`")
    elif found["outcome"] != "answered":
        raise WatermasterError(f"{station}: {found['outcome']}: {found['detail']}")


def _described(entry: Mapping[str, Any]) -> Iterator[str]:
    yield f"{entry['id']}  {entry['station']}  {entry['command']['verb']}  {entry['outcome']}"
    if entry["sent"]:
        yield f"  sent     {entry['sent']}"
    if entry["answer"]:
        yield f"  answer   {entry['answer']}"
    for frame in entry["explained"]:
        for name, value in frame.items():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"    {name:<14} {shown}"


def _line(rtu: Mapping[str, Any]) -> str:
    state = f"on line  {rtu['peer']}" if rtu["connected"] else "off line"
    clock = "" if rtu["clock_offset_s"] is None else f"  clock {rtu['clock_offset_s']:+d} s"
    who = f"{rtu['station'] or '(unknown)':<16}  {rtu['protocol']}  {rtu['address']}"
    return f"{who}  heard {rtu['heard_at']}  {rtu['frames']} frames{clock}  {state}"


def _entry_line(entry: Mapping[str, Any]) -> str:
    detail = f"  {entry['detail']}" if entry["detail"] else ""
    what = f"{entry['station']}  {entry['command']['verb']:<9}  {entry['outcome']:<13}"
    return f"{entry['id']:>6}  {entry['asked_at']}  {what}  by {entry['by']}{detail}"


def _write_lines(items: list[Any]) -> None:
    for item in items:
        sys.stdout.write(json.dumps(item, ensure_ascii=False) + "\n")
