"""Many intakes, honest ones and others, as a scenario: the river has water for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulators.scenario import load

if TYPE_CHECKING:
    from pathlib import Path

    from simulators.scenario import Scenario

__all__ = ["DISHONEST", "Kind", "honest", "scenario_of"]

DOORS: Final = "{door: {per_year: 4}}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One way of taking too much.

    Attributes:
        name: As people call it.
        finds: Classes of alerts by which it is found at the intake itself; empty: only a balance can.
        taker: Keys of the taker beside the usual; ``{from}`` and ``{to}`` stand for its time.
        fault: A fault of its meter, likewise.
        use: Of the water.
    """

    name: str
    finds: frozenset[str]
    taker: str = ""
    fault: str = ""
    use: str = "industry"


_UNMETERED: Final = frozenset({"unmetered_intake"})
_TAMPER: Final = frozenset({"meter_tamper"})
_RATE: Final = frozenset({"over_rate"})
_PERMIT: Final = frozenset({"permit_expired"})

DISHONEST: Final = (
    Kind(
        "night_pumping",
        _UNMETERED,
        "thefts: [{kind: night_pumping, SPAN, first_hour: 22, last_hour: 5, rate_m3s: RATE}]",
    ),
    Kind("meter_off", _UNMETERED, "thefts: [{kind: meter_off, SPAN, first_hour: 8, last_hour: 18}]"),
    Kind("magnet, sees half", _TAMPER, "thefts: [{kind: magnet, SPAN, seen_share: 0.5}]"),
    Kind("magnet, sees 0.7", _TAMPER, "thefts: [{kind: magnet, SPAN, seen_share: 0.7}]"),
    Kind("frozen total", _TAMPER, fault="{kind: flat_line, station: CODE, quantity: volume_total, SPAN}"),
    Kind(
        "counter set back", _TAMPER, fault="{kind: replacement, station: CODE, quantity: volume_total, size: 9, FROM}"
    ),
    Kind("over_rate", _RATE, "thefts: [{kind: over_rate, SPAN, first_hour: 8, last_hour: 14, rate_m3s: RATE}]"),
    Kind("in_ban", _RATE, "bans: [{SPAN}]\n      thefts: [{kind: in_ban, SPAN}]", use="domestic"),
    Kind(
        "out_of_season",
        _RATE,
        "permit: {season: 01-01..04-10}\n"
        "      thefts: [{kind: out_of_season, SPAN, first_hour: 20, last_hour: 4, rate_m3s: RATE}]",
    ),
    Kind("no permit", _PERMIT, "permit: none"),
    Kind("suspended permit", _PERMIT, "permit: {state: suspended}"),
    Kind("bypass", frozenset(), "thefts: [{kind: bypass, SPAN, rate_m3s: RATE}]"),
    Kind("growing", frozenset(), "thefts: [{kind: growing, SPAN, rate_m3s: RATE}]"),
)
"""SPAN, FROM, RATE and CODE are filled in for each intake."""

_HEAD: Final = """\
title: bench
about: bench
start: START
duration: DAYSd
climate: none
warm_up: 1d
CHANCES
outlets: [mouth]
reaches:
  only: {from: plain, to: mouth, travel_min: 30}
springs:
  river: {node: plain, m3s: WATER}
gateways:
  gw: {trouble: none}
defaults: {basin: B, river: R, division: "520327", authority: A, gateway: gw}
"""
_STATION: Final = """\
  CODE:
    name: CODE
    device: {sample_min: SAMPLE}
    POINTS
    taker:
      node: plain
      use: USE
      mean_m3s: MEAN
      returns: none
      MORE
"""
_MEANS: Final = (0.03, 0.08, 0.05, 0.12, 0.2)


def scenario_of(folder: Path, kinds: tuple[Kind, ...], each: int, days: int, sample_min: int) -> Scenario:
    """Dishonest takers: ``each`` of every kind; their time is ten days, beginning on the 26th to 30th.

    Args:
        folder: Where its file may be written.
        kinds: What they do.
        each: How many of each.
        days: How long it lasts, at least 42.
        sample_min: How often they measure.
    """
    stations, faults = [], []
    for number, kind in enumerate(kinds):
        for place in range(each):
            code, mean = f"52{number:02d}{place:04d}", _MEANS[place % len(_MEANS)]
            begin = 25 + place % 5
            words = {
                "CODE": code,
                "SPAN": f"from: {begin}d {place % 24}h, to: {begin + 10}d {place % 24}h",
                "FROM": f"from: {begin}d {place % 24}h",
                "RATE": f"{2.0 * mean:g}",
                "MEAN": f"{mean:g}",
                "USE": kind.use,
                "SAMPLE": str(sample_min),
                "POINTS": f"points: {{discharge: {{max: {20 * mean:g}}}}}",
                "MORE": _filled(kind.taker, {}),
            }
            stations.append(_filled(_filled(_STATION, {"MORE": kind.taker}), words))
            if kind.fault:
                faults.append("  - " + _filled(kind.fault, words))
    head = _filled(_HEAD, {"START": "2026-04-01", "DAYS": str(days), "WATER": str(9 * len(stations)), "CHANCES": ""})
    return _loaded(folder / "dishonest.yaml", head, stations, faults)


def honest(folder: Path, count: int, days: int, sample_min: int, *, has_faults: bool) -> Scenario:
    """Honest takers: waterworks, works and fields; every tenth without pumps, every eleventh sends once a day.

    Args:
        folder: Where its file may be written.
        count: How many.
        days: How long it lasts.
        sample_min: How often they measure.
        has_faults: Whether instruments fail as often as usual; else only doors are opened, four times a year.
    """
    stations = []
    for place in range(count):
        use = ("domestic", "domestic", "industry", "industry", "irrigation")[place % 5]
        has_pumps = place % 10 < 9  # noqa: PLR2004  # nine of ten
        more = [] if has_pumps else ["pumps: 0"]
        more += ["house: {drain_m3: 0.5}"] if has_pumps and place % 7 == 0 else []  # water runs back when it stops
        words = {
            "CODE": f"51{place:06d}",
            "SAMPLE": f"{60}, report_min: 1440, report_at_min: {65 + place % 50}"
            if place % 11 == 1
            else str(sample_min),
            "MEAN": f"{_MEANS[place % 7 % len(_MEANS)]:g}",
            "USE": use,
            "POINTS": "",
            "MORE": "\n      ".join(more),
        }
        stations.append(_filled(_STATION, words))
    words = {
        "START": "2026-01-01",
        "DAYS": str(days),
        "WATER": str(9 * count),
        "CHANCES": f"chances: {'usual' if has_faults else DOORS}",
    }
    return _loaded(folder / "honest.yaml", _filled(_HEAD, words), stations, [])


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _loaded(path: Path, head: str, stations: list[str], faults: list[str]) -> Scenario:
    listed = ["faults:\n" + "\n".join(faults) + "\n"] if faults else []
    path.write_text("".join([head, *listed, "stations:\n", *stations]), encoding="utf-8")
    return load(path)
