"""Working a case from the page: a form that was sent, as a step; and why it can't be taken, in the reader's words."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple
from unicodedata import category
from urllib.parse import parse_qsl

from alerting.case import CaseState, Outcome, Step, Verb, allowed
from alerting.ledger import LONGEST_NAME
from dashboards.console.page.alerts import LONGEST_COMMENT
from dashboards.console.page.choice import PageError

if TYPE_CHECKING:
    from dashboards.console.page.words import Words

__all__ = ["FORM", "SentForm", "read_form", "refusal", "step_of"]

FORM: Final = "application/x-www-form-urlencoded"

_MOST_FIELDS: Final = 20
_NOT_TEXT: Final = ("Cc", "Cs")


class SentForm(NamedTuple):
    """What somebody sent; texts without blanks around them."""

    step: str
    by: str
    comment: str
    to: str


def read_form(content_type: str, body: bytes) -> SentForm:
    """A form as it was sent.

    Raises:
        PageError: It is none.
    """
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise PageError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unread form")
    try:
        fields = dict(
            parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        )
    except ValueError:
        raise PageError(HTTPStatus.BAD_REQUEST, "unread form") from None
    # A text area ends its lines as mail does.
    texts = (fields.get(name, "").replace("\r\n", "\n").strip() for name in SentForm._fields)
    return SentForm(*texts)


def step_of(form: SentForm, words: Words) -> Step:
    """The step that a form asks for.

    Raises:
        PageError: Something is missing, too long, or no text.
    """
    verb, _, outcome = form.step.partition(":")
    try:
        step = Step(Verb(verb), form.to or None, Outcome(outcome) if outcome else None)
    except ValueError:
        raise PageError(HTTPStatus.BAD_REQUEST, "unread form") from None
    if not form.by:
        raise PageError(HTTPStatus.UNPROCESSABLE_ENTITY, "need by")
    if step.verb is Verb.DISPATCH and step.to is None:
        raise PageError(HTTPStatus.UNPROCESSABLE_ENTITY, "need to")
    if step.verb is Verb.VERIFY and step.outcome is None:
        raise PageError(HTTPStatus.UNPROCESSABLE_ENTITY, "need outcome")
    for name, longest in (("by", LONGEST_NAME), ("to", LONGEST_NAME), ("comment", LONGEST_COMMENT)):
        text, field = getattr(form, name), words(name)
        if len(text) > longest:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            raise PageError(status, "too long", field=field, most=longest, count=len(text))
        if any(category(sign) in _NOT_TEXT and (name != "comment" or sign not in "\n\t") for sign in text):
            raise PageError(HTTPStatus.UNPROCESSABLE_ENTITY, "not text", field=field)
    return step if step.verb is Verb.DISPATCH else step._replace(to=None)


def refusal(step: Step, state: CaseState, words: Words) -> str:
    """Why a step could not be taken that the ledger refused.

    Args:
        step: What was asked for.
        state: Where the case stands now.
        words: Of the reader.
    """
    if step.verb in allowed(state):  # then it can only be closing what still fires
        return words("still firing")
    return words("already", state=words.listed(state.value))
