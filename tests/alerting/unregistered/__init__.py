"""Sources that the register doesn't know."""
