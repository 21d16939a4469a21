"""A server on loopback that keeps what Grafana would keep, and checks each request against Grafana's published API.

What it cannot judge (whether panels work) is not its business: `test_dashboards` and `test_queries`.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self
from urllib.parse import unquote

from jsonschema import Draft202012Validator

from tests.dashboards.grafana.example import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.certificates import Pair

__all__ = ["TOKEN", "Asked", "PublishedApi"]

TOKEN: Final = "glsa_example"
_API: Final = json.loads((ROOT / "tests" / "data" / "grafana" / "http_api.json").read_text(encoding="utf-8"))
_DEFAULT_TREE: Final = {"receiver": "grafana-default-email", "group_by": ["grafana_folder", "alertname"]}


class Asked(NamedTuple):
    """One request.

    Attributes:
        method: In capitals.
        path: Behind the base path.
        body: JSON; None without.
    """

    method: str
    path: str
    body: Any


class PublishedApi:
    """See the module; entering the context starts it.

    Args:
        prefix: Path before ``/api``, as behind a proxy.
        tls: Certificate and key to serve with; None = without.

    Attributes:
        asked: Every request, in order.
        wrong: What of them the published description does not allow.
        kept: What it holds, by kind and name.
        tree: Of notification policies.
        answer: Of (method, path): a code and a body to answer with, in the place of what it would do; None = as usual.
        health: Answer to ``/health``.
    """

    def __init__(self, prefix: str = "", tls: Pair | None = None) -> None:
        self.asked: list[Asked] = []
        self.wrong: list[str] = []
        self.kept: dict[tuple[str, str], Any] = {}
        self.tree: dict[str, Any] = {
            **_DEFAULT_TREE,
            "routes": [{"receiver": "others", "object_matchers": [["a", "=", "b"]]}],
        }
        self.answer: Callable[[str, str], tuple[int, Any] | None] = lambda _method, _path: None
        self.health: Any = {"commit": "0", "database": "ok", "version": "11.6.0"}
        self._prefix = prefix
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.certificate, tls.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}{self._prefix}"

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def changes(self) -> list[tuple[str, str]]:
        """Method and path of requests that change something."""
        return [(one.method, one.path) for one in self.asked if one.method != "GET"]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65_536  # head and body in one packet, else each answer waits for an acknowledgement

            def log_message(self, *_: object) -> None:  # nothing is printed
                pass

            def _take(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                text = self.rfile.read(length)
                code, body = api.take(self.command, self.path, dict(self.headers), text)
                html = isinstance(body, str)
                sent = body.encode() if html else json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Type", "text/html" if html else "application/json; charset=UTF-8")
                self.send_header("Content-Length", str(len(sent)))
                if code in (301, 302, 307):
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _take  # noqa: N815  # as the base class calls them

        return Handler

    def take(self, method: str, path: str, headers: dict[str, str], text: bytes) -> tuple[int, Any]:
        """Check a request and answer it."""
        place = unquote(path.removeprefix(f"{self._prefix}{_API['basePath']}"))
        body = json.loads(text) if text else None
        self.asked.append(Asked(method, place, body))
        described = self._described(method, place)
        if described is None:
            self.wrong.append(f"{method} {path} is not documented")
            return 404, {"message": "Not found"}
        if body is not None and not headers.get("Content-Type", "").startswith("application/json"):
            self.wrong.append(f"{method} {path}: content type {headers.get('Content-Type')}")
        self.wrong += [f"{method} {path}: {error}" for error in _mistakes(described, body)]
        chosen = self.answer(method, place)
        if chosen is not None:
            return chosen
        if not described.get("public") and headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        code, answer = self._do(method, place, body)
        if code not in described["codes"]:
            self.wrong.append(f"{method} {path}: {code} is not documented; mend the test server")
        return code, answer

    def _described(self, method: str, place: str) -> Any:  # noqa: ANN401  # JSON
        for path, methods in _API["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), place):
                return methods.get(method.lower())
        return None

    def _do(self, method: str, place: str, body: Any) -> tuple[int, Any]:  # noqa: ANN401, PLR0911  # JSON; a line a path
        if place == "/health":
            return 200, self.health
        if place == "/org":
            return 200, {"id": 1, "name": "Main Org."}
        if place == "/v1/provisioning/policies":
            if method == "GET":
                return 200, self.tree
            self.tree = body
            return 202, {"message": "policies updated"}
        if place == "/v1/provisioning/contact-points" and method == "GET":
            return 200, [point for (kind, _), point in self.kept.items() if kind == "contact-points"]
        kind, _, name = place.removeprefix("/v1/provisioning").strip("/").partition("/")
        name = name.removeprefix("uid/")
        if method == "GET":
            found = self.kept.get((kind, name))
            return (404, {"message": f"{kind} not found"}) if found is None else (200, found)
        if place == "/dashboards/db":
            return self._save(body)
        own = name or body.get("uid") or body.get("name")
        if method == "POST" and (kind, own) in self.kept:
            return 409, {"message": f"a {kind} with the uid {own} exists"}
        if method == "PUT" and kind != "folder" and (kind, own) not in self.kept:
            return 404, {"message": f"{kind} not found"}
        self.kept[kind, own] = body
        created = {"contact-points": 202, "mute-timings": 201}
        return created.get(kind, 200), body

    def _save(self, body: Any) -> tuple[int, Any]:  # noqa: ANN401  # JSON
        if ("folders", body["folderUid"]) not in self.kept:
            return 400, {"message": "folder not found"}
        uid = body["dashboard"]["uid"]
        if ("dashboards", uid) in self.kept and not body.get("overwrite"):
            return 412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
        self.kept["dashboards", uid] = body
        return 200, {"uid": uid, "status": "success", "version": 1}


def _mistakes(described: Any, body: Any) -> list[str]:  # noqa: ANN401  # JSON
    name = described.get("body")
    if name is None:
        return [] if body is None else ["a body where none is documented"]
    schema = {"$ref": f"#/$defs/{name}", "$defs": _API["$defs"]}
    found = Draft202012Validator(schema).iter_errors(body)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]
