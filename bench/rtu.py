"""Simulated RTUs: frames encoded a second on one core, and reports that a fleet gets confirmed over TCP.

Baseline of the encoders: that of `ingest` on the same frames, which it gets composed and only has to write. The fleet
has none: what it talks to is a centre that forgets.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from typing import TYPE_CHECKING, Final

from bench.surroundings import describe_machine, table
from hydro.fixed import MICRO
from hydro.instants import MINUTE_MS
from hydro.quantity import Quantity
from ingest.codecs.sl651 import decode_frame as decode_651
from ingest.codecs.sl651 import encode_frame as encode_651
from ingest.codecs.slt427 import decode_frame as decode_427
from ingest.codecs.slt427 import encode_frame as encode_427
from simulators.rtu.behaviour import Behaviour
from simulators.rtu.device import Device
from simulators.rtu.fleet import Fleet, Member, ScaledClock
from simulators.rtu.recorder import Recorder
from simulators.rtu.sample import Channel, Sample
from simulators.rtu.sl651.carriage import carriers
from simulators.rtu.sl651.frame import Coding, Control, Direction, Link, frame
from simulators.rtu.sl651.hex_body import opening
from simulators.rtu.sl651.station import Sl651Station, Style
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.record import Flow
from simulators.rtu.slt427.report import report_frame
from simulators.rtu.speech import Occasion
from simulators.rtu.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS: Final = 5
STATIONS: Final = 5_000
START: Final = 1_772_323_500_000  # 2026-03-01 08:05 in Beijing
STAGE: Final = Channel(Quantity.STAGE)
DISCHARGE: Final = Channel(Quantity.DISCHARGE)
RAIN: Final = Channel(Quantity.RAIN)


def _rate(once: Callable[[], object], times: int) -> list[float]:
    """Calls a second, a figure a round."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(times):
            once()
        found.append(times / (time.perf_counter() - began))
    return found


def _encoders() -> list[tuple[str, list[float], float]]:
    values = {STAGE: 12_345_000, DISCHARGE: 3_210_000, RAIN: 500_000, Channel(Quantity.VOLTAGE): 12_600_000}
    hour = [Sample(START + place * 5 * MINUTE_MS, values) for place in range(12)]
    rows = []
    for name, coding, style in (
        ("SL 651 hourly report, HEX", Coding.HEX, Style.HOURLY),
        ("SL 651 scheduled report, HEX", Coding.HEX, Style.SCHEDULED),
        ("SL 651 scheduled report, ASCII", Coding.ASCII, Style.SCHEDULED),
    ):
        station = Sl651Station(Link("0011223344", coding=coding), carriers(values), style=style)

        def report(station: Sl651Station = station) -> bytes:
            (exchange,) = station.reports(hour, START + 55 * MINUTE_MS, Occasion.SCHEDULED, more=False)
            return exchange.frames[0]

        typed = decode_651(report())
        baseline = _rate(lambda typed=typed: encode_651(typed), 5_000)  # type: ignore[misc]  # bound in the loop
        rates = _rate(report, 5_000)
        rows.append((name, rates, statistics.median(rates) / statistics.median(baseline)))
    meter = [Flow(5_900_000, 106_182 * MICRO)]

    def short() -> bytes:
        return report_frame("5303810D00", meter, START, Profile.SZY206)

    typed_427 = decode_427(short())
    baseline = _rate(lambda: encode_427(typed_427), 10_000)
    rates = _rate(short, 10_000)
    rows.append(("SL/T 427 flow and total", rates, statistics.median(rates) / statistics.median(baseline)))
    return rows


class _Confirming(asyncio.Protocol):
    """A centre that confirms a report by its header and forgets it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while len(self.rest) > 13:  # noqa: PLR2004  # a header
            size = int.from_bytes(self.rest[11:13], "big") & 0xFFF
            if len(self.rest) < size + 17:
                return
            text, self.rest = self.rest[: size + 17], self.rest[size + 17 :]
            link = Link(text[3:8].hex().upper(), text[2], text[8:10].hex())
            body = opening(int.from_bytes(text[14:16], "big"), START)
            answer = frame(link, text[10], body, end=Control.ESC, direction=Direction.DOWN)
            self.transport.write(answer)  # type: ignore[attr-defined]  # a socket's


def _serve(port: multiprocessing.connection.Connection) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(_Confirming, "127.0.0.1", 0, backlog=1_024)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


async def _fleet(port: int) -> tuple[float, list[int]]:
    """Reports confirmed a second of all stations at one full minute, and the time that each waited."""
    spread = Spread(1, window_ms=0, ahead_ms=0, drift_ppm=0)
    behaviour = Behaviour(sample_min=1, report_min=1, send_delay_ms=0, keep_alive_ms=0, answer_wait_ms=60_000)
    start = START - 50_000
    members = []
    for number in range(STATIONS):
        own, clock, serial = spread.station(number, behaviour, start)
        station = Sl651Station(Link(f"00{10_000_000 + number}"), carriers([STAGE, DISCHARGE]), serial=serial)
        recorder = Recorder(own, lambda at: {STAGE: at % 9_000_000, DISCHARGE: MICRO}, clock, start, START)
        members.append(Member(Device(station, own, recorder, start)))
    present = ScaledClock(start, 1.0)
    fleet = Fleet(members, "127.0.0.1", port, present)
    began = time.perf_counter()
    fleet.start()
    while fleet.connected < STATIONS:  # noqa: ASYNC110  # they don't tell
        await asyncio.sleep(0.05)
    print(f"{STATIONS} connections made in {time.perf_counter() - began:.1f} s")
    while any(not member.device.tally.confirmed for member in members):  # noqa: ASYNC110  # they don't tell
        await asyncio.sleep(0.02)
    took_s = (present.now() - START) / 1_000
    await fleet.stop()
    return STATIONS / took_s, sorted(wait for member in members for wait in member.device.tally.waited_ms)


def main() -> None:
    print(describe_machine("bench.rtu"))
    print(table(_encoders(), "frames/s, times the encoder of ingest"))
    ours, theirs = multiprocessing.Pipe()
    centre = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    centre.start()
    rate, waits = asyncio.run(_fleet(ours.recv()))
    centre.terminate()
    print(f"{STATIONS} stations reporting at once: {rate:,.0f} confirmed reports/s")
    print(f"from sending to confirmation: median {statistics.median(waits):.0f} ms, longest {waits[-1]} ms")


if __name__ == "__main__":
    main()
