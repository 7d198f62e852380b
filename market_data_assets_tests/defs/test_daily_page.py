from pathlib import Path

import dagster as dg

from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.definitions import build_definitions
from market_data_assets.defs.assets.daily_page import DAILY_PAGE
from market_data_assets.defs.jobs import DAILY_JOB, MISSING_JOB, VIEWS_GROUP
from market_data_assets.defs.specs import asset_key
from market_data_assets_tests.defs.runs import DAY, settings_at

PAGE = "reports/by_date/day-2024-08-08/index.html"


def test_page_is_built_from_whatever_is_stored(tmp_path: Path) -> None:
    definitions = build_definitions(settings_at(tmp_path))
    page = definitions.resolve_job_def(MISSING_JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        result = page.execute_in_process(partition_key=str(DAY), instance=instance, asset_selection=[DAILY_PAGE])
    (event,) = result.get_asset_materialization_events()
    facts = {name: value.value for name, value in event.materialization.metadata.items()}
    stored = tmp_path / "lake" / PAGE
    assert facts["page"] == stored.as_uri()
    assert (facts["state"], facts["verdict"]) == ("empty", "Nothing of this day is stored.")
    assert facts["bytes"] == stored.stat().st_size
    assert facts["complete_share"] is None


def test_page_comes_after_every_other_asset_of_the_day(tmp_path: Path) -> None:
    definitions = build_definitions(settings_at(tmp_path))
    graph = definitions.resolve_asset_graph()
    daily = definitions.resolve_job_def(DAILY_JOB).asset_layer.executable_asset_keys
    assert graph.get(DAILY_PAGE).parent_keys == daily - {DAILY_PAGE}
    assert not any(key.path[0] == VIEWS_GROUP for key in graph.get(DAILY_PAGE).parent_keys)


def test_job_after_a_failed_run_makes_the_report_and_the_page(tmp_path: Path) -> None:
    job = build_definitions(settings_at(tmp_path)).resolve_job_def(MISSING_JOB)
    assert job.asset_layer.executable_asset_keys == {asset_key(MISSING_REPORT), DAILY_PAGE}
