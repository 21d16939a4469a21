"""The same readings as JSON, SL 651 and SL/T 427 give the same observations and the same alerts."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from hydro.fixed import MICRO, format_micro
from hydro.instants import HOUR_MS, MINUTE_MS, format_instant, parse_instant
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from simulators.rtu.sample import Channel, Sample
from simulators.rtu.sl651.carriage import carriers
from simulators.rtu.sl651.frame import Coding, Link
from simulators.rtu.sl651.station import Sl651Station
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.station import Slt427Station
from simulators.rtu.speech import Occasion
from storage.message import RawMessage
from storage.recorded import RecordedWriter, read_recorded
from tests.end_to_end.running import command
from watermaster.cli.options import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PREFIX: Final = "watermaster/v1"
START: Final = parse_instant("2026-03-01T00:00:00+08:00", 480)
DAYS: Final = 4

_REGISTER: Final = {
    "stations": "station,name,kind,basin,river,division,gateway,interval_min,sl651_address,slt427_address\n"
    "A,Anshun 安顺,section,Wu,Sancha,520103,g1,5,0011223344,5201030700\n",
    "points": "station,quantity,min,max,accuracy_pct\nA,discharge,0,100,8\nA,stage,0,9,\nA,voltage,11,15,\n",
    "eflow_targets": "station,quantity,from_day,to_day,value,basis\n"
    "A,discharge,01-01,12-31,2.0,instant\nA,discharge,01-01,12-31,2.0,hour\nA,discharge,01-01,12-31,2.0,day\n"
    "A,stage,01-01,12-31,1.0,hour\n",
    "channels": "protocol,address,element,channel,station,quantity,scale,invert,offset\n"
    "sl651,0011223344,76,1,,volume_total,,,\n",
}
# Decimals that every one of the formats has room for; states are bits.
_DECIMALS: Final = {
    Quantity.DISCHARGE: 3,
    Quantity.STAGE: 3,
    Quantity.VELOCITY: 3,
    Quantity.VOLUME_TOTAL: 0,
    Quantity.WATER_TEMPERATURE: 1,
    Quantity.VOLTAGE: 2,
}
_STATES: Final = (Quantity.DOOR, Quantity.PUMP, Quantity.METER_FAULT)

Encoder = "Callable[[Sample], bytes]"


def _series() -> Iterator[tuple[int, Sample]]:
    """When each sample is received, and the sample.

    Two shortfalls, a sensor that fails for hours, values out of range, an outage of three hours whose samples come
    late, and a few that come twice.
    """
    rng = random.Random(651)
    total = 1_000_000
    for place in range(1, DAYS * 288 + 1):
        at = START + place * 5 * MINUTE_MS
        hour = place / 12
        flow = 2.6 - 1.1 * (20 <= hour < 31) - 1.4 * (52 <= hour < 70) + rng.gauss(0, 0.05)
        total += round(flow * 300)
        values = {
            Quantity.DISCHARGE: flow if rng.random() > 0.01 else 250.0,
            Quantity.STAGE: 0.4 + flow * 0.3,
            Quantity.VELOCITY: flow / 4 - 0.5,
            Quantity.VOLUME_TOTAL: total,
            Quantity.WATER_TEMPERATURE: 12 + 3 * rng.random(),
            Quantity.VOLTAGE: rng.choice([10.9, 12.4, 12.65]),
        }
        counts: dict[Channel, int | None] = {
            Channel(quantity): round(value * 10 ** _DECIMALS[quantity]) * MICRO // 10 ** _DECIMALS[quantity]
            for quantity, value in values.items()
        }
        if 40 <= hour < 44:
            counts[Channel(Quantity.DISCHARGE)] = counts[Channel(Quantity.VELOCITY)] = None
        counts |= {Channel(state): int(rng.random() < 0.1) * MICRO for state in _STATES}
        received_at = at + rng.randrange(2_000, 30_000)
        if 10 <= hour < 13:
            received_at = START + 13 * HOUR_MS + place * 100
        for again in range(1 + (place % 97 == 0)):
            yield received_at + again, Sample(at, counts)


def _json(sample: Sample) -> bytes:
    values = ",".join(
        f'"{channel.quantity.text}":{"null" if value is None else format_micro(value)}'
        for channel, value in sample.values.items()
    )
    return f'{{"station":"A","time":"{format_instant(sample.observed_at, 480)}","values":{{{values}}}}}'.encode()


def _sl651(coding: Coding) -> Callable[[Sample], bytes]:
    channels = [Channel(quantity) for quantity in _DECIMALS]
    if coding is Coding.ASCII:  # a vendor's 76H has no identifier there
        channels.remove(Channel(Quantity.VOLUME_TOTAL))
    station = Sl651Station(Link("0011223344", coding=coding), carriers(channels))

    def encode(sample: Sample) -> bytes:
        (report,) = station.reports([sample], sample.observed_at + 2_000, Occasion.SCHEDULED, more=False)
        return b"".join(report.frames)

    return encode


def _slt427(profile: Profile) -> Callable[[Sample], bytes]:
    station = Slt427Station("5201030700", profile)

    def encode(sample: Sample) -> bytes:
        exchanges = station.reports([sample], sample.observed_at + 2_000, Occasion.SCHEDULED, more=False)
        return b"".join(text for exchange in exchanges for text in exchange.frames)

    return encode


FORMATS: Final = {
    "json": ("json", _json),
    "sl651-hex": ("sl651", _sl651(Coding.HEX)),
    "sl651-ascii": ("sl651", _sl651(Coding.ASCII)),
    "szy206": ("slt427", _slt427(Profile.SZY206)),
    "slt427-2021": ("slt427", _slt427(Profile.SLT427_2021)),
}
_NOT_CARRIED: Final = {"sl651-ascii": {Quantity.VOLUME_TOTAL}}


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a config and a recorded stream for each format."""
    folder = tmp_path_factory.mktemp("same")
    registry = folder / "config" / "registry"
    registry.mkdir(parents=True)
    (folder / "config" / "watermaster.yaml").write_text(json.dumps({"data_dir": str(folder / "var")}))
    for name, text in _REGISTER.items():
        (registry / f"{name}.csv").write_text(text)
    samples = sorted(_series(), key=lambda one: one[0])
    for name, (topic, encode) in FORMATS.items():
        with RecordedWriter(folder / f"{name}.ndjson.zst") as writer:
            for received_at, sample in samples:
                writer.write(RawMessage(f"{PREFIX}/g1/up/{topic}", encode(sample), received_at))
    return folder


def _observations(folder: Path, name: str) -> dict[tuple[str, str, int], tuple[int, int]]:
    """(Station, quantity, time) to (value, flag) of a stream; the first of equal readings counts."""
    _, register = load(folder / "config")
    index = SeriesIndex(register.stations)
    decoder = Decoder(register, index, prefix=PREFIX, max_age_days=0, ticks=TickSource.RECEIVED_AT)
    messages = list(read_recorded([folder / f"{name}.ndjson.zst"]))
    batch = decoder.decode(
        1,
        [message.topic for message in messages],
        [message.payload for message in messages],
        np.array([message.received_at for message in messages], np.int64),
    )
    assert not batch.rejected
    assert not batch.dead_lettered
    found: dict[tuple[str, str, int], tuple[int, int]] = {}
    rows = batch.observations
    columns = (rows.series.tolist(), rows.event_time.tolist(), rows.value.tolist(), rows.flag.tolist())
    for series, event_time, value, flag in zip(*columns, strict=True):
        station, quantity = index.station(series), index.quantity(series)
        assert found.setdefault((station, quantity.text, event_time), (value, flag)) == (value, flag)
    return found


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "json"])
def test_observations_are_the_same(streams: Path, name: str) -> None:
    """Value, flag and time; missing is missing, and what is out of range is flagged in each of them."""
    not_carried = {quantity.text for quantity in _NOT_CARRIED.get(name, ())}
    expected = {key: row for key, row in _observations(streams, "json").items() if key[1] not in not_carried}
    assert _observations(streams, name) == expected
    assert {flag for _, flag in expected.values()} == {1, 2, 4, 9}


def test_alerts_are_the_same_byte_for_byte(streams: Path) -> None:
    alerts = {}
    for name in FORMATS:
        out, attainment = streams / f"{name}.alerts", streams / f"{name}.attainment"
        stream = streams / f"{name}.ndjson.zst"
        command("backtest", stream, "--alerts", out, "--attainment", attainment, config=streams / "config")
        # Of devices more is known where a format carries more.
        lines = out.read_text().splitlines()
        shortfalls = [line for line in lines if json.loads(line)["class"] == "eflow_shortfall"]
        alerts[name] = shortfalls, attainment.read_text()
    assert {json.loads(line)["basis"] for line in alerts["json"][0]} == {"instant", "hour", "day"}
    assert all(each == alerts["json"] for each in alerts.values())


@pytest.mark.parametrize(
    "quantity", [Quantity.POWER, Quantity.ENERGY_TOTAL, Quantity.SIGNAL, Quantity.FLOW_STATE, Quantity.VOLUME]
)
def test_what_sl651_cannot_carry_is_refused_and_not_left_out(quantity: Quantity) -> None:
    with pytest.raises(ValueError, match=quantity.text):
        carriers([Channel(quantity)])


@pytest.mark.parametrize(
    "quantity", [Quantity.SIGNAL, Quantity.FLOW_STATE, Quantity.VOLUME, Quantity.GROUNDWATER_DEPTH]
)
def test_what_slt427_cannot_carry_is_refused_and_not_left_out(quantity: Quantity) -> None:
    with pytest.raises(ValueError, match=quantity.text):
        _slt427(Profile.SLT427_2021)(Sample(START, {Channel(quantity): MICRO}))
