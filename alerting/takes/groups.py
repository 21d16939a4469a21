"""Which metering points, series and places belong together, and are saved together.

Intakes that share a metering point, with all their points, are a group: what was found of one series depends on others.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from alerting.takes.places import groups_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alerting.takes.docket import Docket
    from alerting.takes.slots import Series

__all__ = ["Groups", "Subject"]

Subject = tuple[str, str]
"""Class and code."""


class Groups:
    """See the module.

    Args:
        points: Codes of all metering points and gauges.
        watched: All series.
        dockets: Judges over their places; one whose class is empty finds no alerts.

    Attributes:
        of_point: int64, group of each point by its number.
        series: Numbers of the series of each group.
        places: Judges and places of each group.
        about: Judges and places that are about a subject.
    """

    def __init__(self, points: Mapping[str, int], watched: Sequence[Series], dockets: Sequence[Docket]) -> None:
        self._points = points
        codes = tuple(points)
        places = [place for docket in dockets for place in docket.judge.places]
        self.of_point = np.array(groups_of(places, codes), np.int64)
        self._members: dict[int, list[str]] = defaultdict(list)
        for number, code in enumerate(codes):
            self._members[int(self.of_point[number])].append(code)
        self.series: dict[int, list[int]] = defaultdict(list)
        for series, (station, _) in enumerate(watched):
            self.series[self.of(station)].append(series)
        self.places: dict[int, list[tuple[Docket, int]]] = defaultdict(list)
        self.about: dict[Subject, list[tuple[Docket, int]]] = defaultdict(list)
        self._subjects: dict[int, dict[Subject, None]] = defaultdict(dict)
        for docket in dockets:
            for number, place in enumerate(docket.judge.places):
                group = self.of(place.points[0])
                self.places[group].append((docket, number))
                if docket.judge.alert_class:
                    subject = docket.judge.alert_class, place.code
                    self.about[subject].append((docket, number))
                    self._subjects[group][subject] = None

    def __len__(self) -> int:
        """Number of groups."""
        return int(self.of_point.max()) + 1 if len(self.of_point) else 0

    def knows(self, point: str) -> bool:
        """Whether there is such a point."""
        return point in self._points

    def of(self, point: str) -> int:
        """Group of a point."""
        return int(self.of_point[self._points[point]])

    def members(self, group: int) -> list[str]:
        """Points of a group; the first names it."""
        return self._members[group]

    def subjects(self, group: int) -> list[Subject]:
        """Whom alerts of a group may be about."""
        return sorted(self._subjects[group])
