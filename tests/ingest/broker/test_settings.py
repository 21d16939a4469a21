"""The settings of the embedded mosquitto are those that we ship and test for a mosquitto of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from ingest.broker.mosquitto_conf import mosquitto_conf
from ingest.broker.room import QueueRoom, memory_bytes, queue_room
from tests.servers.mosquitto import SHIPPED_CONF, setting_of

GIB: Final = 2**30
OWN: Final = {
    "listener",
    "persistence_location",
    "password_file",
    "acl_file",
    "include_dir",
    "log_dest",
    "log_type",
    "user",
}
"""What depends on the place, or on who reads the log."""


def settings(text: str) -> dict[str, str]:
    """Values by name."""
    return {name: line.partition(" ")[2] for line in text.splitlines() if (name := setting_of(line))}


def conf(*, closed: bool, room: QueueRoom) -> dict[str, str]:
    """Settings of an embedded broker."""
    file = Path("/f") if closed else None
    return settings(
        mosquitto_conf(host="127.0.0.1", port=1883, data=Path("/d"), room=room, passwords=file, acl=file, as_root=False)
    )


def test_on_a_large_machine_they_are_the_shipped_ones() -> None:
    shipped = settings(SHIPPED_CONF.read_text(encoding="utf-8"))
    embedded = conf(closed=True, room=queue_room(64 * GIB))
    assert {name: value for name, value in embedded.items() if name not in OWN | {"log_timestamp"}} == {
        name: value for name, value in shipped.items() if name not in OWN
    }


def test_who_may_connect_is_the_only_difference_without_passwords() -> None:
    closed, opened = (set(conf(closed=closed, room=QueueRoom(1, 2)).items()) for closed in (True, False))
    assert {name for name, _ in closed ^ opened} == {"allow_anonymous", "password_file", "acl_file"}


@pytest.mark.parametrize("gib", [0.25, 0.5, 1, 2, 4, 8, 64])
def test_a_full_queue_takes_about_a_quarter_of_the_memory_at_most(gib: float) -> None:
    """330 B and the payload for each message: whichever bound is reached first."""
    memory = int(gib * GIB)
    room = queue_room(memory)
    assert room.messages * 330 + room.size <= 0.31 * memory
    assert room.messages * 460 <= 0.25 * memory


def test_memory_is_the_least_of_the_machine_and_of_all_cgroups_above(tmp_path: Path) -> None:
    whole = memory_bytes(tmp_path)
    groups = tmp_path / "sys" / "fs" / "cgroup"
    own = groups / "system.slice" / "watermaster.service"
    own.mkdir(parents=True)
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text("0::/system.slice/watermaster.service\n")
    assert memory_bytes(tmp_path) == whole
    (own / "memory.max").write_text("max\n")
    assert memory_bytes(tmp_path) == whole
    (own.parent / "memory.max").write_text("300000000\n")
    assert memory_bytes(tmp_path) == 300_000_000
    (own / "memory.max").write_text("200000000\n")
    assert memory_bytes(tmp_path) == 200_000_000
