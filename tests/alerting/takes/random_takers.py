"""Intakes that take at random: registers with all that may be dated, and streams in which all goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.instants import HOUR_MS, MINUTE_MS
from tests.alerting.stream_of_messages import Message, at, register_of, report

if TYPE_CHECKING:
    from random import Random

    from hydro.register import Register

__all__ = ["random_register", "random_stream"]

_STATIONS = ("A", "B", "C", "D", "E")


def random_register(random: Random, interval: int) -> Register:
    """Four intakes of five points (two share one), with permits, windows, restrictions, and rows that change."""
    stations = [f"{code},,intake,,river,52010{number},g,{interval}" for number, code in enumerate(_STATIONS)]
    stations.append(f"G,,section,,river,520100,g,{interval}")
    intakes = ["station,permit,reach,design_max_m3s,intake,daily_max_m3,use,status,valid_from,valid_to"]
    for code in _STATIONS:
        structure = "S" if code in "AB" else ""
        permit = random.choice(["P", "Q", ""])
        design = random.choice(["1", "1", "0.5", ""])
        if random.random() < 0.3:
            intakes.append(f"{code},{permit},R,{design},{structure},,industry,,,2026-03-02")
            intakes.append(f"{code},P,R,2,{structure},400,industry,{random.choice(['', 'retired'])},2026-03-03,")
        else:
            intakes.append(f"{code},{permit},R,{design},{structure},300,industry,,,")
    points = ["station,quantity,zero_below,rated_kw,resolution,multiplier,valid_from,valid_to"]
    for code in _STATIONS:
        if random.random() < 0.9:
            points.append(f"{code},discharge,{random.choice(['0', '0.02'])},,,{random.choice(['', '2'])},,")
        if random.random() < 0.5:
            points.append(f"{code},power,,10,,,,2026-03-02")
            points.append(f"{code},power,,20,,{random.choice(['', '1.5'])},2026-03-03,")
        points.append(f"{code},volume_total,,,{random.choice(['', '10', '0.1'])},,,")
        points.append(f"{code},energy_total,,10,,,,")
    permits = ["permit,holder,division,industry,source,annual_m3,valid_from,valid_to,state,max_rate_m3s"]
    permits.append(f"P,p,,,surface,1000000,,,{random.choice(['valid', 'renewal'])},{random.choice(['', '0.8'])}")
    permits += ["Q,q,,,surface,1000000,,2026-03-02,valid,0.6", "Q,q,,,surface,1000000,2026-03-03,,suspended,0.6"]
    windows = ["permit,from_day,to_day,hours,max_rate_m3s"]
    if random.random() < 0.5:
        windows.append(f"P,01-01,{random.choice(['03-02', '12-31'])},{random.choice(['', '6-8;18:30-22'])},0.7")
    restrictions = [
        "id,scope,code,action,from,to,limit_m3s,trigger_station,trigger_quantity,trigger_below,resume_above,hold_min"
    ]
    if random.random() < 0.5:
        restrictions.append("x,river,river,limit,2026-03-02T06:00,2026-03-02T18:00,0.3,,,,,")
    if random.random() < 0.7:
        restrictions.append(f"y,division,520100,{random.choice(['stop,', 'limit,'])}2026-03-01,,{{}},G,stage,1,1.2,60")
        restrictions[-1] = restrictions[-1].format("" if "stop" in restrictions[-1] else "0.2")
    return register_of(
        stations,
        intakes="\n".join(intakes) + "\n",
        points="\n".join(points) + "\n",
        permits="\n".join(permits) + "\n",
        permit_windows="\n".join(windows) + "\n",
        restrictions="\n".join(restrictions) + "\n",
    )


def random_stream(random: Random, interval: int, last: str = "04 00:00") -> list[Message]:
    """Three days: pumps on and off, meters that follow them or don't, holes, late and corrected readings."""
    messages: list[Message] = []
    for code in (*_STATIONS, "G"):
        time, total, energy = at("01 00:00"), 0.0, 0.0
        asked = [each for each in ("pump", "power", "discharge", "volume_total", "energy_total")
                 if random.random() < 0.8]  # fmt: skip
        while time < at(last):
            until = time + random.choice([1, 2, 5, 12]) * HOUR_MS
            runs, steals, has_holes = random.random() < 0.6, random.random() < 0.4, random.random() < 0.3
            rate = random.choice([0.3, 0.61, 0.9, 1.2, 1.7])
            while time < until:
                time += interval * MINUTE_MS
                flow = rate * random.uniform(0.97, 1.03) if runs and not steals else 0.0
                total += flow * interval * 60
                energy += 8 * interval / 60 if runs else 0
                if random.random() < (0.5 if has_holes else 0.03):
                    continue
                values = {
                    "pump": float(runs),
                    "power": 8.0 if runs else 0.1,
                    "discharge": round(flow, 6),
                    "volume_total": round(total, 3),
                    "energy_total": round(energy, 3),
                }
                values = {"stage": rate} if code == "G" else {name: values[name] for name in asked}
                delay = random.choice([0, 0, 0, 0, 0, 20, 29, 200, 2000]) * MINUTE_MS
                if values:
                    messages.append(report(time + delay + 500, code, values, time))
                if random.random() < 0.03 and "discharge" in values:
                    messages.append(report(time + delay + 9_000, code, {"discharge": rate}, time))
    return messages
