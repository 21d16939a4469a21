"""One tree of errors. Messages say what, with which value, where; facts a caller branches on are attributes."""

from __future__ import annotations

__all__ = [
    "AlreadyRunning",
    "BrokerError",
    "ConfigError",
    "DecodeError",
    "FormatVersionError",
    "GrafanaError",
    "JournalError",
    "JournalFull",
    "LedgerError",
    "NotifyError",
    "StateError",
    "StoreError",
    "StoreUnavailable",
    "TransitionError",
    "WatermasterError",
]


class WatermasterError(Exception):
    """Base of all errors that the product raises on purpose.

    Attributes:
        retryable: The same call may succeed later without anything being changed.
        retry_after_s: Seconds to wait before that, where somebody said so.
    """

    def __init__(self, message: str, *, retryable: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class ConfigError(WatermasterError):
    """A setting, a register table or a command's argument is wrong."""


class DecodeError(WatermasterError):
    """A payload, a frame or a recorded line can't be read.

    Attributes:
        reason: Word of a closed list, used as dead-letter reason and metric label.
        detail: What was found, for people.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class FormatVersionError(WatermasterError):
    """A file was written by a version whose format this one doesn't know."""

    def __init__(self, path: str, found: object, supported: object) -> None:
        super().__init__(f"{path}: format version {found!r}, this program reads {supported!r}")
        self.path = path
        self.found = found
        self.supported = supported


class AlreadyRunning(WatermasterError):  # a state, named as people say it  # noqa: N818  # a state, named as people say it
    """Another process holds what this one needs alone: a data_dir, a journal or an MQTT client id."""


class JournalError(WatermasterError):
    """The journal can't be opened, read or written."""


class JournalFull(JournalError):  # the usual name of this condition  # noqa: N818  # a state, named as people say it
    """No room to append; nothing was written and appending may be tried again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class StateError(WatermasterError):
    """A state file can't be written: mostly for want of room; what it would have said still stands in memory."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class StoreError(WatermasterError):
    """The time-series store refused something."""


class StoreUnavailable(StoreError):  # the usual name of this condition  # noqa: N818  # a state, named as people say it
    """The store doesn't answer; the journal keeps the data until it does."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message, retryable=True, retry_after_s=retry_after_s)


class LedgerError(WatermasterError):
    """The ledger can't be opened, read or written."""


class TransitionError(LedgerError):
    """A verb doesn't apply to the case in its present state."""


class NotifyError(WatermasterError):
    """Alertmanager didn't take what it was told, or didn't answer; what it must hear is told again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class GrafanaError(WatermasterError):
    """Grafana can't be reached, or refuses something; what was sent before that it has.

    Attributes:
        status: Of its answer; None without one.
    """

    def __init__(self, message: str, *, status: int | None = None, retryable: bool = False) -> None:
        super().__init__(message, retryable=retryable)
        self.status = status


class BrokerError(WatermasterError):
    """The broker refuses us or can't be reached."""
