"""The roles of deploy/google_cloud grant what the code asks Google for, and nothing else."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
import yaml
from google.cloud import bigquery

from market_data_assets.client import MarketData
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.deployment import open_lake, open_warehouse
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import PartitionMissing
from market_data_assets.settings import Settings
from market_data_assets.storage.google_clients import bigquery_client
from market_data_assets.storage.stores.probe import probe_compare_and_swap
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable
from market_data_assets.storage.warehouse.bigquery import BigQueryWarehouse
from market_data_assets.upkeep.doctor.checks import CHECKS, examine
from market_data_assets.upkeep.doctor.record import Status
from market_data_assets.upkeep.fsck import Options, fsck
from market_data_assets.upkeep.leftovers import PROBE
from market_data_assets.upkeep.scope import Scope
from market_data_assets_tests.defs.runs import DAY, settings_at
from market_data_assets_tests.defs.test_io_managers import BTC, DATASET, ETH, candles_of
from market_data_assets_tests.emulators.bigquery import PROJECT, BigQueryServer
from market_data_assets_tests.emulators.proxy import Proxy
from market_data_assets_tests.emulators.proxy_fixtures import GcsProxy
from market_data_assets_tests.security.api_calls import ReadCalls, bigquery_calls, gcs_method, read_calls
from market_data_assets_tests.security.permissions import needed, scope

DEPLOYMENT = Path(__file__).parents[2] / "deploy" / "google_cloud"
TABLE = WarehouseTable.of(DATASET)
SCOPES = ("project", "bucket", "dataset")
WRITING_CHECKS = {"store_move", "warehouse_load", "warehouse_query"}


@dataclass
class Deployed:
    """A deployment on emulators that write down what they are asked."""

    settings: Settings
    gcs: Proxy
    bigquery: Proxy
    reading: ReadCalls

    def calls(self, act: Callable[["Deployed"], None]) -> set[str]:
        """The methods that are called while somebody acts."""
        self.gcs.requests.clear()
        self.bigquery.requests.clear()
        self.reading.methods.clear()
        act(self)
        stored = {gcs_method(request) for request in self.gcs.requests}
        return stored | {request.path for request in self.bigquery.requests} | set(self.reading.methods)

    def only(self, *tables: WarehouseTable) -> Warehouse:
        """The warehouse as if it had no other tables."""
        return replace(cast("BigQueryWarehouse", open_warehouse(self.settings)), tables=tables)


@pytest.fixture
def deployed(
    tmp_path: Path, gcs_proxy: GcsProxy, exact_bucket: str, bigquery_server: BigQueryServer, bigquery_dataset: str
) -> Iterator[Deployed]:
    # As Terraform leaves it: a bucket, and a dataset without tables.
    bigquery_client(PROJECT, endpoint=bigquery_server.url).create_dataset(bigquery.DatasetReference(PROJECT, bigquery_dataset))
    with bigquery_calls(bigquery_server.url) as calls, read_calls(bigquery_server.storage) as reading:
        settings = settings_at(
            tmp_path,
            root=exact_bucket,
            warehouse="bigquery",
            bigquery_project=PROJECT,
            bigquery_dataset=bigquery_dataset,
            bigquery_endpoint=calls.url,
            bigquery_storage_endpoint=reading.address,
            read_cache=str(tmp_path / "read"),
        )
        yield Deployed(settings, gcs_proxy, calls, reading)


def migrate(deployed: Deployed) -> None:
    """A table that gets one more column, and one with a view; the others would ask for the same."""
    columns = {name: TABLE.columns[name] for name in list(TABLE.columns)[:-1]}
    deployed.only(replace(TABLE, columns=columns)).migrate()
    deployed.only(TABLE, WarehouseTable.of(CANDLES[Timeframe.parse("24h")])).migrate()


def run(deployed: Deployed) -> None:
    """What a run asks for, whatever asset it is of: a day, the same day once more, and the day with another instrument."""
    lake, warehouse = open_lake(deployed.settings), deployed.only(TABLE)
    probe_compare_and_swap(lake.store)
    for instruments in ([BTC], [BTC], [BTC, ETH]):
        lake.write_day(DATASET, candles_of(*instruments))
        warehouse.replace_day(TABLE, lake.committed_day(DATASET, DAY))


def read(deployed: Deployed) -> None:
    market_data, end = MarketData(deployed.settings), DAY + dt.timedelta(days=1)
    for source in ("lake", "warehouse"):
        assert len(market_data.candles(str(BTC), "1h", DAY, end, source=source)) == 24
    market_data.candles(str(BTC), "1h", DAY, end, as_known_at=dt.datetime.now(dt.UTC))
    for source in ("lake", "warehouse"):
        with pytest.raises(PartitionMissing):
            market_data.candles(str(BTC), "1h", end, end + dt.timedelta(days=1), source=source)
    sql = "SELECT instrument_id, volume FROM candles_1h WHERE timestamp >= @start"
    assert market_data.sql(sql, {"start": dt.datetime(2024, 8, 8, tzinfo=dt.UTC)}).shape == (48, 2)


def look_after(deployed: Deployed) -> None:
    """What an operator does: fsck with a leftover to sweep, and those checks of doctor that write."""
    later, scope = dt.datetime.now(dt.UTC) + dt.timedelta(days=3), Scope.parse(None, None, [DATASET.name])
    lake = open_lake(deployed.settings)
    # Not the scratch folders of this machine: those of tests that are at work would be old by then.
    options = Options(repair=True, sweep=True, scratch=deployed.settings.read_cache.parent)
    fsck(lake, deployed.only(TABLE), scope, now=later, options=options)
    results = examine(deployed.settings, {}, write_probe=True, checks=[check for check in CHECKS if check.name in WRITING_CHECKS])
    assert [result for result in results if result.status is not Status.OK] == []


def identities() -> Mapping[str, Mapping[str, str]]:
    return dict(yaml.safe_load((DEPLOYMENT / "identities.yaml").read_text()))


def granted(identity: str) -> Mapping[str, set[str]]:
    """The permissions of an identity by what they are granted on."""
    return {each: set(role(identities()[identity][each])) for each in SCOPES}


def role(name: str) -> list[str]:
    return list(yaml.safe_load((DEPLOYMENT / "roles" / f"{name}.yaml").read_text())["includedPermissions"])


def test_each_identity_may_do_what_it_does_and_nothing_else(deployed: Deployed) -> None:
    calls = {"operator": deployed.calls(migrate), "writer": deployed.calls(run), "reader": deployed.calls(read)}
    calls["operator"] |= deployed.calls(look_after)
    asked = {identity: {each: {p for p in needed(methods) if scope(p) == each} for each in SCOPES} for identity, methods in calls.items()}
    lacking = {(who, where): asked[who][where] - granted(who)[where] for who in asked for where in SCOPES}
    idle = {(who, where): granted(who)[where] - asked[who][where] for who in asked for where in SCOPES}
    assert {key: sorted(found) for key, found in lacking.items() if found} == {}, calls
    assert {key: sorted(found) for key, found in idle.items() if found} == {}, calls


def test_a_role_holds_only_permissions_of_what_it_is_granted_on() -> None:
    for identity in identities().values():
        for each in SCOPES:
            assert {scope(permission) for permission in role(identity[each])} == {each}, identity[each]


def test_reader_can_change_nothing() -> None:
    permissions = set().union(*granted("reader").values())
    verbs = {permission.rpartition(".")[2] for permission in permissions - {"bigquery.jobs.create", "bigquery.readsessions.create"}}
    assert verbs == {"get", "getData", "list"}


def test_every_role_is_granted_and_every_file_of_it_is_whole() -> None:
    files = {path.stem: yaml.safe_load(path.read_text()) for path in (DEPLOYMENT / "roles").glob("*.yaml")}
    assert set(files) == {identity[each] for identity in identities().values() for each in SCOPES}
    for name, found in files.items():
        assert set(found) == {"title", "description", "stage", "includedPermissions"}, name
        # The limits of a custom role, https://cloud.google.com/iam/quotas
        assert len(found["title"]) <= 100
        assert len(found["description"]) <= 256
        assert found["includedPermissions"] == sorted(set(found["includedPermissions"])), name


def test_accounts_have_names_that_google_takes() -> None:
    for identity in identities().values():
        assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", identity["account"])
        assert len(identity["description"]) <= 256


def test_no_key_and_no_grant_to_everybody_is_in_terraform() -> None:
    text = "\n".join(path.read_text() for path in sorted(DEPLOYMENT.glob("*.tf")))
    for forbidden in ("google_service_account_key", "private_key", "allUsers", "allAuthenticatedUsers", "roles/owner", "roles/editor"):
        assert forbidden not in text
    assert re.findall(r'"(roles/[^"]+)"', text) == ["roles/iam.workloadIdentityUser"]


def test_terraform_refers_only_to_what_it_declares() -> None:
    """No Terraform is needed for this much: every name that is used is declared, and every brace is closed."""
    text = "\n".join(re.sub(r"#.*", "", path.read_text()) for path in sorted(DEPLOYMENT.glob("*.tf")))
    declared = {f"{kind}.{name}" for kind, name in re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE)}
    assert set(re.findall(r"\b(google_\w+\.\w+)", text)) <= declared
    assert set(re.findall(r"\bvar\.(\w+)", text)) == set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    declared_locals = re.findall(r"^  (\w+) = ", re.search(r"^locals \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)[1], re.MULTILINE)  # type: ignore[index]
    assert set(re.findall(r"\blocal\.(\w+)", text)) == set(declared_locals)
    assert all(text.count(opening) == text.count(closing) for opening, closing in ("{}", "[]", "()"))
    identity_keys = set(re.findall(r"each\.value\.(\w+)", text)) - {"title", "stage", "includedPermissions", "identity", "principal"}
    assert identity_keys <= set.intersection(*(set(identity) for identity in identities().values()))


def test_no_rule_of_the_bucket_deletes_what_a_manifest_may_name() -> None:
    text = (DEPLOYMENT / "storage.tf").read_text()
    assert re.findall(r"matches_prefix\s*=\s*(.*)", text) == [f'["{PROBE}"]']
    assert text.count("lifecycle_rule {") == 1
