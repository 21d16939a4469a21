"""An own certificate authority, made by the script that we ship, and certificates of it that are over."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from tests.servers.process import HOST, require

__all__ = ["Authority", "Pair"]

_SCRIPT: Final = Path(__file__).parents[2] / "deploy" / "certificates.sh"


class Pair(NamedTuple):
    """A certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """An authority and the broker's certificate for the loopback address.

    Args:
        path: Its folder; made when it does not exist.
    """

    def __init__(self, path: Path) -> None:
        require("openssl")
        self.path = path
        self.run("init", HOST)
        # Started by root the broker would still be itself; a test's folder is its own.
        (path / "broker" / "broker.key").chmod(0o600)

    @property
    def ca(self) -> Path:
        """What to trust."""
        return self.path / "broker" / "ca.crt"

    def run(self, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the script on this folder."""
        done = subprocess.run([_SCRIPT, self.path, *arguments], check=False, capture_output=True, text=True)
        assert not ok or done.returncode == 0, done.stderr
        return done

    def add(self, name: str) -> Pair:
        """Of a gateway, or of anybody who connects."""
        self.run("add", name)
        return Pair(self.path / "gateways" / f"{name}.crt", self.path / "gateways" / f"{name}.key")

    def expired(self, name: str) -> Pair:
        """Of somebody, and over since long."""
        pair = self.add(name)
        old = pair.certificate.with_suffix(".old.crt")
        ask = self.path / f"{name}.csr"
        base = [str(require("openssl"))]
        made = [*base, "req", "-new", "-key", str(pair.key), "-subj", f"/CN={name}", "-out", str(ask)]
        subprocess.run(made, check=True, capture_output=True)
        span = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]
        signed = [*base, "ca", "-batch", "-config", "authority/openssl.cnf", *span, "-notext", "-in", str(ask)]
        subprocess.run([*signed, "-out", str(old)], check=True, capture_output=True, cwd=self.path)
        return Pair(old, pair.key)
