"""The encoders of the simulated RTUs write the public frames byte for byte from what these are expected to say."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.rtu.sl651.frame import Link, packets
from tests.simulators.rtu.vectors import BODY_NOT_EXPECTED, SL651, SLT427, sl651_frame, slt427_frame


@pytest.mark.parametrize(
    "vector",
    [vector for vector in SL651 if vector["id"] not in BODY_NOT_EXPECTED],
    ids=lambda vector: f"{vector['id']}-{vector['expected']['func']}",
)
def test_a_frame_of_sl651_is_written_from_its_meaning(vector: dict[str, Any]) -> None:
    assert sl651_frame(vector).hex().upper() == vector["hex"]


def test_a_picture_is_cut_into_the_packets_that_a_camera_sent() -> None:
    """V024 to V036: thirteen packets with 256 bytes of the picture each, the first with the body's opening, too."""
    sent = [bytes.fromhex(vector["hex"]) for vector in SL651 if "V024" <= vector["id"] <= "V036"]
    pieces = [packet[17:-3] for packet in sent]
    link = Link("0012345678", 1, "1234")
    assert packets(link, 0x36, b"".join(pieces), first=len(pieces[0]), following=256) == sent


@pytest.mark.parametrize("vector", SLT427, ids=lambda vector: f"{vector['id']}-{vector['expected']['afn']}")
def test_a_frame_of_slt427_is_written_from_its_meaning(vector: dict[str, Any]) -> None:
    assert slt427_frame(vector).hex().upper() == vector["hex"]
