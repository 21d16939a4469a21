"""Writes config/grafana anew: `python -m tests.dashboards.grafana.ship`, after a change of the dashboards."""

from __future__ import annotations

from shutil import rmtree

from dashboards.grafana.provisioning import files
from tests.dashboards.grafana.example import SHIPPED
from tests.dashboards.grafana.test_files import shipped

if __name__ == "__main__":
    rmtree(SHIPPED, ignore_errors=True)
    for name, text in files(shipped()).items():
        path = SHIPPED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
