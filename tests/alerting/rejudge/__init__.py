"""Tests of :mod:`alerting.rejudge`."""
