"""A truth file: what was true, a JSON object a line, in the order in which it ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from hydro.errors import WatermasterError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from simulators.truth import Truth

__all__ = ["TruthFile"]


class TruthFile:
    """Writes one.

    Args:
        path: The file, replaced if it is there.
        zone_minutes: Of its times.

    Raises:
        WatermasterError: It can't be written; so do `write` and `close`.

    Attributes:
        lines: Written so far.
    """

    def __init__(self, path: Path, zone_minutes: int) -> None:
        self.lines = 0
        self._path = path
        self._zone = zone_minutes
        try:
            self._file = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def write(self, truths: Iterable[Truth]) -> None:
        """Add some, which ended after those written before."""
        lines = [json.dumps(truth.line(self._zone), ensure_ascii=False, separators=(",", ":")) for truth in truths]
        try:
            self._file.writelines(f"{line}\n" for line in lines)
        except OSError as error:
            raise self._failed(error) from error
        self.lines += len(lines)

    def close(self) -> None:
        """Write out what is left."""
        try:
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> WatermasterError:
        return WatermasterError(f"{self._path}: {error.strerror or error}")
