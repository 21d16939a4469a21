"""Taking water: whether an intake takes what no meter counts, or more than it may. Judges in one engine."""
