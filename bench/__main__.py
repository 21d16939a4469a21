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
    evidence,
    field_devices,
    grafana,
    load,
    notification,
    page,
    play,
    river,
    rtu,
    rules,
    service,
    signals,
    silence,
    sl651,
    slt427,
    store,
    tcp,
)

_INTAKE = (drain, embedded_broker, tcp, sl651, slt427, rtu)
_STORES = (store, embedded_store, backup, evidence)
_WHOLE = (service, embedded_run, demo, notification, rules, signals, silence)
_PAGE = (page, drawings, grafana)
_FIELD = (river, field_devices, play, load)

for measurement in (*_INTAKE, *_STORES, *_WHOLE, *_PAGE, *_FIELD):
    measurement.main()
    print()
