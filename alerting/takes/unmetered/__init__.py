"""Class ``unmetered_intake``, by what is seen at the intake itself."""
