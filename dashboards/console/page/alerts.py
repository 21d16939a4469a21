"""The list of alerts, and the case of the one that is unfolded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from alerting.case import CaseState, Outcome, Verb, allowed, is_suspected
from alerting.ledger import LONGEST_NAME, Listing
from alerting.level import Level
from dashboards.console.draw.model import State
from dashboards.console.draw.words import letter, unit_text
from dashboards.console.page.choice import PageError
from dashboards.console.page.figures import percent_text, span_text, value_text
from dashboards.console.page.links import runbook_address
from dashboards.console.page.subject import silence_text, subject_of
from dashboards.runbooks import CLASSES
from hydro.errors import WatermasterError
from hydro.fixed import MICRO
from hydro.instants import parse_instant
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alerting.ledger.notices import Silenced
    from dashboards.console.page.frame import Frame, Moment
    from dashboards.console.services import Services

__all__ = ["LONGEST_COMMENT", "PAGE_OF_ALERTS", "AlertsView", "Filled", "Listed", "alerts_view", "ask_ledger"]

PAGE_OF_ALERTS: Final = 30
_TRACE: Final = 20  # lines that are shown; all of them are in REST
LONGEST_COMMENT: Final = 2_000
"""Characters: encoded in a form they stay well below the bound of a body."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What the ledger says.

    Attributes:
        listing: A page of alerts; None where it can't be read.
        unfolded: The alert that is unfolded, an object of CONTRACT section 6; None without one.
        silenced: Which of them nobody is told of, by id: somebody silenced them in Alertmanager.
    """

    listing: Listing | None
    unfolded: dict[str, Any] | None
    silenced: Mapping[str, Silenced] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What stands in the form of a case: what the browser remembers, or what somebody sent that could not be done.

    Attributes:
        by: Name.
        comment: As typed.
        to: As typed.
        mistake: Why it could not be done, in words; None where nothing was sent.
    """

    by: str = ""
    comment: str = ""
    to: str = ""
    mistake: str | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A next step: verb and outcome as the form sends them, and in words."""

    step: str
    text: str
    main: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A step in the history of a case."""

    at: Moment
    by: str
    what: str
    comment: str


@dataclass(frozen=True, slots=True)
class EvidenceLink:
    """Raw messages that were copied; `href` is None where there were none."""

    href: str | None
    text: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """What people do about an alert.

    Attributes:
        action: Where the form is sent.
        buttons: Next steps; none where nothing is left to do.
        needs_to: The next step says to whom.
        history: The newest last.
        trace: Verdicts that late or corrected data rewrote, in words; the newest last.
        evidence: Raw messages that were copied.
        filled: What stands in the form.
        note: Something to know; None mostly.
        runbook: Where it is said what to do; None of a class that has none.
        longest_name: Characters.
        longest_comment: Characters.
    """

    action: str
    buttons: tuple[Button, ...]
    needs_to: bool
    history: tuple[Entry, ...]
    trace: tuple[Entry, ...]
    evidence: tuple[EvidenceLink, ...]
    filled: Filled
    note: str | None
    runbook: str | None
    longest_name: int = LONGEST_NAME
    longest_comment: int = LONGEST_COMMENT


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert as it is shown.

    Attributes:
        id: Of the alert.
        state: Of a station with it, for colours.
        letter: Of the level.
        level: In words.
        firing: It is not resolved.
        suspected: Nobody has verified it: the word for that; None where somebody has.
        title: The class, in words.
        subject: Name of what it is about.
        subject_href: To the station; None where the subject is none that is shown.
        basis: Of the target; None without one.
        depth: How deep: ratio or deficit; None where the class has none.
        value: Against the target; None as above.
        worst: The worst while firing; None as above.
        onset: When it began.
        since: Since when, or from when to when.
        state_word: Firing, resolved or withdrawn.
        case_word: Of the case.
        assignee: To whom it was given; None if to nobody.
        href: Unfolds or folds it.
        silenced: That nobody is told of it, until when and why; None where people are.
        case: Unfolded; None where it isn't.
    """

    id: str
    state: State
    letter: str
    level: str
    firing: bool
    suspected: str | None
    title: str
    subject: str
    subject_href: str | None
    basis: str | None
    depth: str | None
    value: str | None
    worst: str | None
    onset: Moment
    since: str
    state_word: str
    case_word: str
    assignee: str | None
    href: str
    silenced: str | None
    case: CaseView | None


@dataclass(frozen=True, slots=True)
class AlertsView:
    """See the module.

    Attributes:
        count: How many there are, in words.
        empty: What to say where there is none; None otherwise.
        error: That the ledger can't be read, in words; None where it can.
        filters: Text, address, chosen; in two groups.
        rows: A page, the unfolded one before all others where it isn't among them.
        page: Which page, in words; None where there is but one.
        earlier: Address of the page before; None on the first.
        later: Address of the next one; None on the last.
    """

    count: str
    empty: str | None
    error: str | None
    filters: tuple[tuple[tuple[str, str, bool], ...], ...]
    rows: tuple[AlertRow, ...]
    page: str | None
    earlier: str | None
    later: str | None


async def ask_ledger(frame: Frame, services: Services) -> Listed:
    """What the ledger says for somebody's page.

    Raises:
        PageError: It doesn't know the alert that is to be unfolded.
    """
    choice, subjects = frame.choice, None
    if choice.where == "basin" and frame.basin is not None:
        codes = frame.board.live.index.stations
        subjects = {codes[number] for number in frame.basin.members.tolist()}
    try:
        unfolded = None
        if choice.alert is not None:
            unfolded = await asyncio.to_thread(services.ledger.alert, choice.alert)
            if unfolded is None:
                raise PageError(HTTPStatus.NOT_FOUND, "no such alert", id=choice.alert)
        listing = await asyncio.to_thread(
            services.ledger.listing,
            only_open=choice.show == "open",
            subjects=subjects,
            offset=(choice.page - 1) * PAGE_OF_ALERTS,
            limit=PAGE_OF_ALERTS,
        )
        shown = [alert["id"] for alert in (*listing.items, *([] if unfolded is None else [unfolded]))]
        silenced = await asyncio.to_thread(services.ledger.notices.silenced, shown)
    except WatermasterError:
        return Listed(None, None)
    return Listed(listing, unfolded, silenced)


def alerts_view(frame: Frame, listed: Listed, filled: Filled) -> AlertsView:
    """The list as it is shown.

    Args:
        frame: Whose page.
        listed: What the ledger says.
        filled: What stands in the form of the alert that is unfolded.
    """
    choice, words = frame.choice, frame.words
    kept = choice.only("lang", "basin", "station", "range", "show", "where", "page")
    folded = kept.only("lang", "basin", "station", "range", "where")
    filters = (
        tuple((words(f"show {name}"), folded.address("alerts", show=name), choice.show == name) for name in _SHOWN),
        tuple(
            (words(phrase), kept.address("alerts", where=name, page=1), choice.where == name)
            for name, phrase in _PLACES.items()
        ),
    )
    if listed.listing is None:
        error = words("ledger unread", detail=frame.board.ledger_error or "—")
        return AlertsView("", None, error, filters, (), None, None, None)
    total, items = listed.listing.total, list(listed.listing.items)
    if listed.unfolded is not None and all(alert["id"] != choice.alert for alert in items):
        items.insert(0, listed.unfolded)
    pages = max(1, -(-total // PAGE_OF_ALERTS))
    return AlertsView(
        count=words(f"{choice.show} count", count=total),
        empty=None if items or total else words("no open alerts" if choice.show == "open" else "no alerts"),
        error=None,
        filters=filters,
        rows=tuple(_row(frame, alert, filled, listed.silenced.get(alert["id"])) for alert in items),
        page=words("page of", page=min(choice.page, pages), pages=pages) if pages > 1 else None,
        earlier=kept.address("alerts", page=min(choice.page - 1, pages)) if choice.page > 1 else None,
        later=kept.address("alerts", page=choice.page + 1) if choice.page < pages else None,
    )


_SHOWN: Final = ("open", "all")
_PLACES: Final = {"everywhere": "everywhere", "basin": "in basin"}


def _row(frame: Frame, alert: Mapping[str, Any], filled: Filled, silenced: Silenced | None) -> AlertRow:
    words, choice = frame.words, frame.choice
    level, case = Level[alert["level"].upper()], CaseState(alert["case"]["state"])
    onset = parse_instant(alert["onset"], frame.zone)
    kind, code = alert["subject"]["kind"], alert["subject"]["code"]
    number = frame.board.live.index.station_number(code) if kind == "station" else None
    kept = choice.only("lang", "range", "show", "where", "page")
    unfolded = alert["id"] == choice.alert
    subject = subject_of(frame, alert, kept)
    href = kept.address(
        f"alert-{alert['id']}", alert=None if unfolded else alert["id"], station=_subject(frame, number)
    )
    return AlertRow(
        id=alert["id"],
        state=State.of(level),
        letter=letter(level, frame.lang),
        level=words.listed(alert["level"]),
        firing=alert["state"] == "firing",
        suspected=words("suspected") if is_suspected(case) else None,
        title=words.listed(alert["class"]),
        subject=subject.text,
        subject_href=subject.href,
        basis=None if alert["basis"] is None else words.listed(alert["basis"]),
        **_depth(frame, alert),
        onset=frame.moment(onset),
        since=_since(frame, alert, onset),
        state_word=words.listed(alert["state"]),
        case_word=words.listed(case.value),
        assignee=None if alert["case"]["assignee"] is None else words("assignee", name=alert["case"]["assignee"]),
        href=href,
        silenced=silence_text(frame, silenced),
        case=_case(frame, alert, case, filled) if unfolded else None,
    )


def _subject(frame: Frame, number: int | None) -> str | None:
    """The station to show with an alert: the one it is about, else the one that is shown."""
    return frame.choice.station if number is None else frame.board.live.index.stations[number]


def _since(frame: Frame, alert: Mapping[str, Any], onset: int) -> str:
    start = frame.moment(onset).text
    if alert["resolved_at"] is None:
        return frame.words("since", time=start, span=span_text(frame.now - onset, frame.lang))
    end = parse_instant(alert["resolved_at"], frame.zone)
    span = span_text(end - onset, frame.lang)
    return frame.words("from to", start=start, end=frame.moment(end).text, span=span)


def _depth(frame: Frame, alert: Mapping[str, Any]) -> dict[str, str | None]:
    """How deep it is and was; where the register still has the target, in its unit."""
    words, value, target, worst = frame.words, alert["value"], alert["target"], alert["worst"]
    found: dict[str, str | None] = {"depth": None, "value": None, "worst": None}
    if value is None or target is None:
        return found
    rows = frame.places.register.targets.get(alert["target_id"] or "")
    quantity = None if rows is None else rows[0].quantity
    unit = "" if quantity is None else unit_text(quantity)
    found["value"] = words("value of", value=_number(value), target=_number(target), unit=unit).rstrip()
    if quantity in (Quantity.STAGE, Quantity.WATER_LEVEL):
        found["depth"] = words("deficit of", metres=_number(target - value))
    elif alert["ratio"] is not None:
        found["depth"] = words("ratio of", percent=percent_text(alert["ratio"]))
    if worst is not None and worst["deficit_m"] is not None:
        found["worst"] = words("worst deficit", metres=_number(worst["deficit_m"]))
    elif worst is not None and worst["ratio"] is not None:
        found["worst"] = words("worst", percent=percent_text(worst["ratio"]))
    return found


def _number(number: float) -> str:
    return value_text(round(number * MICRO))


def _case(frame: Frame, alert: Mapping[str, Any], state: CaseState, filled: Filled) -> CaseView:
    withdrawn = alert["state"] == "withdrawn"
    return CaseView(
        action=f"/page/alerts/{alert['id']}/steps?{frame.choice.query()}",
        buttons=tuple(_buttons(frame, state, firing=alert["state"] == "firing")),
        needs_to=Verb.DISPATCH in allowed(state),
        history=tuple(_entry(frame, entry) for entry in alert["case"]["history"]),
        trace=tuple(_revision(frame, line) for line in alert["revised"][-_TRACE:]),
        evidence=tuple(_links(frame, alert)),
        filled=filled,
        note=frame.words("withdrawn note") if withdrawn else None,
        runbook=runbook_address(alert["class"]) if alert["class"] in CLASSES else None,
    )


def _revision(frame: Frame, line: Mapping[str, Any]) -> Entry:
    """What late or corrected data made of a verdict."""
    words = frame.words
    was, now = (_verdict(frame, line[side]) for side in ("was", "now"))
    at = frame.moment(parse_instant(line["at"], frame.zone))
    return Entry(at, words("was and now", was=was, now=now), words("rewritten"), "")


def _verdict(frame: Frame, shown: Mapping[str, Any] | None) -> str:
    if shown is None:
        return frame.words("no alert")
    onset = frame.moment(parse_instant(shown["onset"], frame.zone)).text
    end = shown["resolved_at"]
    ended = "" if end is None else frame.moment(parse_instant(end, frame.zone)).text
    return frame.words("verdict", level=frame.words.listed(shown["level"]), start=onset, end=ended).rstrip()


def _links(frame: Frame, alert: Mapping[str, Any]) -> Iterator[EvidenceLink]:
    for part in (alert["case"].get("evidence") or {"parts": ()})["parts"][-_TRACE:]:
        why = frame.words(f"evidence {part['why']}")
        if part["file"] is None:
            yield EvidenceLink(None, frame.words("evidence none", why=why))
        else:
            text = frame.words("evidence of", why=why, count=part["messages"], size=-(-part["bytes"] // 1_000))
            yield EvidenceLink(f"/api/v1/alerts/{alert['id']}/evidence/{part['file']}", text)


def _buttons(frame: Frame, state: CaseState, *, firing: bool) -> Iterator[Button]:
    words = frame.words
    for verb in allowed(state):
        if verb is Verb.VERIFY:
            for outcome in Outcome:
                main = outcome is Outcome.CONFIRMED
                yield Button(f"{verb}:{outcome}", f"{words.listed(verb)}：{words.listed(outcome)}", main)
        elif verb is Verb.CLOSE and state is CaseState.REVIEWED and firing:
            for outcome in (Outcome.EXEMPT, Outcome.FALSE_ALARM):
                yield Button(f"{verb}:{outcome}", f"{words.listed(verb)}：{words.listed(outcome)}", main=False)
        else:
            yield Button(verb.value, words.listed(verb), main=verb is not Verb.REOPEN)


def _entry(frame: Frame, entry: Mapping[str, Any]) -> Entry:
    words = frame.words
    what = words.listed(entry["verb"])
    if entry["outcome"] is not None:
        what += f"：{words.listed(entry['outcome'])}"
    if entry["assignee"] is not None:
        what += f" → {entry['assignee']}"
    return Entry(frame.moment(parse_instant(entry["at"], frame.zone)), entry["by"], what, entry["comment"])
