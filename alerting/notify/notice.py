"""An alert as Alertmanager takes it: labels by which it routes and groups, annotations that people read. Pure.

The level is a label, so an alert that rises ends as what it was and begins as what it is: the message of its group goes
out again, and a route may wait for red. Whatever changes while the level stays is an annotation.

Source: Prometheus Alertmanager 0.25, "Alerts API v2", `postableAlert`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from alerting.words import ALERT_WORDS, SUSPECTED
from hydro.fixed import format_micro
from hydro.instants import format_instant
from hydro.quantity import canonical_unit
from hydro.register import AlertClass

if TYPE_CHECKING:
    from alerting.level import Level
    from alerting.record import AlertRecord
    from hydro.register import Register
    from hydro.rules import Signal

__all__ = ["ALIVE", "DOWN", "MUTED", "Notice", "NoticeOf", "alive", "down", "muted"]

ALIVE: Final = "WatermasterAlive"
"""Said again and again while Watermaster works; the shipped configuration sends it to nobody."""

DOWN: Final = "WatermasterDown"
"""Fires always, and is inhibited while :data:`ALIVE` is heard: a dead man's switch."""

MUTED: Final = "WatermasterMuted"
"""Beside an alert that was told and of which nobody is to hear for a while; inhibits it."""

_FOR_EVER_MS: Final = 10 * 365 * 86_400_000
_LANGUAGES: Final = ("zh", "en")


class Notice(msgspec.Struct, frozen=True, rename={"starts_at": "startsAt", "ends_at": "endsAt", "url": "generatorURL"}):
    """One alert for `POST /api/v2/alerts`. The labels are its identity."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str
    ends_at: str
    url: str = ""


class NoticeOf:
    """Makes notices.

    Args:
        register: Names of places, and the zone of the times.
        link: Address of the console, without a slash at its end; empty where messages have no link.
    """

    def __init__(self, register: Register, link: str) -> None:
        self._register = register
        self._link = link

    def __call__(self, alert: AlertRecord, level: Level, *, suspected: bool, at: int, ends_at: int) -> Notice:
        """The notice of an alert at a level.

        Args:
            alert: As it is now.
            level: At which it is, or was, told.
            suspected: Nobody has verified it yet.
            at: Now, epoch milliseconds.
            ends_at: When Alertmanager is to take it for ended if it hears no more.
        """
        station = self._register.station_at(alert.subject, alert.raised_at) if alert.subject_kind == "station" else None
        labels = {
            "alertname": alert.alert_class,
            "alert": alert.id,
            "severity": level.text,
            "reason": alert.reason,
            "subject_kind": alert.subject_kind,
            "subject": alert.subject,
            "target_id": alert.target_id,
            "basin": alert.basin,
            "river": alert.river,
            "division": alert.division,
            "authority": None if station is None else station.authority,
        }
        place = alert.subject if station is None or not station.name else f"{station.name} {alert.subject}"
        annotations = {
            f"summary_{lang}": self._summary(alert, level, place, lang, suspected=suspected) for lang in _LANGUAGES
        }
        zone = self._register.zone_minutes
        annotations["onset"] = format_instant(alert.onset, zone)
        annotations["raised_at"] = format_instant(alert.raised_at, zone)
        if alert.resolved_at is not None:
            annotations["resolved_at"] = format_instant(alert.resolved_at, zone)
        url = f"{self._link}/?alert={alert.id}#case" if self._link else ""
        if url:
            annotations["link"] = url
            annotations["runbook_url"] = f"{self._link}/runbooks/{alert.alert_class}"
        return Notice(
            {name: text for name, text in labels.items() if text},
            annotations,
            # Event time may be a little ahead of the clock, and a beginning after the end is refused.
            _utc(min(alert.raised_at, at, ends_at)),
            _utc(ends_at),
            url,
        )

    def _summary(self, alert: AlertRecord, level: Level, place: str, lang: str, *, suspected: bool) -> str:
        index = _LANGUAGES.index(lang)

        def word(bare: str) -> str:
            return ALERT_WORDS.get(bare, (bare, bare))[index]

        signal = self._signal(alert)
        name = word(alert.alert_class) if signal is None else (signal.title_zh, signal.title_en)[index]
        doubt = SUSPECTED[index] if suspected else ""
        shown = self._against_target(alert, lang)
        if lang == "zh":
            text = f"{doubt}{name}（{word(level.text)}）：{place}，{word(alert.reason)}"
            return f"{text}，{shown}" if shown else text
        text = f"{doubt} {name[:1].lower()}{name[1:]}".strip()
        text = f"{text[:1].upper()}{text[1:]} ({word(level.text)}): {place}, {word(alert.reason)}"
        return f"{text}, {shown}" if shown else text

    def _against_target(self, alert: AlertRecord, lang: str) -> str:
        if alert.value is None or alert.target is None:
            return ""
        unit = self._unit(alert)
        value, target = (f"{format_micro(number)} {unit}".strip() for number in (alert.value, alert.target))
        against = ("界限", "bound") if alert.alert_class == AlertClass.SIGNAL else ("目标", "target")
        return f"{value}，{against[0]} {target}" if lang == "zh" else f"{value}, {against[1]} {target}"

    def _unit(self, alert: AlertRecord) -> str:
        signal = self._signal(alert)
        if signal is not None:
            return canonical_unit(signal.quantity)
        rows = self._register.targets.get(alert.target_id or "", ())
        return canonical_unit(rows[0].quantity) if rows else ""

    def _signal(self, alert: AlertRecord) -> Signal | None:
        """The rule of the authority's own that it comes from; None for a built-in class."""
        return self._register.rules.signal(alert.target_id) if alert.alert_class == AlertClass.SIGNAL else None


def alive(at: int, ends_at: int) -> Notice:
    """Watermaster works.

    Args:
        at: Now, epoch milliseconds.
        ends_at: When it is missed.
    """
    return _own(ALIVE, {"severity": "none"}, {}, at, ends_at)


def down(at: int) -> Notice:
    """Watermaster has stopped: nobody hears it while :func:`alive` inhibits it."""
    said = {
        "summary_zh": "Watermaster 已停止发送心跳：采集或告警可能中断，请立即检查服务器。",
        "summary_en": "Watermaster has stopped reporting: collecting or alerting may be down, check the server now.",
    }
    return _own(DOWN, {"severity": "red"}, said, at, at + _FOR_EVER_MS)


def muted(alert_id: str, because: str, at: int, ends_at: int) -> Notice:
    """Nobody is to hear of an alert for now.

    Args:
        alert_id: Which.
        because: Id of the announced work, or of the alert that stands for it.
        at: Now, epoch milliseconds.
        ends_at: When it may be heard of again.
    """
    return _own(MUTED, {"severity": "none", "alert": alert_id}, {"because": because}, at, ends_at)


def _own(name: str, labels: dict[str, str], annotations: dict[str, str], at: int, ends_at: int) -> Notice:
    return Notice({"alertname": name, **labels}, annotations, _utc(at), _utc(ends_at))


def _utc(instant: int) -> str:
    return format_instant(instant, 0)
