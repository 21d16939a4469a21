"""The child never outlives its parent, and goes after the collector, whoever ends what."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ingest.broker.program import Program
from tests.end_to_end.running import eventually
from tests.ingest.broker.running import BOTH, is_there
from tests.servers.process import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GONE_WITHIN_S = 2.0

PARENT = """
import asyncio, random, signal, sys
from pathlib import Path
from ingest.broker.embedded import EmbeddedBroker
from ingest.broker.program import Program

async def main():
    broker = EmbeddedBroker(
        "127.0.0.1", 0, Path(sys.argv[2]), prefix="watermaster/v1", access=None, rng=random.Random(),
        told=lambda error: None, said=lambda text: None, program=Program(sys.argv[1]),
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await broker.start()
    watching = asyncio.create_task(broker.run())
    print(broker.facts.pid, flush=True)
    await stop.wait()
    print("stopping", broker.facts.running, flush=True)
    await asyncio.to_thread(sys.stdin.readline)  # the collector acknowledges what it holds
    print("drained", broker.facts.running, flush=True)
    await broker.stop()
    await watching

asyncio.run(main())
"""


class Parent:
    """A process with an embedded broker; the terminal's Ctrl-C reaches its whole process group."""

    def __init__(self, program: Program, folder: Path) -> None:
        if program is Program.MOSQUITTO:
            require("mosquitto")
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT, program, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.child = int(self.line())

    def line(self) -> str:
        """Wait for what it says next."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def answer(self) -> None:
        """Let it go on."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@pytest.fixture
def parent(program: Program, tmp_path: Path) -> Iterator[Parent]:
    """One with a running broker."""
    started = Parent(program, tmp_path)
    with started.process:
        yield started
        started.process.kill()
    eventually(lambda: not is_there(started.child), GONE_WITHIN_S, "the end of the child")


@BOTH
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP], ids=["kill -9", "hang-up"])
def test_the_child_goes_when_its_parent_dies(parent: Parent, number: signal.Signals) -> None:
    assert is_there(parent.child)
    parent.process.send_signal(number)
    parent.process.wait(10)
    eventually(lambda: not is_there(parent.child), GONE_WITHIN_S, "the end of the child")


@BOTH
def test_a_child_that_is_stopped_goes_as_well(parent: Parent) -> None:
    """Stopped as by a debugger or `kill -STOP`: it sees the signal when it is continued."""
    os.kill(parent.child, signal.SIGSTOP)
    parent.process.kill()
    parent.process.wait(10)
    os.kill(parent.child, signal.SIGCONT)
    eventually(lambda: not is_there(parent.child), GONE_WITHIN_S, "the end of the child")


@BOTH
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "TERM to the group"])
def test_a_signal_to_the_whole_terminal_leaves_the_broker_until_the_collector_has_acknowledged(
    parent: Parent, number: signal.Signals
) -> None:
    os.killpg(parent.process.pid, number)
    assert parent.line() == "stopping True"
    assert is_there(parent.child)
    parent.answer()
    assert parent.line() == "drained True"
    assert parent.process.wait(10) == 0
    assert not is_there(parent.child)


def test_a_child_whose_parent_went_before_it_could_ask_ends_at_once() -> None:
    """The signal of the kernel is sent once: a parent that is gone already sends none."""
    asking = "from ingest.broker.child import bind_to; bind_to(1 << 22)"
    done = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stderr.strip()) == (1, "the parent is gone")


def test_a_parent_that_ignores_signals_does_not_teach_it_to_its_child() -> None:
    """Ignored and blocked signals are inherited over exec: SIGTERM, which tells of the parent's end, must not be."""
    program = (
        "import os, signal, time; from ingest.broker.child import bind_to\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"
        "bind_to(os.getppid()); os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=30)
    assert done.returncode == -signal.SIGTERM
