"""`watermaster alerts`: the ledger, for people and for machines."""

from __future__ import annotations

import csv
import getpass
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from alerting.case import CaseState, Outcome, Step, Verb, is_suspected
from alerting.record import AlertState  # Typer reads the annotations
from hydro.errors import LedgerError
from hydro.register import AlertClass, AlertLevel  # as above
from watermaster.cli.options import Config, Output, load, say
from watermaster.data_dir import DataDir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alerting.ledger import Ledger
    from hydro.register import Register

__all__ = ["app", "command"]

SUSPECTED: Final = "疑似 suspected"
_WIDE: Final = 1_000
_COLUMNS: Final = ("id", "level", "state", "class", "subject", "onset", "ratio", "case")
_EXPORTED: Final = (
    *("id", "class", "reason", "level", "state", "subject", "target_id", "basin", "division"),
    *("onset", "raised_at", "resolved_at", "value", "target", "ratio", "basis", "previous", "case"),
)
_LINES: Final = {
    Verb.ACK: "Take a case on: raised or notified → accepted.",
    Verb.VERIFY: "Say what was found, with --outcome: accepted → verified, exempt or false_alarm.",
    Verb.DISPATCH: "Give a verified case to somebody, with --to: verified → disposing.",
    Verb.DISPOSE: "Report that it was disposed of: disposing → reported.",
    Verb.REVIEW: "Accept the report: reported → reviewed.",
    Verb.CLOSE: "Close a case that is reviewed, exempt or a false alarm.",
    Verb.REOPEN: "Take a closed case up again: closed → accepted.",
}

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Alerts and their cases: list, show, export, work off.",
)
command = app

_Id = Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")]
_Out = Annotated[Output, typer.Option("--output", help="For people, or one JSON object a line.")]


@app.command("list")
def list_(  # the filters of a list
    *,
    state: Annotated[AlertState | None, typer.Option("--state", help="All but withdrawn ones without it.")] = None,
    alert_class: Annotated[AlertClass | None, typer.Option("--class", metavar="CLASS", help="Only this one.")] = None,
    station: Annotated[str | None, typer.Option("--station", metavar="S", help="Only this one.")] = None,
    level: Annotated[AlertLevel | None, typer.Option("--level", help="The present level, exactly.")] = None,
    case: Annotated[CaseState | None, typer.Option("--case", metavar="STATE", help="State of the case.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 100,
    output: _Out = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """Alerts, the last raised first."""
    from alerting.ledger import AlertFilter  # noqa: PLC0415  # the database takes its time
    from alerting.level import Level  # noqa: PLC0415

    where = AlertFilter(state, alert_class, station, None if level is None else Level[level.name], case)
    ledger, register = _open(config)
    with ledger:
        found = ledger.alerts(where, limit=limit)
    if output is Output.JSON:
        _write_lines(found.items)
    else:
        _write_table(found.items, register)
    if found.next is not None:
        say(f"there are more than {limit}: --limit")
    elif not found.items:
        say("no alerts")


@app.command("show")
def show(alert_id: _Id, output: _Out = Output.SIMPLE, config: Config = Path("config")) -> None:
    """One alert with the history of its case, a withdrawn one too."""
    ledger, register = _open(config)
    with ledger:
        alert = ledger.alert(alert_id)
    if alert is None:
        raise LedgerError(f"{ledger.name}: has no alert {alert_id!r}")
    if output is Output.JSON:
        _write_lines([alert])
    else:
        sys.stdout.writelines(f"{line}\n" for line in _described(alert, register))


@app.command("export")
def export(output: _Out = Output.SIMPLE, config: Config = Path("config")) -> None:
    """All alerts but withdrawn ones, by onset: CSV of the main columns, or one JSON object a line."""
    ledger, _ = _open(config)
    with ledger:
        if output is Output.JSON:
            _write_lines(ledger.export())
            return
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(_EXPORTED)
        for alert in ledger.export():
            flat = {**alert, "subject": alert["subject"]["code"], "case": alert["case"]["state"]}
            table.writerow(["" if flat[name] is None else flat[name] for name in _EXPORTED])


def _worker(verb: Verb) -> Callable[..., None]:
    def work(  # the same options for every verb
        alert_id: _Id,
        *,
        by: Annotated[str | None, typer.Option("--by", help="Who; the user of the system without it.")] = None,
        comment: Annotated[str, typer.Option("--comment", help="Why.")] = "",
        to: Annotated[str | None, typer.Option("--to", help="Who is to dispose of it; with dispatch.")] = None,
        outcome: Annotated[
            Outcome | None, typer.Option("--outcome", help="What was found; with verify or close.")
        ] = None,
        output: _Out = Output.SIMPLE,
        config: Config = Path("config"),
    ) -> None:
        from alerting.ledger import Signature  # noqa: PLC0415  # the database takes its time

        signature = Signature(_user() if by is None else by, time.time_ns() // 1_000_000, comment)
        ledger, _ = _open(config)
        with ledger:
            alert = ledger.transition(alert_id, Step(verb, to, outcome), signature)
        if output is Output.JSON:
            _write_lines([alert])
        else:
            step = alert["case"]["history"][-1]
            sys.stdout.write(f"{alert['id']}: {step['from']} → {step['to']}\n")

    return work


for _verb in Verb:
    app.command(_verb.value, help=_LINES[_verb])(_worker(_verb))


def _open(config: Path) -> tuple[Ledger, Register]:
    settings, register = load(config)
    from alerting.ledger import Ledger  # noqa: PLC0415  # the database takes its time

    url = DataDir(settings.data_dir).ledger_url(settings.ledger.url)
    return Ledger.open(url, zone_minutes=register.zone_minutes, create=False), register


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"


def _write_lines(alerts: Iterable[dict[str, Any]]) -> None:
    for alert in alerts:
        sys.stdout.write(json.dumps(alert, ensure_ascii=False) + "\n")


def _write_table(alerts: Iterable[dict[str, Any]], register: Register) -> None:
    from rich.console import Console  # noqa: PLC0415  # takes its time
    from rich.table import Table  # noqa: PLC0415

    table = Table(*_COLUMNS, box=None, pad_edge=False, header_style="bold")
    rows = 0
    for alert in alerts:
        suspected = f" {SUSPECTED}" if _is_suspected(alert) else ""
        ratio = "" if alert["ratio"] is None else f"{alert['ratio']:.3f}"
        subject = _subject(alert, register)
        table.add_row(
            *(alert["id"], alert["level"], f"{alert['state']}{suspected}", alert["class"], subject),
            *(alert["onset"], ratio, alert["case"]["state"]),
        )
        rows += 1
    if rows:
        # Where nobody looks the line is as long as it must be: a program reads it.
        Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _WIDE).print(table)


def _described(alert: dict[str, Any], register: Register) -> Iterable[str]:
    case = alert["case"]
    suspected = f"{SUSPECTED} " if _is_suspected(alert) else ""
    yield f"{suspected}{alert['level']} {alert['class']} ({alert['reason']}), {alert['state']}"
    facts = {
        "id": alert["id"],
        "subject": f"{alert['subject']['kind']} {_subject(alert, register)}",
        "target": alert["target_id"],
        "onset": alert["onset"],
        "raised": alert["raised_at"],
        "resolved": alert["resolved_at"],
        "levels": ", ".join(f"{change['level']} {change['at']}" for change in alert["levels"]),
        "value": f"{alert['value']} against {alert['target']}, ratio {alert['ratio']}" if alert["target"] else None,
        "previous": alert["previous"],
        "case": ", ".join(word for word in (case["state"], case["assignee"], case["due"]) if word),
    }
    yield from (f"  {name:<9} {fact}" for name, fact in facts.items() if fact)
    for step in case["history"]:
        moved = step["to"] if step["from"] in (None, step["to"]) else f"{step['from']} → {step['to']}"
        said = ", ".join(word for word in (step["outcome"], step["assignee"], step["comment"]) if word)
        yield f"  {step['at']}  {step['by']}  {step['verb']}  {moved}{': ' if said else ''}{said}"


def _is_suspected(alert: dict[str, Any]) -> bool:
    return is_suspected(CaseState(alert["case"]["state"]))


def _subject(alert: dict[str, Any], register: Register) -> str:
    """Code and name of what an alert is about."""
    code = str(alert["subject"]["code"])
    rows = register.stations.get(code) if alert["subject"]["kind"] == "station" else None
    return code if rows is None else f"{code} {rows.rows[-1].name}".rstrip()
