"""`watermaster alerts`: the ledger, for people and for machines."""

from __future__ import annotations

import csv
import getpass
import json
import os
import sys
import time
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from alerting.case import CaseState, Outcome, Step, Verb, is_suspected
from alerting.record import AlertState  # Typer reads the annotations
from hydro.errors import LedgerError
from hydro.quantity import canonical_unit
from hydro.register import AlertClass, AlertLevel  # as above
from watermaster.ask import asked
from watermaster.cli.options import Config, Output, load, nothing_there, reading_dir, say
from watermaster.cli.words import SUSPECTED, bilingual

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from alerting.ledger import Ledger
    from hydro.register import Register
    from watermaster.ask import Service
    from watermaster.settings import Settings

__all__ = ["app", "command"]

_WIDE: Final = 1_000
_MINUTE: Final = len("2026-03-01T08:00")
_COLUMNS: Final = ("id", "level", "state", "class", "subject", "onset", "ratio", "case")
# What a list shows, by the room there is: the first that fits. An id is never cut, since it is what one works with.
_LAYOUTS: Final = (
    (_COLUMNS, True),
    (("id", "level", "state", "subject", "onset", "ratio", "case"), True),
    (("id", "level", "state", "subject", "onset", "ratio", "case"), False),
    (("id", "level", "state", "subject", "onset", "case"), False),
)
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
    settings, register = load(config)

    def ask(service: Service) -> tuple[list[dict[str, Any]], bool]:
        query = {"state": state, "class": alert_class, "station": station, "level": level, "case": case}
        return service.items("alerts", most=limit, **query)

    def read() -> tuple[list[dict[str, Any]], bool]:
        with _open(settings, register) as ledger:
            found = ledger.alerts(where, limit=limit)
        return found.items, found.next is not None

    alerts, has_more = asked(settings.data_dir, ask, read)
    if output is Output.JSON:
        _write_lines(alerts)
    else:
        _write_table(alerts, register)
    if has_more:
        say(f"there are more than {limit}: --limit")
    elif not alerts:
        say("no alerts")


@app.command("show")
def show(alert_id: _Id, output: _Out = Output.SIMPLE, config: Config = Path("config")) -> None:
    """One alert with the history of its case, a withdrawn one too."""
    settings, register = load(config)

    def ask(service: Service) -> dict[str, Any] | None:
        found: dict[str, Any] | None = service.get("alerts", alert_id)
        return found

    def read() -> dict[str, Any] | None:
        with _open(settings, register) as ledger:
            return ledger.alert(alert_id)

    alert = asked(settings.data_dir, ask, read)
    if alert is None:
        raise _unknown(alert_id)
    if output is Output.JSON:
        _write_lines([alert])
    else:
        sys.stdout.writelines(f"{line}\n" for line in _described(alert, register))


@app.command("export")
def export(output: _Out = Output.SIMPLE, config: Config = Path("config")) -> None:
    """All alerts but withdrawn ones, by onset: CSV of the main columns, or one JSON object a line."""
    settings, register = load(config)

    def read() -> Iterator[dict[str, Any]]:
        with _open(settings, register) as ledger:
            yield from ledger.export()

    with closing(
        asked(settings.data_dir, lambda service: _begun(service.lines("alerts.ndjson")), lambda: _begun(read()))
    ) as alerts:
        _export(alerts, output)


def _begun(alerts: Iterator[dict[str, Any]]) -> Generator[dict[str, Any], None, None]:
    """The same, with the first one fetched: an error that there is at once comes here."""
    first = list(islice(alerts, 1))

    def all_of_them() -> Generator[dict[str, Any], None, None]:
        yield from first
        yield from alerts

    return all_of_them()


def _export(alerts: Iterable[dict[str, Any]], output: Output) -> None:
    if output is Output.JSON:
        _write_lines(alerts)
        return
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(_EXPORTED)
    for alert in alerts:
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
        settings, register = load(config)

        def ask(service: Service) -> dict[str, Any]:
            body = {"verb": verb, "comment": comment, "to": to, "outcome": outcome, "by": signature.by}
            found: dict[str, Any] | None = service.post("alerts", alert_id, "transitions", body=body)
            if found is None:
                raise _unknown(alert_id)
            return found

        def read() -> dict[str, Any]:
            with _open(settings, register) as ledger:
                if ledger.alert(alert_id) is None:
                    raise _unknown(alert_id)
                return ledger.transition(alert_id, Step(verb, to, outcome), signature)

        alert = asked(settings.data_dir, ask, read)
        if output is Output.JSON:
            _write_lines([alert])
        else:
            step = alert["case"]["history"][-1]
            sys.stdout.write(f"{alert['id']}: {step['from']} → {step['to']}\n")

    return work


for _verb in Verb:
    app.command(_verb.value, help=_LINES[_verb])(_worker(_verb))


def _unknown(alert_id: str) -> LedgerError:
    return LedgerError(f"the ledger has no alert {alert_id!r}")


def _open(settings: Settings, register: Register) -> Ledger:
    from alerting.ledger import Ledger  # noqa: PLC0415  # the database takes its time

    url = settings.ledger.url
    if url == "sqlite:":
        url = reading_dir(settings, "ledger").ledger_url(url)
        if not Path(url.removeprefix("sqlite:///")).is_file():
            raise nothing_there("ledger", settings.data_dir)
    return Ledger.open(url, zone_minutes=register.zone_minutes, create=False)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"


def _write_lines(alerts: Iterable[dict[str, Any]]) -> None:
    for alert in alerts:
        sys.stdout.write(json.dumps(alert, ensure_ascii=False) + "\n")


def _write_table(alerts: Sequence[dict[str, Any]], register: Register) -> None:
    from rich.console import Console  # noqa: PLC0415  # takes its time
    from rich.table import Table  # noqa: PLC0415  # takes its time

    if not alerts:
        return
    # Where nobody looks the line is as long as it must be: a program reads it.
    room = Console().width if sys.stdout.isatty() else _WIDE
    layouts = [_Layout(alerts, register, columns, both=both) for columns, both in _LAYOUTS]
    chosen = next((layout for layout in layouts if layout.width <= room), layouts[-1])
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name, least in chosen.least.items():
        table.add_column(name, no_wrap=name != "subject", overflow="fold", min_width=least)
    for row in chosen.rows:
        table.add_row(*(row[name] for name in chosen.least))
    Console(markup=False, highlight=False, width=max(room, chosen.width)).print(table)


class _Layout:
    """Some columns of a list.

    Attributes:
        rows: Cells by column.
        least: Narrowest widths at which nothing is cut, by column; a subject's name may be folded, its code not.
        width: Of a line with these widths.
    """

    def __init__(
        self, alerts: Sequence[dict[str, Any]], register: Register, columns: Sequence[str], *, both: bool
    ) -> None:
        from rich.cells import cell_len  # noqa: PLC0415  # takes its time

        self.rows = [_cells(alert, register, both=both) for alert in alerts]
        self.least = {name: max(len(name), *(cell_len(row[name]) for row in self.rows)) for name in columns}
        self.least["subject"] = max(len("subject"), *(len(alert["subject"]["code"]) for alert in alerts))
        self.width = sum(self.least.values()) + len(columns) - 1


def _cells(alert: dict[str, Any], register: Register, *, both: bool) -> dict[str, str]:
    """What stands in the columns of a list; ``both`` languages or the contract's words alone."""
    said = bilingual if both else str
    suspected = f" {SUSPECTED}" if _is_suspected(alert) else ""
    return {
        "id": alert["id"],
        "level": said(alert["level"]),
        "state": f"{alert['state']}{suspected}",
        "class": said(alert["class"]),
        "subject": _subject(alert, register),
        "onset": _minute(alert["onset"]),
        "ratio": "" if alert["ratio"] is None else f"{alert['ratio']:.3f}",
        "case": said(alert["case"]["state"]),
    }


def _minute(time: str) -> str:
    """A time of an alert without seconds and offset: the zone is the one of the settings everywhere."""
    return time[:_MINUTE].replace("T", " ")


def _described(alert: dict[str, Any], register: Register) -> Iterable[str]:
    case = alert["case"]
    suspected = f"{SUSPECTED} suspected " if _is_suspected(alert) else ""
    level, what, why = (bilingual(alert[name]) for name in ("level", "class", "reason"))
    yield f"{suspected}{level} {what} ({why}), {bilingual(alert['state'])}"
    facts = {
        "id": alert["id"],
        "subject": f"{alert['subject']['kind']} {_subject(alert, register)}",
        "target": alert["target_id"],
        "onset": alert["onset"],
        "raised": alert["raised_at"],
        "resolved": alert["resolved_at"],
        "levels": ", ".join(f"{bilingual(change['level'])} {change['at']}" for change in alert["levels"]),
        "value": _value(alert, register),
        "ratio": alert["ratio"],
        "previous": alert["previous"],
        "case": ", ".join(word for word in (bilingual(case["state"]), case["assignee"], case["due"]) if word),
    }
    yield from (f"  {name:<9} {fact}" for name, fact in facts.items() if fact is not None and fact != "")
    for step in case["history"]:
        after = bilingual(step["to"])
        moved = after if step["from"] in (None, step["to"]) else f"{bilingual(step['from'])} → {after}"
        outcome = None if step["outcome"] is None else bilingual(step["outcome"])
        said = ", ".join(word for word in (outcome, step["assignee"], step["comment"]) if word)
        yield f"  {step['at']}  {step['by']}  {step['verb']}  {moved}{': ' if said else ''}{said}"


def _value(alert: dict[str, Any], register: Register) -> str | None:
    """Value and target with their unit, and the period they are of."""
    if alert["target"] is None:
        return None
    rows = register.targets.get(alert["target_id"])
    unit = "" if rows is None else f" {canonical_unit(rows[0].quantity)}".rstrip()
    window = alert["window"]
    period = "" if window is None else f" ({alert['basis']} to {_minute(window['to'])})"
    return f"{alert['value']} against {alert['target']}{unit}{period}"


def _is_suspected(alert: dict[str, Any]) -> bool:
    return is_suspected(CaseState(alert["case"]["state"]))


def _subject(alert: dict[str, Any], register: Register) -> str:
    """Code and name of what an alert is about."""
    code = str(alert["subject"]["code"])
    rows = register.stations.get(code) if alert["subject"]["kind"] == "station" else None
    return code if rows is None else f"{code} {rows.rows[-1].name}".rstrip()
