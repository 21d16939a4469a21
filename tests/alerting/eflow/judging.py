"""The product and the oracle on the same records, in a form that can be compared."""

from __future__ import annotations

import base64
import json
from os import environ
from typing import TYPE_CHECKING, Any, NamedTuple

from hydro.instants import parse_instant
from storage.message import RawMessage
from tests.oracle.oracle import judge
from watermaster.backtest import BacktestResult, backtest
from watermaster.configuration import load_configuration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hydro.register import Register
    from tests.oracle.stream import Case, Record

__all__ = ["Bench", "messages_of"]

_OURS_ALONE = ("id", "config", "rule", "case", "revised", "previous")


def messages_of(records: Sequence[Record]) -> list[RawMessage]:
    """Recorded lines as messages, in the order of the contract."""
    found = []
    for number, record in enumerate(records):
        received: Any = record["received_at"]
        at = parse_instant(received, 480) if isinstance(received, str) else received
        payload: Any = record.get("payload")
        if "payload_base64" in record:
            payload = base64.b64decode(str(record["payload_base64"]))
        elif not isinstance(payload, bytes):
            payload = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        found.append((at, number, RawMessage(str(record["topic"]), payload, at)))
    return [message for _, _, message in sorted(found, key=lambda entry: entry[:2])]


class Verdicts(NamedTuple):
    """Alerts and attainment without what only one of the two knows."""

    alerts: list[dict[str, Any]]
    attainment: dict[str, dict[str, Any]]


class Bench:
    """One case, ready to be judged by either.

    Args:
        case: Register and records.
        folder: An empty one, for the config directory.
    """

    def __init__(self, case: Case, folder: Path) -> None:
        case.write_config(folder)
        self.folder = folder
        self.records = case.records
        configuration = load_configuration(folder, _without_settings(environ))
        assert configuration.settings is not None, configuration.mistakes
        assert configuration.register is not None, configuration.mistakes
        self.register: Register = configuration.register
        self._max_age_days = configuration.settings.time.max_age_days

    def product(self, records: Sequence[Record] | None = None, **options: Any) -> BacktestResult:  # noqa: ANN401  # passed on
        """What the product says."""
        stream = messages_of(self.records if records is None else records)
        return backtest(stream, self.register, prefix="watermaster/v1", max_age_days=self._max_age_days, **options)

    def oracle(self, *, start: int | None = None, end: int | None = None) -> Verdicts:
        """What the slow implementation says."""
        alerts, attainment = judge(self.records, self.folder, start=start, end=end)
        plain = [{key: value for key, value in alert.items() if key != "previous_onset"} for alert in alerts]
        return Verdicts(plain, {str(line["target_id"]): line for line in attainment})


def comparable(result: BacktestResult) -> Verdicts:
    """What the product says, in the oracle's words."""
    alerts = [{key: value for key, value in alert.items() if key not in _OURS_ALONE} for alert in result.alerts]
    return Verdicts(alerts, {line["target_id"]: line for line in result.attainment})


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("WATERMASTER_")}
