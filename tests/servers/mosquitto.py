"""mosquitto from the configuration that we ship, on a free port and in a folder of its own."""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path
from typing import Final

from tests.servers.process import HOST, ServerProcess, free_port

SHIPPED_CONF: Final = Path(__file__).parents[2] / "config" / "mosquitto.conf"
SHIPPED_ACL: Final = SHIPPED_CONF.with_suffix(".acl")
SHIPPED_TLS: Final = SHIPPED_CONF.with_suffix(".d") / "tls.conf"


def setting_of(line: str) -> str:
    """Name the setting of one line of mosquitto.conf, empty for comments and blank lines."""
    return "" if line.startswith("#") else line.partition(" ")[0].strip()


def derive_conf(shipped: str, replaced: dict[str, str], extra: str = "") -> str:
    """Change a few settings of a configuration and leave everything else as it stands.

    mosquitto refuses some settings that stand twice, so a replaced line goes.

    Args:
        shipped: Text of the configuration.
        replaced: Settings to set instead; an empty value only removes the setting.
        extra: Lines to append; each takes the place of all shipped lines of its setting.

    Returns:
        Text of the new configuration.
    """
    overridden = {setting_of(line) for line in extra.splitlines()}
    gone = overridden | set(replaced)
    kept = [line for line in shipped.splitlines() if (name := setting_of(line)) and name not in gone]
    added = [f"{name} {value}" for name, value in replaced.items() if value and name not in overridden]
    return "\n".join([*kept, *added, extra, ""])


class Mosquitto(ServerProcess):
    """A broker with the shipped settings. Anybody may do anything on it unless `passwords` is given."""

    program = "mosquitto"

    def __init__(
        self, path: Path, extra_conf: str = "", *, passwords: Path | None = None, certificates: Path | None = None
    ) -> None:
        """Prepare a broker that is not running yet.

        Args:
            path: Folder of its configuration, data and log.
            extra_conf: Lines of mosquitto.conf that take the place of the shipped ones of the same name.
            passwords: Password file; with it the broker is closed to anonymous clients and enforces the shipped ACL.
            certificates: What `deploy/certificates.sh` made; with it the broker listens for TLS, too, as shipped.
        """
        super().__init__(path)
        self.extra_conf = extra_conf
        self.passwords = passwords
        self._certificates = certificates
        self.tls_port = free_port() if certificates else 0

    @property
    def url(self) -> str:
        """Address for clients, as in the setting mqtt.url."""
        return f"mqtt://{HOST}:{self.port}"

    def _arguments(self) -> list[str]:
        data = self.path / "data"
        data.mkdir(exist_ok=True)
        replaced = {
            "listener": f"{self.port} {HOST}",
            "persistence_location": f"{data}{os.sep}",
            "include_dir": "" if self._certificates is None else str(self._tls_settings(self._certificates)),
            # Started by root it would become the user mosquitto, who may not enter a test's folder.
            "user": getpass.getuser(),
        }
        if self.passwords:
            replaced |= {"password_file": str(self.passwords), "acl_file": str(SHIPPED_ACL)}
        else:
            replaced |= {"password_file": "", "acl_file": "", "allow_anonymous": "true"}
        shipped = SHIPPED_CONF.read_text(encoding="utf-8")
        conf = self.path / "mosquitto.conf"
        conf.write_text(derive_conf(shipped, replaced, self.extra_conf), encoding="utf-8")
        return ["-c", str(conf)]

    def _tls_settings(self, certificates: Path) -> Path:
        """The shipped ones on another port, with files from elsewhere."""
        folder = self.path / "mosquitto.d"
        folder.mkdir(exist_ok=True)
        shipped = SHIPPED_TLS.read_text(encoding="utf-8")
        names = ("cafile", "certfile", "keyfile", "crlfile")
        paths = {
            setting_of(line): Path(line.split()[1]).name for line in shipped.splitlines() if setting_of(line) in names
        }
        replaced = {name: str(certificates / "broker" / paths[name]) for name in names}
        text = derive_conf(shipped, {"listener": "", **replaced})
        (folder / "tls.conf").write_text(f"listener {self.tls_port} {HOST}\n{text}", encoding="utf-8")
        return folder

    def _answers(self) -> bool:
        # It listens only after it has read its queue from disk: connected is ready.
        try:
            with socket.create_connection((HOST, self.port), timeout=1):
                return True
        except OSError:
            return False
