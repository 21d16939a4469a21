"""The demo: from the command to the page, to the history, to the first alert in REST; and what it takes of memory."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.surroundings import ROOT, describe_machine
from tests.end_to_end.running import eventually

RUNS, LIMIT_S = 3, 60
OWN_S = 3.1
"""The scenario's own share: at 60x, from 07:57 until the reading of 08:00 has come."""


def _alerts(page: str) -> int:
    try:
        with urllib.request.urlopen(f"{page}/api/v1/alerts", timeout=5) as answer:  # noqa: S310  # our own address
            return len(json.load(answer)["items"])
    except (urllib.error.URLError, TimeoutError):
        return 0


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def run() -> tuple[float, float, float, float]:
    """One demo: seconds to the page, to the running clock and to the alert; peak resident MB."""
    with TemporaryDirectory(prefix="watermaster-bench-") as folder:
        log = Path(folder) / "log"
        began = time.perf_counter()
        line = [sys.executable, "-m", "watermaster", "demo", "--no-browser", "--port", "0"]
        with log.open("wb") as file:
            process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=file)
        try:
            eventually(lambda: "page" in log.read_text() or process.poll() is not None, LIMIT_S, "the page")
            assert process.poll() is None, log.read_text()
            page_s = time.perf_counter() - began
            found = re.search(r"http://\S+", log.read_text())
            assert found is not None
            eventually(lambda: "history loaded" in log.read_text(), LIMIT_S, "the history")
            live_s = time.perf_counter() - began
            eventually(lambda: _alerts(found[0]) > 0, LIMIT_S, "the first alert")
            alert_s = time.perf_counter() - began
            return page_s, live_s, alert_s, _peak_mb(process.pid)
        finally:
            process.terminate()
            process.wait(LIMIT_S)


def main() -> None:
    """Print medians and ranges of some runs."""
    print(describe_machine("bench.demo"))
    runs = [run() for _ in range(RUNS)]
    names = ("page", "24 h of history on it, the clock runs", "first alert", "peak resident")
    for number, name in enumerate(names):
        values = [each[number] for each in runs]
        unit = "MB" if name == "peak resident" else "s"
        print(f"{name:<44}{statistics.median(values):>8.1f} {unit}   ({min(values):.1f} to {max(values):.1f})")
    print(f"baseline: the scenario itself takes {OWN_S} s of the first alert, a bare `watermaster --version`", end=" ")
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "watermaster", "--version"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    print(f"{time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
