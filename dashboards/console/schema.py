"""Shapes of requests and answers: they check what comes in and describe what goes out in the OpenAPI document.

Answers are encoded from plain objects; the tests hold them against these models.

Source: CONTRACT section 6.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerting.case import CaseState, Outcome, Verb
from alerting.record import AlertState
from dashboards.console.paging import Cursor, Limit
from hydro.register import AlertClass, AlertLevel

__all__ = [
    "Alert",
    "AlertQuery",
    "Alerts",
    "Buckets",
    "DeadLetter",
    "DeadLetters",
    "Evidence",
    "Health",
    "Problem",
    "Series",
    "Station",
    "Stations",
    "Transition",
]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AlertQuery(_Shape):
    """Which alerts are wanted; a parameter that isn't one of these is a mistake, not a list of everything."""

    state: AlertState | None = Field(None, description="Without it all but withdrawn ones.")
    class_: AlertClass | None = Field(None, alias="class")
    station: str | None = Field(
        None, max_length=64, pattern=r"^[^\x00-\x1f]*$", description="Code of the station that is the subject."
    )
    level: AlertLevel | None = Field(None, description="The present level, exactly.")
    case: CaseState | None = Field(None, description="State of the case.")
    limit: Limit = 100
    cursor: Cursor = None


class Transition(_Shape):
    """What a person does to the case of an alert."""

    verb: Verb
    comment: str | None = Field(None, description="Why.")
    to: str | None = Field(None, description="Who is to dispose of it; with `dispatch`.")
    outcome: Outcome | None = Field(
        None, description="What was found; with `verify`, or with `close` where a confirmed case turned out otherwise."
    )
    by: str | None = Field(None, description="Who; the address of the client where nothing is said.")


class Subject(_Shape):
    """What an alert is about."""

    kind: Literal["station", "gateway", "intake", "permit", "reach", "address"]
    code: str


class LevelChange(_Shape):
    """A rise or fall."""

    level: AlertLevel
    at: AwareDatetime


class Worst(_Shape):
    """The worst while firing."""

    ratio: float | None
    deficit_m: float | None
    at: AwareDatetime


class Window(_Shape):
    """The slots that the value rests on."""

    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    expected: int
    valid: int


class HistoryEntry(_Shape):
    """A step on a case; `from` is null where it was opened."""

    at: AwareDatetime
    by: str
    verb: str
    from_: CaseState | None = Field(alias="from")
    to: CaseState
    comment: str
    outcome: Outcome | None
    assignee: str | None
    alert: str


class EvidencePart(_Shape):
    """One copying of raw messages; `file` is null where there were none, and `reason` says why."""

    why: Literal["raised", "resolved", "revised"]
    from_: AwareDatetime = Field(alias="from", description="Event time, included.")
    to: AwareDatetime
    file: str | None
    messages: int
    bytes: int
    sha256: str | None
    left_out: int = Field(description="Messages beyond the bounds of one copying.")
    missing: int = Field(description="Positions of the journal that could not be read.")
    journal_from: AwareDatetime | None = Field(description="Where the journal no longer reached back to `from`.")
    reason: str | None
    copied_at: AwareDatetime


class Evidence(_Shape):
    """What was copied of the raw messages that an alert rests on."""

    messages: int
    bytes: int
    not_copied: int = Field(description="Copyings that found the queue, or the alert, full.")
    folder: str = Field(description="Below `evidence/` of the data directory.")
    parts: list[EvidencePart]


class CaseShown(_Shape):
    """What people do about it; `evidence` is absent until something was copied."""

    state: CaseState
    assignee: str | None
    due: AwareDatetime | None
    history: list[HistoryEntry]
    evidence: Evidence | None = None


class VerdictView(_Shape):
    """What a trace tells of a verdict."""

    level: AlertLevel
    onset: AwareDatetime
    raised_at: AwareDatetime
    resolved_at: AwareDatetime | None
    value: float | None


class Revision(_Shape):
    """A verdict that became another one; null where there was none, or none is left."""

    at: AwareDatetime = Field(description="When what changed it was received.")
    was: VerdictView | None
    now: VerdictView | None


class Alert(_Shape):
    """An alert as the contract has it."""

    id: str
    class_: AlertClass = Field(alias="class")
    reason: str
    level: AlertLevel
    state: AlertState
    subject: Subject
    target_id: str | None
    basin: str | None
    division: str | None
    onset: AwareDatetime
    raised_at: AwareDatetime
    resolved_at: AwareDatetime | None
    levels: list[LevelChange]
    worst: Worst | None
    value: float | None
    target: float | None
    ratio: float | None
    basis: str | None
    window: Window | None
    uncertainty_pct: float | None
    within_uncertainty: bool | None
    rating: dict[str, Any] | None
    estimate: dict[str, Any] | None
    rule: str
    config: str
    members: list[str] | None = Field(None, description="Stations whose alerts it stands for; absent without any.")
    previous: str | None
    revised: list[Revision]
    case: CaseShown | None


class Alerts(_Shape):
    """A page of alerts."""

    items: list[Alert]
    next: str | None


class Station(_Shape):
    """A station as the register has it now; columns that we don't know under `extra`."""

    station: str
    name: str
    kind: str
    basin: str | None
    river: str | None
    division: str | None
    gateway: str | None
    interval_min: int
    lon: float | None
    lat: float | None
    report_min: int
    lateness_min: int
    authority: str | None
    plant: str | None
    section_role: str | None
    status: str
    datum: str | None
    cease_stage_m: float | None
    backwater: bool
    tidal: bool
    ice_from: str | None
    ice_to: str | None
    dry_from: str | None
    dry_to: str | None
    national_code: str | None
    sl651_address: str | None
    slt427_address: str | None
    valid_from: AwareDatetime | None
    valid_to: AwareDatetime | None
    extra: dict[str, str]


class Stations(_Shape):
    """A page of stations."""

    items: list[Station]
    next: str | None


_Time = Annotated[AwareDatetime, Field(description="time")]
_Number = float | None


class Series(_Shape):
    """Values: time, value, flag."""

    station: str
    quantity: str
    unit: str
    points: list[tuple[_Time, _Number, Literal[1, 2, 3, 4, 9]]]


class Buckets(_Shape):
    """With `every`: end of the bucket, mean, min, max, valid slots, expected slots."""

    station: str
    quantity: str
    unit: str
    points: list[tuple[_Time, _Number, _Number, _Number, int, int]]


class DeadLetter(BaseModel):
    """A message that could not be read, or whose readings were refused."""

    id: int
    kind: Literal["message", "reading"]
    reason: str


class DeadLetters(_Shape):
    """A page of dead letters."""

    items: list[DeadLetter]
    next: str | None


class Health(_Shape):
    """How the parts are."""

    status: Literal["ok", "degraded", "failed"]
    parts: dict[str, Any]


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []
