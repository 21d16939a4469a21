"""What every measurement prints first, and how it starts servers and consumers."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

__all__ = ["ROOT", "consumer", "describe_machine", "median", "table"]

ROOT = Path(__file__).resolve().parent.parent


def describe_machine(command: str) -> str:
    """Machine and command, one line each."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    memory = int(next(line for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line).split()[1])
    cores = len(os.sched_getaffinity(0))
    return (
        f"machine: {model}, {cores} cores, {memory / 2**20:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}\ncommand: python -m {command}"
    )


def consumer(module: str, *arguments: object, core: int | None = 0) -> subprocess.Popen[str]:
    """A Python process of its own, pinned to one core."""
    pin = ["taskset", "-c", str(core)] if core is not None else []
    line = [*pin, sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def median(values: list[float]) -> str:
    """Median with the range, for a table."""
    return f"{statistics.median(values):>12,.0f}   ({min(values):,.0f} to {max(values):,.0f})"


def table(rows: list[tuple[str, list[float], float]], unit: str) -> str:
    """Median, range and factor over the baseline, a line each."""
    return "\n".join(f"{name:<44}{median(values)} {unit}   {factor:.1f} x" for name, values, factor in rows)
