"""The end of a service: every part is stopped, whatever comes of the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from structlog.testing import capture_logs

from hydro.errors import StoreError
from watermaster.service import end

if TYPE_CHECKING:
    from watermaster.part import Surroundings

MISTAKE = ZeroDivisionError("a case that nobody thought of")
REFUSAL = StoreError("the store refuses")


class StubPart:
    """A part that may fail while it runs, and again when it is stopped."""

    stopped: list[str]

    def __init__(self, surroundings: Surroundings | None = None) -> None:
        """A part of no service."""
        self.surroundings = surroundings
        self.name = ""
        self.fails_running: Exception | None = None
        self.fails_stopping: Exception | None = None

    @classmethod
    def called(cls, name: str, stopped: list[str], running: Exception | None, stopping: Exception | None) -> StubPart:
        """One that notes in a list that it was stopped."""
        part = cls()
        part.name, part.stopped, part.fails_running, part.fails_stopping = name, stopped, running, stopping
        return part

    async def start(self) -> None:
        """Nothing to open."""

    async def run(self) -> None:
        """Fail, or go on for ever."""
        if self.fails_running is not None:
            raise self.fails_running
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Fail, or be stopped."""
        self.stopped.append(self.name)
        if self.fails_stopping is not None:
            raise self.fails_stopping


async def ended(
    failures: dict[str, tuple[Exception | None, Exception | None]],
) -> tuple[list[str], list[Exception], list[bool]]:
    stopped: list[str] = []
    parts = [StubPart.called(name, stopped, *failures.get(name, (None, None))) for name in ("one", "two", "three")]
    running: list[tuple[Any, asyncio.Task[None]]] = [
        (part, asyncio.create_task(part.run(), name=part.name)) for part in parts
    ]
    await asyncio.sleep(0)  # they run
    unexpected = await end(running, structlog.get_logger())
    return stopped, unexpected, [task.done() for _, task in running]


@pytest.mark.parametrize(
    ("failures", "unexpected", "levels"),
    [
        pytest.param({}, [], [], id="all well"),
        pytest.param({"three": (None, REFUSAL)}, [], ["warning"], id="a refusal while stopping"),
        pytest.param({"two": (REFUSAL, None)}, [], ["warning"], id="a refusal while running"),
        pytest.param({"three": (None, MISTAKE)}, [MISTAKE], ["error"], id="a mistake while stopping"),
        pytest.param({"three": (MISTAKE, None)}, [MISTAKE], ["error"], id="a mistake while running"),
        pytest.param(
            {"three": (MISTAKE, REFUSAL), "two": (None, KeyError("x"))},
            [MISTAKE, KeyError],
            ["warning", "error", "error"],
            id="several",
        ),
    ],
)
def test_all_parts_are_stopped_and_the_unexpected_is_told(
    failures: dict[str, tuple[Exception | None, Exception | None]],
    unexpected: list[Exception | type[Exception]],
    levels: list[str],
) -> None:
    with capture_logs() as log:
        stopped, found, done = asyncio.run(ended(failures))
    assert stopped == ["three", "two", "one"]
    assert all(done)
    assert [type(each) for each in found] == [each if isinstance(each, type) else type(each) for each in unexpected]
    assert [event["log_level"] for event in log[:-1]] == levels
    assert all("exc_info" in event for event in log if event["log_level"] == "error")
    assert log[-1]["event"] == "stopped"
