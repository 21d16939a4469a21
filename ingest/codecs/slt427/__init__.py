"""SL/T 427-2021 and its sister SZY206-2016: frames as water-resource stations send them.

Bytes in, frozen values out, and back byte for byte; nothing here reads a clock, a socket or the register.

- ``framing``: where a frame begins and ends; ``frame``: bytes to values and back;
- ``header``, ``label``, ``numbers``, ``parts``, ``words``, ``quality``: its fields;
- ``reports``: measurements; ``functions``: everything else, by function code;
- ``readings``, ``mapping``: to columns of our quantities; ``explain``: to plain keys and values, for people;
- ``answers``, ``commands``: what the centre says.

What is supported, what is disputed and how it was decided: docs/protocols/slt427.md.
"""

from __future__ import annotations

from ingest.codecs.slt427.faults import ElementFault, FrameFault
from ingest.codecs.slt427.frame import Frame, Unread, decode_frame, encode_frame, join
from ingest.codecs.slt427.framing import read_frame
from ingest.codecs.slt427.header import Address, Control, DataType, Direction, Profile

__all__ = [
    "Address",
    "Control",
    "DataType",
    "Direction",
    "ElementFault",
    "Frame",
    "FrameFault",
    "Profile",
    "Unread",
    "decode_frame",
    "encode_frame",
    "join",
    "read_frame",
]
