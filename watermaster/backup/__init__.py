"""Backup and restore of all that a data directory holds, see docs/backup.md.

The order in which things are copied is what makes a backup of a running service consistent; it stands in
:mod:`watermaster.backup.collect`, its proof in docs/backup.md.
"""

from __future__ import annotations
