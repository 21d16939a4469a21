"""The ledger: the alerts that the rules give, the cases that people work off, and the points that the store is to get.

``reconcile``, ``revision`` and ``points`` decide, purely, what a change by the rules means; ``rewriting`` and
``reading`` put it into tables and give it back; ``evidence`` and ``rejudging`` are queues of what others do with it;
``ledger`` is what the rest of the program uses.
"""

from __future__ import annotations

from alerting.ledger.evidence import EvidencePart, EvidenceRequest, EvidenceSummary, Occasion, Wanted
from alerting.ledger.ledger import LONGEST_COMMENT, LONGEST_NAME, RULES, Ledger, OutboxEntry, Signature
from alerting.ledger.overview import Firing, Listing
from alerting.ledger.reading import AlertFilter, AlertPage
from alerting.ledger.rejudging import Rejudged, TooOld, ToRejudge
from alerting.ledger.rewriting import Applied

__all__ = [
    "LONGEST_COMMENT",
    "LONGEST_NAME",
    "RULES",
    "AlertFilter",
    "AlertPage",
    "Applied",
    "EvidencePart",
    "EvidenceRequest",
    "EvidenceSummary",
    "Firing",
    "Ledger",
    "Listing",
    "Occasion",
    "OutboxEntry",
    "Rejudged",
    "Signature",
    "ToRejudge",
    "TooOld",
    "Wanted",
]
