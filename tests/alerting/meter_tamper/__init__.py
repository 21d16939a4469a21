"""Meters that are tampered with, and meters that only look like it."""
