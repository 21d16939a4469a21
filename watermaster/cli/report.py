"""`watermaster report`: a report of the contract as CSV, workbook or printable page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hydro.errors import ConfigError
from watermaster.ask import asked
from watermaster.cli.options import Config, load, nothing_there, reading_dir, say

if TYPE_CHECKING:
    from dashboards.reports.document import Row
    from hydro.register import Register
    from watermaster.ask import Service
    from watermaster.reports import Reports
    from watermaster.settings import Settings
    from watermaster.store_reading import StoreReading

__all__ = ["command"]


def command(
    *,
    name: Annotated[
        str,
        typer.Argument(
            help="eflow-attainment, data-quality, alert-ledger, online-metering, water-use or register-against-field."
        ),
    ],
    period: Annotated[
        str, typer.Option("--period", help="2026, 2026-Q1, 2026-03, 2026-W09 or 2026-03-01.", metavar="PERIOD")
    ],
    out: Annotated[Path, typer.Option("--out", help="Where it goes: .csv, .xlsx or .html.", metavar="FILE")],
    division: Annotated[
        str | None, typer.Option("--division", help="Only this division and those below it.", metavar="CODE")
    ] = None,
    authority: Annotated[str | None, typer.Option("--authority", help="Only this authority.", metavar="NAME")] = None,
    river: Annotated[str | None, typer.Option("--river", help="Only this river.", metavar="NAME")] = None,
    station: Annotated[str | None, typer.Option("--station", help="Only this station.", metavar="CODE")] = None,
    config: Config = Path("config"),
) -> None:
    """A report of a year, month, week or day, as CSV, workbook or printable page."""
    from dashboards.reports.compose import NAMES, compose  # noqa: PLC0415  # takes its time, as below
    from dashboards.reports.head import Head  # noqa: PLC0415
    from dashboards.reports.place import Place  # noqa: PLC0415
    from dashboards.reports.wanted import Wanted  # noqa: PLC0415
    from dashboards.reports.written import MOST_ROWS, Format, require_room, written  # noqa: PLC0415

    suffixes = [f".{kind.value}" for kind in Format]
    if out.suffix not in suffixes:
        raise typer.BadParameter(f"{out.name!r} ends in none of {', '.join(suffixes)}", param_hint="--out")
    if name not in NAMES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(NAMES)}", param_hint="NAME")
    _require(period, division)
    settings, register = load(config)
    wanted = Wanted(name, period, Place(division, authority, river, station))
    wanted.place.require(register)

    def ask(service: Service) -> tuple[Head, list[Row]]:
        query: dict[str, object] = {"period": period, **wanted.place._asdict()}
        head = service.get("reports", name, "head", **query)
        if head is None:
            raise ConfigError(f"{service} has no report {name}")
        return Head.of_json(head), service.items("reports", name, most=MOST_ROWS + 1, **query)[0]

    def read() -> tuple[Head, list[Row]]:
        reports = _reports(settings, register)
        return reports.head(wanted), list(islice(reports.all_rows(wanted), MOST_ROWS + 1))

    head, rows = asked(settings.data_dir, ask, read)
    require_room(len(rows))
    document = compose(head, rows)
    _write(out, written(document, head.made_at, Format(out.suffix[1:])))
    say(f"{document.en} {period}: {len(rows) or 'no'} rows")
    for figure in document.figures:
        say(f"  {figure.en}: {figure.value}")
    for note in document.notes:
        say(f"note: {note.en}")


def _require(period: str, division: str | None) -> None:
    """See that the options can be understood.

    Raises:
        typer.BadParameter: They can't.
    """
    from dashboards.reports.division import parse_division  # noqa: PLC0415  # as above
    from dashboards.reports.period import parse_period  # noqa: PLC0415

    checks: tuple[tuple[str, Callable[[str], object], str | None], ...] = (
        ("--period", parse_period, period),
        ("--division", parse_division, division),
    )
    for option, parse, text in checks:
        try:
            if text is not None:
                parse(text)
        except ConfigError as error:
            raise typer.BadParameter(str(error), param_hint=option) from error


def _reports(settings: Settings, register: Register) -> Reports:
    """Reports from the files and the store, without a service."""
    from watermaster.reports import Reports  # noqa: PLC0415  # numpy takes its time
    from watermaster.store_reading import reading_store  # noqa: PLC0415  # as above

    def reading() -> AbstractContextManager[StoreReading]:
        return reading_store(settings)

    def alerts() -> Iterable[Mapping[str, Any]]:
        return list(_alerts(settings, register))

    return Reports(
        register=register,
        version=version("watermaster"),
        store_kind=settings.store.url.split(":")[0],
        clock=lambda: time.time_ns() // 1_000_000,
        reading=reading,
        alerts=alerts,
    )


def _alerts(settings: Settings, register: Register) -> Iterator[Mapping[str, Any]]:
    from alerting.ledger import Ledger  # noqa: PLC0415  # the database takes its time

    url = settings.ledger.url
    if url == "sqlite:":
        url = reading_dir(settings, "ledger").ledger_url(url)
        if not Path(url.removeprefix("sqlite:///")).is_file():
            raise nothing_there("ledger", settings.data_dir)
    with Ledger.open(url, zone_minutes=register.zone_minutes, create=False) as ledger:
        yield from ledger.export()


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
