"""Rules of lost data."""
