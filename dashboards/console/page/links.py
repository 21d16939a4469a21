"""Addresses of the pages beside the first one."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

__all__ = ["INTAKES", "REGISTER", "RUNBOOKS", "history_address", "intake_address", "intakes_of", "runbook_address"]

INTAKES: Final = "/intakes"
REGISTER: Final = "/register"
RUNBOOKS: Final = "/runbooks"


def intake_address(code: str) -> str:
    """Of the page of an intake."""
    return f"{INTAKES}/{quote(code, safe='')}"


def intakes_of(text: str, page: int = 1) -> str:
    """Of the list of intakes in which a text is found, such as a permit's code."""
    return f"{INTAKES}?{urlencode({'q': text, 'page': page})}"


def history_address(table: str, *key: str) -> str:
    """Of the page of one thing of the register."""
    return "/".join((REGISTER, table, *(quote(part, safe="") for part in key)))


def runbook_address(alert_class: str) -> str:
    """Of the page that says what to do about a class of alert."""
    return f"{RUNBOOKS}/{quote(alert_class, safe='')}"
