"""Laws of the drawings."""
