"""The instance of one machine: what its configuration says, and that a home keeps its own."""

from pathlib import Path

from market_data_assets.defs.instance import has_runs, open_instance, prepare_home


def test_our_configuration_is_what_dagster_takes(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        queue = instance.get_concurrency_config().run_queue_config
        pools = instance.get_concurrency_config().pool_config
        assert queue is not None
        backfills = [limit["limit"] for limit in queue.tag_concurrency_limits if limit["key"] == "dagster/backfill"]
        assert all(limit < queue.max_concurrent_runs for limit in backfills), "a backfill never takes every place"
        assert len(backfills) == 1
        assert pools.default_pool_limit == 1
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_settings["free_slots_after_run_end_seconds"]
        assert (instance.run_retries_enabled, instance.run_retries_max_retries) == (True, 1)
        assert not instance.run_retries_retry_on_asset_or_op_failure
        assert not instance.telemetry_enabled


def test_home_keeps_a_configuration_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\nrun_queue:\n  max_concurrent_runs: 9\n")
    with open_instance(tmp_path) as instance:
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 9


def test_home_that_was_never_used_has_no_runs(tmp_path: Path) -> None:
    prepare_home(tmp_path)
    assert not has_runs(tmp_path)
    with open_instance(tmp_path) as instance:
        instance.get_runs_count()
    assert has_runs(tmp_path)
