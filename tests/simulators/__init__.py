"""Tests of what plays the field."""
