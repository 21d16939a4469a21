"""Pushing to a Grafana: requests as published, once or often with the same end, and one line for every failure."""

from __future__ import annotations

import copy
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from dashboards.grafana.contacts import ALWAYS, policy
from dashboards.grafana.push import Pushed, push
from dashboards.grafana.reachable import Reached, reached
from dashboards.grafana.server import Server
from hydro.errors import GrafanaError
from tests.dashboards.grafana.example import example
from tests.dashboards.grafana.published_api import TOKEN, PublishedApi
from tests.servers.certificates import Authority, Pair

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUILT: Final = example()
OTHERS: Final = {"receiver": "others", "object_matchers": [["a", "=", "b"]]}


@pytest.fixture
def grafana() -> Iterator[PublishedApi]:
    """A Grafana with a policy of somebody else's and nothing of ours."""
    with PublishedApi() as api:
        yield api


def server_of(grafana: PublishedApi, token: str = TOKEN) -> Server:
    """The client's side."""
    return Server(grafana.url, token)


def refused(grafana: PublishedApi, method: str, path: str, code: int, body: object) -> GrafanaError:
    """What is raised where Grafana answers one request with a refusal."""
    grafana.answer = lambda m, p: (code, body) if (m, p) == (method, path) else None
    with pytest.raises(GrafanaError) as raised:
        push(server_of(grafana), BUILT)
    assert "\n" not in str(raised.value)
    return raised.value


def test_every_request_of_a_push_is_one_that_grafana_documents(grafana: PublishedApi) -> None:
    told: list[str] = []
    assert push(server_of(grafana), BUILT, told.append) == Pushed(sources=2, dashboards=7, rules=4, contacts=2)
    assert grafana.wrong == []
    assert {name for kind, name in grafana.kept if kind == "dashboards"} == {
        dashboard["uid"] for dashboard in BUILT.dashboards.values()
    }
    assert {name for kind, name in grafana.kept if kind == "datasources"} == {
        "watermaster-influxdb",
        "watermaster-prometheus",
    }
    assert told[:4] == [
        "data source watermaster-influxdb",
        "data source watermaster-prometheus",
        "folder watermaster",
        "dashboard wm-province",
    ]
    assert told[-1] == "notification policy"


def test_what_is_secret_goes_where_grafana_encrypts_it(grafana: PublishedApi) -> None:
    push(server_of(grafana), BUILT)
    source = grafana.kept["datasources", "watermaster-influxdb"]
    assert source["secureJsonData"] == {"password": "a secret"}
    assert "a secret" not in str({name: value for name, value in source.items() if name != "secureJsonData"})
    assert "secureJsonData" not in grafana.kept["datasources", "watermaster-prometheus"]


def test_pushing_again_changes_nothing(grafana: PublishedApi) -> None:
    push(server_of(grafana), BUILT)
    kept, tree = copy.deepcopy(grafana.kept), copy.deepcopy(grafana.tree)
    grafana.asked.clear()
    push(server_of(grafana), BUILT)
    assert (grafana.kept, grafana.tree, grafana.wrong) == (kept, tree, [])
    created = [(method, path) for method, path in grafana.changes() if method == "POST" and path != "/dashboards/db"]
    assert created == []
    assert ("PUT", "/v1/provisioning/policies") not in grafana.changes()


def test_policies_of_others_stay_as_they_are(grafana: PublishedApi) -> None:
    push(server_of(grafana), BUILT)
    assert grafana.tree["receiver"] == "grafana-default-email"
    assert [route.get("receiver") for route in grafana.tree["routes"]] == ["watermaster", "others"]
    assert grafana.tree["routes"][1] == OTHERS


def test_where_watermaster_tells_people_itself_nobody_hears_it_twice(grafana: PublishedApi) -> None:
    muted = replace(BUILT, policy=policy(muted=True, has_contacts=True))
    push(server_of(grafana), muted)
    push(server_of(grafana), muted)
    assert grafana.tree["routes"][0]["mute_time_intervals"] == [ALWAYS]
    assert grafana.kept["mute-timings", ALWAYS]["time_intervals"] == [{"weekdays": ["sunday:saturday"]}]
    assert grafana.changes().count(("POST", "/v1/provisioning/mute-timings")) == 1
    push(server_of(grafana), BUILT)
    assert "mute_time_intervals" not in grafana.tree["routes"][0]
    assert grafana.wrong == []


def test_a_grafana_behind_a_path_is_reached() -> None:
    with PublishedApi("/grafana") as grafana:
        push(Server(f"{grafana.url}/", TOKEN), BUILT)
        assert grafana.wrong == []
        assert grafana.kept


@pytest.mark.parametrize(
    ("method", "path", "code", "body", "words"),
    [
        pytest.param(
            "GET",
            "/datasources/uid/watermaster-influxdb",
            401,
            {"message": "Invalid API key"},
            "does not know the token; see grafana.token_file (the data source watermaster-influxdb: Invalid API key)",
            id="401",
        ),
        pytest.param(
            "POST",
            "/datasources",
            403,
            {"message": "Access denied"},
            "does not let the token do this; give its service account the role Admin",
            id="403",
        ),
        pytest.param(
            "PUT",
            "/v1/provisioning/folder/watermaster/rule-groups/watermaster-alerts",
            404,
            {"message": "folder does not exist"},
            "refuses the alert rules watermaster-alerts, with 404: folder does not exist",
            id="404",
        ),
        pytest.param(
            "POST",
            "/datasources",
            409,
            {"message": "data source with the same name already exists"},
            "refuses the data source watermaster-influxdb, with 409: data source with the same name already exists",
            id="409",
        ),
        pytest.param(
            "POST",
            "/dashboards/db",
            412,
            {"message": "The dashboard belongs to plugin X", "status": "plugin-dashboard"},
            "refuses the dashboard wm-province, with 412: The dashboard belongs to plugin X",
            id="412",
        ),
        pytest.param(
            "POST",
            "/folders",
            500,
            {"message": "database is locked"},
            "refuses the folder watermaster, with 500: database is locked",
            id="500",
        ),
        pytest.param(
            "POST",
            "/folders",
            502,
            "<html>\n<h1>Bad Gateway</h1>\n</html>",
            "with 502: <html> <h1>Bad Gateway",
            id="502",
        ),
        pytest.param("PUT", "/v1/provisioning/policies", 400, {"message": "receiver undefined"}, "with 400", id="400"),
        pytest.param("GET", "/folders/watermaster", 302, {}, "redirects", id="redirect"),
        pytest.param("POST", "/dashboards/db", 200, "<html>a login page</html>", "is not a Grafana", id="page"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_was_asked_and_what_to_do(
    grafana: PublishedApi, method: str, path: str, code: int, body: object, words: str
) -> None:
    error = refused(grafana, method, path, code, body)
    assert words in str(error)
    assert grafana.url in str(error)
    assert error.retryable == (code >= 500)


def test_what_comes_after_a_refusal_is_not_sent_and_pushing_again_mends_it(grafana: PublishedApi) -> None:
    refused(grafana, "POST", "/dashboards/db", 500, {"message": "no"})
    assert not any(path.startswith("/v1/") for _, path in grafana.changes())
    grafana.answer = lambda _method, _path: None
    push(server_of(grafana), BUILT)
    assert grafana.wrong == []


def test_an_absent_grafana_is_one_line() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(GrafanaError, match=r"can't be reached, .*Connection refused") as raised:
            push(Server(url, TOKEN), BUILT)
    assert (raised.value.retryable, raised.value.status, "\n" in str(raised.value)) == (True, None, False)


def test_a_grafana_that_is_not_there_by_name_is_one_line() -> None:
    with pytest.raises(GrafanaError, match="can't be reached") as raised:
        push(Server("http://grafana.invalid:3000", TOKEN), BUILT)
    assert "\n" not in str(raised.value)


def test_a_certificate_of_an_authority_that_nobody_knows_is_told_and_one_that_is_named_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "ca")
    pair = Pair(authority.path / "broker" / "broker.crt", authority.path / "broker" / "broker.key")
    with PublishedApi(tls=pair) as grafana:
        with pytest.raises(GrafanaError, match="its certificate is not trusted") as raised:
            push(server_of(grafana), BUILT)
        assert "\n" not in str(raised.value)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.ca))
        push(server_of(grafana), BUILT)
        assert grafana.wrong == []


def test_who_can_push_is_told_with_the_version(grafana: PublishedApi) -> None:
    assert reached(server_of(grafana)) == Reached("11.6.0", "Main Org.", too_old=False)
    grafana.health = {"database": "ok", "version": "9.5.2"}
    assert reached(server_of(grafana)).too_old
    assert grafana.wrong == []


@pytest.mark.parametrize(
    ("health", "words"),
    [
        ({"database": "failing", "version": "11.6.0"}, "its database is not ok"),
        ({"status": "ok"}, "something that is not a Grafana"),
        ([], "something that is not a Grafana"),
        ("<html>", "is not a Grafana"),
    ],
)
def test_what_is_no_working_grafana_is_told(grafana: PublishedApi, health: object, words: str) -> None:
    grafana.health = health
    with pytest.raises(GrafanaError, match=words):
        reached(server_of(grafana))


def test_a_token_that_is_not_known_is_told_before_anything_is_sent(grafana: PublishedApi) -> None:
    with pytest.raises(GrafanaError, match="does not know the token"):
        reached(server_of(grafana, "wrong"))
    assert grafana.changes() == []
