"""Tests of the class eflow_warning."""
