"""Evidence: the raw messages that a verdict rests on, copied out of the journal, which is short, and kept for the case.

``collecting`` finds them, in one pass over the journal for many alerts; ``folder`` keeps them as recorded streams that
``backtest`` and ``replay`` read; ``writer`` is the loop. What is still to be copied stands in the ledger, see
:mod:`alerting.ledger.evidence`.
"""

from __future__ import annotations

from alerting.evidence.folder import EvidenceFolder
from alerting.evidence.writer import EvidenceWriter

__all__ = ["EvidenceFolder", "EvidenceWriter"]
