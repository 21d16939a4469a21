"""`watermaster decode`: a frame on the command line, explained at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.running import command

if TYPE_CHECKING:
    from pathlib import Path

FLOW = "681A68B35303810D00C00059000000826110000001106000004508090A3516"
REPORT = (
    "7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812"
    "109903A421"
)
BROKEN = FLOW[:-4] + "3616"
HEAVY = (
    "numpy",
    "pydantic",
    "pydantic_core",
    "sqlalchemy",
    "aiohttp",
    "fastapi",
    "yaml",
    "mqtt5",
    "structlog",
)


def test_a_frame_is_explained_field_by_field() -> None:
    shown = command("decode", FLOW).stdout
    for line in (
        "protocol: slt427",
        "address_hex: 5303810D00",
        "  flow: 5.900",
        "  volume_m3: 106182",
        "alarm_bits: 0, 12",
        "alarm: mains power lost 交流电停电",
        "status: door closed 箱门关闭",
        "div: no",
    ):
        assert line in shown.splitlines()


@pytest.mark.parametrize(
    ("source", "options", "key", "value"),
    [
        (FLOW, [], "values", [{"flow": "5.900", "volume_m3": "106182"}]),
        (FLOW.lower(), ["--protocol", "slt427"], "afn", "C0"),
        (" ".join(FLOW[at : at + 2] for at in range(0, len(FLOW), 2)), [], "L", 26),
        (f"0x{FLOW}", [], "L", 26),
        (REPORT, [], "station", "0011223344"),
        (REPORT, ["--protocol", "sl651"], "func", "32"),
    ],
)
def test_json_has_the_keys_of_the_vectors(source: str, options: list[str], key: str, value: object) -> None:
    found = json.loads(command("decode", source, "--output", "json", *options).stdout)
    assert found[key] == value


def test_a_json_payload_is_shown_as_readings() -> None:
    payload = '{"station": "A", "time": "2026-03-01T08:05:00+08:00", "values": {"stage": 1.5, "rain": null, "x": 2}}'
    found = json.loads(command("decode", payload, "--output", "json").stdout)
    assert found == {
        "readings": [
            {"station": "A", "quantity": "stage", "unit": "m", "time": "2026-03-01T08:05:00+08:00", "value": 1.5},
            {"station": "A", "quantity": "rain", "unit": "mm", "time": "2026-03-01T08:05:00+08:00", "value": None},
        ],
        "faults": [{"reason": "unknown_quantity", "detail": "A x: 'x'"}],
    }
    assert "  value: missing" in command("decode", payload).stdout.splitlines()


@pytest.mark.parametrize(("raw", "as_text"), [(True, False), (False, True)])
def test_a_frame_may_stand_in_a_file(tmp_path: Path, *, raw: bool, as_text: bool) -> None:
    file = tmp_path / "frame"
    if raw:
        file.write_bytes(bytes.fromhex(FLOW))
    if as_text:
        file.write_text(f"{FLOW[:20]}\n{FLOW[20:]}\n")
    assert json.loads(command("decode", str(file), "--output", "json").stdout)["afn"] == "C0"


@pytest.mark.parametrize(
    ("source", "options", "reason"),
    [
        (BROKEN, [], "bad_crc"),
        (FLOW[:-2], [], "incomplete"),
        (FLOW + "00", [], "trailing_bytes"),
        ("00", [], "not_a_start"),
        ("", [], "empty"),
        (REPORT[:-4] + "0000", [], "bad_crc"),
        (FLOW, ["--protocol", "json"], "bad_json"),
        ("{", [], "bad_json"),
    ],
)
def test_what_is_no_frame_is_an_error_with_its_reason(source: str, options: list[str], reason: str) -> None:
    done = command("decode", source, "--output", "json", *options, ok=False)
    assert (done.returncode, json.loads(done.stdout)) == (1, {"error": reason})
    done = command("decode", source, *options, ok=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"watermaster: {reason}: ")


def test_what_is_neither_file_nor_digits_is_told() -> None:
    done = command("decode", "no-such-file", ok=False)
    assert done.returncode == 1
    assert done.stderr == "watermaster: 'no-such-file' is neither a file nor hexadecimal digits\n"


@pytest.mark.parametrize("line", [[], [FLOW, "--protocol", "x"], [FLOW, "--output", "yaml"], [FLOW, "--fast"]])
def test_an_unknown_option_is_a_usage_error(line: list[str]) -> None:
    done = command("decode", *line, ok=False)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("frame", [FLOW, REPORT], ids=["slt427", "sl651"])
def test_it_is_there_at_once_because_it_imports_next_to_nothing(frame: str) -> None:
    code = (
        f"import sys\nfrom watermaster.cli import main\nsys.argv = ['watermaster', 'decode', {frame!r}]\nmain()\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_it_starts_within_its_time() -> None:
    def seconds() -> float:
        before = time.perf_counter()
        command("decode", FLOW)
        return time.perf_counter() - before

    assert min(seconds() for _ in range(5)) <= 0.4
