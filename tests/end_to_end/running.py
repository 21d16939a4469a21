"""`watermaster run` as a process, and gateways that resend until the broker has what they sent."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from threading import Condition
from typing import TYPE_CHECKING, Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.servers import Mosquitto

__all__ = ["Gateway", "Running", "command", "eventually", "sign_of_life", "write_config"]

_ANSWER_S = 5.0
STATIONS = "station,name,kind,basin,river,division,gateway,interval_min\n"


def eventually(condition: Callable[[], bool], within_s: float, what: str) -> None:
    """Wait until a condition holds; fail with what was waited for."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            msg = f"{what} did not come true within {within_s} s"
            raise AssertionError(msg)
        time.sleep(0.02)  # a poll with a deadline


def command(*arguments: str | Path, config: Path | None = None, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    line = [sys.executable, "-m", "watermaster", *map(str, arguments)]
    if config is not None:
        line += ["--config", str(config)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert not ok or done.returncode == 0, done.stderr
    return done


def sign_of_life(station: str, **values: float) -> bytes:
    """A reading of now: the clock of the station is right, so what was held of it because it came late is judged."""
    return json.dumps({"station": station, "time": time.time_ns() // 1_000_000, "values": values}).encode()


def write_config(
    folder: Path, settings: Mapping[str, Any], stations: Sequence[str], tables: Mapping[str, str] | None = None
) -> Path:
    """A config directory; one line of stations.csv each, other tables as text."""
    registry = folder / "registry"
    registry.mkdir(parents=True, exist_ok=True)
    (folder / "watermaster.yaml").write_text(json.dumps(settings))
    (registry / "stations.csv").write_text(STATIONS + "".join(f"{line}\n" for line in stations))
    for name, text in (tables or {}).items():
        (registry / f"{name}.csv").write_text(text)
    return folder


class Running:
    """A service that may be killed and started again on the same data."""

    def __init__(self, config: Path, *, only: str | None = None, env: Mapping[str, str] | None = None) -> None:
        self._env = {**os.environ, "TZ": "UTC", **(env or {})}
        self._line = [sys.executable, "-m", "watermaster", "run", "--config", str(config)]
        if only is not None:
            self._line += ["--only", only]
        self._log = config / f"run-{only or 'all'}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, by force if need be."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    @property
    def log(self) -> str:
        """What it wrote on stderr since the last start."""
        return self._log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, wait: bool = True) -> None:
        """Start; return once it serves and receives."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._line, stderr=log, stdout=log, env=self._env)
        if wait:
            eventually(lambda: "event=started" in self.log or self._process.poll() is not None, 30, "the start")  # type: ignore[union-attr]  # set above
            assert self._process.poll() is None, self.log
            found = re.search(r"event=console.* address=(\S+)", self.log)
            self.url = found[1] if found else ""

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """JSON of a REST path."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=5) as answer:  # noqa: S310  # our own address
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def metrics(self) -> dict[str, float]:
        """Metrics by name with labels."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:  # noqa: S310  # our own address
            lines = answer.read().decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}

    def count(self, name: str) -> int:
        """Sum of a counter over its labels; -1 while nobody answers."""
        try:
            metrics = self.metrics()
        except OSError:
            return -1
        return int(sum(value for key, value in metrics.items() if key.split("{")[0] == f"watermaster_{name}_total"))


class Gateway:
    """Publishes with QoS 1 and keeps what the broker has not acknowledged, over its restarts."""

    def __init__(self, broker: Mosquitto, name: str) -> None:
        self._done = Condition()
        self.acknowledged = 0
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=False, protocol=mqtt.MQTTv311
        )
        self._client.max_inflight_messages_set(200)
        self._client.max_queued_messages_set(0)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = self._published
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def _published(self, *_: object) -> None:
        with self._done:
            self.acknowledged += 1
            self._done.notify_all()

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand a message over; it goes out as soon as it can."""
        self._client.publish(topic, payload, qos=1)

    def wait(self, count: int, within_s: float = 60) -> None:
        """Wait until the broker has acknowledged so many.

        Where acknowledgements stay away it connects anew, as gateways do: paho 2.1 counts the messages that are under
        way wrong, when one is handed over while it connects, and then waits for ever for what it has not sent.
        """
        deadline = time.monotonic() + within_s
        while self.acknowledged < count:
            assert time.monotonic() < deadline, f"{self.acknowledged} of {count}"
            before = self.acknowledged
            with self._done:
                stands = not self._done.wait_for(lambda before=before: self.acknowledged > before, _ANSWER_S)  # type: ignore[misc]  # bound at once
            if stands:
                self._client.loop_stop()
                self._client.reconnect()
                self._client.loop_start()

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()
