"""What else was, or is being, loaded into a partition: BigQuery's own record of jobs and of changes."""

import datetime as dt

from google.cloud.bigquery import LoadJob

from market_data_assets.storage.warehouse.bigquery_jobs import PartitionJobs, version_of

# A job that was created longer before another started than this has ended before.
_LONGEST_LOAD = dt.timedelta(hours=6)


def is_the_last(jobs: PartitionJobs, job: LoadJob) -> bool:
    """Whether the rows of a finished load are what its partition holds; False wherever that is not sure.

    Nothing may have been written after it ended, by whomever and however; and since that time only bounds when the job itself
    wrote, no other load of the partition may have run beside it.
    """
    changed = _last_modified(jobs)
    if changed is None or job.created is None or job.started is None or job.ended is None or changed > job.ended:
        return False
    beside = jobs.created_within(job.created - _LONGEST_LOAD, job.ended)
    return not any(other.job_id != job.job_id and (other.ended is None or other.ended >= job.started) for other in beside)


def wait_for_others(jobs: PartitionJobs, version: int) -> bool:
    """Wait until no other version is being loaded; whether one of them was newer and has been stored.

    Whoever was killed after BigQuery had accepted its load cannot stop that load: it must not come in after ours.
    """
    newer = False
    for job in list(jobs.active()):
        jobs.wait(job)
        other = version_of(job)
        newer |= other is not None and other > version and job.error_result is None
    return newer


def _last_modified(jobs: PartitionJobs) -> dt.datetime | None:
    """When the partition's rows were last changed; None where it has none."""
    partitions = jobs.session.quoted("INFORMATION_SCHEMA.PARTITIONS")
    sql = f"SELECT last_modified_time FROM {partitions} WHERE table_name = @table AND partition_id = @partition"
    rows = jobs.session.rows(jobs.what, sql, {"table": jobs.table.name, "partition": f"{jobs.day:%Y%m%d}"})
    return rows[0][0] if rows else None
