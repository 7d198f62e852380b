import datetime as dt

import numpy as np
import pytest

from market_data_assets.domain.days import day_start
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, TRADES
from market_data_assets.errors import BadData, NotListed, SchemaDrift, SettingsError
from market_data_assets.sources.simulated.pathologies import (
    ConflictingDuplicates,
    CrossedBook,
    Disorder,
    Duplicates,
    EmptyDay,
    Gap,
    ImpossibleValues,
    MidnightSpill,
    MillisecondTimestamps,
    MissingFile,
    StaleBook,
    UnitFlip,
)
from market_data_assets.sources.simulated.planting import Pathology, Span, Where
from market_data_assets_tests.sources.simulated.markets import (
    DAY,
    NEXT_DAY,
    PERP,
    fetch,
    instants,
    instrument_of,
    levels,
    numbers,
    quiet_source,
    quiet_table,
)

TRADES_OF_PERP = Where(PERP, "trades", DAY)
BOOK_OF_PERP = Where(PERP, "book_snapshot_5", DAY)
NOON = Span(43_200, 46_800)
ALL: list[Pathology] = [
    Gap(TRADES_OF_PERP, NOON),
    UnitFlip(TRADES_OF_PERP, NOON),
    StaleBook(BOOK_OF_PERP, NOON),
    Duplicates(TRADES_OF_PERP, 7),
    ConflictingDuplicates(TRADES_OF_PERP, 5),
    Disorder(TRADES_OF_PERP, 9),
    CrossedBook(BOOK_OF_PERP, 11),
    ImpossibleValues(TRADES_OF_PERP, 4),
    MillisecondTimestamps(TRADES_OF_PERP, 3),
    MidnightSpill(TRADES_OF_PERP, 600),
    EmptyDay(TRADES_OF_PERP),
]


def planted_rows(pathology: Pathology, day: dt.date = DAY):
    (planted,) = quiet_source(pathology).planted(day)
    assert planted.pathology == pathology
    assert (str(planted.instrument_id), planted.data_type, planted.day) == (PERP, pathology.where.data_type, day)
    return planted.rows


def seconds_of_day(table) -> np.ndarray:
    return (instants(table) - day_start(DAY)) / 1e6


@pytest.mark.parametrize("pathology", ALL, ids=lambda pathology: type(pathology).__name__)
def test_each_fault_changes_its_own_file_only_and_is_the_same_each_time(pathology):
    clean, faulty = quiet_source(), quiet_source(pathology)
    dataset, other = (TRADES, BOOK_SNAPSHOT_5) if pathology.where.data_type == "trades" else (BOOK_SNAPSHOT_5, TRADES)
    assert len(planted_rows(pathology)) > 0
    assert repr(planted_rows(pathology).to_pydict()) == repr(planted_rows(pathology).to_pydict())
    assert not fetch(faulty, dataset, PERP).table.equals(quiet_table(dataset, PERP))
    assert fetch(faulty, other, PERP).table.equals(quiet_table(other, PERP))
    assert fetch(faulty, dataset, "DERIBIT:PERP:BTC-USD").table.equals(quiet_table(dataset, "DERIBIT:PERP:BTC-USD"))
    assert fetch(faulty, dataset, PERP, NEXT_DAY).table.equals(fetch(clean, dataset, PERP, NEXT_DAY).table)


def test_a_gap_takes_all_rows_of_its_span_and_no_other():
    found = fetch(quiet_source(ALL[0]), TRADES, PERP).table
    seconds = seconds_of_day(quiet_table(TRADES, PERP))
    inside = (seconds >= NOON.start) & (seconds < NOON.end)
    assert found.equals(quiet_table(TRADES, PERP).filter(~inside))
    assert planted_rows(ALL[0]).equals(quiet_table(TRADES, PERP).filter(inside))


def test_a_unit_flip_multiplies_the_amounts_of_its_span_by_a_thousand():
    found, clean = fetch(quiet_source(ALL[1]), TRADES, PERP).table, quiet_table(TRADES, PERP)
    ratio = numbers(found, "amount") / numbers(clean, "amount")
    seconds = seconds_of_day(clean)
    assert np.array_equal(ratio > 999, (seconds >= NOON.start) & (seconds < NOON.end))
    assert set(np.round(ratio)) == {1, 1_000}


def test_a_stale_book_repeats_one_state_while_its_clock_runs():
    touched = planted_rows(StaleBook(BOOK_OF_PERP, NOON))
    assert len(np.unique(levels(touched, "ask_prices"), axis=0)) == 1
    assert (np.diff(instants(touched)) > 0).all()


def test_duplicates_repeat_a_trade_and_conflicts_double_its_amount():
    clean = quiet_table(TRADES, PERP)
    amounts = dict(zip(numbers(clean, "id"), numbers(clean, "amount"), strict=True))
    for fault, factor in ((Duplicates(TRADES_OF_PERP, 7), 1), (ConflictingDuplicates(TRADES_OF_PERP, 7), 2)):
        found = fetch(quiet_source(fault), TRADES, PERP).table
        copies = planted_rows(fault)
        assert len(found) == len(clean) + 7
        assert len(set(found["id"].to_pylist())) == len(clean)
        assert [amounts[number] * factor for number in numbers(copies, "id")] == list(numbers(copies, "amount"))


def test_disorder_delays_arrival_and_keeps_exchange_time():
    late = planted_rows(Disorder(TRADES_OF_PERP, 9))
    assert len(late) == 9
    assert (instants(late, "local_timestamp") - instants(late) >= 5_000_000).all()


def test_only_the_planted_books_are_crossed():
    fault = CrossedBook(BOOK_OF_PERP, 11)
    found = fetch(quiet_source(fault), BOOK_SNAPSHOT_5, PERP).table
    crossed = levels(found, "bid_prices")[:, 0] > levels(found, "ask_prices")[:, 0]
    assert found.filter(crossed).equals(planted_rows(fault))
    assert crossed.sum() == 11


def test_impossible_values_are_quarantined_each_with_its_reason():
    fault = ImpossibleValues(TRADES_OF_PERP, 4)
    frame = fetch(quiet_source(fault), TRADES, PERP)
    assert {entry.reason: entry.count for entry in frame.quarantined} == {"amount_not_finite": 2, "amount_not_positive": 2}
    assert all(set(entry.rows["reason"].to_pylist()) == {entry.reason} for entry in frame.quarantined)
    set_aside = sorted(number for entry in frame.quarantined for number in entry.rows["id"].to_pylist())
    assert set_aside == planted_rows(fault)["id"].to_pylist()
    assert len(frame.table) + 4 == len(quiet_table(TRADES, PERP))


def test_impossible_amounts_in_a_book_are_quarantined():
    frame = fetch(quiet_source(ImpossibleValues(BOOK_OF_PERP, 3)), BOOK_SNAPSHOT_5, PERP)
    assert {entry.reason: entry.count for entry in frame.quarantined} == {"ask_amounts_not_finite": 1, "ask_amounts_not_positive": 2}


def test_too_many_impossible_values_refuse_the_file():
    with pytest.raises(BadData, match=f"simulated trades of {PERP} on {DAY}"):
        fetch(quiet_source(ImpossibleValues(TRADES_OF_PERP, 500)), TRADES, PERP)


def test_times_in_milliseconds_are_quarantined_and_a_whole_file_of_them_is_refused():
    frame = fetch(quiet_source(MillisecondTimestamps(TRADES_OF_PERP, 3)), TRADES, PERP)
    assert [(entry.reason, entry.count) for entry in frame.quarantined] == [("out_of_day", 3)]
    with pytest.raises(SchemaDrift, match="milliseconds"):
        fetch(quiet_source(MillisecondTimestamps(TRADES_OF_PERP, 10**9)), TRADES, PERP)


@pytest.mark.parametrize("dataset", [TRADES, BOOK_SNAPSHOT_5], ids=str)
def test_a_midnight_spill_moves_rows_to_the_next_file_and_loses_none(dataset):
    spill = MidnightSpill(Where(PERP, dataset.name, NEXT_DAY), 600)
    source = quiet_source(spill)
    before, after = (fetch(source, dataset, PERP, day).table for day in (DAY, NEXT_DAY))
    midnight = day_start(NEXT_DAY)
    assert instants(before)[-1] < midnight - 600_000_000
    late = instants(after) < midnight
    assert late.sum() > 0
    assert after.filter(late).equals(planted_rows(spill, NEXT_DAY))
    clean = np.concatenate([instants(quiet_table(dataset, PERP, day)) for day in (DAY, NEXT_DAY)])
    assert np.array_equal(np.sort(np.concatenate([instants(before), instants(after)])), np.sort(clean))


def test_an_empty_day_has_no_rows_and_a_missing_file_is_not_listed():
    assert len(fetch(quiet_source(EmptyDay(TRADES_OF_PERP)), TRADES, PERP).table) == 0
    missing = quiet_source(MissingFile(TRADES_OF_PERP))
    with pytest.raises(NotListed, match="no such file"):
        missing.fetch(TRADES, instrument_of(missing, PERP), DAY)
    assert planted_rows(MissingFile(TRADES_OF_PERP)).equals(quiet_table(TRADES, PERP))


def test_faults_are_planted_one_after_the_other():
    source = quiet_source(Duplicates(TRADES_OF_PERP, 5), Gap(TRADES_OF_PERP, Span(0, 86_400)))
    added, lost = source.planted(DAY)
    late = int((instants(quiet_table(TRADES, PERP)) < day_start(DAY)).sum())
    assert len(lost.rows) + late >= len(quiet_table(TRADES, PERP)) + len(added.rows) - 5
    assert len(fetch(source, TRADES, PERP).table) <= late + 5


def test_patterns_and_open_days_plant_in_many_files():
    source = quiet_source(Duplicates(Where("BINANCE:PERP:*"), 2))
    for day in (DAY, NEXT_DAY):
        assert [str(planted.instrument_id) for planted in source.planted(day)] == [
            "BINANCE:PERP:BTC-USD",
            "BINANCE:PERP:BTC-USDT",
            "BINANCE:PERP:ETH-USDT",
        ]


@pytest.mark.parametrize(
    "build",
    [
        lambda: CrossedBook(TRADES_OF_PERP, 1),
        lambda: StaleBook(TRADES_OF_PERP, NOON),
        lambda: Duplicates(BOOK_OF_PERP, 1),
        lambda: Duplicates(TRADES_OF_PERP, 0),
        lambda: MidnightSpill(TRADES_OF_PERP, 0),
        lambda: MidnightSpill(TRADES_OF_PERP, 86_400),
        lambda: Span(10, 10),
        lambda: Span(0, 86_401),
    ],
)
def test_a_fault_that_cannot_be_planted_is_refused_when_it_is_written_down(build):
    with pytest.raises(SettingsError, match="expected"):
        build()
