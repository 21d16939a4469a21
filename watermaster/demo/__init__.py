"""`watermaster demo`: a service with everything embedded, and a simulated basin that speaks to it over MQTT.

::

    ground ──▶ config and data directories of this run, credentials
    field  ──▶ the gateways of simulators.demo, as one more part of the service
    clock  ──▶ the scenario's time, which the whole service lives in
    run    ──▶ all of it, and the summary
"""
