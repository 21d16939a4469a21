"""What screens ask of the ledger: whether anything changed, what fires, and what needs somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerting.case import Outcome, Step, Verb
from alerting.ledger import Firing, Signature
from alerting.level import Level
from hydro.errors import TransitionError
from tests.alerting.sample_alerts import DAWN, change, shortfall

if TYPE_CHECKING:
    from alerting.ledger import Ledger
    from alerting.record import AlertRecord

BY = Signature("王工", DAWN)


def put(ledger: Ledger, *alerts: AlertRecord) -> None:
    for alert in alerts:
        said = change(alert, station=alert.subject, target=alert.target_id)
        ledger.apply([said], ledger.cursor() + 1, DAWN)


def listed(ledger: Ledger, **where: object) -> list[str]:
    found = ledger.listing(**{"only_open": True, **where})  # type: ignore[arg-type]  # of the call
    return [alert["subject"]["code"] for alert in found.items]


def test_every_change_counts_and_nothing_else_does(ledger: Ledger) -> None:
    assert ledger.changes() == 0
    alert = shortfall(1)
    put(ledger, alert)
    seen = [ledger.changes()]
    put(ledger, alert)  # the same again, at a later position of the journal
    assert ledger.changes() == seen[-1]
    ledger.transition(alert.id, Step(Verb.ACK), BY)
    seen.append(ledger.changes())
    put(ledger, shortfall(1, 5))
    seen.append(ledger.changes())
    ledger.apply([change()], ledger.cursor() + 1, DAWN)  # withdrawn
    seen.append(ledger.changes())
    assert seen == sorted(set(seen))
    with pytest.raises(TransitionError):
        ledger.transition(alert.id, Step(Verb.ACK), BY)
    assert ledger.changes() == seen[-1]


def test_of_a_subject_the_worst_level_fires_and_one_verified_alert_of_it_ends_the_suspicion(ledger: Ledger) -> None:
    mild = shortfall(1, station="S1", target="mild")
    first = shortfall(1, station="S1", target="first", levels=(Level.YELLOW, Level.RED))
    second = shortfall(2, station="S1", target="second", levels=(Level.RED,))
    put(ledger, mild, first, second, shortfall(1, 4, station="S2", levels=(Level.RED,)))
    assert ledger.firing() == {("station", "S1"): Firing(Level.RED, suspected=True)}
    for alert in (mild, second):
        ledger.transition(alert.id, Step(Verb.ACK), BY)
        ledger.transition(alert.id, Step(Verb.VERIFY, outcome=Outcome.CONFIRMED), BY)
        assert ledger.firing()["station", "S1"].suspected is (alert is mild)


def test_what_needs_somebody_comes_by_urgency(ledger: Ledger) -> None:
    """It fires, or its case is not closed; firing first, then the worst, then the latest."""
    done = shortfall(0, 3, station="closed")
    put(
        ledger,
        shortfall(1, station="old", levels=(Level.ORANGE,)),
        shortfall(5, station="new", levels=(Level.ORANGE,)),
        shortfall(3, station="worst", levels=(Level.RED,)),
        shortfall(9, 12, station="resolved", levels=(Level.RED,)),
        done,
    )
    for step in (Step(Verb.ACK), Step(Verb.VERIFY, outcome=Outcome.FALSE_ALARM), Step(Verb.CLOSE)):
        ledger.transition(done.id, step, BY)
    assert listed(ledger) == ["worst", "new", "old", "resolved"]
    assert listed(ledger, only_open=False) == ["resolved", "new", "worst", "old", "closed"]
    assert listed(ledger, subjects={"old", "worst", "closed"}) == ["worst", "old"]
    assert listed(ledger, offset=1, limit=2) == ["new", "old"]
    assert ledger.listing(only_open=True, limit=1).total == 4
    assert ledger.listing(only_open=False, subjects={"old"}).total == 1


def test_a_listing_has_the_objects_of_the_contract(ledger: Ledger) -> None:
    alert = shortfall(1)
    put(ledger, alert)
    assert ledger.listing(only_open=True).items == [ledger.alert(alert.id)]
