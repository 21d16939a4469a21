"""All measurements: ``python -m bench``."""

from __future__ import annotations

from bench import drain, service, store

for measurement in (drain, store, service):
    measurement.main()
    print()
