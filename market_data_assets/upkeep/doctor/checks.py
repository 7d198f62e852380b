"""Every check of a deployment, in the order in which they are made. A new one is a function and a line below."""

from collections.abc import Callable, Mapping, Sequence

from market_data_assets.errors import MarketDataError
from market_data_assets.settings import Settings
from market_data_assets.upkeep.doctor import bigquery_checks, lake_checks, machine, store_probe, warehouse_checks
from market_data_assets.upkeep.doctor.credentials import credentials
from market_data_assets.upkeep.doctor.record import Check, Result, Status
from market_data_assets.upkeep.doctor.subject import Subject
from market_data_assets.upkeep.doctor.vendor import vendor

_LOAD_SECONDS = 180.0

CHECKS: tuple[Check, ...] = (
    Check("settings", machine.settings),
    Check("python", machine.python),
    Check("packages", machine.packages),
    Check("disk_space", machine.disk_space),
    Check("credentials", credentials),
    Check("lake_listable", lake_checks.lake_listable),
    Check("lake_readable", lake_checks.lake_readable, seconds=120),
    Check("store_compare_and_swap", store_probe.compare_and_swap, writes=True),
    Check("store_checksums", store_probe.checksums, writes=True),
    Check("store_ranged_read", store_probe.ranged_read, writes=True),
    Check("store_download_precondition", store_probe.download_precondition, writes=True),
    Check("store_delete_precondition", store_probe.delete_precondition, writes=True),
    Check("store_move", store_probe.move, writes=True),
    Check("store_large_upload", store_probe.large_upload, seconds=120, writes=True),
    Check("store_list_order", store_probe.list_order, writes=True),
    Check("clock_skew", store_probe.clock_skew, writes=True),
    Check("warehouse_tables", warehouse_checks.warehouse_tables, seconds=60),
    Check("warehouse_load", warehouse_checks.load, seconds=_LOAD_SECONDS, writes=True),
    Check("warehouse_empty_load", warehouse_checks.empty_load, seconds=_LOAD_SECONDS, writes=True),
    Check("warehouse_repeated_load", warehouse_checks.repeated_load, seconds=_LOAD_SECONDS, writes=True),
    Check("warehouse_query", warehouse_checks.query, seconds=_LOAD_SECONDS, writes=True),
    Check("warehouse_estimate", warehouse_checks.estimate, seconds=_LOAD_SECONDS, writes=True),
    Check("bigquery_load_from_bucket", bigquery_checks.load_from_bucket, seconds=_LOAD_SECONDS, writes=True),
    Check("bigquery_partition_filter", bigquery_checks.partition_filter, seconds=_LOAD_SECONDS, writes=True),
    Check("bigquery_bytes_limit", bigquery_checks.bytes_limit, seconds=_LOAD_SECONDS, writes=True),
    Check("bigquery_job_names", bigquery_checks.job_names, seconds=_LOAD_SECONDS, writes=True),
    Check("bigquery_storage_read", bigquery_checks.storage_read, seconds=_LOAD_SECONDS, writes=True),
    Check("vendor", vendor),
)


def examine(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    write_probe: bool = False,
    begins: Callable[[str], None] = lambda _name: None,
    checks: Sequence[Check] = CHECKS,
) -> Sequence[Result]:
    """The result of every check. What they wrote is removed in the end.

    Args:
        environ: The environment that the settings were read from.
        write_probe: Whether checks may write: below ``_probe/`` in the lake, and tables of their own in the warehouse.
        begins: Told the name of each check before it is made.
    """
    subject = Subject(settings, environ, write_probe)
    results: list[Result] = []
    with subject.cleanup:
        for check in checks:
            begins(check.name)
            results.append(check.result(subject))
        results += _clean_up(subject)
    return results


def _clean_up(subject: Subject) -> Sequence[Result]:
    """Remove what the checks made; a failed check where that is refused."""
    try:
        subject.cleanup.close()
    except MarketDataError as error:
        return [Result("cleanup", Status.FAIL, str(error), "drop the tables doctor_probe_… by hand")]
    return []
