"""Loads into BigQuery against an exact server: ids, conflicts, failures and other loaders."""

import dataclasses
import random
import re
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import Column
from market_data_assets.domain.days import day_start
from market_data_assets.errors import AuthError, BadData, QuotaExhausted, Retryable, SchemaDrift, StorageFailed
from market_data_assets.storage import google_http
from market_data_assets.storage.warehouse.base import LoadStatus
from market_data_assets_tests.emulators.proxy_faults import Answer, Perform, lost_answer, lost_request, refused
from market_data_assets_tests.storage.warehouse.exact_bigquery import fails, running_exactly
from market_data_assets_tests.storage.warehouse.tables import BTC, DAY, ETH, NEXT_DAY, TABLE, committed, day_of_rows

UPLOAD = "^/upload/"
PARTITION = ("analytics", "candles_24h", "20240808")


@pytest.fixture
def bench():
    with running_exactly() as bench:
        bench.server.tables[("analytics", "")] = {"datasetReference": {"projectId": "exact-project", "datasetId": "analytics"}}
        yield bench


@pytest.fixture
def warehouse(bench):
    warehouse = bench.warehouse([TABLE])
    warehouse.migrate()
    bench.proxy.requests.clear()
    return warehouse


def minutes_in(bench, partition=PARTITION):
    return sorted(bench.server.partitions[partition]["close"].to_pylist())


def ids(bench):
    return list(bench.server.jobs)


def load_id(day, attempt=0, *, dataset="analytics"):
    return f"md_{dataset}-candles_24h_20240808_v{day.version}_{day.content_hash[:8]}_{attempt}"


def test_load_is_named_after_what_it_loads_and_where(warehouse, bench):
    day = committed({BTC: [1]}, version=7)
    warehouse.replace_day(TABLE, day)
    [job_id] = ids(bench)
    assert job_id == load_id(day)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,1024}", job_id)


def test_name_of_a_load_is_never_too_long_and_differs_by_dataset(bench):
    day = committed({BTC: [1]})
    for dataset in ("a" * 1024, "b" * 1024, "analytics"):
        bench.server.tables[(dataset, "")] = {"datasetReference": {"projectId": "exact-project", "datasetId": dataset}}
        other = bench.warehouse([TABLE], dataset)
        other.migrate()
        other.replace_day(TABLE, day)
        assert minutes_in(bench, (dataset, "candles_24h", "20240808")) == [1]
    assert len({*ids(bench)}) == 3
    assert max(map(len, ids(bench))) < 1024


def test_load_truncates_one_partition_of_a_table_that_exists_with_its_own_schema(warehouse, bench):
    warehouse.replace_day(TABLE, committed({BTC: [1]}))
    [job] = bench.server.jobs.values()
    load = job["configuration"]["load"]
    assert load["destinationTable"]["tableId"] == "candles_24h$20240808"
    assert (load["writeDisposition"], load["createDisposition"], load["sourceFormat"]) == ("WRITE_TRUNCATE", "CREATE_NEVER", "PARQUET")
    assert [(column["name"], column["type"], column["mode"]) for column in load["schema"]["fields"]] == [
        ("instrument_id", "STRING", "REQUIRED"),
        ("timestamp", "TIMESTAMP", "REQUIRED"),
        ("close", "FLOAT", "NULLABLE"),
        ("trade_count", "INTEGER", "NULLABLE"),
    ]


def test_files_of_a_bucket_are_loaded_from_there_without_their_hidden_columns(warehouse, bench, tmp_path):
    file = tmp_path / "day.parquet"
    bench.warehouse([TABLE])
    pa.parquet.write_table(day_of_rows({BTC: [1, 2]})[BTC].read(), file)
    bench.server.files["gs://lake/a.parquet"] = file.read_bytes()
    loaded = warehouse.replace_day(TABLE, committed({BTC: [1, 2]}, urls=["gs://lake/a.parquet"]))
    [job] = bench.server.jobs.values()
    assert job["configuration"]["load"]["sourceUris"] == ["gs://lake/a.parquet"]
    assert job["configuration"]["load"]["ignoreUnknownValues"] is True
    assert (loaded.rows, loaded.instruments) == (2, 1)


def test_more_files_than_one_job_takes_are_sent_as_one(warehouse, bench):
    warehouse.replace_day(TABLE, committed({BTC: [1]}, urls=[f"gs://lake/{number}" for number in range(10_001)]))
    [job] = bench.server.jobs.values()
    assert "sourceUris" not in job["configuration"]["load"]


@pytest.mark.parametrize("fault", [lost_answer, lost_request, refused(503), refused(429), refused(403, reason="rateLimitExceeded")])
@pytest.mark.parametrize("path", [UPLOAD, "/tables/", "/jobs/", "/queries$"])
def test_request_that_fails_once_is_repeated_and_loads_once(warehouse, bench, fault, path):
    rule = bench.proxy.rules.add(fault, path=path, nth=[1])
    assert warehouse.replace_day(TABLE, committed({BTC: [1, 2]})).rows == 2
    assert rule.met == 1
    assert len(ids(bench)) == 1
    assert minutes_in(bench) == [1, 2]


def test_server_that_stays_busy_is_given_up_on(warehouse, bench):
    bench.proxy.rules.add(refused(503), path=UPLOAD)
    impatient = dataclasses.replace(warehouse, patience=dataclasses.replace(warehouse.patience, deadline_seconds=0.1))
    with pytest.raises(Retryable, match=r"candles_24h 2024-08-08.*deadline"):
        impatient.replace_day(TABLE, committed({BTC: [1]}))
    assert len(bench.proxy.requests) > 3


@pytest.mark.parametrize("path", [UPLOAD, "/queries$", "/tables/"])
def test_server_that_falls_silent_is_asked_again(warehouse, bench, path, monkeypatch):
    monkeypatch.setattr(google_http, "SILENCE_SECONDS", 0.5)
    again = threading.Event()
    was_asked_again: Future[bool] = Future()

    def silent(_: Perform) -> None:
        was_asked_again.set_result(again.wait(60))

    def answering(perform: Perform) -> Answer:
        again.set()
        return perform()

    bench.proxy.rules.add(silent, path=path, nth=[1])
    bench.proxy.rules.add(answering, path=path, nth=[2])
    assert warehouse.replace_day(TABLE, committed({BTC: [1]})).rows == 1
    assert was_asked_again.result(60)


def test_quota_that_is_used_up_stops_at_once_for_ten_minutes(warehouse, bench):
    rule = bench.proxy.rules.add(refused(403, reason="quotaExceeded"), path=UPLOAD)
    with pytest.raises(QuotaExhausted) as refusal:
        warehouse.replace_day(TABLE, committed({BTC: [1]}))
    assert refusal.value.retry_after_seconds >= 600
    assert rule.met == 1


def test_quota_that_a_job_meets_stops_too(warehouse, bench):
    bench.server.judge = lambda _: fails("quotaExceeded", "imports per table")
    with pytest.raises(QuotaExhausted, match="imports per table"):
        warehouse.replace_day(TABLE, committed({BTC: [1]}))
    assert len(ids(bench)) == 1


@pytest.mark.parametrize("fault", [refused(403, reason="accessDenied"), refused(401)])
def test_missing_permission_is_not_asked_again(warehouse, bench, fault):
    rule = bench.proxy.rules.add(fault, path=UPLOAD)
    with pytest.raises(AuthError, match="candles_24h 2024-08-08"):
        warehouse.replace_day(TABLE, committed({BTC: [1]}))
    assert rule.met == 1


def test_table_that_is_not_there_names_the_migration(bench):
    with pytest.raises(StorageFailed, match=r"no such table .* run market-data migrate"):
        bench.warehouse([TABLE]).replace_day(TABLE, committed({BTC: [1]}))
    assert ids(bench) == []


def test_table_without_a_column_names_it_and_the_migration(warehouse, bench):
    wider = dataclasses.replace(TABLE, columns={**TABLE.columns, "vwap": Column(pa.float64(), "quote per base", "mean price")})
    with pytest.raises(StorageFailed, match=r"lacks column\(s\) vwap; run market-data migrate"):
        warehouse.replace_day(wider, committed({BTC: [1]}))
    assert ids(bench) == []


@pytest.mark.parametrize("reason", ["backendError", "internalError", "jobRateLimitExceeded"])
def test_job_that_fails_for_a_passing_reason_is_followed_by_the_next_attempt(warehouse, bench, reason):
    bench.server.judge = lambda job_id: fails(reason) if job_id.endswith(("_0", "_1")) else None
    day = committed({BTC: [1]})
    assert warehouse.replace_day(TABLE, day).status is LoadStatus.REPLACED
    assert ids(bench) == [load_id(day, attempt) for attempt in range(3)]


def test_job_that_keeps_failing_is_given_up_on_and_the_next_run_goes_on_counting(warehouse, bench):
    bench.server.judge = lambda _: fails("backendError", "an error occurred")
    day = committed({BTC: [1]})
    with pytest.raises(Retryable, match="an error occurred"):
        warehouse.replace_day(TABLE, day)
    assert len(ids(bench)) == 5
    bench.server.judge = lambda _: None
    assert warehouse.replace_day(TABLE, day).rows == 1
    assert ids(bench)[-1] == load_id(day, 5)


def test_rows_that_bigquery_refuses_are_bad_data_in_its_words(warehouse, bench):
    said = [f"Row {number}: some rows belong to different partitions rather than destination partition 20240808" for number in range(5)]
    bench.server.judge = lambda _: fails("invalid", *said)
    with pytest.raises(BadData, match=r"candles_24h 2024-08-08: load job md_.*Row 0: some rows.*Row 2") as refusal:
        warehouse.replace_day(TABLE, committed({BTC: [1]}))
    assert "Row 3" not in str(refusal.value)
    assert len(ids(bench)) == 1


def test_schema_that_bigquery_refuses_is_drift(warehouse, bench):
    bench.server.judge = lambda _: fails("invalid", "Provided Schema does not match Table candles_24h")
    with pytest.raises(SchemaDrift, match="run market-data migrate"):
        warehouse.replace_day(TABLE, committed({BTC: [1]}))


def test_file_that_bigquery_does_not_find_was_replaced_meanwhile(warehouse, bench):
    bench.server.judge = lambda _: fails("notFound", "Not found: URI gs://lake/a.parquet")
    bench.server.files["gs://lake/a.parquet"] = b""
    with pytest.raises(Retryable, match=r"replaced or removed meanwhile .*URI gs://lake/a\.parquet"):
        warehouse.replace_day(TABLE, committed({BTC: [1]}, urls=["gs://lake/a.parquet"]))


def test_same_content_is_not_loaded_again_while_it_is_what_is_stored(warehouse, bench):
    day = committed({BTC: [1]})
    first = warehouse.replace_day(TABLE, day)
    assert warehouse.replace_day(TABLE, day) == dataclasses.replace(first, status=LoadStatus.NOOP)
    assert len(ids(bench)) == 1


def test_content_that_another_version_replaced_is_loaded_anew(warehouse, bench):
    first, second = committed({BTC: [1]}, version=1), committed({BTC: [2]}, version=2)
    for day in (first, second, first):
        assert warehouse.replace_day(TABLE, day).status is LoadStatus.REPLACED
    assert minutes_in(bench) == [1]
    assert ids(bench) == [load_id(first), load_id(second), load_id(first, 1)]


def test_old_content_that_comes_back_as_a_new_version_is_loaded(warehouse, bench):
    for version, minutes in ((1, [1]), (2, [2]), (3, [1])):
        assert warehouse.replace_day(TABLE, committed({BTC: minutes}, version=version)).status is LoadStatus.REPLACED
    assert minutes_in(bench) == [1]


def test_load_by_hand_in_between_is_replaced(warehouse, bench):
    day = committed({BTC: [1]})
    warehouse.replace_day(TABLE, day)
    bench.server.load("by_hand", "analytics", "candles_24h", "20240808", day_of_rows({BTC: [9]})[BTC].read())
    assert warehouse.replace_day(TABLE, day).status is LoadStatus.REPLACED
    assert minutes_in(bench) == [1]


def test_load_of_another_day_or_dataset_does_not_matter(warehouse, bench):
    day = committed({BTC: [1]})
    warehouse.replace_day(TABLE, day)
    warehouse.replace_day(TABLE, committed({BTC: [5]}, NEXT_DAY))
    bench.server.load("by_hand", "elsewhere", "candles_24h", "20240808", day_of_rows({BTC: [9]})[BTC].read())
    assert warehouse.replace_day(TABLE, day).status is LoadStatus.NOOP


def test_load_that_ran_beside_a_slower_one_does_not_count_as_stored(warehouse, bench):
    older, newer = committed({BTC: [1]}, version=1), committed({BTC: [2]}, version=2)
    slow = _started(warehouse, bench, older)
    # As a loader whose request was on its way when the other one looked for active loads: the newer job starts and ends first,
    # and its end is recorded after the older one has written.
    bench.server.held.add(load_id(newer))
    bench.server.load(load_id(newer), "analytics", "candles_24h", "20240808", day_of_rows({BTC: [2]})[BTC].read())
    bench.server.release(load_id(newer))
    bench.server.release(load_id(older))
    slow.result()
    bench.server.changed[PARTITION] = int(bench.server.jobs[load_id(newer)]["statistics"]["endTime"])
    assert warehouse.replace_day(TABLE, newer).status is LoadStatus.REPLACED
    assert minutes_in(bench) == [2]


def test_older_load_that_is_still_running_is_waited_for(warehouse, bench):
    older, newer = committed({BTC: [1]}, version=1), committed({BTC: [2]}, version=2)
    bench.server.held.add(load_id(older))
    bench.server.load(load_id(older), "analytics", "candles_24h", "20240808", day_of_rows({BTC: [1]})[BTC].read())
    timer = threading.Timer(0.3, bench.server.release, [load_id(older)])
    timer.start()
    assert warehouse.replace_day(TABLE, newer).status is LoadStatus.REPLACED
    timer.join()
    assert minutes_in(bench) == [2]


def test_older_version_gives_way_to_a_newer_one_that_is_being_loaded(warehouse, bench):
    older, newer = committed({BTC: [1]}, version=2), committed({BTC: [2], ETH: [3]}, version=3)
    slow = _started(warehouse, bench, newer)
    timer = threading.Timer(0.3, bench.server.release, [load_id(newer)])
    timer.start()
    loaded = warehouse.replace_day(TABLE, older)
    slow.result()
    assert (loaded.status, loaded.rows) == (LoadStatus.SUPERSEDED, 2)
    assert minutes_in(bench) == [2, 3]
    assert load_id(older) not in ids(bench)


def test_newer_version_whose_load_fails_does_not_stop_an_older_one(warehouse, bench):
    older, newer = committed({BTC: [1]}, version=2), committed({BTC: [2]}, version=3)
    bench.server.judge = lambda job_id: fails("invalid") if job_id == load_id(newer) else None
    bench.server.held.add(load_id(newer))
    bench.server.load(load_id(newer), "analytics", "candles_24h", "20240808", day_of_rows({BTC: [2]})[BTC].read())
    timer = threading.Timer(0.3, bench.server.release, [load_id(newer)])
    timer.start()
    assert warehouse.replace_day(TABLE, older).status is LoadStatus.REPLACED
    timer.join()
    assert minutes_in(bench) == [1]


def test_name_of_a_dataset_is_not_taken_for_a_version(bench):
    dataset = "lake_v9_eu"
    bench.server.tables[(dataset, "")] = {"datasetReference": {"projectId": "exact-project", "datasetId": dataset}}
    warehouse = bench.warehouse([TABLE], dataset)
    warehouse.migrate()
    older, newer = committed({BTC: [1]}, version=1), committed({BTC: [2]}, version=2)
    running = load_id(older, dataset=dataset)
    bench.server.held.add(running)
    bench.server.load(running, dataset, "candles_24h", "20240808", day_of_rows({BTC: [1]})[BTC].read())
    timer = threading.Timer(0.3, bench.server.release, [running])
    timer.start()
    assert warehouse.replace_day(TABLE, newer).status is LoadStatus.REPLACED
    timer.join()
    assert minutes_in(bench, (dataset, *PARTITION[1:])) == [2]


def test_two_loaders_of_the_same_content_share_one_load(warehouse, bench):
    day = committed({BTC: [1]})
    slow = _started(warehouse, bench, day)
    timer = threading.Timer(0.3, bench.server.release, [load_id(day)])
    timer.start()
    assert warehouse.replace_day(TABLE, day).rows == 1
    assert slow.result().rows == 1
    assert ids(bench) == [load_id(day)]


def test_load_that_never_ends_is_left_to_the_next_run(warehouse, bench):
    day = committed({BTC: [1]})
    bench.server.held.add(load_id(day))
    impatient = dataclasses.replace(warehouse, patience=dataclasses.replace(warehouse.patience, job_seconds=0.2))
    with pytest.raises(Retryable, match="goes on in BigQuery"):
        impatient.replace_day(TABLE, day)
    bench.server.release(load_id(day))
    assert warehouse.replace_day(TABLE, day).status is LoadStatus.NOOP
    assert ids(bench) == [load_id(day)]


def test_partition_with_other_rows_than_the_manifest_is_loaded_again(warehouse, bench):
    bench.server.spoil = lambda job_id, rows: rows.slice(1) if job_id.endswith("_0") else rows
    assert warehouse.replace_day(TABLE, committed({BTC: [1, 2]})).rows == 2
    assert minutes_in(bench) == [1, 2]


def test_former_load_that_left_other_rows_than_the_manifest_does_not_count_as_stored(warehouse, bench):
    day = committed({BTC: [1, 2]})
    bench.server.load(load_id(day), "analytics", "candles_24h", "20240808", day_of_rows({BTC: [1]})[BTC].read())
    assert warehouse.replace_day(TABLE, day).status is LoadStatus.REPLACED
    assert minutes_in(bench) == [1, 2]


def test_partition_that_keeps_other_rows_names_both_numbers(warehouse, bench):
    bench.server.spoil = lambda _, rows: rows.slice(1)
    with pytest.raises(StorageFailed, match=r"has 1 rows after load job md_.* wrote 2, the manifest says 2"):
        warehouse.replace_day(TABLE, committed({BTC: [1, 2]}))


def test_64_days_of_14_tables_are_whole_after_random_failures():
    tables = [dataclasses.replace(TABLE, name=f"table_{number}", views=()) for number in range(14)]
    days = [DAY.fromordinal(DAY.toordinal() + number) for number in range(64)]
    with running_exactly() as bench:
        warehouse = bench.warehouse(tables)
        warehouse.migrate()
        chance = random.Random(4)
        bench.server.judge = lambda _: fails("backendError") if chance.random() < 0.2 else None
        bench.server.spoil = lambda _, rows: rows.slice(0, 1) if chance.random() < 0.05 else rows
        for fault in (lost_answer, lost_request, refused(503)):
            bench.proxy.rules.add(fault, path="/(upload|jobs|queries|tables)", chance=0.02)
        loads = [(table, committed({BTC: [number, number + 1], ETH: [0]}, day)) for number, day in enumerate(days) for table in tables]

        def load(pair):
            while True:
                try:
                    return warehouse.replace_day(*pair)
                except (Retryable, StorageFailed):
                    continue  # as a run that is started again

        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(load, loads))
        assert [each.rows for each in loaded] == [3] * len(loads)
        assert len(bench.server.partitions) == len(loads)
        for (table, day), _ in zip(loads, loaded, strict=True):
            stored = bench.server.partitions[("analytics", table.name, f"{day.frames.day:%Y%m%d}")]
            expected = pa.concat_tables([day.frames[instrument].read(list(table.columns)) for instrument in day.frames])
            assert stored.cast(table.schema) == expected.cast(table.schema)
            assert stored["timestamp"].cast(pa.int64())[0].as_py() >= day_start(day.frames.day)
        assert len(bench.server.jobs) > 1.2 * len(loads)
        assert sum(rule.met for rule in bench.proxy.rules._rules) > 50


def _started(warehouse, bench, day):
    """A load that is running, by someone else."""
    bench.server.held.add(load_id(day))
    pool = ThreadPoolExecutor(1)
    future = pool.submit(warehouse.replace_day, TABLE, day)
    while load_id(day) not in bench.server.jobs:
        pass
    pool.shutdown(wait=False)
    return future
