"""Every hole that is planted in simulated markets is in the report, and nothing else is."""

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress

import pyarrow as pa
import pytest

from market_data_assets.assembly.deliveries import find_missing
from market_data_assets.domain.days import to_instant
from market_data_assets.domain.schemas import INSTRUMENTS, RAW
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import PartitionIncomplete
from market_data_assets.sources.base import fetch_day
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.sources.simulated.pathologies import EmptyDay, Gap, ImpossibleValues, SilentFeed
from market_data_assets.sources.simulated.planting import Pathology, Span, Where
from market_data_assets.sources.simulated.refusals import DamagedFile, Failing, LateFile, MissingFile, SchemaDrift
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore

DAY = dt.date(2024, 8, 8)
PERP, SPOT, INVERSE, FUTURE = (
    "BINANCE:PERP:BTC-USDT",
    "BINANCE:SPOT_PAIR:ETH-USDT",
    "DERIBIT:PERP:BTC-USD",
    "DERIBIT:FUTURE:BTC-USD-240927",
)
CALL, PUT = "DERIBIT:OPTION:BTC-USD-42000-240816-CALL", "DERIBIT:OPTION:BTC-USD-42000-240816-PUT"
UNIVERSE = Universe(patterns=(PERP, SPOT, INVERSE, FUTURE, CALL, PUT))
HOUR = 3_600.0

PLANTED: Sequence[tuple[Pathology, str | None]] = (
    (Gap(Where(PERP, "trades", DAY), Span(5 * HOUR, 5 * HOUR + 600)), "gap"),
    (Gap(Where(PERP, "derivative_ticker", DAY), Span(23 * HOUR, 23 * HOUR + 300)), "gap"),
    (Gap(Where(SPOT, "book_snapshot_5", DAY), Span(7 * HOUR, 7 * HOUR + 900)), "gap"),
    (Gap(Where(CALL, "options_chain", DAY), Span(9 * HOUR, 10 * HOUR)), "gap"),
    (SilentFeed(Where(INVERSE, "*", DAY), Span(12 * HOUR, 12 * HOUR + 1_800)), "gap"),
    (EmptyDay(Where(FUTURE, "derivative_ticker", DAY)), "empty_file"),
    (EmptyDay(Where(FUTURE, "book_snapshot_5", DAY)), "empty_file"),
    (MissingFile(Where(PERP, "book_snapshot_25", DAY)), "not_listed"),
    (SchemaDrift(Where(PERP, "liquidations", DAY)), "schema_drift"),
    (DamagedFile(Where(PUT, "options_chain", DAY)), "damaged_file"),
    (LateFile(Where(FUTURE, "liquidations", DAY), 9), "not_available_yet"),
    (Failing(Where(CALL, "trades", DAY), 9), "failed"),
    (ImpossibleValues(Where(PERP, "trades", DAY), 3), None),
)


def report_of(pathologies: Sequence[Pathology]) -> pa.Table:
    """Two vendor days fetched into a lake, and what is missing of the first."""
    source, lake = SimulatedSource(UNIVERSE, pathologies, scale=0.3), Lake(MemoryStore("report"))
    for day in (DAY, DAY + dt.timedelta(days=1)):
        listings = source.instruments(day)
        lake.write_table(INSTRUMENTS, day, listings.frame())
        for dataset in RAW:
            with suppress(PartitionIncomplete):
                lake.write_day(dataset, fetch_day(source, dataset, listings.instruments, day))
    return find_missing(lake, lake.read_table(INSTRUMENTS, DAY), DAY, workers=2)


@pytest.fixture(scope="module")
def planted() -> pa.Table:
    return report_of([pathology for pathology, _ in PLANTED])


def test_nothing_is_missing_of_a_clean_day() -> None:
    assert report_of([]).to_pylist() == []


def test_every_planted_hole_is_found_and_nothing_else_is(planted: pa.Table) -> None:
    silent = {(INVERSE, name, "gap") for name in ("trades", "book_snapshot_5", "book_snapshot_25", "derivative_ticker")}
    expected = {
        (pathology.where.instrument, pathology.where.data_type, reason)
        for pathology, reason in PLANTED
        if reason is not None and not isinstance(pathology, SilentFeed)
    }
    found = {(row["instrument_id"], row["data_type"], row["reason"]) for row in planted.to_pylist() if row["missing_us"]}
    assert found == expected | silent


def test_gaps_are_reported_where_they_were_planted(planted: pa.Table) -> None:
    start = to_instant(DAY)
    for pathology, _ in PLANTED:
        if not isinstance(pathology, Gap | SilentFeed):
            continue
        rows = [
            row
            for row in planted.to_pylist()
            if row["instrument_id"] == pathology.where.instrument
            and row["reason"] == "gap"
            and pathology.where.data_type in {row["data_type"], "*"}
        ]
        for row in rows:
            begins, ends = ((to_instant(row[name]) - start) / 1e6 for name in ("missing_from", "missing_to"))
            assert begins <= pathology.span.start, row
            assert ends >= pathology.span.end, row
            assert ends - begins < 2 * (pathology.span.end - pathology.span.start), row


def test_rows_in_quarantine_are_counted_and_are_no_gap(planted: pa.Table) -> None:
    aside = [row for row in planted.to_pylist() if row["data_type"] == "trades" and row["reason"].startswith("amount_")]
    assert {row["instrument_id"] for row in aside} == {PERP}
    assert [(row["rows"], row["missing_us"]) for row in aside] == [(1, 0), (2, 0)]


def test_every_finding_has_evidence(planted: pa.Table) -> None:
    assert all(row["evidence"] for row in planted.to_pylist())
    (failed,) = [row for row in planted.to_pylist() if row["reason"] == "failed"]
    assert "connection reset" in failed["evidence"]
