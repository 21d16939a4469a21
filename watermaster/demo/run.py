"""One demo from its first line to its summary."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Final

from alerting.ledger import Ledger
from hydro.errors import WatermasterError
from hydro.instants import format_instant
from watermaster.data_dir import DataDir
from watermaster.demo.browser import show
from watermaster.demo.clock import ScenarioClock
from watermaster.demo.field import Field
from watermaster.demo.gateway import Broker
from watermaster.demo.ground import data_folder, make_ground, make_keys
from watermaster.demo.plan import plan
from watermaster.demo.visitor import VISITOR
from watermaster.service import serve

if TYPE_CHECKING:
    from simulators.scenario import Chapter
    from watermaster.demo.ground import Ground, Keys
    from watermaster.demo.plan import Plan
    from watermaster.part import Surroundings

__all__ = ["run_demo"]

_HOST: Final = "127.0.0.1"


def run_demo(*, port: int, browser: bool, speed: float, seed: int, for_s: float | None) -> None:
    """Run until told to stop, or for a time.

    Args:
        port: Of the page; 0 = any free one.
        browser: Whether to open one.
        speed: Scenario seconds per real second.
        seed: Of all chance in the basin.
        for_s: Real seconds on the running clock; None = until told to stop.

    Raises:
        WatermasterError: The port is taken, the data directory is not empty, a part can't start.
    """
    began = time.monotonic()
    console_port = _console_port(port)
    playing = plan(time.time_ns() // 1_000_000, speed=speed, seed=seed, for_s=for_s)
    with data_folder(os.environ) as (folder, kept):
        scenario = playing.scenario
        keys = make_keys((gateway.name for gateway in scenario.gateways), open_to_others=playing.real)
        ground = make_ground(folder, scenario, kept=kept, keys=keys, console_port=console_port, visitors=playing.real)
        _serve(playing, ground, keys, browser=browser, began=began)
        _summarise(ground)


def _serve(playing: Plan, ground: Ground, keys: Keys, *, browser: bool, began: float) -> None:
    page = f"http://{_HOST}:{ground.settings.console.port}"
    clock = None if playing.real else ScenarioClock(playing.live_from, playing.speed)

    def live() -> None:
        _say(f"24 h of history loaded in {time.monotonic() - began:.1f} s, the clock runs at {playing.speed:g}x")
        _say(f"24 小时历史数据已装载，时钟以 {playing.speed:g} 倍速运行\n")
        if browser and not show(page):
            _say(f"no screen to open a browser on: open {page} · 没有图形界面，请自行打开网页\n")

    def make_field(around: Surroundings) -> Field:
        address = ground.settings.mqtt.address
        _introduce(playing, around.broker_url, page)
        broker = Broker(address.host, address.port, keys.prefix, keys.gateways)
        return Field(
            around, plan=playing, clock=clock, broker=broker, told=_Teller(playing.scenario.zone_minutes), live=live
        )

    serve(
        ground.settings,
        ground.register,
        ("console", "alerting", "ingest"),
        also={"field": make_field},
        clock=clock,
        log_level=logging.WARNING,
    )


class _Teller:
    """Tells the chapters of the story with their times, and the day where it is another.

    Args:
        zone_minutes: Offset of the basin's clock from UTC.
    """

    def __init__(self, zone_minutes: int) -> None:
        self._zone_minutes = zone_minutes
        self._day = ""

    def __call__(self, chapter: Chapter) -> None:
        """Tell one."""
        day, time_of_day = format_instant(chapter.at, self._zone_minutes)[:16].split("T")
        if day != self._day:
            _say(day)
            self._day = day
        _say(f"{time_of_day}  {chapter.text.zh}\n       {chapter.text.en}")


def _introduce(playing: Plan, broker: str, page: str) -> None:
    _say(f"page 网页      {page}")
    if not playing.real:
        _say(f"broker 服务器  {broker} (closed to others: their times would not fit a clock at {playing.speed:g}x)")
        _say("               此倍速下不接受外部网关\n")
        return
    _say(f"broker 服务器  {broker} (open to this machine · 本机可接入)")
    where, port = broker.removeprefix("mqtt://").rsplit(":", 1)
    reading = f'{{\\"station\\":\\"{VISITOR}\\",\\"time\\":$(date +%s)000,\\"values\\":{{\\"discharge\\":1.25}}}}'
    _say("publish yourself · 可自行发布:")
    _say(f'  mosquitto_pub -h {where} -p {port} -q 1 -t watermaster/v1/visitor/up/json -m "{reading}"\n')


def _summarise(ground: Ground) -> None:
    """Class and count of alerts, one a line on stdout."""
    url = DataDir(ground.settings.data_dir).ledger_url(ground.settings.ledger.url)
    with closing(Ledger.open(url, zone_minutes=ground.register.zone_minutes)) as ledger:  # made if it ended early
        counts = Counter(alert["class"] for alert in ledger.export())
    for alert_class, count in sorted(counts.items()):
        sys.stdout.write(f"{alert_class} {count}\n")
    if not counts:
        _say("no alerts · 无告警")
    if ground.kept:
        _say(f"kept · 已保留: watermaster alerts list --config {ground.config}")


def _console_port(wanted: int) -> int:
    """A port that is free, the wanted one unless that is 0.

    Raises:
        WatermasterError: It is taken, or not ours to take.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the console does
        try:
            probe.bind((_HOST, wanted))
        except OSError as error:
            raise WatermasterError(
                f"port {wanted} of {_HOST} for the page: {error.strerror}; "
                "`watermaster demo --port 0` takes any free one"
            ) from error
        return int(probe.getsockname()[1])


def _say(text: str) -> None:
    """A line for people; stdout is for data."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
