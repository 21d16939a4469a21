"""What somebody asks for: which report, of what time, of which stations."""

from __future__ import annotations

from typing import NamedTuple

from dashboards.reports.place import EVERYWHERE, Place

__all__ = ["Wanted"]


class Wanted(NamedTuple):
    """A report that is asked for, not yet understood.

    Attributes:
        name: Of the contract.
        period: See :func:`~dashboards.reports.period.parse_period`.
        place: Of which stations.
    """

    name: str
    period: str
    place: Place = EVERYWHERE

    @property
    def file_name(self) -> str:
        """Without suffix, for files and downloads; of any characters.

        >>> Wanted("data-quality", "2026-03", Place(division="520103")).file_name
        'data-quality-2026-03-520103'
        """
        return "-".join((self.name, self.period, *(word for word in self.place if word)))
