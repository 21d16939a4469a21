"""A case: people handling alerts to closure. States, verbs, and the one function that says what a verb does.

::

    raised ─▶ notified ─▶ accepted ─▶ verified ─▶ disposing ─▶ reported ─▶ reviewed ─▶ closed
       └────────ack────────▲ │ verify            dispatch     dispose     review      close │
                           │ ├─▶ exempt ──────────────close───────────────────────────────▶ │
                           │ └─▶ false_alarm ─────────close───────────────────────────────▶ │
                           └──────────────────────────reopen─────────────────────────────────┘

An alert is the machine's signal and has states of its own; resolving one never moves a case.

Source: CONTRACT section 6, cases.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple, assert_never

from hydro.errors import TransitionError

__all__ = [
    "Case",
    "CaseState",
    "Outcome",
    "Step",
    "Verb",
    "allowed",
    "is_open",
    "is_suspected",
    "is_touched",
    "next_state",
    "worked",
]


class CaseState(StrEnum):
    """Where a case stands."""

    RAISED = "raised"
    NOTIFIED = "notified"
    ACCEPTED = "accepted"
    VERIFIED = "verified"
    EXEMPT = "exempt"
    FALSE_ALARM = "false_alarm"
    DISPOSING = "disposing"
    REPORTED = "reported"
    REVIEWED = "reviewed"
    CLOSED = "closed"


class Verb(StrEnum):
    """What a person does to a case."""

    ACK = "ack"
    VERIFY = "verify"
    DISPATCH = "dispatch"
    DISPOSE = "dispose"
    REVIEW = "review"
    CLOSE = "close"
    REOPEN = "reopen"


class Outcome(StrEnum):
    """What verifying found."""

    CONFIRMED = "confirmed"
    EXEMPT = "exempt"
    FALSE_ALARM = "false_alarm"


class Case(NamedTuple):
    """A case as it stands.

    Attributes:
        state: See there.
        assignee: To whom it was dispatched.
        due: By when the next step must be done, epoch milliseconds; None without a deadline.
        outcome: What verifying found; None before.
    """

    state: CaseState = CaseState.RAISED
    assignee: str | None = None
    due: int | None = None
    outcome: Outcome | None = None


class Step(NamedTuple):
    """A verb with what was said along with it.

    Attributes:
        verb: What is done.
        to: To whom, for `dispatch`.
        outcome: What was found, for `verify`; `close` may say that a confirmed case turned out otherwise.
    """

    verb: Verb
    to: str | None = None
    outcome: Outcome | None = None


_FROM: Final[dict[Verb, tuple[CaseState, ...]]] = {
    Verb.ACK: (CaseState.RAISED, CaseState.NOTIFIED),
    Verb.VERIFY: (CaseState.ACCEPTED,),
    Verb.DISPATCH: (CaseState.VERIFIED,),
    Verb.DISPOSE: (CaseState.DISPOSING,),
    Verb.REVIEW: (CaseState.REPORTED,),
    Verb.CLOSE: (CaseState.REVIEWED, CaseState.EXEMPT, CaseState.FALSE_ALARM),
    Verb.REOPEN: (CaseState.CLOSED,),
}
_NOT_A_VIOLATION: Final = (Outcome.EXEMPT, Outcome.FALSE_ALARM)
_UNVERIFIED: Final = (CaseState.RAISED, CaseState.NOTIFIED, CaseState.ACCEPTED)


def allowed(state: CaseState) -> tuple[Verb, ...]:
    """Verbs that apply in a state.

    >>> [verb.value for verb in allowed(CaseState.RAISED)]
    ['ack']
    """
    return tuple(verb for verb, states in _FROM.items() if state in states)


def is_open(state: CaseState) -> bool:
    """Whether people still have something to do."""
    return state is not CaseState.CLOSED


def is_suspected(state: CaseState) -> bool:
    """Whether nobody has verified it yet, so that every screen and message must call it suspected (疑似)."""
    return state in _UNVERIFIED


def is_touched(state: CaseState) -> bool:
    """Whether a person has taken any step: none leads back to the states before the first one."""
    return state not in _FROM[Verb.ACK]


def next_state(state: CaseState, verb: Verb, outcome: Outcome | None, *, firing: bool) -> CaseState:
    """The state after a verb.

    Args:
        state: Before.
        verb: What is done.
        outcome: What was said along with it.
        firing: Whether any alert of the case is firing.

    Raises:
        TransitionError: The verb doesn't apply; the message says what does.

    >>> next_state(CaseState.ACCEPTED, Verb.VERIFY, Outcome.CONFIRMED, firing=True)
    <CaseState.VERIFIED: 'verified'>
    """
    if state not in _FROM[verb]:
        raise TransitionError(f"can't {verb} a case that is {state}; allowed: {', '.join(allowed(state))}")
    if outcome is not None and verb not in (Verb.VERIFY, Verb.CLOSE):
        raise TransitionError(f"{verb} takes no outcome, {outcome} was given; allowed with: verify, close")
    match verb:
        case Verb.ACK | Verb.REOPEN:
            return CaseState.ACCEPTED
        case Verb.VERIFY:
            return _found(outcome)
        case Verb.DISPATCH:
            return CaseState.DISPOSING
        case Verb.DISPOSE:
            return CaseState.REPORTED
        case Verb.REVIEW:
            return CaseState.REVIEWED
        case Verb.CLOSE:
            return _closed(state, outcome, firing=firing)
        case _:
            assert_never(verb)


def _found(outcome: Outcome | None) -> CaseState:
    match outcome:
        case Outcome.CONFIRMED:
            return CaseState.VERIFIED
        case Outcome.EXEMPT:
            return CaseState.EXEMPT
        case Outcome.FALSE_ALARM:
            return CaseState.FALSE_ALARM
        case None:
            raise TransitionError(f"can't verify without an outcome; allowed: {', '.join(Outcome)}")
        case _:
            assert_never(outcome)


def _closed(state: CaseState, outcome: Outcome | None, *, firing: bool) -> CaseState:
    found = Outcome.CONFIRMED if state is CaseState.REVIEWED else Outcome(state.value)
    if found is not Outcome.CONFIRMED and outcome not in (None, found):
        raise TransitionError(f"can't close a case that is {state} as {outcome}; allowed: {found}")
    if firing and (outcome or found) not in _NOT_A_VIOLATION:
        raise TransitionError(
            f"can't close a case that is {state} while its alert is firing; "
            f"allowed: closing once it is resolved, or with outcome {' or '.join(_NOT_A_VIOLATION)}"
        )
    return CaseState.CLOSED


def worked(case: Case, step: Step, *, firing: bool) -> Case:
    """The case after a step.

    Raises:
        TransitionError: The step doesn't apply.
    """
    state = next_state(case.state, step.verb, step.outcome, firing=firing)
    if step.verb is Verb.DISPATCH and step.to is None:
        raise TransitionError("can't dispatch a case to nobody; allowed: dispatch with the one who is to dispose of it")
    if step.verb is not Verb.DISPATCH and step.to is not None:
        raise TransitionError(f"{step.verb} takes no assignee, {step.to!r} was given; allowed with: dispatch")
    match step.verb:
        case Verb.DISPATCH:
            return case._replace(state=state, assignee=step.to)
        case Verb.VERIFY:
            return case._replace(state=state, outcome=step.outcome)
        case Verb.CLOSE:
            return case._replace(state=state, outcome=step.outcome or case.outcome)
        case Verb.REOPEN:
            return case._replace(state=state, assignee=None, outcome=None)
        case Verb.ACK | Verb.DISPOSE | Verb.REVIEW:
            return case._replace(state=state)
        case _:
            assert_never(step.verb)
