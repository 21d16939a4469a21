"""Several processes on one ledger, as the services and the command line are."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alerting.ledger import Ledger
from tests.alerting.sample_alerts import change, shortfall

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@contextmanager
def worker(url: str, role: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, ready to begin; gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.alerting.ledger_worker", url, role],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line.strip()
    assert process.stderr is not None
    raise AssertionError(f"the worker ended: {process.stderr.read()}")


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_of_several_people_one_takes_a_case_and_all_can_open_a_new_ledger_at_once(ledger_url: str) -> None:
    with ExitStack() as stack:
        people = [stack.enter_context(worker(ledger_url, "people")) for _ in range(4)]
        assert [next(lines(person)) for person in people] == ["ready"] * 4
        with Ledger.open(ledger_url, zone_minutes=480) as ledger:
            stations = [f"S{number}" for number in range(30)]
            ledger.apply([change(shortfall(1, station=name), station=name) for name in stations], 1, 0)
            for person in people:
                begin(person)
            taken = [int(next(lines(person))) for person in people]
            verbs = [[step["verb"] for step in alert["case"]["history"]] for alert in ledger.export()]
    assert sum(taken) == len(stations)
    assert verbs == [["raise", "ack"]] * len(stations)


def test_people_work_while_the_rules_write(ledger_url: str) -> None:
    with worker(ledger_url, "judge") as judge, worker(ledger_url, "people") as person:
        judged = lines(judge)
        assert (next(judged), next(lines(person))) == ("ready", "ready")
        begin(judge)
        assert [next(judged) for _ in range(20)][-1] == "20"
        begin(person)
        assert int(next(lines(person))) >= 20
        seen = int(next(judged))
        assert int(next(judged)) == seen + 1


def test_a_judge_killed_at_any_moment_leaves_alerts_cursor_and_outbox_of_one_position(ledger_url: str) -> None:
    with worker(ledger_url, "judge") as judge:
        judged = lines(judge)
        assert next(judged) == "ready"
        begin(judge)
        said = [next(judged) for _ in range(50)][-1]
        judge.kill()
        judge.wait()
    with Ledger.open(ledger_url, zone_minutes=480) as ledger:
        position = ledger.cursor()
        assert position >= int(said)
        assert len(list(ledger.export())) == ledger.outbox_size() == position
