"""Ecological flow."""
