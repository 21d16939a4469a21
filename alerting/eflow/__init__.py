"""Ecological flow: targets, verdicts over slots and periods, attainment. Pure.

Source: docs/alert-classes.md.
"""
