"""The directory of an embedded broker: what it is configured from, who has a password, what it keeps."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from hydro.errors import ConfigError
from ingest.broker.access import Access, access_list, password_line, with_password
from ingest.broker.mosquitto_conf import mosquitto_conf
from ingest.broker.room import memory_bytes, queue_room

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BrokerFolder"]


class BrokerFolder:
    """See the module.

    Args:
        path: The directory; made when something is written.

    Attributes:
        passwords: Password file of mosquitto. Lines of others than the collector are the operator's and stay.
        data: Queue of mosquitto.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.passwords = path / "passwords"
        self.data = path / "data"
        self._line = ""

    def write(self, name: str, text: str) -> Path:
        """Write a file that only we may read; it is there whole or not at all.

        Returns:
            Its path.

        Raises:
            ConfigError: It can't be written.
        """
        path, new = self.path / name, self.path / f"{name}.new"
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            new.replace(path)
        except OSError as error:
            raise ConfigError(f"embedded broker: {error.filename}: {error.strerror}") from error
        return path

    def write_mosquitto(self, host: str, port: int, access: Access | None) -> Path:
        """Write everything that mosquitto reads.

        Args:
            host: Address to listen on.
            port: TCP port.
            access: Who may do what; None lets anybody do anything.

        Returns:
            Path of mosquitto.conf.

        Raises:
            ConfigError: A file can't be written or read.
        """
        acl = None
        if access is not None:
            acl = self.write("acl", access_list(access))
            self._line = password_line(access.collector, access.password, secrets.token_bytes(12))
            self.keep_collector()
        text = mosquitto_conf(
            host=host,
            port=port,
            data=self.data.resolve(),
            room=queue_room(memory_bytes()),
            passwords=None if acl is None else self.passwords.resolve(),
            acl=None if acl is None else acl.resolve(),
            as_root=os.geteuid() == 0,
        )
        return self.write("mosquitto.conf", text)

    def keep_collector(self) -> None:
        """Put the collector's password back where somebody wrote the file anew, as ``mosquitto_passwd -c`` does.

        Raises:
            ConfigError: The file can't be written or read.
        """
        known = self._known_passwords()
        if self._line not in known.splitlines():
            self.write(self.passwords.name, with_password(known, self._line))

    def passwords_changed_at(self) -> int | None:
        """When the password file was last changed, nanoseconds; None while there is none."""
        try:
            return self.passwords.stat().st_mtime_ns
        except OSError:
            return None

    def _known_passwords(self) -> str:
        try:
            return self.passwords.read_text(encoding="utf-8") if self.passwords.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"embedded broker: {self.passwords} can't be read: {error}") from error
