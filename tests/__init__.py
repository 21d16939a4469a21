"""Tests of Watermaster, on real servers."""
