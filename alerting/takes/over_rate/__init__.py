"""Class ``over_rate``: more is taken than the permit, the structure, a restriction or the season allows."""
