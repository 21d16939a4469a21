"""Class ``unregistered_source``: somebody sends who the register doesn't know, or for whom it isn't to speak."""
