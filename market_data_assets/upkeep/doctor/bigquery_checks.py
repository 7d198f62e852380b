"""Checks of what only BigQuery itself does: limits, partition filters, job names, and loads from the bucket.

What an emulator cannot show is shown by these on a real project. Each works in a table of its own, which is dropped in the end.
"""

import io
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.days import TimeRange
from market_data_assets.upkeep.doctor.record import Outcome, Status
from market_data_assets.upkeep.doctor.scratch_table import DAY, VALUES, ScratchTable, rows
from market_data_assets.upkeep.doctor.subject import Subject
from market_data_assets.upkeep.leftovers import PROBE

if TYPE_CHECKING:
    from market_data_assets.storage.warehouse.bigquery import BigQueryWarehouse

_OTHER_KIND = Outcome(Status.SKIPPED, "the warehouse is not BigQuery")
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The scratch table with a few rows, and how to speak to BigQuery without the warehouse's own care."""

    scratch: ScratchTable
    warehouse: "BigQueryWarehouse"

    @property
    def name(self) -> str:
        """The table in SQL."""
        return f"`{self.warehouse.client().project}.{self.warehouse.dataset}.{self.scratch.table.name}`"

    @property
    def sql(self) -> str:
        """Every row of the day."""
        return f"SELECT value FROM {self.name} WHERE timestamp >= TIMESTAMP '{DAY} 00:00:00+00'"


def partition_filter(subject: Subject) -> Outcome:
    """Whether a query without a filter on the partitions is refused."""
    loaded = _loaded(subject)
    if loaded is None:
        return _OTHER_KIND
    if (refusal := _refusal(loaded, f"SELECT value FROM {loaded.name}")) is None:
        return Outcome(Status.FAIL, "a query without a filter on timestamp ran", "a careless query would scan years")
    return Outcome(Status.OK, f"a query without a filter on timestamp is refused ({refusal})")


def bytes_limit(subject: Subject) -> Outcome:
    """Whether BigQuery refuses a query that would bill more than it may."""
    loaded = _loaded(subject)
    if loaded is None:
        return _OTHER_KIND
    if (refusal := _refusal(loaded, loaded.sql, most_bytes=1)) is None:
        return Outcome(Status.FAIL, "a query ran that scans more than maximum_bytes_billed", "costs are not capped by BigQuery itself")
    return Outcome(Status.OK, f"a query above maximum_bytes_billed is refused ({refusal})")


def job_names(subject: Subject) -> Outcome:
    """Whether a job of a name that exists is refused, so that a repeated request loads nothing twice."""
    if subject.settings.warehouse != "bigquery":
        return _OTHER_KIND
    from google.api_core.exceptions import Conflict  # noqa: PLC0415

    from market_data_assets.storage.warehouse.bigquery_errors import refusals  # noqa: PLC0415

    client, name = _warehouse(subject).client(), f"md_doctor_{uuid.uuid4().hex}"
    with refusals("BigQuery job"):
        client.query("SELECT 1", job_id=name, job_retry=None).result(timeout=_SECONDS)
        try:
            client.query("SELECT 1", job_id=name, job_retry=None).result(timeout=_SECONDS)
        except Conflict:
            return Outcome(Status.OK, "a second job of the same name is refused")
    return Outcome(Status.FAIL, "a second job of the same name ran", "a repeated request would load a day twice")


def storage_read(subject: Subject) -> Outcome:
    """Whether rows come back through the Storage Read API."""
    loaded = _loaded(subject)
    if loaded is None:
        return _OTHER_KIND
    from google.cloud.bigquery_storage import DataFormat, ReadSession  # noqa: PLC0415

    from market_data_assets.storage.warehouse.bigquery_errors import refusals  # noqa: PLC0415

    client = loaded.warehouse.read_client()
    project, table = loaded.warehouse.client().project, loaded.scratch.table.name
    wanted = ReadSession(
        table=f"projects/{project}/datasets/{loaded.warehouse.dataset}/tables/{table}",
        data_format=DataFormat.ARROW,
        read_options={"row_restriction": f"timestamp >= TIMESTAMP '{DAY} 00:00:00+00'"},
    )
    found: list[float] = []
    with refusals("Storage Read API"):
        session = client.create_read_session(parent=f"projects/{project}", read_session=wanted, max_stream_count=1)
        schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
        for stream in session.streams:
            for message in client.read_rows(stream.name):  # type: ignore[no-untyped-call]
                batch = pa.ipc.read_record_batch(pa.py_buffer(message.arrow_record_batch.serialized_record_batch), schema)
                found += map(float, batch.column("value").to_numpy())
    if sorted(found) != list(VALUES):
        return Outcome(Status.FAIL, f"the Storage Read API gave {found}, expected {list(VALUES)}")
    return Outcome(Status.OK, f"{len(found)} rows came back as Arrow")


def load_from_bucket(subject: Subject) -> Outcome:
    """Whether a day loads straight from the lake's bucket, without the columns of the file that the table does not have."""
    if subject.settings.warehouse != "bigquery" or not subject.settings.root_url.startswith("gs://"):
        return Outcome(Status.SKIPPED, "the lake is not in a bucket, or the warehouse not BigQuery")
    scratch, store, name = subject.new_table(), subject.store, f"{PROBE}{uuid.uuid4().hex}.parquet"
    file = io.BytesIO()
    pq.write_table(rows(VALUES).append_column("hidden", pa.array([0.0] * len(VALUES))), file)
    generation = store.put(name, file.getvalue(), if_generation=0)
    try:
        loaded = scratch.warehouse.replace_day(scratch.table, scratch.day(VALUES, version=1, urls=[store.url(name)]))
        found = scratch.warehouse.counts(scratch.table, TimeRange.of_day(DAY)).get(DAY, {})
    finally:
        store.delete(name, if_generation=generation)
    if not loaded.rows == sum(found.values()) == len(VALUES):
        return Outcome(Status.FAIL, f"{len(VALUES)} rows in the bucket, {loaded.rows} loaded, {found} found")
    return Outcome(Status.OK, f"{loaded.rows} rows came straight from {subject.settings.root_url}, without a column that the table lacks")


def _warehouse(subject: Subject) -> "BigQueryWarehouse":
    from market_data_assets.storage.warehouse.bigquery import BigQueryWarehouse  # noqa: PLC0415

    assert isinstance(subject.warehouse, BigQueryWarehouse)  # the settings say so
    return subject.warehouse


def _loaded(subject: Subject) -> _Loaded | None:
    if subject.settings.warehouse != "bigquery":
        return None
    return _Loaded(subject.loaded_table, _warehouse(subject))


def _refusal(loaded: _Loaded, sql: str, most_bytes: int | None = None) -> str | None:
    """How BigQuery refuses a query; None where it runs."""
    from google.api_core.exceptions import BadRequest, Forbidden, InternalServerError  # noqa: PLC0415
    from google.cloud.bigquery import QueryJobConfig  # noqa: PLC0415

    config = QueryJobConfig(use_query_cache=False)
    if most_bytes is not None:
        config.maximum_bytes_billed = most_bytes
    try:
        loaded.warehouse.client().query(sql, job_config=config, job_retry=None).result(timeout=_SECONDS, job_retry=None)
    except (BadRequest, Forbidden, InternalServerError) as error:
        return str((error.errors or [{}])[0].get("reason") or error.code)
    return None
