"""What is saved of metering points and intakes that belong together."""

from __future__ import annotations

import msgspec

from alerting.takes.docket import DocketState  # the annotations are read at run time

__all__ = ["GroupState", "PlaceState"]


class PlaceState(msgspec.Struct, array_like=True):
    """One judge at one place.

    Attributes:
        judge: Its name.
        code: Of the place.
        digest: What of the register the verdicts rest on.
        state: Where it stands.
    """

    judge: str
    code: str
    digest: bytes
    state: DocketState


class GroupState(msgspec.Struct, array_like=True):
    """A group, true at a journal position.

    Attributes:
        position: That.
        points: Codes of its metering points.
        classes: Class of the alerts of each judge, by its name.
        settled: Class and code of a subject, and up to when its alerts stand.
        intake: Samples and watermark of each series, by its name.
        newest: What is at hand of each series, by its name.
        places: What was judged.
    """

    position: int
    points: list[str]
    classes: dict[str, str]
    settled: list[tuple[str, str, int]]
    intake: dict[str, bytes]
    newest: dict[str, tuple[int, ...]]
    places: list[PlaceState]
