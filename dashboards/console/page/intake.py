"""One intake: what it may take, has taken and has left, and what its meter, pump and door say, on one axis of time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from alerting.case import CaseState, is_suspected
from alerting.ledger import AlertFilter
from alerting.level import Level
from dashboards.console.draw import intake_chart
from dashboards.console.draw.intake_chart import BitLane, IntakeChart
from dashboards.console.draw.model import AlertSpan, Samples, State, TargetLine, TargetStep
from dashboards.console.draw.words import letter, quantity_word
from dashboards.console.page.choice import RANGES
from dashboards.console.page.figures import time_text
from hydro.errors import StoreError, WatermasterError
from hydro.fixed import MICRO, format_micro
from hydro.instants import MINUTE_MS, format_instant, parse_instant
from hydro.quantity import Quantity
from hydro.register import LATEST_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dashboards.console.page.words import Words
    from dashboards.console.services import Services
    from dashboards.reports.intakes import IntakeFacts
    from hydro.register import Register
    from storage.store import Point

__all__ = ["INTAKE_RANGES", "AlertLine", "PermitLine", "Shown", "alert_lines", "ask_alerts", "charts", "permit_lines"]

INTAKE_RANGES: Final = ("6h", "1d", "7d", "30d")
_DESK: Final = (1060, 270)
_PHONE: Final = (360, 230)
_STEPS: Final = 240
_DRAWN: Final = (
    Quantity.DISCHARGE,
    Quantity.VOLUME_TOTAL,
    Quantity.PUMP,
    Quantity.POWER,
    Quantity.DOOR,
    Quantity.METER_FAULT,
)
_PATIENCE_S: Final = 5.0
_MOST_ALERTS: Final = 30
_MOST_SUBJECTS: Final = 8
_RUNNING: Final = 5
"""So many times the power is more than what is rated, where the pump counts as running (20 %)."""


class Shown(NamedTuple):
    """Who looks at what.

    Attributes:
        services: What is known.
        words: Of the page's language.
        now: Epoch milliseconds.
        facts: The intake.
        point: Code of the metering point that is drawn.
        range: Name of the time.
    """

    services: Services
    words: Words
    now: int
    facts: IntakeFacts
    point: str
    range: str

    @property
    def register(self) -> Register:
        """Master data as they are now."""
        return self.services.register()


@dataclass(frozen=True, slots=True)
class PermitLine:
    """A permit as the page has it; texts are empty where nothing is known."""

    code: str
    title: str
    state: str
    source: str
    validity: str
    is_in_force: bool
    plan: str
    taken: str
    remaining: str
    share: float | None
    standing: str
    is_over: bool
    known: str
    rests: str
    doubts: str


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert of the intake, one of its metering points or permits."""

    id: str
    state: State
    letter: str
    title: str
    subject: str
    since: str
    case: str
    href: str
    is_over: bool


async def charts(shown: Shown, alerts: Sequence[Mapping[str, Any]]) -> tuple[str, ...] | WatermasterError:
    """The drawing for a desk and for a phone; what the store complains about where it says nothing."""
    step = max(MINUTE_MS, RANGES[shown.range].length_ms // _STEPS)
    end = -(-shown.now // step) * step
    start = end - RANGES[shown.range].length_ms
    values = shown.services.values
    try:
        found = await asyncio.wait_for(
            asyncio.gather(*(values(shown.point, quantity.text, start, end) for quantity in _DRAWN)), _PATIENCE_S
        )
    except TimeoutError:
        return StoreError(f"no answer within {_PATIENCE_S:g} s")
    except StoreError as error:
        return error
    points = dict(zip(_DRAWN, found, strict=True))
    return await asyncio.to_thread(_draw, shown, points, alerts, start, end)


def _draw(
    shown: Shown, points: Mapping[Quantity, Sequence[Point]], alerts: Sequence[Mapping[str, Any]], start: int, end: int
) -> tuple[str, ...]:
    samples = {quantity: Samples.of(found) for quantity, found in points.items()}
    station = shown.register.station_at(shown.point, end) or shown.register.stations[shown.point].rows[-1]
    lang = shown.words.lang
    return tuple(
        intake_chart.draw(
            IntakeChart(
                name=station.name or station.code,
                start=start,
                end=end,
                flow=samples[Quantity.DISCHARGE],
                total=samples[Quantity.VOLUME_TOTAL],
                limits=tuple(_limits(shown, start, end)),
                bits=tuple(_bits(shown, samples, end)),
                alerts=tuple(_spans(shown, alerts, start)),
                interval_ms=station.interval_min * MINUTE_MS,
                zone_minutes=shown.register.zone_minutes,
                lang=lang,
                width=width,
                height=height,
            )
        )
        for width, height in (_DESK, _PHONE)
    )


def _limits(shown: Shown, start: int, end: int) -> Iterator[TargetLine]:
    """What the permits allow here, and what the structure can take."""
    taking, words = shown.register.taking, shown.words
    shares = taking.permits_of(shown.facts.code, end)
    permits = shown.facts.permits
    rates = [share.max_rate or permits[share.permit].max_rate for share in shares if share.permit in permits]
    if rates and None not in rates:
        yield TargetLine(
            label=words("permitted rate"), steps=(TargetStep(start, end, sum(rate or 0 for rate in rates)),)
        )
    row = taking.intake_at(shown.point, end)
    if row is not None and row.design_max is not None:
        yield TargetLine(label=words("design rate"), steps=(TargetStep(start, end, row.design_max),))


def _bits(shown: Shown, samples: Mapping[Quantity, Samples], end: int) -> Iterator[BitLane]:
    """Pump, power as far as it is rated, door and fault; those that the device has never sent are left out."""
    lang, register = shown.words.lang, shown.register
    row = register.taking.intake_at(shown.point, end)
    limits = register.limits_at(shown.point, Quantity.POWER, end)
    for quantity in (Quantity.PUMP, Quantity.POWER, Quantity.DOOR, Quantity.METER_FAULT):
        found = samples[quantity]
        is_expected = quantity is Quantity.PUMP and row is not None and row.has_pump
        if not len(found.time) and not is_expected:
            continue
        if quantity is Quantity.POWER:
            if limits is None or not limits.rated_kw:
                continue
            running = (found.value * _RUNNING > limits.rated_kw) * MICRO
            yield BitLane(shown.words("running by power"), Samples(found.time, running, found.flag))
        else:
            yield BitLane(quantity_word(quantity, lang), found, warns=quantity is not Quantity.PUMP)


def _spans(shown: Shown, alerts: Sequence[Mapping[str, Any]], start: int) -> Iterator[AlertSpan]:
    zone = shown.register.zone_minutes
    for alert in alerts:
        end = None if alert["resolved_at"] is None else parse_instant(alert["resolved_at"], zone)
        if alert["state"] == "withdrawn" or (end is not None and end <= start):
            continue
        yield AlertSpan(
            label=shown.words.listed(alert["class"]),
            start=parse_instant(alert["onset"], zone),
            end=end,
            levels=tuple((parse_instant(one["at"], zone), Level[one["level"].upper()]) for one in alert["levels"]),
            suspected=is_suspected(CaseState(alert["case"]["state"])),
            href=_case(alert),
        )


def _case(alert: Mapping[str, Any]) -> str:
    return f"/?alert={alert['id']}#alert-{alert['id']}"


def ask_alerts(services: Services, facts: IntakeFacts) -> list[dict[str, Any]]:
    """The latest alerts of an intake, its metering points and permits; none where the ledger can't be read. Blocks."""
    subjects = {
        ("intake", facts.code),
        *(("station", point.station) for point in facts.points[:_MOST_SUBJECTS]),
        *(("permit", permit) for permit in facts.linked[:_MOST_SUBJECTS]),
    }
    found: dict[str, dict[str, Any]] = {}
    try:
        for code in sorted({code for _, code in subjects}):
            for alert in services.ledger.alerts(AlertFilter(subject=code), limit=_MOST_ALERTS).items:
                if (alert["subject"]["kind"], alert["subject"]["code"]) in subjects:
                    found[alert["id"]] = alert
    except WatermasterError:
        return []
    return sorted(found.values(), key=lambda alert: (alert["raised_at"], alert["id"]), reverse=True)[:_MOST_ALERTS]


def alert_lines(shown: Shown, alerts: Sequence[Mapping[str, Any]]) -> list[AlertLine]:
    """Alerts in words, the latest first."""
    words, zone = shown.words, shown.register.zone_minutes
    lines = []
    for alert in alerts:
        state = State.of(Level[alert["level"].upper()])
        suspected = is_suspected(CaseState(alert["case"]["state"]))
        doubt = words("suspected") + (" " if words.lang == "en" else "") if suspected else ""
        onset = time_text(parse_instant(alert["onset"], zone), shown.now, zone)
        ended = alert["resolved_at"]
        until = "" if ended is None else time_text(parse_instant(ended, zone), shown.now, zone)
        lines.append(
            AlertLine(
                alert["id"],
                state,
                letter(state, words.lang),
                f"{doubt}{words.listed(alert['class'])} · {words.listed(alert['reason'])}",
                f"{words.listed(alert['subject']['kind'])} {alert['subject']['code']}",
                f"{onset} – {until}",
                words.listed(alert["case"]["state"]),
                _case(alert),
                ended is not None,
            )
        )
    return lines


def permit_lines(shown: Shown, counted: Mapping[str, Mapping[str, Any]]) -> list[PermitLine]:
    """Permits of the intake.

    Args:
        shown: Whose.
        counted: Rows of the report ``water-use`` by permit; those that are absent are not counted yet.
    """
    register, words = shown.register, shown.words
    lines = []
    for code in shown.facts.linked:
        rows = register.taking.permits[code]
        row = rows.at(shown.now) or rows.rows[-1]
        use: Mapping[str, Any] = counted.get(code, {})
        days = [_day(at, register.zone_minutes) for at in (row.start_ms + 1, row.end_ms)]
        lines.append(
            PermitLine(
                code=code,
                title=" · ".join(filter(None, (row.holder or row.user, row.number))),
                state=words.listed(row.state.value if code in shown.facts.permits else "not in force"),
                source=words.listed(row.source.value),
                validity=f"{days[0]} – {days[1] if row.end_ms < LATEST_MS else '…'}",
                is_in_force=code in shown.facts.permits,
                plan=_volume(use.get("plan_m3"), words),
                taken=_volume(use.get("taken_year_m3"), words) or (words("nothing measured") if use else ""),
                remaining=_volume(use.get("remaining_m3"), words),
                share=use.get("taken_rate"),
                standing=words.listed(use["state"]) if use.get("state") else "",
                is_over=use.get("state") == "over",
                known=words("of known hours", known=use["known_year_h"], due=use["due_year_h"]) if use else "",
                rests="、".join(words.listed(one) for one in (use.get("rests_on") or "").split()),
                doubts="、".join(words.listed(one) for one in (use.get("doubts") or "").split()),
            )
        )
    return lines


def _day(at: int, zone_minutes: int) -> str:
    """A day of a date that is covered; far ones as they are written."""
    try:
        return format_instant(at - 1, zone_minutes)[:10]
    except (OverflowError, ValueError):
        return "…"


def _volume(volume: float | None, words: Words) -> str:
    if volume is None:
        return ""
    whole, _, rest = format_micro(round(volume * 10) * (MICRO // 10)).partition(".")
    return words("cubic metres", volume=f"{int(whole):,}" + (f".{rest}" if rest else ""))
