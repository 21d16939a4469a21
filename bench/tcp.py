"""5,000 RTUs on TCP that report within the same 10 s: how long the answer takes, which follows the journal's sync.

And the memory of the whole service; beside it an asyncio server that sends every byte back.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.surroundings import ROOT, describe_machine
from bench.tcp_clients import address
from tests.end_to_end.running import Running, eventually
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import HOST, free_port

RTUS, WINDOW_S = 5_000, 10
_ECHO = """
import asyncio, sys
class Echo(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data): self.transport.write(data)
async def main():
    server = await asyncio.get_running_loop().create_server(Echo, sys.argv[1], int(sys.argv[2]), backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def _configure(folder: Path, broker: Mosquitto, server: InfluxDB, port: int) -> Path:
    config = folder / "config"
    (config / "registry").mkdir(parents=True)
    settings = {
        "data_dir": str(folder / "var"),
        "mqtt": {"url": broker.url},
        "store": {"url": server.store_url("bench")},
        "console": {"port": 0},
        "ingest": {"tcp": f"{HOST}:{port}"},
    }
    (config / "watermaster.yaml").write_text(json.dumps(settings))
    rows = "".join(f"R{index},N,section,W,S,520103,,5,{address(index)}\n" for index in range(RTUS))
    (config / "registry" / "stations.csv").write_text(
        f"station,name,kind,basin,river,division,gateway,interval_min,sl651_address\n{rows}"
    )
    return config


def _memory(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1_024


def _clients(port: int) -> tuple[subprocess.Popen[str], list[float]]:
    """The RTUs, still connected, and milliseconds to the answer, ascending."""
    line = [sys.executable, "-m", "bench.tcp_clients", HOST, str(port), str(RTUS), str(WINDOW_S)]
    process = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = json.loads(process.stdout.readline())
    assert found["unanswered"] == 0, f"{found['unanswered']} of {RTUS} without an answer"
    return process, sorted(found["ms"])


def _print(name: str, ms: list[float], memory: str) -> None:
    median, p99 = ms[len(ms) // 2], ms[int(len(ms) * 0.99)]
    print(f"{name:<44} median {median:6.1f} ms   p99 {p99:6.1f} ms   worst {ms[-1]:6.1f} ms   {memory}")


def _echo() -> None:
    port = free_port()
    line = [sys.executable, "-c", _ECHO, HOST, str(port)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        server.stdout.readline()
        clients, ms = _clients(port)
        _print("baseline: asyncio server that echoes", ms, f"{_memory(server.pid, 'VmHWM'):.0f} MB")
        clients.communicate("\n")
        server.terminate()


def _service(folder: Path) -> None:
    port = free_port()
    with (
        Mosquitto(folder / "mosquitto") as broker,
        InfluxDB(folder / "influxdb") as server,
        Running(_configure(folder, broker, server, port)) as service,
    ):
        idle = _memory(service.pid, "VmRSS")
        clients, ms = _clients(port)
        eventually(lambda: service.count("messages_received") >= RTUS, 60, "all reports read")
        memory = f"{idle:.0f} MB before, peak {_memory(service.pid, 'VmHWM'):.0f} MB"
        _print("watermaster run: answered after the sync", ms, memory)
        readings, connections = service.count("observations_decoded"), service.metrics()["watermaster_tcp_connections"]
        print(f"{RTUS:,} RTUs within {WINDOW_S} s, {readings:,} readings, {connections:,.0f} connections open")
        clients.communicate("\n")
        service.stop()


def main() -> None:
    """Print a line each."""
    print(describe_machine("bench.tcp"))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    _echo()
    with TemporaryDirectory(prefix="watermaster-bench-") as name:
        _service(Path(name))


if __name__ == "__main__":
    main()
