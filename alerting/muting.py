"""Who is not notified of an alert, and why; the alert itself and its case stay as they are. Pure.

Source: docs/alert-classes.md, "Maintenance mutes notification, never the verdict".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.register import AlertClass, MaintenanceScope

if TYPE_CHECKING:
    from alerting.record import AlertRecord
    from hydro.register import Maintenance, Register

__all__ = ["muted_by"]


def muted_by(record: AlertRecord, register: Register, at: int) -> Maintenance | None:
    """The announced work because of which nobody is told of an alert at an instant; None where it is to be told.

    Work on a gateway or plant covers its stations, work on one station never the alert of a whole gateway.

    Args:
        record: An alert.
        register: Who works where; the stations' rows valid at the instant count.
        at: When it would be told, epoch milliseconds: an alert that outlasts the work is told after it.
    """
    alert_class = AlertClass(record.alert_class)
    places = {(record.subject_kind, record.subject)}
    station = register.station_at(record.subject, at) if record.subject_kind == MaintenanceScope.STATION else None
    if station is not None:
        places |= {(MaintenanceScope.GATEWAY, station.gateway), (MaintenanceScope.PLANT, station.plant)}
    return next(
        (
            row
            for row in register.maintenance
            if (row.scope, row.code) in places and row.lasts_at(at) and row.mutes(alert_class)
        ),
        None,
    )
