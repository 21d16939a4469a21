"""Split messages of SL/T 427: each part is safe before it is confirmed, and only a whole message is read.

::

    station   3      2      1          3      1      1      3      2      1
    centre       ok     ok     ok         ok    (no)   (no)    ok     ok     ok
    written   3      2    3+2+1        3      1      1      3      2    3+2+1
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.instants import parse_instant
from hydro.quantity import Quantity
from ingest.codecs.framing import Wire
from ingest.codecs.readings import Readings
from ingest.codecs.slt427 import decode_frame
from ingest.codecs.slt427.readings import decode_slt427
from ingest.tcp.commands import Command, Verb
from ingest.tcp.limits import Limits
from ingest.tcp.parts import Parts, Placed
from ingest.tcp.uplink import Uplink, read_uplink
from simulators.rtu.slt427.frame import Control, frame, label
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.record import Type, Values, record_bytes
from simulators.rtu.slt427.report import words
from tests.ingest.tcp.running import Field, Rtu, field, until
from watermaster.rtu_shown import command_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

C = "5303810D00"
AT = parse_instant("2026-03-01T08:00:00", 480)
LIMITS = Limits(parts_after_s=0.0)


def parts(count: int = 3, *, stages: int = 20, address: str = C, tries: int = 3, function: int = 0xC0) -> list[bytes]:
    """A report of so many stages in so many parts, cut between stages: without its beginning it would be read, too."""
    stage = [(100 + number) * 1_000 for number in range(stages)]
    data = record_bytes(Values(Type.STAGE, stage), Profile.SZY206) + words(0, 0x20) + label(AT, Profile.SZY206)
    size = -(-len(data) // count) // 4 * 4
    slices = [data[place * size : (place + 1) * size] for place in range(count - 1)]
    slices.append(data[(count - 1) * size :])
    return [
        frame(Control(Type.STAGE, count=tries, left=count - place), address, function, piece)
        for place, piece in enumerate(slices)
    ]


def read(data: bytes) -> Uplink:
    """As the centre has it."""
    return read_uplink(Wire.SLT427, data)


def readings(payload: bytes) -> Readings:
    """What the decoder reads from a message."""
    out = Readings()
    decode_slt427(0, payload, 480, AT, lambda address: address, out)
    return out


def taken(chain: Parts, frames: Sequence[bytes], at: float = 0.0) -> list[bool]:
    """Whether each is confirmed."""
    return [chain.take(read(data), at).is_next for data in frames]


async def _one_after_another(path: Path) -> None:
    async with field(path, parts_after_s=0.0) as link:
        rtu = await Rtu.connect(link.port)
        sent = parts()
        for number, data in enumerate(sent):
            await rtu.send(data)
            answer = decode_frame(await rtu.answer())  # a station may wait for each
            assert (answer.function, answer.control.parts_left) == (0xC0, 3 - number)
        assert link.payloads == [sent[0], sent[1], b"".join(sent)]
        assert (link.status.sets_complete, link.status.sets_incomplete) == (1, 0)
        await rtu.send(sent[-1])  # the confirmation of the last one was lost
        assert decode_frame(await rtu.answer()).control.parts_left == 1
        assert link.payloads[-1] == sent[-1]
        await rtu.send(b"".join(parts(2)))  # nor need it wait
        assert [decode_frame(await rtu.answer()).control.parts_left for _ in range(2)] == [2, 1]
        assert link.payloads[-1] == b"".join(parts(2))
        await rtu.close()


def test_each_part_is_confirmed_when_it_is_safe_and_the_last_one_with_the_whole(tmp_path: Path) -> None:
    asyncio.run(_one_after_another(tmp_path))


def test_the_whole_is_read_once_and_parts_alone_never() -> None:
    sent = parts()
    whole, alone = readings(b"".join(sent)), readings(sent[-1])
    (stage,) = [row for row, code in enumerate(whole.quantity) if code == int(Quantity.STAGE)]
    assert (whole.value[stage], whole.event_time[stage], whole.undecodable, whole.faults) == (100_000, AT, [], [])
    assert whole.unknown_keys == 19  # the other instruments
    assert (alone.quantity, alone.unknown_keys) == ([], 1)
    again = readings(sent[0] + sent[1] + parts(tries=2)[1] + sent[2])
    assert (again.quantity, again.value) == (whole.quantity, whole.value)
    gap = readings(sent[0] + sent[2])
    assert (gap.quantity, gap.unknown_keys) == ([], 2)


def test_what_does_not_follow_is_not_confirmed_until_the_message_comes_from_its_beginning() -> None:
    sent, chain = parts(), Parts(LIMITS, 0.0)
    assert taken(chain, [sent[0], sent[2], sent[2], *sent]) == [True, False, False, True, True, True]


def test_a_resend_is_confirmed_again_and_changes_nothing() -> None:
    sent, again, chain = parts(), parts(tries=2), Parts(LIMITS, 0.0)
    assert taken(chain, [sent[0], again[0], sent[1], again[1]]) == [True] * 4
    assert chain.take(read(again[2]), 0.0) == Placed(sent[0] + sent[1] + again[2], is_next=True, is_whole=True)
    assert taken(chain, again[1:]) == [True] * 2
    assert (len(chain), chain.given_up()) == (0, 0)


def test_a_part_of_another_message_is_no_resend() -> None:
    sent, other, chain = parts(), parts(2, stages=30), Parts(LIMITS, 0.0)
    assert taken(chain, [sent[0], sent[1], other[0]]) == [True, True, False]


def test_a_message_goes_on_after_a_short_silence_and_not_after_a_long_one() -> None:
    sent = parts()
    for silence_s, goes_on in ((100.0, True), (130.0, False), (500.0, False)):
        chain = Parts(LIMITS, 0.0)
        assert taken(chain, sent[:2]) == [True, True]
        assert taken(chain, sent[2:], silence_s) == [goes_on]
        assert taken(chain, sent[1:], silence_s) == [goes_on] * 2  # what is left of it begins nothing
        assert chain.size == 0
        assert taken(chain, sent, silence_s) == [True] * 3
        assert chain.given_up() == (0 if goes_on else 1)
        assert (len(chain), chain.size) == (0, 0)


def test_after_a_start_what_may_be_the_rest_of_a_message_begins_none() -> None:
    sent, chain = parts(), Parts(Limits(parts_after_s=120.0), 0.0)
    assert taken(chain, sent[1:], 10.0) == [False, False]
    assert taken(chain, sent, 119.0) == [False] * 3
    assert taken(chain, sent, 121.0) == [True] * 3


def test_parts_that_are_held_are_bounded() -> None:
    chain = Parts(Limits(parts_after_s=0.0, sets_bytes=5_000), 0.0)
    for number in range(50):
        taken(chain, parts(address=f"53038{number:05d}")[:2], float(number) / 100)
        assert chain.size <= 5_000
    assert chain.given_up() == 50 - len(chain) > 0


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 5), st.data())
def test_whatever_is_lost_repeated_or_reordered_only_the_whole_is_whole(count: int, data: st.DataObject) -> None:
    """A station that sends all again, as long as not all are confirmed, gets its message through."""
    sent, chain = parts(count), Parts(LIMITS, 0.0)
    for index in (0, *data.draw(st.lists(st.sampled_from(range(count)), max_size=3 * count))):
        placed = chain.take(read(sent[index]), 0.0)
        assert placed.payload == (b"".join(sent) if placed.is_whole else sent[index])
    placed_all = [chain.take(read(part), 0.0) for part in sent]
    assert all(placed.is_next for placed in placed_all)
    assert placed_all[-1] == Placed(b"".join(sent), is_next=True, is_whole=True)


@pytest.mark.parametrize("together", [True, False])
def test_behind_a_gateway_parts_are_confirmed_when_one_payload_holds_them_all(
    tmp_path: Path,
    together: bool,  # noqa: FBT001  # a case
) -> None:
    async def answered() -> list[int | None]:
        async with field(tmp_path) as link:
            sent = parts()
            payloads = [b"".join(sent)] if together else sent
            link.gateways.written(["watermaster/v1/g1/up/slt427"] * len(payloads), payloads)
            return [decode_frame(data).control.parts_left for _, data in link.published]

    assert asyncio.run(answered()) == ([3, 2, 1] if together else [])


async def _answer(path: Path) -> None:
    async with field(path, parts_after_s=0.0) as link:
        rtu = await Rtu.connect(link.port)
        await rtu.send(frame(Control(Type.CONFIRM), C, 0x02, b"\xf0"))
        await rtu.answer()
        asking = asyncio.create_task(_ask(link))
        asked = decode_frame(await rtu.answer())
        assert asked.function == 0xB0
        await rtu.send(*parts(4, stages=80, function=0xB0))  # more than one frame holds
        shown = await asking
        (explained,) = shown["explained"]
        assert (shown["outcome"], len(explained["values"])) == ("answered", 80)
        await until(lambda: link.status.pending_frames == 0)
        assert link.payloads[-1] == b"".join(parts(4, stages=80, function=0xB0))
        await rtu.close()


async def _ask(link: Field) -> dict[str, Any]:
    command = Command(verb=Verb.NOW, elements=("stage",))
    return command_json(await link.exchange.ask("C", command, by="li", valid_s=10, wait_s=10), 480)


def test_an_answer_in_parts_is_an_answer(tmp_path: Path) -> None:
    asyncio.run(_answer(tmp_path))
