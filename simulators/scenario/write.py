"""A scenario as a config directory: its register, and settings that believe the times of a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.instants import format_instant

if TYPE_CHECKING:
    from pathlib import Path

    from simulators.scenario.model import Scenario

__all__ = ["write_config"]

_BOM: Final = b"\xef\xbb\xbf"
"""So that Excel reads Chinese."""


def write_config(scenario: Scenario, folder: Path) -> tuple[Path, ...]:
    """Register, targets and settings that belong to a scenario; what stands in the folder besides is left alone.

    Args:
        scenario: Whose.
        folder: Config directory; made where there is none.

    Returns:
        The files written.

    Raises:
        OSError: One can't be written.
    """
    registry = folder / "registry"
    registry.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in sorted(scenario.contents().items()):
        (registry / name).write_bytes(_BOM + content)
        written.append(registry / name)
    settings = folder / "watermaster.yaml"
    settings.write_text(_settings(scenario), encoding="utf-8")
    return (*written, settings)


def _settings(scenario: Scenario) -> str:
    zone = format_instant(0, scenario.zone_minutes)[-6:]
    return f"""\
# Settings for the scenario {scenario.name} · 情景配置
# {scenario.title.en} · {scenario.title.zh}
#
# Written by `watermaster simulate {scenario.name} --write-config`. The register beside it describes what the scenario
# simulates; the settings that are left out have their defaults.
# 由模拟情景生成。同目录的登记表描述该情景；未列出的设置取默认值。

data_dir: ./var

time:
  zone: "{zone}"

ingest:
  trust_replay: true                      # arrival times are those of the scenario · 采用情景中的到达时间
"""
