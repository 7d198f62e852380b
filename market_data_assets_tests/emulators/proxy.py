"""A loopback HTTP proxy before an emulator: it records every request, and lets some of them go wrong by rule.

What a kind of server means by a request is its semantics'; this file forwards, records and breaks.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import urllib3

from market_data_assets_tests.emulators.proxy_faults import Answer, Rules

_OF_ONE_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding", "expect", "date", "server"}
_METHODS = [f"do_{method}" for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")]
_CONNECTIONS = 64


@dataclass(frozen=True)
class Request:
    """``target`` is path and query as they came; the names of ``headers`` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """Still quoted, so that a slash in a name is none in the path."""
        return urlsplit(self.target).path

    @property
    def query(self) -> Mapping[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass
class Recorded:
    """A request as it came, and what was sent for it: no status, 0, where the connection was reset.

    Attributes:
        path: Unquoted, and with the object's name also where that stands in the body.
        received, sent: Bytes of the bodies.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    received: int
    status: int = 0
    sent: int = 0

    @property
    def range(self) -> str:
        """The bytes that were asked for, such as ``bytes=0-99``; empty for all."""
        return self.headers.get("range", "")


Send = Callable[[Request], Answer]


class Semantics(Protocol):
    """What a server of some kind does with a request."""

    def path(self, request: Request) -> str:
        """What rules and records know the request by."""
        ...

    def answer(self, request: Request, send: Send) -> Answer: ...


class Forwarded:
    """The semantics of a server that needs no help."""

    def path(self, request: Request) -> str:
        return unquote(request.path)

    def answer(self, request: Request, send: Send) -> Answer:
        return send(request)


@dataclass
class Proxy:
    """Where it listens, what goes wrong there, and what has come in so far."""

    url: str
    rules: Rules
    requests: list[Recorded]

    def reset(self) -> None:
        self.rules.clear()
        self.requests.clear()


@contextlib.contextmanager
def proxying(upstream: str, semantics: Semantics) -> Iterator[Proxy]:
    """A proxy on a free port before the server at ``upstream``, which is a URL without a path."""
    server = _Server(("127.0.0.1", 0), _Handler)
    proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}", Rules(), [])
    own = {"proxy": proxy, "semantics": semantics, "send": staticmethod(_sender(upstream, proxy.url))}
    server.RequestHandlerClass = type("Handler", (_Handler,), {**dict.fromkeys(_METHODS, _Handler.serve), **own})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _sender(upstream: str, url: str) -> Send:
    pool = urllib3.connection_from_url(upstream, maxsize=_CONNECTIONS)

    def send(request: Request) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name not in _OF_ONE_HOP}
        found = pool.urlopen(
            request.method,
            request.target,
            request.body,
            headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            decode_content=False,
        )
        # Answers name other addresses of the server, and clients go there: an upload's session, an object's bytes.
        answered = {name: value.replace(upstream, url) for name, value in found.headers.items() if name.lower() not in _OF_ONE_HOP}
        is_json = "json" in answered.get("Content-Type", "") and "Content-Encoding" not in answered
        return Answer(found.status, answered, found.data.replace(upstream.encode(), url.encode()) if is_json else found.data)

    return send


class _Server(ThreadingHTTPServer):
    # The default of 5 drops connections of a client with many threads, which then waits for a second.
    request_queue_size = _CONNECTIONS


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two packets: the second would wait for the first one's acknowledgement.
    disable_nagle_algorithm = True
    proxy: Proxy
    semantics: Semantics
    send: Send

    def serve(self) -> None:
        """One request of any method."""
        promised = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(promised)
        if len(body) < promised:
            self.close_connection = True  # its sender died
            return
        request = Request(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        path = self.semantics.path(request)
        record = Recorded(request.method, path, request.query, request.headers, len(body))
        self.proxy.requests.append(record)
        fault = self.proxy.rules.chosen(request.method, path)

        def perform() -> Answer:
            return self.semantics.answer(request, self.send)

        answer = perform() if fault is None else fault(perform)
        if answer is None:
            self._reset()
            return
        sent = answer.body if answer.cut is None else answer.body[: answer.cut]
        record.status, record.sent = answer.status, len(sent)
        # A client may have gone before its answer comes.
        with contextlib.suppress(ConnectionError):
            self._write(answer, sent)

    def _write(self, answer: Answer, sent: bytes) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(sent)
        if answer.cut is not None:
            self._reset()

    def _reset(self) -> None:
        self.close_connection = True
        # Lingering for zero seconds makes close() send RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def handle(self) -> None:
        # A client that is killed leaves a broken connection behind.
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The base class prints every request."""
