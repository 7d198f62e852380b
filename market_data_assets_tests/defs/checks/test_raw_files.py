"""Every pathology that a check is to find, planted in simulated days: each is found in its file, and nothing else is anywhere."""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest

from market_data_assets.compute.quality.activity import judge_quarantine
from market_data_assets.compute.quality.books import book_rows, judge_staleness
from market_data_assets.compute.quality.columns import instants
from market_data_assets.defs.checks.raw import file_checks
from market_data_assets.defs.checks.raw_files import judge_file
from market_data_assets.domain.schemas import RAW, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.sources.simulated.book_pathologies import CrossedBook, EmptyBook, LockedBook
from market_data_assets.sources.simulated.pathologies import (
    ConflictingDuplicates,
    Disorder,
    Duplicates,
    Gap,
    ImpossibleValues,
    MidnightSpill,
    MillisecondTimestamps,
    Restatement,
    SecondTimestamps,
    SilentFeed,
    StaleBook,
    UnitFlip,
)
from market_data_assets.sources.simulated.planting import Pathology, Span, Where

DAY = dt.date(2024, 8, 8)
PERP, SPOT = "BINANCE:PERP:BTC-USDT", "BINANCE:SPOT_PAIR:ETH-USDT"
FUTURE, CALL = "DERIBIT:FUTURE:BTC-USD-240927", "DERIBIT:OPTION:BTC-USD-42000-240816-CALL"
UNIVERSE = Universe(patterns=(PERP, SPOT, FUTURE, CALL))
HOUR, MORNING = Span(43_200, 46_800), Span(25_200, 46_800)

Found = set[tuple[str, str, str]]
"""Instrument, data type and problem."""


def findings(*pathologies: Pathology, scale: float = 0.05, universe: Universe = UNIVERSE, day: dt.date = DAY) -> Found:
    """What all checks find in all files of a simulated day."""
    source = SimulatedSource(universe, pathologies, scale)
    return {key for planted in _keys(source, day) for key in planted}


def _keys(source: SimulatedSource, day: dt.date) -> Iterator[Found]:
    for instrument in source.instruments(day).instruments:
        name = str(instrument.instrument_id)
        for dataset in (dataset for dataset in RAW if dataset.name in instrument.data_types):
            frame = source.fetch(dataset, instrument, day)
            rows, found = judge_file(instrument.instrument_id, frame, dataset, day)
            assert rows == len(frame.table)
            assert set(found) == {check.name for check in file_checks(dataset)}
            each = [problem for problems in found.values() for problem in problems]
            each += judge_quarantine(name, rows, {set_aside.reason: set_aside.count for set_aside in frame.quarantined})
            if dataset.name.startswith("book_snapshot"):
                trades = instants(source.fetch(TRADES, instrument, day).table)
                each += judge_staleness(name, book_rows(frame.batches()), trades)
            yield {(name, dataset.name, finding.problem) for finding in each}


@lru_cache
def _clean(day: dt.date) -> Found:
    return findings(day=day)


@pytest.mark.parametrize("day", [DAY, dt.date(2024, 8, 9), dt.date(2024, 3, 5)], ids=str)
def test_nothing_is_found_in_a_clean_day(day: dt.date) -> None:
    assert _clean(day) == set()


@pytest.mark.parametrize(
    ("pathology", "problems"),
    [
        (UnitFlip(Where(PERP, "trades"), HOUR), {"unit_of_amount"}),
        (UnitFlip(Where(PERP, "book_snapshot_5"), HOUR), {"unit_of_levels"}),
        (UnitFlip(Where(PERP, "book_snapshot_25"), HOUR), {"unit_of_levels"}),
        (UnitFlip(Where(PERP, "derivative_ticker"), HOUR), {"unit_of_open_interest"}),
        (UnitFlip(Where(CALL, "options_chain"), HOUR), {"unit_of_open_interest", "unit_of_bid_amount", "unit_of_ask_amount"}),
        (UnitFlip(Where(FUTURE, "trades"), MORNING), {"unit_of_amount"}),
        (StaleBook(Where(PERP, "book_snapshot_5"), HOUR), {"stale"}),
        (StaleBook(Where(SPOT, "book_snapshot_5"), HOUR), {"stale"}),
        (CrossedBook(Where(PERP, "book_snapshot_5"), 20), {"crossed"}),
        (CrossedBook(Where(CALL, "options_chain"), 20), {"crossed"}),
        (LockedBook(Where(PERP, "book_snapshot_25"), 20), {"locked"}),
        (LockedBook(Where(CALL, "options_chain"), 20), {"locked"}),
        (Duplicates(Where(PERP, "trades"), 3), {"duplicate_ids"}),
        (Duplicates(Where(PERP, "liquidations"), 3), {"duplicate_ids"}),
        (ConflictingDuplicates(Where(SPOT, "trades"), 3), {"conflicting_ids"}),
        (ConflictingDuplicates(Where(PERP, "liquidations"), 3), {"conflicting_ids"}),
        (ImpossibleValues(Where(PERP, "trades"), 2), {"rows_set_aside"}),
        (ImpossibleValues(Where(PERP, "book_snapshot_5"), 2), {"rows_set_aside"}),
        (ImpossibleValues(Where(PERP, "derivative_ticker"), 20), {"rows_set_aside"}),
        (ImpossibleValues(Where(CALL, "options_chain"), 1), {"rows_set_aside"}),
        (MillisecondTimestamps(Where(PERP, "trades"), 5), {"rows_set_aside"}),
        (SecondTimestamps(Where(PERP, "book_snapshot_25"), 5), {"rows_set_aside"}),
    ],
    ids=lambda value: f"{type(value).__name__}-{value.where.data_type}" if hasattr(value, "where") else "",
)
def test_a_pathology_is_found_in_its_file_and_nowhere_else(pathology: Pathology, problems: set[str]) -> None:
    only = Universe(patterns=(pathology.where.instrument,))
    assert findings(pathology, universe=only) == {(pathology.where.instrument, pathology.where.data_type, problem) for problem in problems}


def test_flipped_unit_of_liquidations_is_found_where_there_are_some_in_the_span() -> None:
    only = Universe(patterns=(PERP,), data_types=("liquidations",))
    flip = UnitFlip(Where(PERP, "liquidations"), Span(43_200, 50_400))
    assert findings(flip, scale=1.0, universe=only) == {(PERP, "liquidations", "unit_of_amount")}


def test_several_at_once_are_each_found() -> None:
    planted = (
        UnitFlip(Where(PERP, "trades"), HOUR),
        ConflictingDuplicates(Where(SPOT, "trades"), 3),
        StaleBook(Where(SPOT, "book_snapshot_5"), MORNING),
        CrossedBook(Where(FUTURE, "book_snapshot_5"), 20),
    )
    assert findings(*planted) == {
        (PERP, "trades", "unit_of_amount"),
        (SPOT, "trades", "conflicting_ids"),
        (SPOT, "book_snapshot_5", "stale"),
        (FUTURE, "book_snapshot_5", "crossed"),
    }


def test_what_other_tiers_report_is_no_finding_here() -> None:
    assert (
        findings(
            Gap(Where(PERP, "trades"), HOUR),
            SilentFeed(Where(SPOT, "*"), HOUR),
            EmptyBook(Where(FUTURE, "*"), HOUR),
            MidnightSpill(Where("*", "*")),
            Disorder(Where("*", "*"), 20),
            Duplicates(Where("*", "book_snapshot_*"), 5),
            Restatement(Where("*", "*"), 9),
            StaleBook(Where(PERP, "derivative_ticker"), HOUR),
        )
        == set()
    )


def test_crossed_beyond_one_in_twenty_is_wrong() -> None:
    source = SimulatedSource(Universe(patterns=(PERP,)), (CrossedBook(Where(PERP, "book_snapshot_5"), 400),), 0.05)
    (instrument,) = source.instruments(DAY).instruments
    dataset = next(each for each in RAW if each.name == "book_snapshot_5")
    _, found = judge_file(instrument.instrument_id, source.fetch(dataset, instrument, DAY), dataset, DAY)
    (finding,) = found["book_not_crossed"]
    assert finding.wrong
    assert np.isclose(finding.share, 0.11, atol=0.02)
