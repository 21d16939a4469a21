"""What a backup's members are called.

::

    watermaster-backup.json       format and origin; always the first
    config/…                      as in the config directory
    rules.state, ledger.sqlite, store.state, store.duckdb
    dead_letters.sqlite …         whatever else lies in the data directory under such a name
    evidence/…                    as in the data directory
    journal/0000000000000001.sqlite …
    manifest.json                 size and SHA-256 of all of them, positions
    manifest.sha256               SHA-256 of the manifest; always the last
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "CONFIG",
    "EVIDENCE",
    "HEADER",
    "JOURNAL",
    "LEDGER",
    "MANIFEST",
    "MANIFEST_SHA256",
    "RULES_STATE",
    "STORE",
    "STORE_STATE",
]

HEADER: Final = "watermaster-backup.json"
MANIFEST: Final = "manifest.json"
MANIFEST_SHA256: Final = "manifest.sha256"

RULES_STATE: Final = "rules.state"
LEDGER: Final = "ledger.sqlite"
STORE_STATE: Final = "store.state"
STORE: Final = "store.duckdb"

CONFIG: Final = "config/"
EVIDENCE: Final = "evidence/"
JOURNAL: Final = "journal/"
