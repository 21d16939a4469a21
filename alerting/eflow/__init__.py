"""Ecological flow: targets, verdicts over slots and periods, attainment. Pure; ALERTS.md is the text it implements."""
