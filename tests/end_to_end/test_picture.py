"""The pictures of the README are taken from the running program, when it has something to show.

``WATERMASTER_PICTURES=1`` writes them; otherwise they are only held against what the program shows now: the same size,
and as much in them.
"""

from __future__ import annotations

import os
import urllib.request
from pathlib import Path
from struct import unpack
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.end_to_end.test_demo import Demo
from tests.servers.chromium import chromium

PICTURES: Final = Path(__file__).parents[2] / "docs" / "pictures"
LOCALES: Final = {"first-page.png": "zh-CN", "first-page-en.png": "en-GB"}
SIZE: Final = (1440, 1450)
ALIKE: Final = 0.6
"""Bytes of two pictures of the same page at two moments differ by less than this share."""


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG file."""
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = unpack(">II", picture[16:24])
    return width, height


def eventful(page: str) -> bool:
    """A shortfall has become orange, and a gateway has gone dark."""

    def part(name: str) -> str:
        with urllib.request.urlopen(f"{page}/page/fragment/{name}?lang=en", timeout=10) as answer:  # noqa: S310  # our own address
            text: str = answer.read().decode()
        return text

    return "orange alert</a>" in part("head") and "presence-offline" in part("gateways")


@pytest.mark.slow
def test_the_pictures_are_of_this_program(tmp_path: Path) -> None:
    with Demo(tmp_path, "--speed", "240") as demo, chromium() as browser:
        page_address = demo.address("page").rstrip("/")
        demo.wait(lambda: eventful(page_address), "something to see")
        taken = {}
        for name, locale in LOCALES.items():
            viewport = {"width": SIZE[0], "height": SIZE[1]}
            context = browser.new_context(locale=locale, viewport=viewport, color_scheme="light")  # type: ignore[arg-type]  # two numbers
            page = context.new_page()
            page.goto(page_address)
            expect(page.locator("#part-station svg:visible")).to_be_visible()
            taken[name] = page.screenshot(animations="disabled")
            context.close()
    for name, picture in taken.items():
        path = PICTURES / name
        if os.environ.get("WATERMASTER_PICTURES"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(picture)
        kept = path.read_bytes()
        assert size_of(kept) == size_of(picture) == SIZE
        assert abs(len(kept) - len(picture)) <= ALIKE * len(picture), "WATERMASTER_PICTURES=1 takes them anew"
