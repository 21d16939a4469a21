"""All measurements: ``python -m bench``."""

from __future__ import annotations

from bench import (
    backup,
    demo,
    drain,
    drawings,
    embedded_broker,
    embedded_run,
    embedded_store,
    field_devices,
    page,
    river,
    rtu,
    service,
    sl651,
    slt427,
    store,
    tcp,
)

_INTAKE = (drain, embedded_broker, tcp, sl651, slt427, rtu)
_STORES = (store, embedded_store, backup)
_WHOLE = (service, embedded_run, demo)
_PAGE = (page, drawings)
_FIELD = (river, field_devices)

for measurement in (*_INTAKE, *_STORES, *_WHOLE, *_PAGE, *_FIELD):
    measurement.main()
    print()
