"""What people are told of a failed run: on a real instance, through a real server."""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import dagster as dg
import pytest

from market_data_assets.defs.automation import Automation
from market_data_assets.defs.notifier import NotificationFailed, Notifier
from market_data_assets.defs.sensors.failure_notification import failure_notification
from market_data_assets.errors import Retryable
from market_data_assets_tests.defs.runs import DAY
from market_data_assets_tests.faults.http_server import Answer, Fault, FaultServer, serving

UI = "https://dagster.example"
HOOK = "/services/T0/B0/canary-hook-71c2"
AUTOMATION = Automation(is_on=False, first_day=DAY, notifies=True)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with serving() as faults:
        faults.script(HOOK, Answer(b"ok"))
        yield faults


def fail(instance: dg.DagsterInstance, errors: Sequence[str]) -> dg.ExecuteInProcessResult:
    """A run of a day with one failing step for each error, each with a cause beneath."""

    def failing(number: int, text: str) -> dg.AssetsDefinition:
        @dg.asset(name=f"asset_{number}", partitions_def=dg.DailyPartitionsDefinition("2024-08-01"))
        def _failing() -> None:
            raise RuntimeError("the step failed") from Retryable(text)

        return _failing

    assets = [failing(number, text) for number, text in enumerate(errors)]
    definitions = dg.Definitions(assets=assets, jobs=[dg.define_asset_job("daily")])
    job = definitions.resolve_job_def("daily")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    key = DAY.isoformat()
    return job.execute_in_process(partition_key=key, instance=instance, run_config=quiet, raise_on_error=False)


def tick(instance: dg.DagsterInstance, url: str | None, cursor: str | None) -> str:
    """One evaluation as the daemon makes it; the cursor for the next one."""
    resources = {"notifier": Notifier(url=url, ui_url=UI)}
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources) as context:
        answer = failure_notification(AUTOMATION).evaluate_tick(context)
    assert answer.cursor is not None
    return answer.cursor


def told(server: FaultServer) -> list[dict[str, Any]]:
    return [json.loads(body) for body in server.posted]


def test_failed_run_is_told_once_with_its_day_its_causes_and_a_link(instance: dg.DagsterInstance, server: FaultServer) -> None:
    cursor = tick(instance, server.url + HOOK, None)
    run = fail(instance, ["status 503 from <vendor> & co\nsecond line"]).run_id
    cursor = tick(instance, server.url + HOOK, cursor)
    assert tick(instance, server.url + HOOK, cursor)
    cause = "status 503 from <vendor> & co"
    (message,) = told(server)
    shown = message.pop("text")
    assert message == {
        "job": "daily",
        "day": "2024-08-08",
        "run_id": run,
        "url": f"{UI}/runs/{run}",
        "failures": [{"step": "asset_0", "error": f"market_data_assets.errors.Retryable: {cause}"}],
    }
    assert shown == (
        "daily of 2024-08-08 failed: 1 step. asset_0: market_data_assets.errors.Retryable: status 503 from &lt;vendor&gt; &amp; co. "
        f"{UI}/runs/{run}"
    )


def test_many_failures_are_counted_and_the_first_three_are_shown(instance: dg.DagsterInstance, server: FaultServer) -> None:
    cursor = tick(instance, server.url + HOOK, None)
    run = fail(instance, [f"error {number}" for number in range(5)]).run_id
    instance.add_run_tags(run, {"dagster/will_retry": "true"})
    tick(instance, server.url + HOOK, cursor)
    (message,) = told(server)
    assert [failure["error"][-7:] for failure in message["failures"]] == [f"error {number}" for number in range(5)]
    assert message["text"].startswith("daily of 2024-08-08 failed and will be retried: 5 steps. asset_0: ")
    assert "error 2; and 2 more. " in message["text"]
    assert "error 3" not in message["text"]


def test_tick_that_is_repeated_tells_nobody_twice(instance: dg.DagsterInstance, server: FaultServer) -> None:
    cursor = tick(instance, server.url + HOOK, None)
    fail(instance, ["broken"])
    for _ in range(2):
        tick(instance, server.url + HOOK, cursor)
    assert len(told(server)) == 1


def test_webhook_that_is_busy_is_asked_again_within_the_tick(instance: dg.DagsterInstance, server: FaultServer) -> None:
    server.script(HOOK, Answer(status=503), Answer(status=429), Answer(b"ok"))
    cursor = tick(instance, server.url + HOOK, None)
    run = fail(instance, ["broken"]).run_id
    tick(instance, server.url + HOOK, cursor)
    assert len(told(server)) == 3
    tags = instance.get_run_by_id(run)
    assert tags is not None
    assert tags.tags["market_data/notified"] == "sent"


@pytest.mark.parametrize(
    ("answer", "asked", "why"),
    [
        (Answer(b"invalid_token", 403), 1, "status 403"),
        (Answer(status=500), 3, "status 500, 3 times"),
        (Answer(b"ok", fault=Fault.HALF), 1, "no answer"),
    ],
    ids=["refused", "broken", "cut"],
)
def test_notification_that_cannot_be_delivered_is_let_go(
    instance: dg.DagsterInstance, server: FaultServer, answer: Answer, asked: int, why: str
) -> None:
    server.script(HOOK, answer)
    cursor = tick(instance, server.url + HOOK, None)
    run = fail(instance, ["broken"]).run_id
    cursor = tick(instance, server.url + HOOK, cursor)
    tick(instance, server.url + HOOK, cursor)
    assert len(told(server)) == asked
    found = instance.get_run_by_id(run)
    assert found is not None
    assert why in found.tags["market_data/notified"]


def test_without_a_webhook_a_failure_stands_in_the_log_only(instance: dg.DagsterInstance) -> None:
    cursor = tick(instance, None, None)
    run = fail(instance, ["broken"]).run_id
    tick(instance, None, cursor)
    found = instance.get_run_by_id(run)
    assert found is not None
    assert found.tags["market_data/notified"] == "nobody to tell"


def test_sensor_is_on_from_the_start_where_there_is_somebody_to_tell() -> None:
    running, stopped = dg.DefaultSensorStatus.RUNNING, dg.DefaultSensorStatus.STOPPED
    statuses = {
        (is_on, notifies): failure_notification(Automation(is_on, DAY, notifies)).default_status
        for is_on in (False, True)
        for notifies in (False, True)
    }
    assert statuses == {(False, False): stopped, (False, True): running, (True, False): running, (True, True): running}


@pytest.mark.parametrize("status", [200, 403, 500])
def test_address_of_the_webhook_is_logged_nowhere(server: FaultServer, status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.script(HOOK, Answer(status=status))
    with suppress(NotificationFailed):
        Notifier(url=server.url + HOOK, ui_url=UI).send({"text": "hello"})
    assert server.posted
    assert "canary" not in caplog.text
    assert logging.getLogger("httpx").filters == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/canary", "http://canary.invalid/", "http://[canary/"])
def test_webhook_that_is_not_there_is_an_error_without_its_address(url: str) -> None:
    with pytest.raises(NotificationFailed) as failed:
        Notifier(url=url, ui_url=UI).send({"text": "hello"})
    assert "canary" not in f"{failed.value!r} {failed.value.__cause__!r}"
