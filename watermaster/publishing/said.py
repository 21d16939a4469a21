"""What came of publishing, in words for people and as an object for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from hydro.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simulators.publisher import Tally
    from watermaster.publishing.run import Outcome

__all__ = ["report"]

_SHARES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def report(outcome: Outcome, zone_minutes: int, *, json_wanted: bool) -> None:
    """Say what came of it on stderr, and where a program wants to know it, on stdout as one JSON object."""
    for line in _in_words(outcome, zone_minutes):
        sys.stderr.write(f"{line}\n")
    if json_wanted:
        sys.stdout.write(json.dumps(_as_object(outcome, zone_minutes)) + "\n")


def _in_words(outcome: Outcome, zone_minutes: int) -> Iterator[str]:
    """A line for each thing that there is to say."""
    tally = outcome.tally
    if not outcome.finished:
        yield _how_far(tally, zone_minutes)
    if not tally.taken:
        return
    per_s = tally.acknowledged / max(outcome.seconds, 1e-3)
    best = f" (best second {tally.timeline.peak_per_s:,.0f})" if tally.timeline.peak_per_s > per_s else ""
    yield (
        f"acknowledged 已确认: {tally.acknowledged:,} of {tally.taken:,} messages in {outcome.seconds:.1f} s, "
        f"{per_s:,.0f} msg/s{best}"
    )
    waits = _waits_ms(tally)
    if waits:
        yield (
            f"waited for it 应答时间: median {waits['p50']:,.1f} ms, 95 % {waits['p95']:,.1f} ms, "
            f"99 % {waits['p99']:,.1f} ms, longest {waits['max']:,.1f} ms"
        )
    if tally.outages:
        times = "once" if tally.outages == 1 else f"{tally.outages} times"
        yield f"broker away 服务器断开: {times}, {tally.outage_s:.1f} s; sent again 重发: {tally.resent:,} messages"
    if outcome.unanswered:
        yield f"no answer 未应答: {outcome.unanswered:,} messages were sent, and nobody knows whether they came"
    if tally.unheard:
        yield f"no subscriber 无订阅者: {tally.unheard:,} messages, acknowledged and gone"
    for what, counts in (("refused by the broker 被拒绝", tally.refused), ("not sent 无法发送", tally.unsendable)):
        for reason, count in sorted(counts.items()):
            yield f"{what}: {count:,} messages, {reason.replace('_', ' ')} (first {tally.examples[reason]!r})"


def _as_object(outcome: Outcome, zone_minutes: int) -> dict[str, Any]:
    """The same for programs; times ISO 8601, waits in milliseconds."""
    tally = outcome.tally
    return {
        "finished": outcome.finished,
        "messages": tally.taken,
        "acknowledged": tally.acknowledged,
        "unanswered": outcome.unanswered,
        "unsent": tally.unsent,
        "refused": _sorted(tally.refused),
        "unsendable": _sorted(tally.unsendable),
        "unheard": tally.unheard,
        "resent": tally.resent,
        "outages": tally.outages,
        "outage_s": round(tally.outage_s, 3),
        "seconds": round(outcome.seconds, 3),
        "per_s": round(tally.acknowledged / max(outcome.seconds, 1e-3), 1),
        "best_per_s": tally.timeline.peak_per_s,
        "wait_ms": _waits_ms(tally),
        "acknowledged_by": {"every_s": tally.timeline.every_s, "counts": list(tally.timeline.counts)},
        "settled_to": None if tally.safe_to is None else format_instant(tally.safe_to, zone_minutes),
        "error": None if outcome.error is None else str(outcome.error),
    }


def _how_far(tally: Tally, zone_minutes: int) -> str:
    if tally.sent_to is None:
        return "stopped 已中断: nothing was sent"
    begun = format_instant(tally.sent_to, zone_minutes)
    if tally.safe_to is None:
        return f"stopped 已中断 in the minute of {begun}"
    settled = format_instant(tally.safe_to, zone_minutes)
    unsent = f", {tally.unsent:,} messages were not sent any more" if tally.unsent else ""
    return f"stopped 已中断 at {begun}; all to {settled} is acknowledged{unsent}"


def _waits_ms(tally: Tally) -> dict[str, float]:
    found = {name: tally.waits.share_s(share) for name, share in _SHARES.items()}
    return {name: round(1_000 * wait, 3) for name, wait in found.items() if wait is not None}


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
