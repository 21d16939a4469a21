"""The local journal."""
