"""Devices of the simulated field: laws of what they show, send and lose."""
