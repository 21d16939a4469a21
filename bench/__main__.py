"""All measurements: ``python -m bench``."""

from __future__ import annotations

from bench import drain, embedded_broker, embedded_store, page, service, store, tcp

for measurement in (drain, embedded_broker, store, embedded_store, service, tcp, page):
    measurement.main()
    print()
