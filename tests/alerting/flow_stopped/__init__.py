"""Tests of the class flow_stopped."""
