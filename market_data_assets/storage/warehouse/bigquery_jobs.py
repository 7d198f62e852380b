"""Load jobs of one partition: their names, and which of them there are."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass

from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.cloud.bigquery import LoadJob

from market_data_assets.errors import StorageFailed
from market_data_assets.storage.warehouse.base import CommittedDay, WarehouseTable
from market_data_assets.storage.warehouse.bigquery_errors import refusals
from market_data_assets.storage.warehouse.bigquery_session import BigQuerySession, waiting_is_over

_MOST_ATTEMPTS = 1000
_LONGEST_DATASET = 256
_PAGE = 1_000
# The end of an id, where no name of a dataset can be mistaken for it.
_VERSION = re.compile(r"_v(\d+)_[^_]*_\d+$")


@dataclass(frozen=True, slots=True)
class PartitionJobs:
    """The load jobs of one partition, of any version. Job ids are unique in a project, so they name the dataset too."""

    session: BigQuerySession
    table: WarehouseTable
    day: dt.date
    location: str | None

    @property
    def what(self) -> str:
        """Begins the messages."""
        return f"warehouse {self.table} {self.day}"

    @property
    def decorated(self) -> str:
        """The partition as the destination of a load."""
        return f"{self.table.name}${self.day:%Y%m%d}"

    def job_id(self, day: CommittedDay, attempt: int) -> str:
        """``md_{dataset}-{table}_{day}_v{version}_{hash8}_{attempt}``: letters, digits, underscores and hyphens."""
        dataset = self.session.dataset
        if len(dataset) > _LONGEST_DATASET:  # a job id has at most 1,024 characters, and so may a dataset
            dataset = hashlib.sha256(dataset.encode()).hexdigest()
        return f"md_{dataset}-{self.table.name}_{self.day:%Y%m%d}_v{day.version}_{day.content_hash[:8]}_{attempt}"

    def get(self, job_id: str) -> LoadJob | None:
        """A load job, None where there is none of that id."""
        with refusals(f"{self.what}: load job {job_id}"):
            try:
                job = self.session.client.get_job(job_id, location=self.location, retry=self.session.retry)
            except NotFound:
                return None
        if not isinstance(job, LoadJob):
            raise StorageFailed(f"{self.what}: job {job_id} exists and is a {type(job).__name__}, expected a load")
        return job

    def last_attempt(self, day: CommittedDay) -> tuple[int, LoadJob | None]:
        """How many loads of this very content were tried, and the last of them."""
        last = None
        for attempt in range(_MOST_ATTEMPTS):
            job = self.get(self.job_id(day, attempt))
            if job is None:
                return attempt, last
            last = job
        raise StorageFailed(f"{self.what}: {_MOST_ATTEMPTS} loads of version {day.version} were tried; look at their errors in BigQuery")

    def wait(self, job: LoadJob) -> None:
        """Return once the job is done, well or not.

        Raises:
            Retryable: it is still running after as long as we wait.
        """
        seconds = self.session.patience.job_seconds
        what = f"{self.what}: load job {job.job_id}"
        with refusals(what):
            try:
                job.result(retry=self.session.retry, timeout=seconds)
            except StillRunning:
                raise waiting_is_over(what, seconds) from None
            except GoogleAPICallError:
                if job.state != "DONE":
                    raise

    def active(self) -> Iterator[LoadJob]:
        """Loads into the partition by this account that have not ended."""
        for state in ("pending", "running"):
            yield from self._listed(state_filter=state)

    def created_within(self, start: dt.datetime, end: dt.datetime | None) -> Iterator[LoadJob]:
        """Loads into the partition by this account that were created from ``start`` to ``end``."""
        return self._listed(min_creation_time=start, max_creation_time=end)

    def _listed(
        self,
        *,
        state_filter: str | None = None,
        min_creation_time: dt.datetime | None = None,
        max_creation_time: dt.datetime | None = None,
    ) -> Iterator[LoadJob]:
        with refusals(f"{self.what}: listing the load jobs of this account (bigquery.jobs.list)"):
            for job in self.session.client.list_jobs(
                state_filter=state_filter,
                min_creation_time=min_creation_time,
                max_creation_time=max_creation_time,
                page_size=_PAGE,
                retry=self.session.retry,
            ):
                if isinstance(job, LoadJob) and self._is_into_partition(job):
                    yield job

    def _is_into_partition(self, job: LoadJob) -> bool:
        return job.destination is not None and (job.destination.dataset_id, job.destination.table_id) == (
            self.session.dataset,
            self.decorated,
        )


def version_of(job: LoadJob) -> int | None:
    """The version of the day that a job loads, None where it is not one of ours."""
    found = _VERSION.search(str(job.job_id))
    return None if found is None or not str(job.job_id).startswith("md_") else int(found[1])
