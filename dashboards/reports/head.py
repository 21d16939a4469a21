"""What a report says of itself: of what time and place, made when, from which data, judged by which register."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Head"]


class Head(NamedTuple):
    """The head of a report; times are ISO 8601 with offset.

    Attributes:
        name: Of the contract.
        period: As it was asked for.
        division: Only of this one and below; None = all.
        authority: Only of this one; None = all.
        river: The same.
        station: The same.
        start: Of what was counted, not included.
        end: Included; before the end of the period where that is still running.
        made_at: When it was counted.
        is_over: The period had ended then.
        source: Where the observations or alerts come from.
        register: Hash of the register in force.
        version: Of the program.
    """

    name: str
    period: str
    division: str | None
    authority: str | None
    river: str | None
    station: str | None
    start: str
    end: str
    made_at: str
    is_over: bool
    source: str
    register: str
    version: str

    def as_json(self) -> dict[str, Any]:
        """As REST has it."""
        shown = self._asdict()
        shown["from"], shown["to"] = shown.pop("start"), shown.pop("end")
        return shown

    @classmethod
    def of_json(cls, shown: dict[str, Any]) -> Head:
        """What :meth:`as_json` gave."""
        known = {name: value for name, value in shown.items() if name in cls._fields}
        return cls(**known, start=shown["from"], end=shown["to"])
