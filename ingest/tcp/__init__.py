"""The field link: RTUs that dial in, what a centre answers them, and what it asks them.

::

    socket ── link.Link ── Splitter ──▶ centre.Centre ── sets.Sets ──▶ intake.Intake ──▶ journal, synced
                 ▲                          │  ▲                            │
                 └── confirmation ◀─────────┘  └────────── safe ◀───────────┘
    REST, command line ──▶ exchange.Exchange ── commands.request ──▶ the RTU's route; its answer comes as any frame

``limits``, ``status`` numbers · ``uplink`` a frame with its sender · ``confirmation`` what is answered · ``sets``
packets of one body · ``intake`` the queue before the journal · ``link``, ``listener`` sockets · ``sessions`` who was
last heard where · ``centre`` what happens to a frame · ``commands``, ``exchange`` what RTUs are asked · ``gateways``
RTUs behind an MQTT gateway.

Invariants:

* Nothing is confirmed before it is in the journal and synced. A frame that can't be written is not confirmed, and the
  RTU keeps it.
* Every buffer is bounded, for each connection and for all together; what exceeds a bound is refused or waits in the
  sender's socket, and is counted.
* What came with a right check sum, or began like a frame, reaches the journal as it came, whatever is wrong with it;
  the decoder tells. What looks like nothing (keep-alive bytes and registrations of modems, noise) is counted only.
* A frame that comes again is confirmed again and journaled again: the key of a reading makes the second a duplicate.
"""

from __future__ import annotations

from ingest.tcp.centre import Centre
from ingest.tcp.exchange import Exchange
from ingest.tcp.gateways import Gateways
from ingest.tcp.intake import Intake
from ingest.tcp.limits import Limits
from ingest.tcp.listener import Listener
from ingest.tcp.sessions import Sessions
from ingest.tcp.status import Status

__all__ = ["Centre", "Exchange", "Gateways", "Intake", "Limits", "Listener", "Sessions", "Status"]
