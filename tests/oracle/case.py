"""What a judge is given: a register, and recorded lines."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .tables import Tables

__all__ = ["Case", "Record", "write_records"]

Record = dict[str, object]


class Case(NamedTuple):
    """A register and recorded lines ordered by received_at."""

    tables: Tables
    records: list[Record]

    def write_config(self, directory: Path) -> Path:
        """Write the config directory, and return it."""
        return self.tables.write(directory)


def write_records(records: Sequence[Record], path: Path) -> None:
    """Write lines as a recorded stream, .ndjson; bytes as payload_base64."""
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            line = dict(record)
            if isinstance(line["payload"], bytes):
                line["payload_base64"] = base64.b64encode(line["payload"]).decode("ascii")
                del line["payload"]
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
