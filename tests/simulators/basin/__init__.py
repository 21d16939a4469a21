"""Tests of the simulated river."""
