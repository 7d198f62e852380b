"""Replacing a day of a BigQuery table: one load job into its partition, which puts the new rows in place of the old at once.

A load is named after the content it loads, so repeating a request, or losing its answer, starts nothing twice. BigQuery
cannot make a load depend on what the partition holds. What is guaranteed, with loaders that read the lake again after each
load and load again what is newest (as the graph does):

- A reader sees the rows of one load, never of two.
- After the last loader has returned, the partition holds the newest commit that any of them saw. A job that was done long ago
  only counts as the stored day where nothing was written after it and no other load ran beside it; else the day is loaded anew.
- Loads that a killed loader left behind are waited for, so an older version that was accepted does not come in later. What is
  left is a request on its way at that very moment: the row counts, compared by the checks, and the next load heal that.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from google.api_core.exceptions import Conflict
from google.cloud.bigquery import CreateDisposition, LoadJob, LoadJobConfig, SchemaField, SourceFormat, Table, WriteDisposition

from market_data_assets.domain.days import TimeRange
from market_data_assets.errors import BadData, MarketDataError, QuotaExhausted, Retryable, SchemaDrift, StorageFailed, TooLarge
from market_data_assets.storage.warehouse.base import CommittedDay, LoadedDay, LoadStatus, WarehouseTable
from market_data_assets.storage.warehouse.bigquery_errors import error_of, messages, refusals
from market_data_assets.storage.warehouse.bigquery_history import is_the_last, wait_for_others
from market_data_assets.storage.warehouse.bigquery_jobs import PartitionJobs
from market_data_assets.storage.warehouse.bigquery_migration import stored_table
from market_data_assets.storage.warehouse.bigquery_schema import canonical, schema_fields
from market_data_assets.storage.warehouse.bigquery_session import BigQuerySession
from market_data_assets.storage.warehouse.bigquery_sql import in_range
from market_data_assets.storage.warehouse.day_file import write_day

_ATTEMPTS = 5
# https://cloud.google.com/bigquery/quotas#load_jobs
_MOST_URLS = 10_000
_MOST_UPLOADED = 10 * 1024**3
# Above this an upload is sent in pieces, each of which is repeated by itself.
_ONE_REQUEST = 5 * 1024**2

Start = Callable[[str], LoadJob]
"""Sends a load job under an id."""


def replace_day(session: BigQuerySession, table: WarehouseTable, day: CommittedDay) -> LoadedDay:
    """As the seam says."""
    what = f"warehouse {table} {day.frames.day}"
    with refusals(what):
        stored = stored_table(session, table.name)
    if stored is None:
        raise StorageFailed(f"{what}: no such table in the BigQuery dataset {session.dataset}; run market-data migrate")
    jobs = PartitionJobs(session, table, day.frames.day, stored.location)
    return _Load(jobs, day, _job_schema(stored, table, what)).run()


@dataclass(frozen=True, slots=True)
class _Load:
    jobs: PartitionJobs
    day: CommittedDay
    schema: Sequence[SchemaField]

    def run(self) -> LoadedDay:
        attempt, earlier = self.jobs.last_attempt(self.day)
        if earlier is not None and (loaded := self._still_stored(earlier)):
            return loaded
        # The first version of a day has no older one that could still be on its way.
        if self.day.version > 1 and wait_for_others(self.jobs, self.day.version):
            return self._loaded(LoadStatus.SUPERSEDED, 0)
        with self._source() as start:
            return self._attempts(start, attempt)

    def _still_stored(self, earlier: LoadJob) -> LoadedDay | None:
        """What a former load of this very content left, if that is what the partition holds."""
        status = LoadStatus.NOOP if earlier.state == "DONE" else LoadStatus.REPLACED
        self.jobs.wait(earlier)
        if earlier.error_result is not None or not is_the_last(self.jobs, earlier):
            return None
        loaded = self._loaded(status, int(earlier.output_bytes or 0))
        return loaded if loaded.rows == self.day.rows else None

    def _attempts(self, start: Start, first: int) -> LoadedDay:
        failure: MarketDataError = Retryable(f"{self.jobs.what}: not loaded")
        for number in range(_ATTEMPTS):
            if number:
                time.sleep(random.uniform(0, self.jobs.session.patience.pause_seconds * 2**number))
            job = self._start(start, self.jobs.job_id(self.day, first + number))
            self.jobs.wait(job)
            if job.error_result is not None:
                failure = self._failure(job)
                if not isinstance(failure, Retryable) or isinstance(failure, QuotaExhausted):
                    raise failure
                continue
            loaded = self._loaded(LoadStatus.REPLACED, int(job.output_bytes or 0))
            if loaded.rows == self.day.rows:
                return loaded
            failure = StorageFailed(
                f"{self.jobs.what}: the partition has {loaded.rows} rows after load job {job.job_id} wrote {job.output_rows},"
                f" the manifest says {self.day.rows}"
            )
        raise failure

    def _start(self, start: Start, job_id: str) -> LoadJob:
        with refusals(f"{self.jobs.what}: load job {job_id}"):
            try:
                return start(job_id)
            except Conflict:
                # The answer to our own request was lost, or another loader of the same content was faster.
                job = self.jobs.get(job_id)
        if job is None:
            raise Retryable(f"{self.jobs.what}: BigQuery has a load job {job_id} and does not find it; run it again")
        return job

    @contextmanager
    def _source(self) -> Iterator[Start]:
        """A load of the day's files in the bucket where that is one job, else of one file that is built and sent."""
        client, retry = self.jobs.session.client, self.jobs.session.retry
        target = self.jobs.session.reference.table(self.jobs.decorated)
        config, location = self._config(), self.jobs.location
        if 0 < len(self.day.urls) <= _MOST_URLS:
            urls = [*self.day.urls]
            yield lambda job_id: client.load_table_from_uri(urls, target, job_id=job_id, location=location, job_config=config, retry=retry)
            return
        with tempfile.TemporaryFile(prefix="warehouse-") as draft:
            write_day(draft, self.jobs.table, self.day)
            size = _size(draft)
            if size > _MOST_UPLOADED:
                raise TooLarge(self.jobs.what, limit=f"{_MOST_UPLOADED} bytes of one upload to BigQuery, it has {size}")
            pieces = 0 if size < _ONE_REQUEST else 6

            def upload(job_id: str) -> LoadJob:
                return client.load_table_from_file(
                    draft, target, rewind=True, size=size, num_retries=pieces, job_id=job_id, location=location, job_config=config
                )

            yield retry(upload)

    def _config(self) -> LoadJobConfig:
        return LoadJobConfig(
            source_format=SourceFormat.PARQUET,
            write_disposition=WriteDisposition.WRITE_TRUNCATE,
            create_disposition=CreateDisposition.CREATE_NEVER,
            schema=[*self.schema],
            # The lake's files have the hidden components too: columns of the file that the schema lacks are left out.
            ignore_unknown_values=True,
        )

    def _loaded(self, status: LoadStatus, size: int) -> LoadedDay:
        """The partition as it is now, by a query over two columns."""
        session, table, date = self.jobs.session, self.jobs.table, self.day.frames.day
        condition, parameters = in_range(TimeRange.of_day(date))
        sql = f"SELECT COUNT(*), COUNT(DISTINCT instrument_id) FROM {session.quoted(table.name)} WHERE {condition}"
        [(rows, instruments)] = session.rows(self.jobs.what, sql, parameters)
        return LoadedDay(table.name, date, rows, instruments, size, status)

    def _failure(self, job: LoadJob) -> MarketDataError:
        """What a failed job says, with the first few of its complaints, which name rows."""
        result = job.error_result or {}
        reason, said = str(result.get("reason", "")), messages(job.errors) or [str(result.get("message", ""))]
        what = f"{self.jobs.what}: load job {job.job_id}"
        if reason == "notFound" and self.day.urls:
            return Retryable(f"{what}: a file of the day was replaced or removed meanwhile ({'; '.join(said)}); run it again")
        if reason != "invalid":
            return error_of(what, reason, "; ".join(said))
        if any("schema" in message.lower() for message in said):
            return SchemaDrift(f"{what}: {'; '.join(said)}; run market-data migrate, or materialize the day again")
        return BadData(what, rows=self.day.rows, rejected=dict.fromkeys(said, 1))


def _size(draft: IO[bytes]) -> int:
    return draft.seek(0, 2)


def _job_schema(stored: Table, table: WarehouseTable, what: str) -> Sequence[SchemaField]:
    """The table's own fields of the record's columns: modes and descriptions are then those that are stored."""
    found = {field.name: field for field in stored.schema}
    wanted = schema_fields(table)
    if missing := [field.name for field in wanted if field.name not in found]:
        raise StorageFailed(f"{what}: the table lacks column(s) {', '.join(missing)}; run market-data migrate")
    for field in wanted:
        if canonical(found[field.name].field_type) != field.field_type:
            raise SchemaDrift(f"{what}: column {field.name} is stored as {found[field.name].field_type}, expected {field.field_type}")
    return [found[field.name] for field in wanted]
