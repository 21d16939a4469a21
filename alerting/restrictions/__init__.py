"""Restrictions of taking water: whom each binds, and when, by its dates or by a gauge that is low."""
