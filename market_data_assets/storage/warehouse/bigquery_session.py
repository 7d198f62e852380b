"""How a dataset of BigQuery is reached: its clients, its names, and the limits and patience of every request."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from google.api_core.retry import Retry
from google.cloud.bigquery import Client, DatasetReference, QueryJob, QueryJobConfig

from market_data_assets.errors import Retryable, SettingsError
from market_data_assets.storage.warehouse.bigquery_arrow import read_rows
from market_data_assets.storage.warehouse.bigquery_errors import Invalid, Patience, refusals
from market_data_assets.storage.warehouse.bigquery_parameters import query_parameters

if TYPE_CHECKING:
    from google.cloud.bigquery_storage import BigQueryReadClient

_NAME = re.compile(r"[A-Za-z0-9_.:-]+")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a dry run says of a query."""

    bytes: int
    statement: str


@dataclass(frozen=True, slots=True)
class BigQuerySession:
    """One dataset. The clients are made when they are first needed; asking again gives the same ones."""

    dataset: str
    clients: Callable[[], Client]
    read_clients: "Callable[[], BigQueryReadClient]"
    max_bytes_billed: int
    location: str | None
    patience: Patience

    @property
    def client(self) -> Client:
        """The client of jobs and tables."""
        return self.clients()

    @property
    def project(self) -> str:
        """The project that holds the dataset and pays for the jobs."""
        return str(self.client.project)

    @property
    def reference(self) -> DatasetReference:
        """The dataset, for the client."""
        return DatasetReference(self.project, self.dataset)

    @property
    def retry(self) -> Retry:
        """How each request is repeated."""
        return self.patience.retry()

    def quoted(self, name: str) -> str:
        """A table or view of the dataset as SQL names it.

        Raises:
            SettingsError: a project, dataset or table that would not stay within its quotes.
        """
        path = f"{self.project}.{self.dataset}.{name}"
        if not _NAME.fullmatch(path):
            raise SettingsError(f"BigQuery table {path!r}: expected letters, digits, underscores and hyphens")
        return f"`{path}`"

    def plan(self, what: str, sql: str, parameters: Mapping[str, object], invalid: Invalid) -> Plan:
        """A dry run: what the query is and how many bytes it would scan. Nothing runs, and nothing is billed."""
        config = self._config(parameters, dry_run=True)
        with refusals(what, invalid):
            job = self.client.query(sql, config, location=self.location, retry=self.retry, job_retry=None)
        return Plan(int(job.total_bytes_processed or 0), str(job.statement_type))

    def table(self, what: str, sql: str, parameters: Mapping[str, object], invalid: Invalid, streams: int) -> pa.Table:
        """The rows of a query as Arrow; with one stream in the order that the query says."""
        with refusals(what, invalid):
            job: QueryJob = self.client.query(sql, self._config(parameters), location=self.location, retry=self.retry, job_retry=self.retry)
            job.result(retry=self.retry, job_retry=self.retry)
            return read_rows(self.read_clients(), self.project, job.destination, streams)

    def rows(self, what: str, sql: str, parameters: Mapping[str, object]) -> Sequence[Any]:
        """The few rows of a query of our own, such as counts."""
        config, seconds = self._config(parameters), self.patience.deadline_seconds

        def ask() -> Sequence[Any]:
            found = self.client.query_and_wait(
                sql,
                job_config=config,
                location=self.location,
                retry=None,  # type: ignore[arg-type]  # documented; the annotation forgets it
                job_retry=None,  # type: ignore[arg-type]
                wait_timeout=seconds,
            )
            return list(found)

        with refusals(what):
            # Repeated as a whole: reading twice does no harm, and each time has an id of its own, which no lost answer has used up.
            return self.retry(ask)()

    def _config(self, parameters: Mapping[str, object], *, dry_run: bool = False) -> QueryJobConfig:
        config = QueryJobConfig(default_dataset=self.reference, query_parameters=query_parameters(parameters), use_legacy_sql=False)
        if dry_run:
            # What is in the cache costs nothing, and would hide what the query scans when it is not.
            config.dry_run, config.use_query_cache = True, False
        else:
            config.maximum_bytes_billed = self.max_bytes_billed
        return config


def waiting_is_over(what: str, seconds: float) -> Retryable:
    """The error of a job that is still running after its deadline."""
    return Retryable(f"{what}: not done after {seconds:.0f} s; it goes on in BigQuery, and running again finds it")
