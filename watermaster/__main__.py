"""``python -m watermaster``."""

from __future__ import annotations

from watermaster.cli import main

main()
