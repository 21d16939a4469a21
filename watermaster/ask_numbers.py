"""Numbers of a running service, out of the page that Prometheus reads."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

__all__ = ["journal_position", "numbers_of"]


def numbers_of(page: str) -> dict[tuple[str, str], float]:
    """By name without ``watermaster_``, and the value of the one label that some have, else empty."""
    return {
        (sample.name.removeprefix("watermaster_"), next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def journal_position(page: str, reader: str) -> int:
    """How far a reader of the journal is; -1 where there is none."""
    return int(numbers_of(page).get(("journal_position", reader), -1))
