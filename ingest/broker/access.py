"""Who may do what on an embedded mosquitto: a password for each name, and an access list that follows the names."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Final

from hydro.errors import ConfigError

__all__ = ["Access", "access_list", "password_line", "with_password"]

_ITERATIONS: Final = 1_000
"""mosquitto_passwd takes 101. The broker does nothing else while it counts: this is below 1 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The broker is closed to those without a password.

    Attributes:
        prefix: First levels of all topics.
        collector: User name of the collector, who reads every gateway.
        password: Its password; never printed.
    """

    prefix: str
    collector: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a name that the files of mosquitto can't hold.

        Raises:
            ConfigError: It is such a name.
        """
        if ":" in self.collector or self.collector.strip() != self.collector or not self.collector.isprintable():
            raise ConfigError(
                f"mqtt.username: {self.collector!r} has a colon, a blank at an end or a control character"
            )


def access_list(access: Access) -> str:
    """Text of mosquitto's acl_file: the rules of config/mosquitto.acl for this prefix and this collector."""
    prefix = access.prefix
    return f"""\
pattern write {prefix}/%u/up/+
pattern write {prefix}/%u/status
pattern read {prefix}/%u/down/+

user {access.collector}
topic read {prefix}/+/up/+
topic read {prefix}/+/status
topic readwrite {prefix}/_/heartbeat/+
topic write {prefix}/+/down/+
topic read $SYS/broker/#
"""


def password_line(user: str, password: str, salt: bytes) -> str:
    """Line of mosquitto's password_file.

    Args:
        user: Name.
        password: Password.
        salt: 12 bytes of chance.

    Source: mosquitto 2.0 ``src/password_mosq.h`` and the files that ``mosquitto_passwd`` writes: ``$7$`` is
        PBKDF2-HMAC-SHA512, followed by iterations, salt and hash.
    """
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"{user}:$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def with_password(passwords: str, line: str) -> str:
    """Text of a password file in which one user has this line and all others have theirs."""
    user = line.partition(":")[0]
    others = [each for each in passwords.splitlines() if each and each.partition(":")[0] != user]
    return "".join(f"{each}\n" for each in (*others, line))
