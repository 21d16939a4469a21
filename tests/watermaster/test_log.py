"""Log lines: when in the zone of the settings, to the millisecond, with its offset."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("argument", "zone", "offset"),
    [("480", "UTC", "+08:00"), ("-210", "UTC", "-03:30"), ("", "Asia/Shanghai", "+08:00"), ("", "UTC", "+00:00")],
)
def test_a_line_begins_with_its_instant_in_the_zone(argument: str, zone: str, offset: str) -> None:
    program = (
        "import structlog; from watermaster.log import configure_log;"
        f"configure_log({argument}); structlog.get_logger().info('started', parts='ingest')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"TZ": zone})
    form = rf"at=\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}{re.escape(offset)} level=info event=started parts=ingest\n"
    assert re.fullmatch(form, done.stderr)
