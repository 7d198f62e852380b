"""The vendor's API key and the webhook's address are in nothing that runs leave behind: failed and successful ones, on an instance
that is kept on disk, with people told of the failures.
"""

import json
import logging
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from market_data_assets.definitions import build_definitions
from market_data_assets.defs.instance import open_instance
from market_data_assets.defs.jobs import DAILY_JOB
from market_data_assets.defs.resources import TickSource
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.errors import MarketDataError
from market_data_assets.settings import Settings
from market_data_assets_tests.defs.runs import DAY, settings_at
from market_data_assets_tests.defs.test_bad_input_day import trades_file
from market_data_assets_tests.defs.test_failed_day import EXCHANGE
from market_data_assets_tests.faults.http_server import Answer, FaultServer, serving
from market_data_assets_tests.security.canary import holds, traces
from market_data_assets_tests.sources.tardis_vendor import source

KEY = "canary-key-9d41c07e6b"
HOOK = "/services/T0/B0/canary-hook-4fe19a"
ASSETS = [dg.AssetKey(dataset.key) for dataset in (INSTRUMENTS, TRADES)]
METADATA, FILE = "/v1/exchanges/binance", "/v1/binance/trades/2024/08/08/BTCUSDT.csv.gz"
# A vendor that repeats in its answer what it was sent.
ECHO = f'{{"error": "Authorization: Bearer {KEY} is refused"}}'.encode()


def tardis_at(folder: Path, server: FaultServer) -> Settings:
    urls = {"tardis_datasets_url": server.url, "tardis_api_url": server.url}
    hook = server.url + HOOK
    return settings_at(folder, source="tardis", venues="binance", tardis_api_key=KEY, notify_url=hook, retries="0", **urls)


def refuse_everything(server: FaultServer) -> None:
    """What the runs of :func:`three_runs` meet: a refusal of the list, one of a file, then one failure and success."""
    for part in ("binance-futures", "binance-delivery"):
        server.script(f"/v1/exchanges/{part}", Answer(json.dumps({"id": part, "datasets": {"symbols": []}}).encode()))
    server.script(METADATA, Answer(ECHO, 401), Answer(json.dumps(EXCHANGE).encode()))
    server.script(FILE, Answer(ECHO, 403), Answer(ECHO, 500), Answer(trades_file("BTCUSDT")))


def three_runs(definitions: dg.Definitions, home: Path) -> Sequence[set[str]]:
    """For each run, the classes of the errors at the bottom of its failed steps. Dagster's own logger prints everything."""
    failures = []
    with open_instance(home) as instance:
        for _ in range(3):
            result = definitions.resolve_job_def(DAILY_JOB).execute_in_process(
                partition_key=DAY.isoformat(), instance=instance, asset_selection=ASSETS, raise_on_error=False
            )
            failures.append({_root(event) for event in result.all_events if event.event_type_value == "STEP_FAILURE"})
    return failures


def tell(definitions: dg.Definitions, home: Path, cursor: str | None) -> str | None:
    """A tick of the sensor that tells of failed runs; its next cursor."""
    repository = definitions.get_repository_def()
    sensor = repository.get_sensor_def("failure_notification")
    with open_instance(home) as instance:
        notifier = {"notifier": repository.get_top_level_resources()["notifier"]}
        with dg.build_sensor_context(instance=instance, cursor=cursor, resources=notifier) as context:
            return sensor.evaluate_tick(context).cursor


def _root(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return "" if error is None else str(error.cls_name)


def test_secrets_of_failed_and_successful_runs_are_written_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MDA_TARDIS_API_KEY", KEY)
    # Scratch files that are left lie where they are searched, too.
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    caplog.set_level(logging.DEBUG)
    with serving() as server:
        refuse_everything(server)
        server.script(HOOK, Answer(b"ok"))
        monkeypatch.setenv("MDA_NOTIFY_URL", server.url + HOOK)
        definitions = build_definitions(tardis_at(tmp_path, server))
        cursor = tell(definitions, tmp_path / "home", None)
        failures = three_runs(definitions, tmp_path / "home")
        tell(definitions, tmp_path / "home", cursor)
    assert failures == [{"AuthError"}, {"AuthError"}, set()]
    # The key was really sent, but not to the webhook, and all the places that are searched exist.
    sent = {(path == HOOK, headers.get("Authorization")) for path, headers in server.requests}
    assert sent == {(False, f"Bearer {KEY}"), (True, None)}
    assert len(server.posted) == 2
    assert not any(holds(secret, body) for body in server.posted for secret in (KEY, HOOK))
    for pattern in (
        "home/history/runs/*.db",
        "home/storage/*/compute_logs/*.err",
        "lake/raw_tick_data/**/*.parquet",
        "lake/**/_manifest.json",
    ):
        assert any(tmp_path.glob(pattern)), pattern
    printed = capfd.readouterr()
    assert "STEP_FAILURE" in printed.err
    for secret in (KEY, HOOK):
        assert traces(secret, tmp_path) == []
        assert not holds(secret, printed.out + printed.err + caplog.text)


def test_no_repr_shows_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDA_TARDIS_API_KEY", KEY)
    with serving() as server:
        monkeypatch.setenv("MDA_NOTIFY_URL", server.url + HOOK)
        settings = tardis_at(tmp_path, server)
    definitions = build_definitions(settings)
    ticks = (definitions.resources or {})["ticks"]
    assert isinstance(ticks, TickSource)
    opened = ticks.process_config_and_initialize().open()
    for each in (settings, settings.tardis, definitions, definitions.resources, ticks, opened, vars(opened)):
        for secret in (KEY, HOOK):
            assert not holds(secret, repr(each) + str(each)), type(each)


def test_search_finds_a_key_wherever_it_is(tmp_path: Path) -> None:
    """The searcher itself: a key that is planted in a run's tags, in a compressed snapshot's place and in a table is found."""
    with open_instance(tmp_path / "home") as instance:
        job = dg.job(name="leaking", config={"ops": {"leak": {"config": {"key": KEY}}}})(_leaking)
        assert job.execute_in_process(instance=instance).success
    found = {path.suffix for path in traces(KEY, tmp_path)}
    assert found >= {".db", ".out"}


@dg.op(config_schema={"key": str})
def leak(context: dg.OpExecutionContext) -> None:
    print(context.op_config["key"])  # noqa: T201


def _leaking() -> None:
    leak()


@pytest.mark.parametrize("ending", ["\n", " ", "\x00", "é"], ids=["line break", "space", "NUL", "accent"])
def test_key_that_no_header_can_hold_is_not_shown_either(tmp_path: Path, ending: str) -> None:
    """A key that was read from a file often ends in a line break."""
    with serving() as server, pytest.raises(MarketDataError) as refused:
        source(server, tmp_path / "cache", key=SecretStr(KEY + ending)).instruments(DAY)
    assert not holds(KEY, "".join(traceback.format_exception(refused.value)))
