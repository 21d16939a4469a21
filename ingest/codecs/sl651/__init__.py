"""SL 651-2014 水文监测数据通信规约: what hydrological stations and water meters say, and what a centre answers. Pure.

::

    bytes ── framing.read_frame ──▶ span ── codec.decode_frame ──▶ Frame ── content.groups ──▶ elements with time
      ▲                                                             │  │
      └──────────── codec.encode_frame ◀── downlink.confirm, … ◀────┘  └─ explain.explain ──▶ plain values
    payload ── columns.decode_sl651 ──▶ Readings   (typed.to_readings says the same by way of Frame)

``control`` functions and control characters · ``number``, ``wiretime``, ``address`` what digits mean · ``elements``,
``parameters`` the tables of annexes C and D · ``frame`` values · ``hex_body``, ``ascii_body`` the two codings ·
``packets`` sets of packets · ``compose`` elements from values · ``mapping`` elements to quantities · ``sheet`` what can
be told only at the end of a report · ``plan`` what the fast way does with an identifier.

Invariants: nothing is accepted without the right check sum; what is accepted is written back byte for byte; a bad
element spoils no other; unknown elements are skipped by their length and counted; no input raises anything but
:class:`hydro.errors.DecodeError`, and the work is bounded by a constant times the bytes.
"""

from __future__ import annotations

from ingest.codecs.sl651.codec import decode_frame, encode_frame
from ingest.codecs.sl651.columns import decode_sl651
from ingest.codecs.sl651.explain import explain, explain_bytes
from ingest.codecs.sl651.faults import ElementFault, FrameFault
from ingest.codecs.sl651.frame import Frame
from ingest.codecs.sl651.framing import read_frame
from ingest.codecs.sl651.mapping import STANDARD, Profile
from ingest.codecs.sl651.typed import to_readings

__all__ = [
    "STANDARD",
    "ElementFault",
    "Frame",
    "FrameFault",
    "Profile",
    "decode_frame",
    "decode_sl651",
    "encode_frame",
    "explain",
    "explain_bytes",
    "read_frame",
    "to_readings",
]
