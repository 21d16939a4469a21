"""Publishes messages as gateways would: any stream of (received_at, topic, payload), over many connections, QoS 1.

It knows nothing of scenarios. Invariants:

* A gateway's messages go over one connection, in their order; what was acknowledged is never sent again.
* Never more unacknowledged messages on a connection than the broker allows (its Receive Maximum).
* No message is sent before all messages of the minutes before its own are acknowledged. So connections can't overtake
  each other by more than a minute of scenario time, whatever the speed; and since collectors derive their ticks from
  full minutes of `received_at`, they see the same ticks between the same messages as in the recorded stream.
"""

from __future__ import annotations

from simulators.publisher.ahead import Ahead
from simulators.publisher.broker import Broker
from simulators.publisher.pace import Pace
from simulators.publisher.publisher import Message, Publisher
from simulators.publisher.tally import Tally

__all__ = ["Ahead", "Broker", "Message", "Pace", "Publisher", "Tally"]
