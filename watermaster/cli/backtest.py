"""`watermaster backtest`: recorded streams, or the store, through the live decoder and rules."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hydro.errors import ConfigError
from hydro.instants import DAY_MS, format_instant
from watermaster.ask import asked
from watermaster.cli.options import Config, Output, instant, load, say

if TYPE_CHECKING:
    from watermaster.ask import Service
    from watermaster.backtest import BacktestResult
    from watermaster.backtest_changes import Comparison
    from watermaster.backtest_passes import Judging, Source

__all__ = ["command"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What is to be done.

    Attributes:
        start: Only event times after it, epoch milliseconds; None = all.
        end: Only event times up to it.
        first: The config.
        second: The one that is compared with it; None where none is.
        html: Where the page goes; None = nowhere.
        config: Folder of the first config, for messages.
        compare: Folder of the second one.
        read: What is read, for the page.
    """

    start: int | None
    end: int | None
    first: Judging
    second: Judging | None
    html: Path | None
    config: Path
    compare: Path | None
    read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What came of it."""

    result: BacktestResult
    comparison: Comparison | None
    page: str | None
    seconds: float


def command(  # noqa: PLR0913  # as many as it has options
    *,
    files: Annotated[list[Path] | None, typer.Argument(help="Recorded streams.", metavar="FILE...")] = None,
    alerts: Annotated[
        Path | None,
        typer.Option("--alerts", help="Where alerts go, one a line; needed without --compare.", metavar="OUT"),
    ] = None,
    from_store: Annotated[bool, typer.Option("--from-store", help="Read what the store has kept; no FILE.")] = False,
    attainment: Annotated[
        Path | None, typer.Option("--attainment", help="Where attainment goes.", metavar="OUT")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="Event time, not included.", metavar="ISO")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Event time, included.", metavar="ISO")] = None,
    compare: Annotated[
        Path | None,
        typer.Option("--compare", help="A second config: alerts that it gains, loses, moves.", metavar="CONFIG2"),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="A page with a picture of each alert; of those that differ.", metavar="OUT"),
    ] = None,
    output: Annotated[
        Output, typer.Option("--output", help="Of --compare: tables, or a change a line.")
    ] = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """Judge recorded streams with the live rules, as fast as the machine can."""
    _require(files, alerts, compare, html, from_store=from_store)
    settings, register = load(config)
    zone = register.zone_minutes
    since = None if start is None else instant(start, zone, "--from")
    until = None if end is None else instant(end, zone, "--to")
    if since is not None and until is not None and since >= until:
        raise typer.BadParameter("--from is not before --to", param_hint="--from")
    from watermaster.backtest_passes import FileSource, Judging, StoreSource  # noqa: PLC0415  # takes its time

    order = _Order(
        start=since,
        end=until,
        first=Judging(register, settings),
        second=None if compare is None else _second(compare),
        html=html,
        config=config,
        compare=compare,
        read=f"store ({settings.store.url.split(':')[0]})"
        if from_store
        else " ".join(path.name for path in files or ()),
    )
    if not from_store:
        done = _judged(FileSource(files or ()), order)
    else:
        last = until if until is not None else time.time_ns() // 1_000_000
        age_days = settings.time.max_age_days
        if since is None and not age_days:
            raise typer.BadParameter("say from when on, since time.max_age_days is 0", param_hint="--from")
        oldest = last - age_days * DAY_MS
        if since is not None and since >= last:
            raise typer.BadParameter("--from is not before now", param_hint="--from")

        def ask(service: Service) -> _Done:
            from watermaster.service_reading import ServiceReading  # noqa: PLC0415  # as above

            return _judged(StoreSource(ServiceReading(service), since, oldest, last), order)

        def read() -> _Done:
            from watermaster.store_reading import reading_store  # noqa: PLC0415  # as above

            with reading_store(settings) as values:
                return _judged(StoreSource(values, since, oldest, last), order)

        done = asked(settings.data_dir, ask, read)
    _put_out(done, order, alerts, attainment, output)


def _second(folder: Path) -> Judging:
    from watermaster.backtest_passes import Judging  # noqa: PLC0415  # takes its time

    settings, register = load(folder)
    return Judging(register, settings)


def _require(
    files: list[Path] | None,
    alerts: Path | None,
    compare: Path | None,
    html: Path | None,
    *,
    from_store: bool,
) -> None:
    """See that the options go together.

    Raises:
        typer.BadParameter: They don't.
    """
    if from_store and files:
        raise typer.BadParameter("reads recorded streams or the store, not both", param_hint="--from-store")
    if not from_store and not files:
        raise typer.BadParameter("name at least one recorded stream", param_hint="FILE...")
    if alerts is None and compare is None and html is None:
        raise typer.BadParameter("say where the alerts go", param_hint="--alerts")


def _judged(source: Source, order: _Order) -> _Done:
    """All passes: the config, the one that it is compared with, and the pictures."""
    from watermaster.backtest_changes import compare  # noqa: PLC0415  # takes its time
    from watermaster.backtest_passes import run  # noqa: PLC0415  # as above
    from watermaster.cli.progress import Progress  # noqa: PLC0415  # as above

    zone = order.first.register.zone_minutes
    began = time.monotonic()
    watch = Progress("" if order.second is None else str(order.config), zone)
    result = run(source, order.first, watch, start=order.start, end=order.end)
    seconds = time.monotonic() - began
    comparison = None
    if order.second is not None:
        other = Progress(str(order.compare), zone)
        comparison = compare(result.alerts, run(source, order.second, other, start=order.start, end=order.end).alerts)
    page = None
    if order.html is not None:
        page = _page(source, order, result, comparison, watch.last_event or 0)
    return _Done(result=result, comparison=comparison, page=page, seconds=max(seconds, 1e-3))


def _page(source: Source, order: _Order, result: BacktestResult, comparison: Comparison | None, last: int) -> str:
    from dashboards.reports.document import Fact  # noqa: PLC0415  # takes its time
    from watermaster.backtest_page import changes_page, shown_alone  # noqa: PLC0415  # as above
    from watermaster.backtest_passes import pictures_of  # noqa: PLC0415  # as above
    from watermaster.backtest_pictures import Sides  # noqa: PLC0415  # as above
    from watermaster.cli.progress import Progress  # noqa: PLC0415  # as above

    second = order.first if order.second is None else order.second
    sides = Sides(order.first.register, second.register)
    changes = shown_alone(result.alerts) if comparison is None else comparison.changes
    zone = order.first.register.zone_minutes
    pictures = pictures_of(changes, source, order.first, second, Progress("pictures", zone), last)
    facts = [Fact("数据", "Read", order.read)]
    if order.start is not None or order.end is not None:
        bounds = ["…" if at is None else format_instant(at, zone) for at in (order.start, order.end)]
        facts.append(Fact("时段", "Event time", f"({bounds[0]}, {bounds[1]}]"))
    facts.append(Fact("原配置" if comparison else "配置", "Config", f"{order.config} · {sides.before.hash[:16]}"))
    if comparison:
        facts.append(Fact("新配置", "Compared with", f"{order.compare} · {sides.after.hash[:16]}"))
    return changes_page(changes, comparison, sides, facts, pictures)


def _put_out(done: _Done, order: _Order, alerts: Path | None, attainment: Path | None, output: Output) -> None:
    result = done.result
    if alerts is not None:
        _write(alerts, _lines(result.alerts))
    if attainment is not None:
        _write(attainment, _lines(result.attainment))
    if order.html is not None and done.page is not None:
        _write(order.html, [done.page])
    say(
        f"{result.messages} messages, {result.observations} observations in {done.seconds:.1f} s "
        f"({result.observations / done.seconds:,.0f}/s): {len(result.alerts)} alerts, {len(result.attainment)} targets"
    )
    say(f"register {order.first.register.hash[:16]} from {order.config}")
    for title, counts in (("dead letters", result.dead_lettered), ("rejected readings", result.rejected)):
        if counts:
            say(f"{title}: " + ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items())))
    if done.comparison is not None and order.second is not None:
        from watermaster.backtest_pictures import Sides  # noqa: PLC0415  # takes its time
        from watermaster.cli.comparing import write_changes, write_tables  # noqa: PLC0415  # as above

        say(f"compared with register {order.second.register.hash[:16]} from {order.compare}")
        if output is Output.JSON:
            write_changes(done.comparison)
        else:
            write_tables(done.comparison, Sides(order.first.register, order.second.register))


def _lines(objects: Iterable[dict[str, Any]]) -> Iterable[str]:
    return (json.dumps(each, ensure_ascii=False) + "\n" for each in objects)


def _write(path: Path, texts: Iterable[str]) -> None:
    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(texts)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
