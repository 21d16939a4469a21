"""Tests of :mod:`alerting.evidence`."""
