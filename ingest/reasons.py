"""Why something was not stored: closed lists, used by dead letters, metrics and tests alike."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["DeadLetterReason", "RejectReason"]


class DeadLetterReason(StrEnum):
    """Why no element of a message could be read."""

    BAD_TOPIC = "bad_topic"
    UNSUPPORTED_FORMAT = "unsupported_format"
    BAD_JSON = "bad_json"
    BAD_ELEMENT = "bad_element"
    BAD_FRAME = "bad_frame"
    INTERNAL_ERROR = "internal_error"


class RejectReason(StrEnum):
    """Why a reading that was found in a message is not stored."""

    BAD_ELEMENT = "bad_element"
    BAD_TIME = "bad_time"
    UNEQUAL_LENGTHS = "unequal_lengths"
    NOT_A_NUMBER = "not_a_number"
    UNKNOWN_QUANTITY = "unknown_quantity"
    UNKNOWN_UNIT = "unknown_unit"
    UNKNOWN_STATION = "unknown_station"
    WRONG_GATEWAY = "wrong_gateway"
    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"
    STORE_REFUSED = "store_refused"
