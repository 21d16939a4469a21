"""What an alert is about, as people call it, and where more of it is shown; and who keeps it from being told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards.console.page.links import intake_address, intakes_of
from hydro.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerting.ledger.notices import Silenced
    from dashboards.console.page.choice import Choice
    from dashboards.console.page.frame import Frame

__all__ = ["Subject", "silence_text", "subject_of"]


class Subject(NamedTuple):
    """The subject of an alert; `href` is None where no page shows it."""

    text: str
    href: str | None


def subject_of(frame: Frame, alert: Mapping[str, Any], kept: Choice) -> Subject:
    """The subject of an alert.

    Args:
        frame: Whose page.
        alert: Object of CONTRACT section 6.
        kept: What an address of the same page keeps.
    """
    kind, code = alert["subject"]["kind"], alert["subject"]["code"]
    taking = frame.places.register.taking
    number = frame.board.live.index.station_number(code) if kind in ("station", "address") else None
    named = f"{frame.words.listed(kind)} {code}"
    if number is not None:
        text = frame.name(frame.places.stations[number])
        address = kept.address("station", station=code)
        return Subject(text if kind == "station" else f"{named} · {text} · {_over(frame, alert)}", address)
    match kind:
        case "intake" if code in taking.structures:
            first = frame.board.live.index.station_number(taking.structures[code][0])
            text = code if first is None else frame.name(frame.places.stations[first])
            return Subject(text if text == code else f"{text} {code}", intake_address(code))
        case "permit" if code in taking.permits:
            return Subject(f"{named} {taking.permits[code].rows[-1].holder}".rstrip(), intakes_of(code))
        case "address":
            return Subject(f"{named} · {_over(frame, alert)}", None)
        case _:
            return Subject(code, None)


def _over(frame: Frame, alert: Mapping[str, Any]) -> str:
    """The gateway over which an address came."""
    return f"{frame.words.listed('gateway')} {alert.get('gateway') or '—'}"


def silence_text(frame: Frame, silenced: Silenced | None) -> str | None:
    """That nobody is told of an alert, until when and why; None where people are."""
    if silenced is None:
        return None
    try:
        until = frame.moment(parse_instant(silenced.until, frame.zone)).text
    except ValueError:  # of a server that writes its times in another way
        until = silenced.until
    return frame.words("silenced until", time=until, by=silenced.by or "—", comment=silenced.comment or "—")
