"""Where Google's clients find credentials, and what is said where there are none."""

import pytest

from market_data_assets.errors import AuthError
from market_data_assets.storage.google_clients import bigquery_client, bigquery_read_client, storage_client
from market_data_assets.storage.stores import open_store

CANARY = "canary-7f3a"


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine without credentials that asks no metadata server."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    return tmp_path


@pytest.mark.parametrize("make", [storage_client, lambda: bigquery_client("project"), bigquery_read_client])
def test_machine_without_credentials_is_told_what_to_do(nowhere, make):
    with pytest.raises(AuthError, match="gcloud auth application-default login") as caught:
        make()
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_store_says_so_at_its_first_request(nowhere):
    store = open_store("gs://lake/data")
    with pytest.raises(AuthError, match="gcloud auth application-default login"):
        store.head("a")


def test_credentials_that_cannot_be_read_are_not_shown(nowhere, monkeypatch):
    (nowhere / "key.json").write_text(f'{{"type": "service_account", "private_key": "{CANARY}"}}')
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(nowhere / "key.json"))
    with pytest.raises(AuthError) as caught:
        open_store("gs://lake").head("a")
    assert CANARY not in str(caught.value)


def test_emulators_need_no_credentials(nowhere, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    assert storage_client().api_endpoint == "http://127.0.0.1:1"
    assert bigquery_client("project", endpoint="http://127.0.0.1:1").project == "project"
    read = bigquery_read_client("127.0.0.1:1")
    read.transport.close()
