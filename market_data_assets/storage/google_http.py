"""Connections of Google's clients: kept in numbers, and never waited for without end."""

from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from market_data_assets.storage.parallel import PARALLEL

SILENCE_SECONDS = 300.0
"""Without a byte after which a request is given up, also while its body is being sent: a slow line takes 200 s for 10 MB."""


class PooledAdapter(HTTPAdapter):
    """As many connections as there are threads; a request for which its caller sets no timeout has one all the same.

    BigQuery's client sets none: behind a router that forgets connections it would wait for ever.
    """

    def __init__(self) -> None:
        # Of more than 10 connections the default throws some away. Twice what works on a store at a time: a process may
        # read one while it writes another.
        super().__init__(pool_connections=2 * PARALLEL, pool_maxsize=2 * PARALLEL)

    def send(self, request: PreparedRequest, stream: bool = False, timeout: Any = None, *arguments: Any, **options: Any) -> Response:
        """As the base class says."""
        return super().send(request, stream, SILENCE_SECONDS if timeout is None else timeout, *arguments, **options)
