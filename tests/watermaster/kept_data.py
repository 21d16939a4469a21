"""A data directory as services leave it behind, with something of everything in it."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import zstandard

from alerting.ledger import Ledger
from alerting.rules_reader import STATE_KIND as RULES_KIND
from alerting.rules_reader import STATE_VERSION as RULES_VERSION
from hydro.instants import HOUR_MS
from ingest.store_reader import STATE_KIND, STATE_VERSION
from storage.dead_letters import DeadLetterFile, StoredDeadLetter
from storage.journal import Journal, JournalReader
from storage.state_file import StateFile
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.end_to_end.running import write_config

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SECRET", "KeptData", "content_of", "keep_data", "rewritten", "unpacked"]

SECRET = "a password that nobody may read"
RULE = "class: eflow_shortfall\nversion: 1\ntitle: {zh: 甲, en: a}\ndescription: {zh: 甲, en: a}\n"
STORE_AT, RULES_AT, LEDGER_AT, END = 45, 33, 41, 60
"""Positions: segments of the journal begin at 1, 11, 21 …"""

MESSAGES = [(f"watermaster/v1/g{number % 3}/up/json", b"%d" % number) for number in range(1, END + 1)]


@dataclass(frozen=True, slots=True)
class KeptData:
    """Where it lies.

    Attributes:
        data_dir: The data directory.
        config: The config directory that names it.
    """

    data_dir: Path
    config: Path


def keep_data(folder: Path, **settings: Any) -> KeptData:  # noqa: ANN401  # settings are anything
    """Make a data directory and its config in a folder.

    Args:
        folder: Where to.
        settings: Beside those that every test needs.
    """
    data_dir = folder / "var"
    data_dir.mkdir(parents=True)
    secret = folder / "config" / "broker.password.csv"  # called like a table, to make it hard
    given = {
        "data_dir": str(data_dir),
        "store": {"url": "influxdb://127.0.0.1:9/water"},
        "mqtt": {"username": "wm", "password_file": str(secret)},
        **settings,
    }
    config = write_config(folder / "config", given, ["A,A,section,,,,,5"])
    secret.write_text(SECRET)
    (config / "notes.bin").write_bytes(b"\0")
    (config / "rules").mkdir()
    (config / "rules" / "eflow.yaml").write_text(RULE, encoding="utf-8")
    _keep_journal(data_dir / "journal")
    for name, kind, version, position in (
        ("store.state", STATE_KIND, STATE_VERSION, STORE_AT),
        ("rules.state", RULES_KIND, RULES_VERSION, RULES_AT),
    ):
        with StateFile(data_dir / name, kind, version) as state, state.transaction():
            state.put("head", "", 0, name.encode() * 1000)
            state.set_position(position)
    with Ledger.open(f"sqlite:///{data_dir / 'ledger.sqlite'}", zone_minutes=480) as ledger:
        ledger.apply([change(shortfall(1)), change(shortfall(2, 9, station="B"), station="B")], LEDGER_AT, DAWN)
    with closing(DeadLetterFile(data_dir / "dead_letters.sqlite")) as letters:
        letters.add([StoredDeadLetter(7, "message", "bad_json", 0, MESSAGES[6][0], b"\xff", DAWN, "byte 0")])
    (data_dir / "broker").mkdir()
    (data_dir / "broker" / "passwords").write_text(SECRET)
    (data_dir / "evidence" / "2026").mkdir(parents=True)
    (data_dir / "evidence" / "2026" / "站.json").write_text('{"raw": 1}')
    return KeptData(data_dir, config)


def _keep_journal(path: Path) -> None:
    now = DAWN

    def clock() -> int:
        return now

    with Journal.open(path, keep_days=365, max_gb=1, clock=clock, reserve_bytes=1) as journal:
        for start in range(0, END, 10):
            topics, payloads = zip(*MESSAGES[start : start + 10], strict=True)
            journal.append(list(topics), list(payloads))
            now += HOUR_MS


def content_of(data_dir: Path) -> dict[str, object]:
    """What a data directory holds, whatever its files look like."""
    found: dict[str, object] = {}
    for path in sorted(data_dir.glob("*.s*t*")):
        if path.suffix in (".state", ".sqlite"):
            with closing(sqlite3.connect(path)) as connection:
                found[path.name] = list(connection.iterdump())
    for path in sorted((data_dir / "evidence").rglob("*")):
        found[str(path.relative_to(data_dir))] = path.read_bytes() if path.is_file() else None
    with JournalReader.open(data_dir / "journal") as journal:
        found["journal"] = [
            (batch.first + number, topic, payload)
            for batch in journal.read(0, 1_000_000)
            for number, (topic, payload) in enumerate(zip(batch.topics, batch.payloads, strict=True))
        ]
    return found


def unpacked(archive: Path) -> dict[str, bytes]:
    """Members of a backup in their order, read by other means than ours."""
    content = archive.read_bytes()
    if archive.suffix == ".zst":
        content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)).read()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]  # all are files


def rewritten(archive: Path, members: dict[str, bytes]) -> None:
    """Write a backup as somebody else would, members as they are given but for the manifest's own SHA-256."""
    manifest = members.get("manifest.json", b"")
    members = {name: content for name, content in members.items() if name != "manifest.sha256"}
    if manifest:
        members["manifest.sha256"] = hashlib.sha256(manifest).hexdigest().encode()
    with tarfile.open(archive, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
