"""`watermaster demo`: a service with everything embedded, and a simulated basin that speaks to it over MQTT.

::

    story   ──▶ the scenario "demo" of simulators.scenario, placed in time by plan
    stream  ──▶ what its gateways send, played by simulators.play
    visitor ──▶ a station of the register for outside gateways
    ground  ──▶ config and data directories of this run, credentials
    field   ──▶ the gateways, as one more part of the service
    clock   ──▶ the scenario's time, which the whole service lives in
    run     ──▶ all of it, and the summary
"""
