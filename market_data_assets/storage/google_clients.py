"""Clients of Google Cloud: credentials of the environment, none for an emulator, and connections that are kept.

Nothing of Google is imported before a client is asked for.
"""

import os
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from market_data_assets.errors import AuthError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud.bigquery import Client as BigQueryClient
    from google.cloud.bigquery_storage import BigQueryReadClient
    from google.cloud.storage import Client as StorageClient

_EMULATOR_HOST = "STORAGE_EMULATOR_HOST"
ClientT = TypeVar("ClientT")
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
# One message is a block of a result; the default limit of gRPC, 4 MiB, is smaller than what BigQuery sends.
_GRPC_OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


def storage_client(project: str | None = None) -> "StorageClient":
    """A client of Google Cloud Storage, or of the emulator that ``STORAGE_EMULATOR_HOST`` names.

    Args:
        project: Needed for nothing that the platform does with objects.

    Raises:
        AuthError: the environment has no credentials.
    """
    from google.api_core.client_info import ClientInfo  # noqa: PLC0415
    from google.cloud.storage import Client  # noqa: PLC0415

    credentials = _anonymous() if os.environ.get(_EMULATOR_HOST) else _default_credentials("Google Cloud Storage")
    info = ClientInfo(user_agent=_user_agent())  # type: ignore[no-untyped-call]
    return pooled(Client(project=project, credentials=credentials, client_info=info))


def bigquery_client(project: str, location: str | None = None, endpoint: str | None = None) -> "BigQueryClient":
    """A client of BigQuery, or of the emulator whose REST API is at the URL ``endpoint``.

    Args:
        project: The project that pays for jobs.
        location: Where jobs run, such as ``EU``; BigQuery's own default without one.

    Raises:
        AuthError: the environment has no credentials.
    """
    from google.api_core.client_info import ClientInfo  # noqa: PLC0415
    from google.cloud.bigquery import Client  # noqa: PLC0415

    credentials = _anonymous() if endpoint is not None else _default_credentials("BigQuery")
    options = None if endpoint is None else {"api_endpoint": endpoint}
    info = ClientInfo(user_agent=_user_agent())  # type: ignore[no-untyped-call]
    client = Client(project=project, credentials=credentials, location=location, client_options=options, client_info=info)
    return pooled(client)


def bigquery_read_client(storage_endpoint: str | None = None) -> "BigQueryReadClient":
    """A client of BigQuery's Storage Read API, or of the emulator that listens at ``storage_endpoint`` (host and port).

    Raises:
        AuthError: the environment has no credentials.
    """
    from google.api_core.gapic_v1.client_info import ClientInfo  # noqa: PLC0415
    from google.cloud.bigquery_storage import BigQueryReadClient  # noqa: PLC0415

    if storage_endpoint is None:
        credentials = _default_credentials("BigQuery")
        info = ClientInfo(user_agent=_user_agent())  # type: ignore[no-untyped-call]
        return BigQueryReadClient(credentials=credentials, client_info=info)  # type: ignore[no-untyped-call]
    import grpc  # noqa: PLC0415

    transport = BigQueryReadClient.get_transport_class("grpc")
    channel = grpc.insecure_channel(storage_endpoint, options=_GRPC_OPTIONS)
    return BigQueryReadClient(transport=transport(channel=channel))  # type: ignore[no-untyped-call]


def pooled(client: ClientT) -> ClientT:
    """The same client, made to keep as many connections as there are threads, and to ask nothing of its own accord."""
    from market_data_assets.storage.google_http import PooledAdapter  # noqa: PLC0415

    made: Any = client
    # The way that Google's documentation of the client shows.
    for scheme in ("https://", "http://"):
        made._http.mount(scheme, PooledAdapter())
    made._http.hooks["response"] = [_read_refusal]
    if hasattr(made, "_bucket_metadata_cache"):
        # From 3.17 on google-cloud-storage asks in the background for the bucket's location, to annotate traces: that is
        # a request for which an account that only works with objects has no permission. None turns it off.
        made._bucket_metadata_cache = None
    return client


def _read_refusal(response: Any, **_: Any) -> None:
    """Read the few bytes of an error at once: unread, as in an attempt that is given up, they block their connection."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        response.content  # noqa: B018


def no_credentials(what: str) -> AuthError:
    """The error where the environment has none. ``what`` needs them."""
    return AuthError(
        f"{what}: no Google credentials were found, or they cannot be used; on a desk run gcloud auth application-default login, "
        "in the cloud give the machine or its workload identity a service account"
    )


def _default_credentials(of_what: str) -> "Credentials":
    import google.auth  # noqa: PLC0415
    from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415

    try:
        credentials, _ = google.auth.default(scopes=_SCOPES)
    except DefaultCredentialsError:
        raise no_credentials(of_what) from None
    return credentials


def _anonymous() -> "Credentials":
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415

    return AnonymousCredentials()  # type: ignore[no-untyped-call]


def _user_agent() -> str:
    return f"market-data-assets/{version('market-data-assets')}"
