"""Classes ``over_plan`` and ``permit_expired``: what is taken under a permit, and whether it still is one."""
