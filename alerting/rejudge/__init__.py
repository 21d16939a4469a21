"""Judging again what is older than the rules' memory: an answer to readings that come after ``time.revise_days``.

The rules tell which days such readings came for, the ledger remembers them, and ``job`` judges these days again, at
leisure, from the store: ``again`` is the same engine on the samples of one target, ``stretch`` says which time must be
looked at and what of the outcome counts.
"""

from __future__ import annotations

from alerting.rejudge.job import RejudgingJob

__all__ = ["RejudgingJob"]
