"""Configuration of an embedded mosquitto: the settings of config/mosquitto.conf, of which a test holds them equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ingest.broker.room import QueueRoom

__all__ = ["SETTINGS", "mosquitto_conf"]

SETTINGS: Final[Mapping[str, str]] = {
    "max_inflight_messages": "0",
    "set_tcp_nodelay": "true",
    "queue_qos0_messages": "true",
    "persistence": "true",
    "autosave_interval": "60",
    "sys_interval": "10",
}
"""The reasons stand in config/mosquitto.conf."""


def mosquitto_conf(
    *, host: str, port: int, data: Path, room: QueueRoom, passwords: Path | None, acl: Path | None, as_root: bool
) -> str:
    """Text of mosquitto.conf.

    Args:
        host: Address to listen on.
        port: TCP port.
        data: Directory of its queue.
        room: Bounds of the queue.
        passwords: Password file; None lets anybody in.
        acl: Access list; None lets everybody do everything.
        as_root: We are root. mosquitto would become the user ``mosquitto``, who may not write into our directories.
    """
    lines = [f"listener {port} {host}"]
    lines += [f"{name} {value}" for name, value in SETTINGS.items()]
    lines += [
        f"max_queued_messages {room.messages}",
        f"max_queued_bytes {room.size}",
        f"persistence_location {data}/",
        "log_dest stderr",
        "log_timestamp false",
        "log_type error",
        "log_type warning",
        f"allow_anonymous {'true' if passwords is None else 'false'}",
    ]
    lines += [f"{name} {path}" for name, path in (("password_file", passwords), ("acl_file", acl)) if path is not None]
    if as_root:
        lines.append("user root")
    return "".join(f"{line}\n" for line in lines)
