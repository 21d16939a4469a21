"""Grafana: dashboards, data sources, alert rules and whom they tell, as code; only pushing has a network.

What is shown is built from the register and is pure (`built`); `provisioning` makes files of it, `push` sends it.
"""
