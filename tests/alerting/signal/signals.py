"""A register with signals, as their files say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alerting.rule_files.read import rules_of
from tests.alerting.stream_of_messages import ZONE, register_of

if TYPE_CHECKING:
    from hydro.register import Register

__all__ = ["ruled"]

_HEAD = "version: 1\ntitle: {zh: 甲, en: a}\ndescription: {zh: 甲, en: a}\n"


def ruled(stations: list[str], signals: dict[str, str], **tables: Any) -> Register:  # noqa: ANN401  # passed on
    """A register that is judged by signals.

    Args:
        stations: Lines of the table.
        signals: Content of the key ``signal`` by name.
        tables: As :func:`tests.alerting.stream_of_messages.register_of` takes them.
    """
    contents = {f"rules/{name}.yaml": f"signal: {{{text}}}\n{_HEAD}".encode() for name, text in signals.items()}
    loaded = rules_of(contents, ZONE)
    assert loaded.rules is not None, [str(each) for each in loaded.findings]
    return register_of(stations, **tables).with_rules(loaded.rules)
