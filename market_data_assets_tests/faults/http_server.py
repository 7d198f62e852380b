"""A real HTTP server on loopback that misbehaves on demand: what a vendor, a proxy or a network does to a download."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class Fault(Enum):
    NONE = "answer in full"
    HALF = "promise all, send half, close"
    RESET = "send half, reset the connection"
    HANG = "accept the request, never answer"
    STALL = "send half, then nothing more"
    DRIP = "send a byte every few milliseconds"


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = Fault.NONE


@dataclass
class FaultServer:
    """Answers each path from its script, one answer a request; the last one repeats. Paths without a script are 404.

    HEAD is answered as GET would be next, without using an answer up. What is posted is kept.
    """

    url: str = ""
    scripts: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    posted: list[bytes] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def script(self, path: str, *answers: Answer) -> None:
        self.scripts[path] = list(answers)

    def paths(self) -> Sequence[str]:
        return [path for path, _ in self.requests]

    def next_answer(self, path: str, headers: dict[str, str]) -> Answer:
        with self.lock:
            self.requests.append((path, headers))
            known = self.scripts.get(path) or self.scripts.get(urlsplit(path).path)
            if not known:
                return Answer(b"not found", 404)
            return known.pop(0) if len(known) > 1 else known[0]

    def next_head(self, path: str) -> Answer:
        with self.lock:
            self.heads.append(path)
            known = self.scripts.get(path) or [Answer(b"not found", 404)]
            return known[0]


@contextlib.contextmanager
def serving() -> Iterator[FaultServer]:
    """A server on a free port, closed with everything it holds open."""
    faults = FaultServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = faults.next_answer(unquote(self.path), dict(self.headers))
            self.close_connection = answer.fault is not Fault.NONE
            with contextlib.suppress(OSError):
                self._send(answer)

        def do_HEAD(self) -> None:
            answer = faults.next_head(unquote(self.path))
            with contextlib.suppress(OSError):
                self._send_head(answer)

        def do_POST(self) -> None:
            faults.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def _send(self, answer: Answer) -> None:
            if answer.fault is Fault.HANG:
                faults.closing.wait()
                return
            self._send_head(answer)
            if answer.fault is Fault.DRIP:
                self._drip(answer.body)
                return
            half = len(answer.body) // 2
            self.wfile.write(answer.body if answer.fault is Fault.NONE else answer.body[:half])
            self.wfile.flush()
            if answer.fault is Fault.STALL:
                faults.closing.wait()
            if answer.fault is Fault.RESET:
                # Lingering for zero seconds makes close() send RST instead of FIN.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        def _send_head(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def _drip(self, body: bytes) -> None:
            for index in range(len(body)):
                self.wfile.write(body[index : index + 1])
                self.wfile.flush()
                if faults.closing.wait(0.01):
                    return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """The base class prints every request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    faults.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield faults
    finally:
        faults.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
