"""Another process on a ledger: `python -m tests.alerting.ledger_worker URL judge|people|both`.

It opens the ledger, says `ready`, and begins when it is told to on stdin. The judge raises an alert at a time for ever,
and says after each how many there are. A person tries to take on every case there is, and says how many it got.
"""

from __future__ import annotations

import sys
from itertools import count

from alerting.case import Step, Verb
from alerting.ledger import Ledger, Signature
from hydro.errors import TransitionError
from tests.alerting.sample_alerts import change, shortfall

__all__ = ["main"]


def main(url: str, role: str) -> None:
    """Do what `role` says."""
    with Ledger.open(url, zone_minutes=480) as ledger:
        print("ready", flush=True)  # noqa: T201  # that is how it talks
        sys.stdin.readline()
        if role == "judge":
            _judge(ledger)
        else:
            print(_take_cases(ledger), flush=True)  # noqa: T201  # as above


def _judge(ledger: Ledger) -> None:
    for number in count(1):
        station = f"S{number:06d}"
        ledger.apply([change(shortfall(number, station=station), station=station)], number, 0)
        print(number, flush=True)  # noqa: T201  # as above


def _take_cases(ledger: Ledger) -> int:
    taken = 0
    for alert in list(ledger.export()):
        try:
            ledger.transition(alert["id"], Step(Verb.ACK), Signature("王工", 0))
        except TransitionError:
            continue
        taken += 1
    return taken


if __name__ == "__main__":
    main(*sys.argv[1:])
