"""A PostgreSQL of the tests' own, where Debian's packages and a driver are there."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Final

from tests.servers.process import HOST, STOPPED_WITHIN_S, ServerProcess, cannot_run, free_port

_DEBIAN: Final = Path("/usr/lib/postgresql")
_ACCOUNT: Final = "postgres"


def missing_for_postgresql() -> str | None:
    """Why there can be no server here; None if there can."""
    if _programs() is None:
        return "PostgreSQL is not installed (apt-get install postgresql)"
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed (pip install 'psycopg[binary]')"
    if os.getuid() == 0:
        if shutil.which("setpriv") is None:
            return "PostgreSQL refuses to run as root, and there is no setpriv"
        try:
            pwd.getpwnam(_ACCOUNT)
        except KeyError:
            return "PostgreSQL refuses to run as root, and there is no user postgres"
    return None


def _programs() -> Path | None:
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).parent
    versions = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


class PostgreSQL(ServerProcess):
    """One server whose database sorts as an authority's would, by a language and not by code points."""

    program = "postgres"

    def __init__(self, path: Path) -> None:
        """Make its data directory.

        Args:
            path: A folder that the account `postgres` can reach.
        """
        missing = missing_for_postgresql()
        programs = _programs()
        if missing is not None or programs is None:
            cannot_run(missing or "PostgreSQL is not installed")
        self.path = path
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._as_account: list[str] = []
        path.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            account = pwd.getpwnam(_ACCOUNT)
            os.chown(path, account.pw_uid, account.pw_gid)
            setpriv = shutil.which("setpriv") or "setpriv"
            self._as_account = [setpriv, "--reuid", _ACCOUNT, "--regid", _ACCOUNT, "--clear-groups", "--"]
        self._executable = Path(self._as_account[0]) if self._as_account else programs / "postgres"
        self._postgres = programs / "postgres"
        subprocess.run(
            [
                *self._as_account,
                str(programs / "initdb"),
                *("--pgdata", str(path / "data"), "--username", "watermaster", "--auth", "trust", "--no-sync"),
                *("--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US"),
            ],
            check=True,
            capture_output=True,
            cwd=path,
        )

    @property
    def url(self) -> str:
        """Address of the database that every server has."""
        return f"postgresql://watermaster@{HOST}:{self.port}/postgres"

    def emptied(self) -> str:
        """Empty the database; its SQLAlchemy URL."""
        import psycopg  # noqa: PLC0415  # only where it is there

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self.url.replace("postgresql:", "postgresql+psycopg:")

    def stop(self) -> None:
        """End it without the care that data would need which anybody still wants."""
        if self.running:
            process = self._running_process()
            process.send_signal(signal.SIGQUIT)
            process.wait(STOPPED_WITHIN_S)

    def _arguments(self) -> list[str]:
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": str(self.path),
            "fsync": "off",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        start = [*self._as_account[1:], str(self._postgres)] if self._as_account else []
        return [*start, "-D", str(self.path / "data"), *options]

    def _answers(self) -> bool:
        import psycopg  # noqa: PLC0415  # only where it is there

        try:
            with socket.create_connection((HOST, self.port), timeout=1):
                pass
            psycopg.connect(self.url).close()
        except (OSError, psycopg.OperationalError):
            return False
        return True
