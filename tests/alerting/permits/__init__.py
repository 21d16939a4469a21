"""Tests of the classes over_plan and permit_expired."""
