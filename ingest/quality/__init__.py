"""Quality tests: pure functions from columns to flags and reasons."""
