"""Asking a service that may refuse, start, or end at any moment."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Annotated, Any, Self

import pytest
from fastapi import FastAPI, Query
from starlette.responses import Response

from dashboards.console.paging import as_json, page
from dashboards.console.problem import add_problem_handlers
from hydro.errors import StoreUnavailable, TransitionError, WatermasterError
from tests.watermaster.control_server import Controlled
from watermaster import socket_file
from watermaster.ask import Service, ServiceGoneError, asked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LENGTH = 2_500


def application() -> FastAPI:
    """A list, an object, and refusals as the console gives them."""
    app = FastAPI()
    add_problem_handlers(app)

    @app.get("/api/v1/things")
    def things(limit: Annotated[int, Query(le=1_000)], kind: str = "any", cursor: int = 0) -> Response:
        following = cursor + limit
        items = [f"{kind} {number}" for number in range(cursor, min(following, LENGTH))]
        return page(items, str(following) if following < LENGTH else None)

    @app.get("/api/v1/number")
    def number() -> Response:
        content = b'{"exact": 9007199254.740993, "whole": 3}'
        return Response(content, headers={"watermaster-note": "rounded"}, media_type="application/json")

    @app.post("/api/v1/step")
    def step(body: dict[str, Any]) -> Response:
        if body["verb"] == "close":
            raise TransitionError("a case that is raised can't be closed")
        return as_json(body)

    @app.get("/api/v1/away")
    def away() -> None:
        raise StoreUnavailable("InfluxDB doesn't answer")

    @app.get("/api/v1/plain")
    def plain() -> Response:
        return Response(b"no problem at all", 500)

    return app


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that answers."""
    directory = tmp_path_factory.mktemp("service")
    with Controlled(directory, application()):
        yield Service(directory)


@pytest.mark.parametrize("most", [1, 999, 1_000, 1_001, LENGTH - 1, LENGTH, LENGTH + 1])
def test_a_list_is_followed_as_far_as_it_is_wanted(service: Service, most: int) -> None:
    items, has_more = service.items("things", most=most, kind="red", missing=None)
    assert items == [f"red {number}" for number in range(min(most, LENGTH))]
    assert has_more == (most < LENGTH)


def test_numbers_can_be_had_to_the_last_digit(service: Service) -> None:
    assert service.get_exact("number") == ({"exact": "9007199254.740993", "whole": 3}, "rounded")
    assert service.get("number") == {"exact": 9007199254.740993, "whole": 3}


def test_what_is_not_there_is_none_and_not_an_error(service: Service) -> None:
    assert service.get("nothing") is None
    assert service.post("nothing", body={}) is None


def test_refusals_are_in_the_services_own_words(service: Service) -> None:
    assert service.post("step", body={"verb": "ack", "by": "站长"}) == {"verb": "ack", "by": "站长"}
    with pytest.raises(WatermasterError, match=r"^a case that is raised can't be closed$"):
        service.post("step", body={"verb": "close"})
    with pytest.raises(WatermasterError, match=r"^InfluxDB doesn't answer$"):
        service.get("away")
    with pytest.raises(WatermasterError, match=r"^the service on .* answers with status 500$"):
        service.get("plain")


class Broken:
    """Listens, and ends every connection after having sent what it was given."""

    def __init__(self, directory: Path, answer: bytes) -> None:
        self._socket = socket_file.listen(directory)
        self._answer = answer
        self.served = 0
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed
                return
            with connection:
                if connection.recv(65_536):  # nothing comes from one who only looks whether we are there
                    self.served += 1
                    connection.sendall(self._answer)


HALF = [
    pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", id="length"),
    pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{}\r\n\r\n", id="chunks"),
]


@pytest.mark.parametrize("answer", HALF)
def test_an_answer_that_breaks_off_is_never_taken_for_whole(tmp_path: Path, answer: bytes) -> None:
    with Broken(tmp_path, answer):
        service = Service(tmp_path)
        with pytest.raises(WatermasterError, match="ended in the midst of its answer"):
            service.get("thing")
        with pytest.raises(WatermasterError, match="ended in the midst of its answer"):
            list(service.lines("things.ndjson"))


def test_a_service_that_ends_before_it_answers_is_asked_again_once_but_never_told_twice(tmp_path: Path) -> None:
    with Broken(tmp_path, b"") as broken:
        with pytest.raises(ServiceGoneError):
            asked(tmp_path, lambda service: service.get("thing"), lambda: None)
        assert broken.served == 2
        with pytest.raises(WatermasterError, match="look whether it did what was asked") as told:
            asked(tmp_path, lambda service: service.post("thing", body={}), lambda: None)
        assert not isinstance(told.value, ServiceGoneError)
        assert broken.served == 3


def test_files_are_read_where_nobody_runs_or_no_longer(tmp_path: Path) -> None:
    def never(_: Service) -> str:
        raise AssertionError("nobody is there")

    assert asked(tmp_path, never, lambda: "read") == "read"

    def goes(service: Service) -> str:
        broken.__exit__()
        (tmp_path / socket_file.NAME).unlink()
        return str(service.get("thing"))

    broken = Broken(tmp_path, b"")
    broken.__enter__()
    assert asked(tmp_path, goes, lambda: "read") == "read"


def test_a_service_that_starts_meanwhile_is_asked_instead(tmp_path: Path) -> None:
    with Controlled(tmp_path, application()) as controlled:
        hidden = tmp_path / "elsewhere"
        (tmp_path / socket_file.NAME).rename(hidden)

        def read() -> Any:  # noqa: ANN401  # JSON
            hidden.rename(tmp_path / socket_file.NAME)
            raise StoreUnavailable("the store is held by another process")

        assert asked(controlled.directory, lambda service: service.get("number")["whole"], read) == 3


def test_an_error_of_reading_stands_where_there_is_nobody_to_ask(tmp_path: Path) -> None:
    def read() -> None:
        raise StoreUnavailable("the store is held by another process")

    with pytest.raises(StoreUnavailable, match="held by another process"):
        asked(tmp_path, lambda _: None, read)
