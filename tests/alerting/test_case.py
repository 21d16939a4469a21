"""The states of a case and what a verb does: the whole table, against the contract written out by hand."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.case import Case, CaseState, Outcome, Step, Verb, allowed, is_open, is_suspected, next_state, worked
from hydro.errors import TransitionError

S, V, O = CaseState, Verb, Outcome  # noqa: E741  # a table of them

# (state, verb, outcome) -> state while an alert is firing, state when none is. Everything else is refused.
TABLE: Final[dict[tuple[CaseState, Verb, Outcome | None], tuple[CaseState | None, CaseState | None]]] = {
    (S.RAISED, V.ACK, None): (S.ACCEPTED, S.ACCEPTED),
    (S.NOTIFIED, V.ACK, None): (S.ACCEPTED, S.ACCEPTED),
    (S.ACCEPTED, V.VERIFY, O.CONFIRMED): (S.VERIFIED, S.VERIFIED),
    (S.ACCEPTED, V.VERIFY, O.EXEMPT): (S.EXEMPT, S.EXEMPT),
    (S.ACCEPTED, V.VERIFY, O.FALSE_ALARM): (S.FALSE_ALARM, S.FALSE_ALARM),
    (S.VERIFIED, V.DISPATCH, None): (S.DISPOSING, S.DISPOSING),
    (S.DISPOSING, V.DISPOSE, None): (S.REPORTED, S.REPORTED),
    (S.REPORTED, V.REVIEW, None): (S.REVIEWED, S.REVIEWED),
    (S.REVIEWED, V.CLOSE, None): (None, S.CLOSED),
    (S.REVIEWED, V.CLOSE, O.CONFIRMED): (None, S.CLOSED),
    (S.REVIEWED, V.CLOSE, O.EXEMPT): (S.CLOSED, S.CLOSED),
    (S.REVIEWED, V.CLOSE, O.FALSE_ALARM): (S.CLOSED, S.CLOSED),
    (S.EXEMPT, V.CLOSE, None): (S.CLOSED, S.CLOSED),
    (S.EXEMPT, V.CLOSE, O.EXEMPT): (S.CLOSED, S.CLOSED),
    (S.FALSE_ALARM, V.CLOSE, None): (S.CLOSED, S.CLOSED),
    (S.FALSE_ALARM, V.CLOSE, O.FALSE_ALARM): (S.CLOSED, S.CLOSED),
    (S.CLOSED, V.REOPEN, None): (S.ACCEPTED, S.ACCEPTED),
}


@pytest.mark.parametrize("firing", [True, False], ids=["firing", "over"])
@pytest.mark.parametrize("outcome", [None, *Outcome])
@pytest.mark.parametrize(("state", "verb"), list(product(CaseState, Verb)))
def test_a_verb_does_what_the_contract_says_and_nothing_else(
    state: CaseState,
    verb: Verb,
    outcome: Outcome | None,
    firing: bool,  # noqa: FBT001  # a column of the table
) -> None:
    expected = TABLE.get((state, verb, outcome), (None, None))[0 if firing else 1]
    if expected is None:
        with pytest.raises(TransitionError):
            next_state(state, verb, outcome, firing=firing)
    else:
        assert next_state(state, verb, outcome, firing=firing) is expected


@pytest.mark.parametrize("state", CaseState)
def test_what_is_called_allowed_is_what_some_outcome_makes_possible(state: CaseState) -> None:
    assert set(allowed(state)) == {verb for before, verb, _ in TABLE if before is state}


def test_a_refusal_says_what_was_wanted_in_which_state_and_what_is_possible() -> None:
    with pytest.raises(TransitionError, match="can't close a case that is accepted; allowed: verify"):
        next_state(S.ACCEPTED, V.CLOSE, None, firing=False)
    with pytest.raises(TransitionError, match=r"firing.*exempt or false_alarm"):
        next_state(S.REVIEWED, V.CLOSE, None, firing=True)
    with pytest.raises(TransitionError, match="without an outcome; allowed: confirmed, exempt, false_alarm"):
        next_state(S.ACCEPTED, V.VERIFY, None, firing=True)


def test_dispatch_names_who_is_to_dispose_and_no_other_verb_does() -> None:
    verified = Case(S.VERIFIED, outcome=O.CONFIRMED)
    assert worked(verified, Step(V.DISPATCH, to="县水务局"), firing=True) == Case(
        S.DISPOSING, "县水务局", None, O.CONFIRMED
    )
    with pytest.raises(TransitionError, match="nobody"):
        worked(verified, Step(V.DISPATCH), firing=True)
    with pytest.raises(TransitionError, match="ack takes no assignee"):
        worked(Case(), Step(V.ACK, to="县水务局"), firing=True)


def test_reopening_takes_back_outcome_and_assignee() -> None:
    assert worked(Case(S.CLOSED, "县水务局", None, O.CONFIRMED), Step(V.REOPEN), firing=True) == Case(S.ACCEPTED)


def test_a_confirmed_case_may_turn_out_otherwise_when_it_is_closed() -> None:
    reviewed = Case(S.REVIEWED, "县水务局", None, O.CONFIRMED)
    assert worked(reviewed, Step(V.CLOSE, outcome=O.EXEMPT), firing=True).outcome is O.EXEMPT
    assert worked(reviewed, Step(V.CLOSE), firing=False).outcome is O.CONFIRMED


def test_everything_is_suspected_until_it_is_verified() -> None:
    assert {state for state in CaseState if is_suspected(state)} == {S.RAISED, S.NOTIFIED, S.ACCEPTED}


steps = st.builds(
    Step,
    st.sampled_from(Verb),
    st.sampled_from([None, "someone"]),
    st.sampled_from([None, *Outcome]),
)


@given(st.lists(st.tuples(steps, st.booleans())))
def test_on_any_walk_the_outcome_fits_the_state(walk: list[tuple[Step, bool]]) -> None:
    case = Case()
    for step, firing in walk:
        try:
            case = worked(case, step, firing=firing)
        except TransitionError:
            continue
        assert is_open(case.state) is (case.state is not S.CLOSED)
        if is_suspected(case.state):
            assert (case.outcome, case.assignee) == (None, None)
        elif case.state in (S.EXEMPT, S.FALSE_ALARM):
            assert case.outcome == case.state.value
        elif case.state is not S.CLOSED:
            assert case.outcome is O.CONFIRMED
        if case.state in (S.DISPOSING, S.REPORTED, S.REVIEWED):
            assert case.assignee == "someone"
