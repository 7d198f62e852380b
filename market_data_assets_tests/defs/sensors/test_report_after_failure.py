"""The report is made after a run that failed at a raw asset, and only then."""

import json
from pathlib import Path

import dagster as dg

from market_data_assets.defs.automation import Automation
from market_data_assets.defs.sensors.report_after_failure import report_after_failure
from market_data_assets_tests.defs.runs import DAY, reader
from market_data_assets_tests.defs.sensors.small_vendor import INGEST, execute, open_vendor, path_of
from market_data_assets_tests.faults.http_server import Answer, serving


def asked(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> dg.RunRequest | dg.SkipReason:
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    context = dg.build_run_status_sensor_context(
        "report_after_failure", dagster_event=result.get_run_failure_event(), dagster_instance=instance, dagster_run=run
    ).for_run_failure()
    answer: dg.RunRequest | dg.SkipReason = report_after_failure(Automation(True, DAY))(context)
    return answer


def test_failed_instrument_is_reported_by_the_run_that_is_asked_for(tmp_path: Path) -> None:
    with serving() as server, dg.DagsterInstance.ephemeral() as instance:
        settings = open_vendor(server, tmp_path, retries="0")
        server.script(path_of("trades", "ETHUSDT"), Answer(b"no", 400))
        failed = execute(settings, instance, "daily", INGEST, must_succeed=False)
        assert not failed.success
        request = asked(instance, failed)
        assert isinstance(request, dg.RunRequest)
        assert (request.job_name, request.partition_key) == ("missing_data", "2024-08-08")
        assert execute(settings, instance, "missing_data", INGEST, request).success
        reasons = reader(settings).missing(DAY).set_index(["instrument_id", "data_type"])["reason"]
        assert reasons["BINANCE:SPOT_PAIR:ETH-USDT", "trades"] == "failed"
        instance.add_run_tags(failed.run_id, {"dagster/will_retry": "true"})
        skipped = asked(instance, failed)
        assert isinstance(skipped, dg.SkipReason)
        assert "is tried again" in str(skipped.skip_message)


def test_run_that_failed_elsewhere_is_left_alone(tmp_path: Path) -> None:
    with serving() as server, dg.DagsterInstance.ephemeral() as instance:
        settings = open_vendor(server, tmp_path, retries="0")
        server.script("/v1/exchanges/binance", Answer(json.dumps({"id": "binance"}).encode()))
        failed = execute(settings, instance, "daily", INGEST, must_succeed=False)
        assert not failed.success
        assert isinstance(asked(instance, failed), dg.SkipReason)
