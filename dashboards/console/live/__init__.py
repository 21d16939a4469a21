"""What is known at this moment: newest values, gateways, states of stations, and when any of them changed.

``newest`` and ``gateways`` are fed with what is read from the journal; ``places`` is the register as screens need it;
``live`` holds the three together and ``board`` looks once a second what has changed, for all browsers at once.
``follow`` is the shell: it reads journal and store.
"""

from __future__ import annotations

from dashboards.console.live.board import Board, Part
from dashboards.console.live.follow import LiveFeed
from dashboards.console.live.gateways import Gateway
from dashboards.console.live.live import Live, Reading
from dashboards.console.live.places import Basin, Places

__all__ = ["Basin", "Board", "Gateway", "Live", "LiveFeed", "Part", "Places", "Reading"]
