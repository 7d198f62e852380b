"""A server that stands for all of Google's: it hands out a token or refuses, and remembers what it was sent."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from market_data_assets_tests.emulators.proxy import Proxy, Request, Send, proxying
from market_data_assets_tests.emulators.proxy_faults import Answer, error_body

NOWHERE = "http://127.0.0.1:9"
JSON = {"Content-Type": "application/json"}


@dataclass
class Refusing:
    """Refuses every request with ``status``.

    Attributes:
        token: The access token that is handed out; the service account is refused, too, where it is empty.
    """

    status: int = 403
    token: str = ""
    seen: list[Request] = field(default_factory=list)

    def path(self, request: Request) -> str:
        return request.path

    def answer(self, request: Request, send: Send) -> Answer:
        self.seen.append(request)
        if request.path == "/token" and self.token:
            return Answer(200, JSON, json.dumps({"access_token": self.token, "token_type": "Bearer", "expires_in": 3600}).encode())
        if request.path == "/token":
            return Answer(400, JSON, json.dumps({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}).encode())
        return Answer(self.status, JSON, error_body(self.status, "the caller does not have the permission", "forbidden"))


@contextlib.contextmanager
def refusing(server: Refusing) -> Iterator[Proxy]:
    """The server on a free port."""
    with proxying(NOWHERE, server) as proxy:
        yield proxy
