"""The embedded store: one DuckDB file, opened by one process.

`EmbeddedStore` is the store; what it is made of lies beside it, from the bottom up: `schema` (tables and format),
`database` (opening, errors, a damaged file), `series_names`, `keys`, `writing`, `reading`, `settling` (sorting what is
no longer new), `hours` and `condensing` (summing up what is old).

Format and reasons: docs/decisions/0041-embedded-store.md.
"""

from __future__ import annotations

from storage.embedded.database import Damage
from storage.embedded.store import FILE_NAME, EmbeddedStore

__all__ = ["FILE_NAME", "Damage", "EmbeddedStore"]
