"""The control socket: where it lies, for whom, and what is behind it."""

from __future__ import annotations

import asyncio
import socket
import stat
from typing import TYPE_CHECKING

import pytest
import structlog
from fastapi import FastAPI
from structlog.testing import capture_logs

from dashboards.console.guard import Guard
from tests.watermaster.control_server import Controlled
from watermaster import socket_file
from watermaster.ask import Service, find_service
from watermaster.control import ControlSocket

if TYPE_CHECKING:
    from pathlib import Path

LONG = "流域" * 40  # 240 bytes, more than twice what the name of a socket may have


def application(word: str) -> FastAPI:
    app = FastAPI()

    @app.get("/api/v1/word")
    @app.get("/admin/word")
    def said() -> str:
        return word

    return app


def test_a_command_reaches_the_service_however_long_the_path_is(tmp_path: Path) -> None:
    directory = tmp_path / LONG / LONG
    directory.mkdir(parents=True)
    with Controlled(directory, application("console")):
        service = find_service(directory)
        assert service is not None
        assert service.get("word") == "console"


def test_what_is_for_administrators_is_answered_by_their_application_alone(tmp_path: Path) -> None:
    with Controlled(tmp_path, application("console"), application("admin")):
        service = Service(tmp_path)
        assert (service.get("word"), service.admin("GET", "word")) == ("console", "admin")


def test_the_guard_of_a_loopback_console_lets_commands_pass(tmp_path: Path) -> None:
    app = application("console")
    app.add_middleware(Guard, local=True)
    with Controlled(tmp_path, app):
        assert Service(tmp_path).get("word") == "console"


def test_the_socket_is_its_owners_alone_and_goes_with_the_service(tmp_path: Path) -> None:
    path = tmp_path / socket_file.NAME
    with Controlled(tmp_path, application("console")):
        found = path.stat()
        assert stat.S_ISSOCK(found.st_mode)
        assert stat.S_IMODE(found.st_mode) == 0o600
    assert not path.exists()
    assert find_service(tmp_path) is None


def test_a_socket_left_by_a_killed_service_is_nobody_and_is_replaced(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / socket_file.NAME))
    left.close()
    assert find_service(tmp_path) is None
    with Controlled(tmp_path, application("console")):
        assert Service(tmp_path).get("word") == "console"


def test_where_no_socket_can_be_the_service_goes_on_and_says_so(tmp_path: Path) -> None:
    async def start_and_stop() -> None:
        control = ControlSocket(tmp_path / "nowhere", application(""), application(""), structlog.get_logger())
        control.start()
        await control.stop()

    with capture_logs() as log:
        asyncio.run(start_and_stop())
    assert [event["event"] for event in log] == ["control_socket_failed"]


@pytest.mark.parametrize("name", ["a b", "站", "x/y", "%2F"])
def test_words_of_a_path_arrive_as_they_were_given(tmp_path: Path, name: str) -> None:
    app = FastAPI()

    @app.get("/api/v1/things/{name:path}")
    def thing(name: str) -> str:
        return name

    with Controlled(tmp_path, app):
        assert Service(tmp_path).get("things", name) == name
