"""Items made in another process come in order, are made one ahead and not more, and mistakes come through."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from hydro.errors import ConfigError, WatermasterError
from simulators.publisher import Ahead
from tests.end_to_end.running import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_items_come_in_order_and_from_elsewhere() -> None:
    def make() -> Iterator[tuple[int, int]]:
        for number in range(1_000):
            yield number, os.getpid()

    with Ahead(make) as ahead:
        items = [item for item in ahead if item is not None]
    assert [number for number, _ in items] == list(range(1_000))
    assert len({pid for _, pid in items} - {os.getpid()}) == 1


def test_while_nothing_is_there_others_get_their_turn() -> None:
    reading, writing = os.pipe()

    def make() -> Iterator[bytes]:
        yield os.read(reading, 1)

    with Ahead(make, wait_s=0.01) as ahead:
        items = iter(ahead)
        assert [next(items), next(items)] == [None, None]
        os.write(writing, b"x")
        assert [item for item in items if item is not None] == [b"x"]
    os.close(reading)
    os.close(writing)


def test_it_is_one_item_ahead_and_not_more(tmp_path: Path) -> None:
    """An item larger than what the pipe holds is kept back until it is asked for."""
    made = tmp_path / "made"

    def make() -> Iterator[bytes]:
        for number in range(10):
            made.write_text(str(number))
            yield bytes(1_000_000)

    with Ahead(make) as ahead:
        eventually(made.exists, 10, "the first")
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline:
            assert made.read_text() in {"", "0"}
        assert sum(1 for item in ahead if item is not None) == 10


def test_a_mistake_on_the_way_is_told_after_what_came_before_it() -> None:
    def make() -> Iterator[int]:
        yield 1
        raise ConfigError("file.ndjson:2: is no line")

    seen: list[int | None] = []
    with Ahead(make) as ahead, pytest.raises(WatermasterError, match=r"^file.ndjson:2: is no line$"):
        seen.extend(ahead)
    assert [item for item in seen if item is not None] == [1]


def test_a_process_that_is_killed_is_missed() -> None:
    def make() -> Iterator[int]:
        yield os.getpid()
        signal.pause()

    with Ahead(make) as ahead:
        items = filter(None, ahead)
        os.kill(next(items), signal.SIGKILL)
        with pytest.raises(WatermasterError, match=r"is gone \(exit code -9\)"):
            next(items)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_leaving_ends_the_process_which_ctrl_c_alone_does_not(number: signal.Signals) -> None:
    """Ctrl-C comes to the whole group: the one who publishes decides."""

    def make() -> Iterator[int]:
        yield os.getpid()
        if number is signal.SIGINT:
            os.kill(os.getpid(), signal.SIGINT)
        yield 2
        signal.pause()

    pids = []
    with Ahead(make) as ahead:
        for item in ahead:
            if item == 2:
                break
            pids += [item] if item is not None else []
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
