"""The first page of a province: 15,000 stations, 300 of them in the basin that is shown. ``python -m bench.page``.

The store is faked: values lie in memory, so what is measured is the page. Baselines stand beside: a part that was drawn
before, and the same messages with nobody looking.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.surroundings import ROOT, describe_machine
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from storage.buckets import Grid, Samples, buckets_of, slots_of, valid_values
from storage.store import Point
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.dashboards.console_server import Console
from tests.servers.chromium import chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from storage.buckets import Bucket

STATIONS, SHOWN, ALERTS, BROWSERS, SECONDS, MESSAGES_PER_S = 15_000, 300, 500, 50, 30, 50
NOW: Final = DAWN + 10 * HOUR_MS
HEADER = "station,name,kind,basin,river,division,gateway,interval_min,chainage_km\n"


def _code(number: int) -> str:
    return f"N{number:05}"


def _tables() -> dict[str, str]:
    def row(number: int) -> str:
        basin = "清溪河" if number < SHOWN else f"流域{number % 49}"
        river = f"{basin}{number % 8}"
        return f"{_code(number)},站{number}断面,section,{basin},{river},520103,g{number % 500},5,{number % 97}"

    targets = "".join(f"{_code(number)},discharge,01-01,12-31,2,hour\n" for number in range(0, STATIONS, 3))
    rivers = "".join(f"清溪河{n},{'清溪河0' if n else ''},{n * 9 if n else ''},97\n" for n in range(8))
    return {
        "stations.csv": HEADER + "".join(f"{row(number)}\n" for number in range(STATIONS)),
        "eflow_targets.csv": f"station,quantity,from_day,to_day,value,basis\n{targets}",
        "rivers.csv": f"river,into,into_km,length_km\n{rivers}",
    }


class _Province(Console):
    """Its store gives buckets as fast as columns in memory allow, since not the store is measured."""

    async def _buckets(self, station: str, quantity: str, start: int, end: int, every: str) -> Sequence[Bucket]:
        samples = self._columns(station, quantity)
        first, last = np.searchsorted(samples.time, (start, end), side="right")
        grid = Grid(int(every.removesuffix("h")) * HOUR_MS, 5 * MINUTE_MS, 480)
        part = Samples(samples.time[first:last], samples.value[first:last], samples.flag[first:last])
        return list(buckets_of([slots_of(valid_values(part), grid)], start, end, grid))

    @cache  # noqa: B019  # one console, some series
    def _columns(self, station: str, quantity: str) -> Samples:
        assert self.points is not None
        points = self.points[station, quantity]
        time_ms, value = (np.array([point[column] for point in points], np.int64) for column in (0, 1))
        return Samples(time_ms, value, np.ones(len(points), np.uint8))

    __hash__ = object.__hash__


@contextmanager
def _province() -> Iterator[Console]:
    """A console in which all have reported once, some alerts fire, and one station has a year of values."""
    with (
        TemporaryDirectory(prefix="watermaster-bench-") as folder,
        _Province(Path(folder), tables=_tables(), now=NOW) as console,
    ):
        chance = random.Random(1)
        times = range(NOW - 365 * DAY_MS, NOW + 1, 5 * MINUTE_MS)
        console.points = {
            (_code(0), "discharge"): [Point(at, chance.randrange(1_000_000, 9_000_000), 1) for at in times]
        }
        for gateway in range(500):
            payload = [
                {"station": _code(number), "time": NOW, "values": {"discharge": 3.0, "stage": 1.2, "voltage": 12.5}}
                for number in range(gateway, STATIONS, 500)
            ]
            console.receive(f"g{gateway}/up/json", payload)
        said = [
            change(shortfall(n % 9, station=_code(n), target="t"), station=_code(n), target="t")
            for n in range(0, 3 * ALERTS, 3)
        ]
        console.ledger.apply(said, 1, DAWN)
        console.beat()
        yield console


def _milliseconds(work: Callable[[int], object], repetitions: int = 15) -> str:
    taken = []
    for number in range(repetitions):
        began = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(taken):7.1f} ms   ({min(taken):.1f} to {max(taken):.1f})"


def drawing(console: Console) -> None:
    """Parts and the whole page: drawn anew, and once more for the next browser."""
    river, alerts = "/page/fragment/river", "/page/fragment/alerts"

    def ask(path: str, **headers: str) -> None:
        answer = console.get(path, **headers)
        assert answer.status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED), answer.body

    ask(f"/?station={_code(0)}")
    etag = console.get(f"{river}?station={_code(1)}").headers["etag"]
    print(f"{STATIONS:,} stations, {SHOWN} on the schematic, {ALERTS} alerts open; request to last byte over HTTP")
    # Another station or page each time, so that nothing was drawn before.
    for what, work in {
        "page, drawn anew": lambda n: ask(f"/?station={_code(n + 1)}"),
        "schematic, drawn anew": lambda n: ask(f"{river}?station={_code(n + 40)}"),
        "alerts, drawn anew": lambda n: ask(f"{alerts}?page={n + 1}"),
        "find a station by code": lambda n: ask(f"{river}?q=N{n}"),
        "page, drawn before": lambda _: ask(f"/?station={_code(1)}"),
        "schematic, unchanged (304)": lambda _: ask(f"{river}?station={_code(1)}", if_none_match=etag),
    }.items():
        print(f"  {what:<36}{_milliseconds(work)}")


CLICKED: Final = """async () => {
  const chosen = '#part-station .tabs a[aria-current][href*="range=1y"]';
  const link = [...document.querySelectorAll("#part-station .tabs a")].find((one) => one.href.includes("range=1y"));
  const began = performance.now();
  const drawn = new Promise((done) => new MutationObserver((_, observer) => {
    if (document.querySelector(chosen)) { observer.disconnect(); done(); }
  }).observe(document.body, { childList: true, subtree: true }));
  link.click();
  await drawn;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
}"""


def year(console: Console) -> None:
    """A year of a station's 5-minute values, from the click to the picture on the screen."""
    path = f"/page/fragment/station?station={_code(0)}&range=1y"

    def ask(number: int) -> None:
        console.report(_code(0), {"discharge": 4 + number / 10})  # nothing is drawn that was drawn before
        assert console.get(path).status == HTTPStatus.OK

    ask(0)
    print(f"a year of 105,120 values\n  hydrograph, drawn anew              {_milliseconds(ask)}")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(f"{console.url}?station={_code(0)}&range=1d")
        taken = []
        for number in range(10):
            console.report(_code(0), {"discharge": 7 + number / 10})
            page.wait_for_timeout(1_500)
            taken.append(page.evaluate(CLICKED))
            page.go_back()
            page.wait_for_timeout(700)
        middle = statistics.median(taken)
        print(f"  in Chromium, from click to painted  {middle:7.1f} ms   ({min(taken):.1f} to {max(taken):.1f})")


def _busy(console: Console, browsers: int) -> tuple[float, dict[str, int]]:
    """Share of a core that this process takes while messages come in and browsers look."""
    arguments = [sys.executable, "-m", "bench.page_clients", str(console.port), str(browsers), str(SECONDS), _code(0)]
    looking = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    time.sleep(2)
    cpu, began, sent = time.process_time(), time.monotonic(), 0
    while looking.poll() is None and time.monotonic() - began < SECONDS - 4:
        due = int((time.monotonic() - began) * MESSAGES_PER_S)
        for number in range(sent, due):
            station = number * 7 % STATIONS if number % 25 else number // 25 * 7 % SHOWN
            values = {"discharge": 3 + number % 90 / 100, "stage": 1.2, "voltage": 12.5}
            console.receive(f"g{station % 500}/up/json", {"station": _code(station), "time": NOW, "values": values})
        sent = max(sent, due)
        time.sleep(0.02)
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    output, _ = looking.communicate()
    return share, json.loads(output)


def browsers(console: Console) -> None:
    """What 50 browsers cost the service, beside the messages that it takes in anyway."""
    alone, _ = _busy(console, 0)
    share, counts = _busy(console, BROWSERS)
    print(
        f"  {MESSAGES_PER_S} messages/s: {alone * 100:.0f} % of a core with nobody looking, "
        f"{share * 100:.0f} % with {BROWSERS} browsers "
        f"({counts['events']:,} events, {counts['parts']:,} parts, {counts['bytes'] / 1e6:.0f} MB in {SECONDS} s)"
    )


def main() -> None:
    """Print a line each."""
    print(describe_machine("bench.page"))
    with _province() as console:
        drawing(console)
        year(console)
        browsers(console)


if __name__ == "__main__":
    main()
