"""Reports as values and as files."""
