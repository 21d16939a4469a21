"""Tests of the demo's basin."""
