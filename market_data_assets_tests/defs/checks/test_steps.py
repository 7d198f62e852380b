"""A step of checks on a lake of its own: what it keeps as the quality report, and when it reuses it."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.client import MarketData
from market_data_assets.compute.quality.record import QUALITY_REPORTS, verdicts_of
from market_data_assets.defs.checks import raw
from market_data_assets.defs.checks.raw import raw_checks
from market_data_assets.defs.checks.reporting import Check
from market_data_assets.defs.checks.steps import Step
from market_data_assets.defs.resources import LakeResource, Selection
from market_data_assets.defs.runs import QUIET
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import PartitionMissing
from market_data_assets.sources.base import fetch_day
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.sources.simulated.pathologies import ConflictingDuplicates, Duplicates
from market_data_assets.sources.simulated.planting import Pathology, Where
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import object_name
from market_data_assets_tests.defs.runs import DAY

PERP, SPOT = "BINANCE:PERP:BTC-USDT", "BINANCE:SPOT_PAIR:ETH-USDT"
REPORT = QUALITY_REPORTS["trades"]


def store_trades(folder: Path, *pathologies: Pathology, day: dt.date = DAY, patterns: tuple[str, ...] = (PERP, SPOT)) -> Lake:
    """A day of simulated trades and its instruments, in the lake that the checks of the folder open."""
    lake = storage(folder).open()
    source = SimulatedSource(Universe(patterns=patterns), pathologies, 0.01)
    listings = source.instruments(day)
    lake.write_table(INSTRUMENTS, day, listings.frame())
    lake.write_day(TRADES, fetch_day(source, TRADES, listings.instruments, day))
    return lake


def storage(folder: Path) -> LakeResource:
    return LakeResource(root=folder.as_uri(), workers=1)


def run_checks(folder: Path, *only: str, refresh: bool = False) -> dict[str, dg.AssetCheckEvaluation]:
    """Every check of the trades of the last stored day, or some of them, by name."""
    checks = raw_checks(TRADES)
    selection = dg.AssetSelection.checks(*(dg.AssetCheckKey(asset_key(TRADES), name) for name in only) if only else (checks,))
    with dg.DagsterInstance.ephemeral() as instance:
        resources = {"storage": storage(folder), "selection": Selection(refresh=refresh)}
        result = dg.materialize([checks], instance=instance, resources=resources, selection=selection, run_config=QUIET)
    return {each.check_name: each for each in result.get_asset_check_evaluations()}


def told(evaluations: dict[str, dg.AssetCheckEvaluation]) -> dict[str, object]:
    """Everything that the results say, but whether they were reused."""
    return {
        name: (each.passed, each.severity, each.description, {key: value for key, value in each.metadata.items() if key != "reused"})
        for name, each in evaluations.items()
    }


def reused(evaluations: dict[str, dg.AssetCheckEvaluation]) -> set[object]:
    return {each.metadata["reused"].value for each in evaluations.values()}


def test_results_over_an_unchanged_day_are_the_same_and_no_file_is_read_for_them(tmp_path: Path) -> None:
    lake = store_trades(tmp_path, ConflictingDuplicates(Where(SPOT, "trades"), 3))
    first = run_checks(tmp_path)
    assert reused(first) == {False}
    assert not first["ids_unique"].passed
    for instrument in lake.instruments(TRADES, DAY):
        (tmp_path / object_name(TRADES, DAY, instrument)).unlink()
    again = run_checks(tmp_path)
    assert reused(again) == {True}
    assert told(again) == told(first)
    assert lake.manifest(REPORT, DAY).version == 1


def test_run_that_is_to_refresh_judges_again(tmp_path: Path) -> None:
    store_trades(tmp_path)
    run_checks(tmp_path)
    assert reused(run_checks(tmp_path, "ids_unique", refresh=True)) == {False}


def test_result_says_in_a_sentence_what_is_wrong_and_shows_the_worst(tmp_path: Path) -> None:
    store_trades(tmp_path, ConflictingDuplicates(Where(SPOT, "trades"), 3))
    found = run_checks(tmp_path)
    assert found["ids_unique"].description is not None
    assert found["ids_unique"].description.startswith(f"1 of 2 instruments: conflicting ids; worst {SPOT}, conflicting ids ")
    assert found["ids_unique"].metadata["worst"].value.records[0].data["instrument_id"] == SPOT
    assert found["timestamps_in_day"].description.startswith("Nothing found in 2 instruments, ")


def test_changed_day_is_judged_again(tmp_path: Path) -> None:
    store_trades(tmp_path)
    assert run_checks(tmp_path)["ids_unique"].passed
    lake = store_trades(tmp_path, Duplicates(Where(PERP, "trades"), 3))
    found = run_checks(tmp_path)
    assert reused(found) == {False}
    assert found["ids_unique"].metadata["instruments"].value == PERP
    assert lake.manifest(REPORT, DAY).version == 2


def test_day_whose_columns_are_others_now_is_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_trades(tmp_path)
    run_checks(tmp_path)
    monkeypatch.setattr(raw, "schema_fingerprint", lambda _: "newer")
    assert reused(run_checks(tmp_path, "few_rows_quarantined")) == {False}


def test_checks_that_judge_in_another_way_do_not_reuse_what_the_former_said() -> None:
    def version(*checks: Check) -> str:
        return Step("trades", {asset_key(TRADES): checks}).version

    check = Check("ids_unique", "Each id once.")
    others = (Check("ids_unique", "Each id once.", version=2), Check("ids_unique", "Each id twice."), Check("ids", "Each id once."))
    assert version(check) == version(Check("ids_unique", "Each id once."))
    assert len({version(check), version(check, check), *map(version, others)}) == 5


def test_days_before_that_arrive_later_judge_again_only_where_an_instrument_fell_silent(tmp_path: Path) -> None:
    store_trades(tmp_path)
    run_checks(tmp_path)
    store_trades(tmp_path, day=DAY - dt.timedelta(days=1))
    assert reused(run_checks(tmp_path)) == {True}


def test_run_over_some_checks_gets_those_and_keeps_a_report_of_all(tmp_path: Path) -> None:
    lake = store_trades(tmp_path)
    assert set(run_checks(tmp_path, "ids_unique")) == {"ids_unique"}
    verdicts = verdicts_of(lake.read_table(REPORT, DAY))
    assert len(verdicts) == 8
    assert reused(run_checks(tmp_path)) == {True}


def test_report_that_cannot_be_stored_or_read_fails_no_check(tmp_path: Path) -> None:
    lake = store_trades(tmp_path)
    run_checks(tmp_path)
    manifest = next((tmp_path / "quality_reports").rglob("_manifest.json"))
    manifest.write_text("{}")
    found = run_checks(tmp_path)
    assert reused(found) == {False}
    assert all(each.passed for each in found.values())
    assert lake.manifest(REPORT, DAY).version >= 1
    folder = manifest.parent
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_text("a file where the report's folder should be")
    assert all(each.passed for each in run_checks(tmp_path).values())


def test_reader_gets_the_reports_of_a_day_in_one_frame(tmp_path: Path) -> None:
    store_trades(tmp_path, ConflictingDuplicates(Where(SPOT, "trades"), 3))
    market_data = MarketData(root=tmp_path)
    with pytest.raises(PartitionMissing, match="quality_reports has nothing stored for 2024-08-08"):
        market_data.quality(DAY)
    run_checks(tmp_path)
    frame = market_data.quality(DAY, as_="arrow")
    assert {(row["check"], row["instrument_id"]) for row in frame.to_pylist() if not row["passed"]} == {("ids_unique", SPOT)}
    assert set(frame["table"].to_pylist()) == {str(TRADES)}
