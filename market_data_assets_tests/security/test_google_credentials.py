"""A service account's key, and the tokens that it is exchanged for, are in no error, log, event or file."""

import json
import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core.client_options import ClientOptions
from google.cloud import bigquery, storage
from google.oauth2.credentials import Credentials

from market_data_assets.catalog import PROCESSED
from market_data_assets.definitions import build_definitions
from market_data_assets.defs.instance import open_instance
from market_data_assets.defs.jobs import DAILY_JOB
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.errors import AuthError, MarketDataError
from market_data_assets.storage.google_clients import bigquery_client, storage_client
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets.storage.warehouse.opening import open_warehouse
from market_data_assets_tests.defs.runs import DAY, settings_at
from market_data_assets_tests.security.canary import holds, traces
from market_data_assets_tests.security.refusing import NOWHERE, Refusing, refusing

KEY_ID, TOKEN = "canary-key-id-3b7a41", "ya29.canary-token-c81f02"


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


@pytest.fixture
def service_account(private_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes application default credentials whose tokens come from a server of the test's own."""

    def use(url: str) -> None:
        account = {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": KEY_ID,
            "private_key": private_key,
            "client_email": "writer@project.iam.gserviceaccount.com",
            "token_uri": f"{url}/token",
        }
        # Outside of the folder that is searched.
        file = tmp_path.with_suffix(".json")
        file.write_text(json.dumps(account), encoding="utf-8")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)

    return use


def secrets(private_key: str) -> list[str]:
    """The lines of the key, its id and the token."""
    return [*(line for line in private_key.splitlines() if not line.startswith("-")), KEY_ID, TOKEN]


def shown(error: BaseException) -> str:
    """All that anybody prints of an error, with what it came from."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__cause__) + repr(error.__context__)


def test_refused_service_account_is_shown_in_no_error_and_no_log(
    service_account: Callable[[str], None], private_key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = Refusing()
    with refusing(server) as proxy:
        service_account(proxy.url)
        found = []
        for ask in (lambda: open_store("gs://bucket").head("name"), lambda: bigquery_warehouse(None).days(candles())):
            with pytest.raises(MarketDataError) as refused:
                ask()
            found.append(shown(refused.value))
    assert {request.path for request in server.seen} == {"/token"}
    assert [secret for secret in secrets(private_key) if holds(secret, "".join(found) + caplog.text)] == []


def test_run_with_a_refused_service_account_writes_it_nowhere(
    service_account: Callable[[str], None], private_key: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with refusing(Refusing()) as proxy, open_instance(tmp_path / "home") as instance:
        service_account(proxy.url)
        definitions = build_definitions(settings_at(tmp_path, root="gs://bucket"))
        result = definitions.resolve_job_def(DAILY_JOB).execute_in_process(
            partition_key=DAY.isoformat(), instance=instance, asset_selection=[dg.AssetKey(INSTRUMENTS.key)], raise_on_error=False
        )
    assert not result.success
    assert any(tmp_path.glob("home/history/runs/*.db"))
    printed = capfd.readouterr()
    for secret in secrets(private_key):
        assert traces(secret, tmp_path) == []
        assert not holds(secret, printed.out + printed.err)


@pytest.mark.parametrize("status", [401, 403, 404, 412])
def test_token_of_a_refused_request_is_shown_in_no_error_and_no_log(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = Refusing(status)
    with refusing(server) as proxy:
        client = storage.Client("project", Credentials(TOKEN), client_options={"api_endpoint": proxy.url})
        store = open_store("gs://bucket", lambda: client)
        asked = [
            lambda: store.get("name"),
            lambda: store.put("name", b"bytes", if_generation=0),
            lambda: store.move("name", "other", if_generation=0),
            lambda: store.delete("name", if_generation=1),
            lambda: list(store.list("")),
            lambda: bigquery_warehouse(proxy.url).days(candles()),
            lambda: bigquery_warehouse(proxy.url).migrate(),
        ]
        found = [error_of(ask) for ask in asked]
    assert any(request.headers.get("authorization") == f"Bearer {TOKEN}" for request in server.seen)
    assert any(found)
    assert not holds(TOKEN, "".join(found) + caplog.text)


def error_of(ask: Callable[[], object]) -> str:
    """What is shown of the error that asking ends in; nothing where it ends in an answer."""
    try:
        ask()
    except MarketDataError as error:
        return shown(error)
    return ""


def test_key_file_that_cannot_be_read_is_not_shown(private_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "account.json"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    account = {"type": "service_account", "private_key": private_key[:-100], "client_email": "a@b", "token_uri": NOWHERE}
    for content in (json.dumps(account), json.dumps(account)[:-1], private_key):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(AuthError) as refused:
            storage_client()
        assert not any(holds(secret, shown(refused.value)) for secret in secrets(private_key))


def test_clients_do_not_show_their_credentials(service_account: Callable[[str], None], private_key: str) -> None:
    with refusing(Refusing()) as proxy:
        service_account(proxy.url)
        clients = [storage_client("project"), bigquery_client("project")]
    for client in clients:
        assert not any(holds(secret, repr(client) + str(client)) for secret in secrets(private_key))


def candles() -> WarehouseTable:
    return WarehouseTable.of(PROCESSED[0])


def bigquery_warehouse(url: str | None):
    """The warehouse with the default credentials, or with the token at a server of the test's own."""

    def client() -> bigquery.Client:
        return bigquery.Client("project", Credentials(TOKEN), client_options=ClientOptions(api_endpoint=url))

    return open_warehouse("bigquery", [candles()], root=Path(), project="project", client=None if url is None else client)
