"""A process that copies evidence: `python -m tests.alerting.evidence.worker FOLDER`; it ends when nothing is left."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.alerting.evidence.site import Site

__all__ = ["main"]


def main(folder: str) -> None:
    """Copy all of it."""
    with Site(Path(folder)) as site:
        site.copy()


if __name__ == "__main__":
    main(*sys.argv[1:])
