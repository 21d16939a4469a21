"""The broker's password file: who may connect, changed whole or not at all."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from hydro.errors import ConfigError
from ingest.broker.access import password_line, with_password

if TYPE_CHECKING:
    from pathlib import Path

    from watermaster.settings import Settings

__all__ = ["PasswordFile", "password_file_of"]

_SALT_BYTES = 12


class PasswordFile:
    """A password file of mosquitto.

    Args:
        path: Where it is; it may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def users(self) -> list[str]:
        """Who has a password, in the order of the file.

        Raises:
            ConfigError: It can't be read.
        """
        return [line.partition(":")[0] for line in self._lines()]

    def put(self, user: str, password: str) -> None:
        """Give a user a password, also one who has another.

        Raises:
            ConfigError: It can't be written.
        """
        line = password_line(user, password, secrets.token_bytes(_SALT_BYTES))
        self._write(with_password("".join(f"{each}\n" for each in self._lines()), line))

    def remove(self, user: str) -> None:
        """Take a user's password away.

        Raises:
            ConfigError: There is no such user, or the file can't be written.
        """
        lines = self._lines()
        left = [line for line in lines if line.partition(":")[0] != user]
        if len(left) == len(lines):
            raise ConfigError(f"{self.path}: has no password of {user}; `watermaster gateway list` shows who has one")
        self._write("".join(f"{line}\n" for line in left))

    def _lines(self) -> list[str]:
        try:
            text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        except OSError as error:
            raise ConfigError(f"{self.path} can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self.path} is no password file: it is not UTF-8") from error
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    def _write(self, text: str) -> None:
        """Under the file's own owner and mode, since the broker has to read it."""
        new = self.path.with_name(f".{self.path.name}.new")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
                if self.path.exists():
                    found = self.path.stat()
                    os.fchmod(file.fileno(), found.st_mode & 0o777)
                    if os.geteuid() == 0:
                        os.fchown(file.fileno(), found.st_uid, found.st_gid)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise ConfigError(f"{self.path} can't be written: {error.strerror}") from error


def password_file_of(settings: Settings, given: Path | None) -> PasswordFile:
    """The broker's password file.

    Args:
        settings: Of the config directory.
        given: By the command.

    Raises:
        ConfigError: Nobody says where it is, or its folder isn't there.
    """
    path = given if given is not None else settings.mqtt.passwords
    if path is None and settings.mqtt.address.embedded:
        path = settings.data_dir / "broker" / "passwords"
    if path is None:
        raise ConfigError(
            "where is the broker's password file? name it with --passwords, or as mqtt.passwords in the settings"
        )
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent}: there is no such directory")
    return PasswordFile(path)
