import dataclasses
import datetime as dt

import numpy as np
import pytest

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange, day_start
from market_data_assets.domain.schemas import (
    BOOK_SNAPSHOT_5,
    BOOK_SNAPSHOT_25,
    DERIVATIVE_TICKER,
    LIQUIDATIONS,
    OPTIONS_CHAIN,
    RAW,
    TRADES,
)
from market_data_assets.errors import BadData, SchemaDrift, SettingsError
from market_data_assets.sources.simulated.book_pathologies import CrossedBook, EmptyBook, LockedBook
from market_data_assets.sources.simulated.pathologies import (
    ConflictingDuplicates,
    Disorder,
    Duplicates,
    EmptyDay,
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
from market_data_assets_tests.sources.simulated.markets import (
    CALL,
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
    same_rows,
)

TRADES_OF_PERP = Where(PERP, "trades", DAY)
BOOK_OF_PERP = Where(PERP, "book_snapshot_5", DAY)
NOON = Span(43_200, 46_800)
NOON_RANGE = TimeRange(day_start(DAY) + 43_200_000_000, day_start(DAY) + 46_800_000_000)
# A quiet perp has some thirty liquidations a day; this span holds a few of them.
LONG = Span(10_000, 80_000)


def owner(dataset: Dataset) -> str:
    """An instrument that has the data type."""
    return CALL if dataset == OPTIONS_CHAIN else PERP


def faults_of(dataset: Dataset) -> list[Pathology]:
    """Every fault that shows in a file of the data type."""
    where = Where(owner(dataset), dataset.name, DAY)
    found = [
        Gap(where, LONG),
        UnitFlip(where, LONG),
        Duplicates(where, 3),
        Disorder(where, 2),
        MidnightSpill(where, 14_000),
        EmptyDay(where),
        Restatement(where, 3, 2),
    ]
    if dataset in {TRADES, LIQUIDATIONS}:
        found += [ConflictingDuplicates(where, 3), EmptyBook(where, LONG)]
    if dataset not in {TRADES, LIQUIDATIONS}:
        found += [StaleBook(where, NOON)]
    if dataset not in {TRADES, LIQUIDATIONS, DERIVATIVE_TICKER}:
        found += [CrossedBook(where, 11), LockedBook(where, 5), EmptyBook(where, NOON)]
    if dataset != LIQUIDATIONS:
        # One bad row of a few liquidations is more than the tolerated share.
        found += [ImpossibleValues(where, 1)]
    return found


EVERY = [
    pytest.param(dataset, fault, id=f"{dataset.name}-{type(fault).__name__}")
    for dataset in (TRADES, BOOK_SNAPSHOT_5, DERIVATIVE_TICKER, LIQUIDATIONS, OPTIONS_CHAIN)
    for fault in faults_of(dataset)
]


def restated_source(*pathologies: Pathology):
    return dataclasses.replace(quiet_source(*pathologies), revision=2)


def planted_rows(pathology: Pathology, day: dt.date = DAY):
    (planted,) = restated_source(pathology).planted(day)
    assert planted.pathology == pathology
    assert (str(planted.instrument_id), planted.data_type, planted.day) == (pathology.where.instrument, pathology.where.data_type, day)
    return planted.rows


def seconds_of_day(table) -> np.ndarray:
    return (instants(table) - day_start(DAY)) / 1e6


@pytest.mark.parametrize(("dataset", "pathology"), EVERY)
def test_each_fault_changes_its_own_file(dataset, pathology):
    assert len(planted_rows(pathology)) > 0
    assert not same_rows(fetch(restated_source(pathology), dataset, owner(dataset)).table, quiet_table(dataset, owner(dataset)))


@pytest.mark.parametrize("pathology", faults_of(BOOK_SNAPSHOT_5), ids=lambda pathology: type(pathology).__name__)
def test_each_fault_is_the_same_each_time(pathology):
    assert same_rows(planted_rows(pathology), planted_rows(pathology))


@pytest.mark.parametrize("pathology", faults_of(TRADES), ids=lambda pathology: type(pathology).__name__)
def test_each_fault_leaves_other_data_types_instruments_and_days_alone(pathology):
    faulty = restated_source(pathology)
    for dataset, instrument in ((BOOK_SNAPSHOT_5, PERP), (LIQUIDATIONS, PERP), (TRADES, "DERIBIT:PERP:BTC-USD")):
        assert same_rows(fetch(faulty, dataset, instrument).table, quiet_table(dataset, instrument))
    assert same_rows(fetch(faulty, TRADES, PERP, NEXT_DAY).table, quiet_table(TRADES, PERP, NEXT_DAY))


@pytest.mark.parametrize("dataset", RAW, ids=str)
def test_a_gap_names_its_exact_span_and_takes_all_rows_of_it(dataset):
    instrument = owner(dataset)
    fault = Gap(Where(instrument, dataset.name, DAY), NOON)
    clean = quiet_table(dataset, instrument)
    inside = (instants(clean) >= NOON_RANGE.start) & (instants(clean) < NOON_RANGE.end)
    (planted,) = quiet_source(fault).planted(DAY)
    assert planted.span == NOON_RANGE
    assert same_rows(planted.rows, clean.filter(inside))
    assert same_rows(fetch(quiet_source(fault), dataset, instrument).table, clean.filter(~inside))


def test_a_silent_feed_is_a_gap_in_all_data_types_at_once():
    source = quiet_source(SilentFeed(Where(PERP, "*", DAY), NOON))
    planted = source.planted(DAY)
    assert [fault.data_type for fault in planted] == list(instrument_of(source, PERP).data_types)
    assert {fault.span for fault in planted} == {NOON_RANGE}
    for dataset in (TRADES, BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25, DERIVATIVE_TICKER, LIQUIDATIONS):
        found = instants(fetch(source, dataset, PERP).table)
        assert not ((found >= NOON_RANGE.start) & (found < NOON_RANGE.end)).any()


def test_only_planted_spans_have_a_range():
    (planted,) = quiet_source(Duplicates(TRADES_OF_PERP, 2)).planted(DAY)
    assert planted.span is None


def test_a_unit_flip_multiplies_the_amounts_of_its_span_by_a_thousand():
    found, clean = fetch(quiet_source(UnitFlip(TRADES_OF_PERP, NOON)), TRADES, PERP).table, quiet_table(TRADES, PERP)
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


@pytest.mark.parametrize("dataset", [BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25], ids=str)
def test_only_the_planted_books_are_locked(dataset):
    fault = LockedBook(Where(PERP, dataset.name, DAY), 11)
    found = fetch(quiet_source(fault), dataset, PERP).table
    locked = levels(found, "bid_prices")[:, 0] == levels(found, "ask_prices")[:, 0]
    assert locked.sum() == 11
    assert same_rows(found.filter(locked), planted_rows(fault))


def test_quotes_of_options_are_crossed_and_locked_too():
    where = Where(CALL, "options_chain", DAY)
    for fault, relation in ((CrossedBook(where, 11), np.greater), (LockedBook(where, 11), np.equal)):
        found = fetch(quiet_source(fault), OPTIONS_CHAIN, CALL).table
        assert relation(numbers(found, "bid_price"), numbers(found, "ask_price")).sum() == 11


def test_a_halt_empties_the_book_and_trades_wait_for_the_reopening_without_losing_an_id():
    source = quiet_source(EmptyBook(Where(PERP, "*", DAY), NOON))
    book, trades = fetch(source, BOOK_SNAPSHOT_5, PERP).table, fetch(source, TRADES, PERP).table
    inside = (instants(book) >= NOON_RANGE.start) & (instants(book) < NOON_RANGE.end)
    assert np.isnan(levels(book, "ask_prices")).all(axis=1)[inside].all()
    assert np.isnan(levels(book, "bid_amounts")).all(axis=1)[inside].all()
    assert not np.isnan(levels(book, "ask_prices")[~inside, 0]).any()
    assert not ((instants(trades) >= NOON_RANGE.start) & (instants(trades) < NOON_RANGE.end)).any()
    assert np.array_equal(numbers(trades, "id"), numbers(quiet_table(TRADES, PERP), "id"))
    assert (instants(trades, "local_timestamp") >= instants(trades)).all()
    assert same_rows(fetch(source, DERIVATIVE_TICKER, PERP).table, quiet_table(DERIVATIVE_TICKER, PERP))


def test_a_restatement_shows_from_its_revision_on_and_with_another_version_of_its_own_file_only():
    fault = Restatement(TRADES_OF_PERP, 9, 2)
    first, second = quiet_source(fault), restated_source(fault)
    assert first.planted(DAY) == ()
    before, after = fetch(first, TRADES, PERP), fetch(second, TRADES, PERP)
    assert before.table.equals(quiet_table(TRADES, PERP))
    assert (numbers(after.table, "amount") == 2 * numbers(before.table, "amount")).sum() == 9
    assert before.source_version != after.source_version
    assert fetch(first, LIQUIDATIONS, PERP).source_version == fetch(second, LIQUIDATIONS, PERP).source_version


def test_impossible_values_are_quarantined_each_with_its_reason():
    source = dataclasses.replace(quiet_source(ImpossibleValues(TRADES_OF_PERP, 4)), scale=0.1)
    frame = fetch(source, TRADES, PERP)
    assert {entry.reason: entry.count for entry in frame.quarantined} == {"amount_not_finite": 2, "amount_not_positive": 2}
    assert all(set(entry.rows["reason"].to_pylist()) == {entry.reason} for entry in frame.quarantined)
    set_aside = sorted(number for entry in frame.quarantined for number in entry.rows["id"].to_pylist())
    (planted,) = source.planted(DAY)
    assert set_aside == planted.rows["id"].to_pylist()
    assert not set(set_aside) & set(frame.table["id"].to_pylist())


def test_impossible_amounts_in_a_book_are_quarantined():
    frame = fetch(quiet_source(ImpossibleValues(BOOK_OF_PERP, 3)), BOOK_SNAPSHOT_5, PERP)
    assert {entry.reason: entry.count for entry in frame.quarantined} == {"ask_amounts_not_finite": 1, "ask_amounts_not_positive": 2}


def test_too_many_impossible_values_refuse_the_file():
    with pytest.raises(BadData, match=f"simulated trades of {PERP} on {DAY}"):
        fetch(quiet_source(ImpossibleValues(TRADES_OF_PERP, 500)), TRADES, PERP)


@pytest.mark.parametrize("dataset", RAW, ids=str)
@pytest.mark.parametrize(("fault", "unit"), [(MillisecondTimestamps, "milliseconds"), (SecondTimestamps, "seconds")])
def test_times_in_another_unit_are_quarantined_and_a_whole_file_of_them_is_refused(dataset, fault, unit):
    where, instrument = Where(owner(dataset), dataset.name, DAY), owner(dataset)
    frame = fetch(quiet_source(fault(where, 3)), dataset, instrument)
    assert [(entry.reason, entry.count) for entry in frame.quarantined] == [("out_of_day", 3)]
    with pytest.raises(SchemaDrift, match=f"simulated {dataset.name} of {instrument} on {DAY}.* looks like {unit}"):
        fetch(quiet_source(fault(where, 10**9)), dataset, instrument)


@pytest.mark.parametrize(
    ("dataset", "count", "reasons"),
    [
        (DERIVATIVE_TICKER, 6, {"index_price_not_finite": 2, "index_price_not_positive": 4}),
        (OPTIONS_CHAIN, 2, {"strike_price_not_finite": 1, "strike_price_not_positive": 1}),
        (BOOK_SNAPSHOT_25, 3, {"ask_amounts_not_finite": 1, "ask_amounts_not_positive": 2}),
    ],
    ids=str,
)
def test_impossible_values_of_every_data_type_are_quarantined(dataset, count, reasons):
    where = Where(owner(dataset), dataset.name, DAY)
    frame = fetch(quiet_source(ImpossibleValues(where, count)), dataset, owner(dataset))
    assert {entry.reason: entry.count for entry in frame.quarantined} == reasons
    assert len(frame.table) + count == len(quiet_table(dataset, owner(dataset)))


@pytest.mark.parametrize("dataset", [TRADES, BOOK_SNAPSHOT_5, DERIVATIVE_TICKER, OPTIONS_CHAIN], ids=str)
def test_a_midnight_spill_moves_rows_to_the_next_file_and_loses_none(dataset):
    spill = MidnightSpill(Where(owner(dataset), dataset.name, NEXT_DAY), 600)
    source = quiet_source(spill)
    before, after = (fetch(source, dataset, owner(dataset), day).table for day in (DAY, NEXT_DAY))
    midnight = day_start(NEXT_DAY)
    assert instants(before)[-1] < midnight - 600_000_000
    late = instants(after) < midnight
    assert late.sum() > 0
    assert after.filter(late).equals(planted_rows(spill, NEXT_DAY))
    clean = np.concatenate([instants(quiet_table(dataset, owner(dataset), day)) for day in (DAY, NEXT_DAY)])
    assert np.array_equal(np.sort(np.concatenate([instants(before), instants(after)])), np.sort(clean))


def test_an_empty_day_has_no_rows():
    assert len(fetch(quiet_source(EmptyDay(TRADES_OF_PERP)), TRADES, PERP).table) == 0


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
    books = quiet_source(CrossedBook(Where(PERP, "book_snapshot_*", DAY), 2))
    assert [planted.data_type for planted in books.planted(DAY)] == ["book_snapshot_5", "book_snapshot_25"]


@pytest.mark.parametrize(
    "build",
    [
        lambda: CrossedBook(TRADES_OF_PERP, 1),
        lambda: StaleBook(TRADES_OF_PERP, NOON),
        lambda: ConflictingDuplicates(BOOK_OF_PERP, 1),
        lambda: SilentFeed(TRADES_OF_PERP, NOON),
        lambda: EmptyBook(BOOK_OF_PERP, Span(80_000, 86_400)),
        lambda: Restatement(TRADES_OF_PERP, 1, 1),
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
