"""One station: its hydrograph, what it owes and how far it has come, its newest values, its row of the register."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from alerting.case import CaseState, is_suspected
from alerting.ledger import AlertFilter
from alerting.level import Level
from dashboards.console.draw.model import AlertSpan, BucketColumns, Hydrograph, Samples
from dashboards.console.draw.words import kind_word, letter, quantity_word, state_word
from dashboards.console.page.choice import RANGES
from dashboards.console.page.figures import with_unit
from dashboards.console.page.frame import main_quantity
from dashboards.console.page.links import history_address, intake_address
from dashboards.console.page.targets import owed_view, present_period, progress, target_lines
from hydro.errors import StoreError, WatermasterError
from hydro.flags import Flag
from hydro.instants import HOUR_MS, MINUTE_MS, parse_instant
from hydro.quantity import QUANTITIES, Quantity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dashboards.console.draw.model import State
    from dashboards.console.page.choice import Range
    from dashboards.console.page.frame import Frame, Moment
    from dashboards.console.page.targets import Owed
    from dashboards.console.services import Services
    from hydro.register import Station, TargetRow
    from storage.store import Point

__all__ = ["DESK", "PHONE", "Link", "StationView", "Stored", "ask_store", "station_view"]

DESK: Final = (880, 320)
PHONE: Final = (360, 250)
"""Width and height of the hydrograph."""

_STEPS: Final = 240
"""The right end of a hydrograph moves by so many parts of its length, so that browsers share what was drawn."""

_MOST_SPANS: Final = 50
_PATIENCE_S: Final = 5.0
_KNOWN_AWAY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Stored:
    """What store and ledger say of a station.

    Attributes:
        quantity: What is drawn.
        start: Left end of the axis, not included.
        end: Right end.
        error: Why the store doesn't say anything; None where it does.
        samples: Values; None where the store is away, or buckets were asked for.
        buckets: The same.
        periods: Points of the present period by target.
        alerts: The latest of the station, objects of CONTRACT section 6.
    """

    quantity: Quantity
    start: int
    end: int
    error: str | None = None
    samples: Sequence[Point] | None = None
    buckets: BucketColumns | None = None
    periods: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    alerts: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """One of several to choose from."""

    text: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ValueRow:
    """The newest value of a quantity."""

    quantity: str
    value: str
    flag: str
    good: bool
    measured: Moment


@dataclass(frozen=True, slots=True)
class StationView:
    """See the module.

    Attributes:
        code: As in the register.
        name: As shown.
        kind: What stands there.
        place: River and basin.
        state: How it stands.
        letter: Of the state.
        word: Of the state.
        newest: Of the quantity that is drawn; None without one.
        silence: That it is silent and since when, in words; None where it isn't.
        error: That the store is away, in words; None where it isn't.
        detail: What the store said.
        drawings: For a desk and for a phone; nothing without a store.
        ranges: To choose from.
        quantities: The same.
        owed: Its targets now.
        no_targets: It has none.
        values: Newest of each quantity.
        details: Of its row: what, and how it is there.
        more: Pages that say more of it: text and address.
    """

    code: str
    name: str
    kind: str
    place: str
    state: State
    letter: str
    word: str
    newest: ValueRow | None
    silence: str | None
    error: str | None
    detail: str | None
    drawings: tuple[Hydrograph, ...]
    ranges: tuple[Link, ...]
    quantities: tuple[Link, ...]
    owed: tuple[Owed, ...]
    no_targets: bool
    values: tuple[ValueRow, ...]
    details: tuple[tuple[str, str], ...]
    more: tuple[tuple[str, str], ...]


async def ask_store(frame: Frame, services: Services) -> Stored | None:
    """What is drawn of the station that somebody looks at; None where there is none."""
    if frame.station is None:
        return None
    row = frame.places.stations[frame.station]
    quantity, span = _quantity(frame), RANGES[frame.choice.range]
    step = max(MINUTE_MS, span.length_ms // _STEPS)
    end = -(-frame.now // step) * step
    stored = Stored(quantity, end - span.length_ms, end, alerts=await _alerts(services, row.code))
    away = frame.board.health["parts"].get("store", {}).get("status", "ok") != "ok"
    patience_s = _KNOWN_AWAY_S if away else _PATIENCE_S
    try:
        drawn, periods = await asyncio.wait_for(
            asyncio.gather(_drawn(stored, row.code, span, services), _periods(frame, row.code, services)), patience_s
        )
    except TimeoutError:
        return replace(stored, error=f"no answer within {patience_s:g} s")
    except StoreError as error:
        return replace(stored, error=str(error))
    return replace(drawn, periods=periods)


async def _drawn(stored: Stored, code: str, span: Range, services: Services) -> Stored:
    """With what the hydrograph is drawn from."""
    quantity, start, end = stored.quantity.text, stored.start, stored.end
    if span.bucket_h is None:
        return replace(stored, samples=await services.values(code, quantity, start, end))
    buckets = await services.buckets(code, quantity, start, end, f"{span.bucket_h}h")
    return replace(stored, buckets=BucketColumns.of(buckets, span.bucket_h * HOUR_MS))


async def _periods(frame: Frame, code: str, services: Services) -> dict[str, Sequence[Point]]:
    """Points of the present period of each target; several of one quantity and period are asked for once."""
    wanted = {
        interval.row.target_id: (interval.row.quantity.text, period.start)
        for interval in frame.owed(code)
        if (period := present_period(frame, interval.row)) is not None
    }
    keys = sorted(set(wanted.values()))
    found = await asyncio.gather(*(services.values(code, quantity, start, frame.now) for quantity, start in keys))
    points = dict(zip(keys, found, strict=True))
    return {target: points[key] for target, key in wanted.items()}


def station_view(frame: Frame, number: int, stored: Stored) -> StationView:
    """A station as it is shown.

    Args:
        frame: Whose page.
        number: Of the station.
        stored: What store and ledger say of it.
    """
    board, words, row = frame.board, frame.words, frame.places.stations[number]
    state, heard = board.state(number), board.live.heard(number)
    fires = board.firing.get(("station", row.code))
    values = tuple(_values(frame, number))
    shown = next((value for value in values if value.quantity == quantity_word(stored.quantity, frame.lang)), None)
    owed = frame.owed(row.code)
    silence = None
    if heard is None:
        silence = words("never heard")
    elif frame.now - heard > frame.places.silent_ms[number] and frame.places.expected[number]:
        moment = frame.moment(heard)
        silence = words("no data since", time=moment.text, ago=moment.ago)
    return StationView(
        code=row.code,
        name=frame.name(row),
        kind=kind_word(row.kind, row.section_role, frame.lang),
        place=" · ".join(frame.river_name(name) for name in (row.river, row.basin) if name),
        state=state,
        letter=letter(state, frame.lang),
        word=state_word(state, frame.lang, suspected=fires is not None and fires.suspected),
        newest=shown,
        silence=silence,
        error=None if stored.error is None else words("store away"),
        detail=stored.error,
        drawings=() if stored.error is not None else tuple(_drawings(frame, row, stored)),
        ranges=_links(frame, "range", {name: words(name) for name in RANGES}, frame.choice.range),
        quantities=_links(
            frame,
            "quantity",
            {quantity.text: quantity_word(quantity, frame.lang) for quantity in _shown_quantities(frame, number)},
            stored.quantity.text,
        ),
        owed=tuple(_owed(frame, row, interval.row, stored) for interval in owed),
        no_targets=row.code not in frame.places.targets,
        values=values,
        details=tuple(_details(frame, row)),
        more=tuple(_more(frame, row)),
    )


def _quantity(frame: Frame) -> Quantity:
    """What the hydrograph shows: what was asked for, else what is looked at first."""
    if frame.choice.quantity is not None:
        return QUANTITIES[frame.choice.quantity]
    number = frame.station
    if number is None:
        return Quantity.DISCHARGE
    return main_quantity(frame.board.live.readings(number), frame.owed(frame.places.stations[number].code))


def _shown_quantities(frame: Frame, number: int) -> list[Quantity]:
    """What can be chosen: what was measured or is owed, and what is shown."""
    code = frame.places.stations[number].code
    found = {reading.quantity for reading in frame.board.live.readings(number)}
    found |= {interval.row.quantity for interval in frame.owed(code)} | {_quantity(frame)}
    return sorted(found)


async def _alerts(services: Services, code: str) -> Sequence[dict[str, Any]]:
    """The latest alerts of a station; none where the ledger can't be read, which the head of the page says."""
    try:
        page = await asyncio.to_thread(services.ledger.alerts, AlertFilter(station=code), limit=_MOST_SPANS)
    except WatermasterError:
        return ()
    return page.items


def _drawings(frame: Frame, row: Station, stored: Stored) -> Iterator[Hydrograph]:
    for width, height in (DESK, PHONE):
        yield Hydrograph(
            name=frame.name(row),
            quantity=stored.quantity,
            start=stored.start,
            end=stored.end,
            samples=None if stored.samples is None else Samples.of(stored.samples),
            buckets=stored.buckets,
            interval_ms=row.interval_min * MINUTE_MS,
            targets=target_lines(frame, row, stored.quantity, stored.start, stored.end),
            alerts=tuple(_spans(frame, stored)),
            zone_minutes=frame.zone,
            lang=frame.lang,
            width=width,
            height=height,
        )


def _spans(frame: Frame, stored: Stored) -> Iterator[AlertSpan]:
    for alert in stored.alerts:
        end = None if alert["resolved_at"] is None else parse_instant(alert["resolved_at"], frame.zone)
        if end is not None and end <= stored.start:
            continue
        yield AlertSpan(
            label=frame.words.listed(alert["class"]),
            start=parse_instant(alert["onset"], frame.zone),
            end=end,
            levels=tuple(
                (parse_instant(change["at"], frame.zone), Level[change["level"].upper()]) for change in alert["levels"]
            ),
            suspected=is_suspected(CaseState(alert["case"]["state"])),
            href=frame.choice.address(f"alert-{alert['id']}", alert=alert["id"]),
        )


def _owed(frame: Frame, station: Station, row: TargetRow, stored: Stored) -> Owed:
    points, period = stored.periods.get(row.target_id), present_period(frame, row)
    if points is None or period is None:
        return owed_view(frame, row, None)
    return owed_view(frame, row, progress(points, period, frame.now, station, row, frame.zone))


def _values(frame: Frame, number: int) -> Iterator[ValueRow]:
    for reading in frame.board.live.readings(number):
        yield ValueRow(
            quantity_word(reading.quantity, frame.lang),
            "—" if reading.value is None else with_unit(reading.value, reading.quantity),
            frame.words.listed(f"flag {reading.flag}"),
            reading.flag in (Flag.GOOD, Flag.NOT_EVALUATED),
            frame.moment(reading.time),
        )


def _links(frame: Frame, parameter: str, names: Mapping[str, str], chosen: str) -> tuple[Link, ...]:
    return tuple(
        Link(text, frame.choice.address("station", **{parameter: name}), name == chosen) for name, text in names.items()
    )


def _details(frame: Frame, row: Station) -> Iterator[tuple[str, str]]:
    words = frame.words
    yield words("code"), row.code
    yield words("kind"), kind_word(row.kind, row.section_role, frame.lang)
    yield words("basin"), frame.basin_name(row.basin)
    for phrase, text in (
        ("river name", frame.river_name(row.river) if row.river else ""),
        ("division", row.division),
        ("authority", row.authority),
        ("plant", row.plant),
    ):
        if text:
            yield words(phrase), text
    yield words("gateway name"), row.gateway or words("any gateway")
    yield words("interval"), words("minutes", count=row.interval_min)
    yield words("status"), words.listed(row.status.value)
    for name, text in row.extra.items():
        if text:
            yield name, text


def _more(frame: Frame, row: Station) -> Iterator[tuple[str, str]]:
    """Of a metering point the intake, and of every station its rows in the register."""
    intake = frame.places.register.taking.intake_at(row.code, frame.now)
    if intake is not None:
        yield frame.words("intake page"), intake_address(intake.intake)
    yield frame.words("register rows"), history_address("stations", row.code)
