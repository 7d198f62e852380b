import datetime as dt

import numpy as np
import pytest

from market_data_assets.domain.days import day_end, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS, LIQUIDATIONS, OPTIONS_CHAIN, RAW, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import NotListed, SettingsError
from market_data_assets.sources.base import Source, fetch_day
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.sources.simulated.arrivals import LONGEST_DELAY
from market_data_assets_tests.sources.simulated.markets import (
    CALL,
    DAY,
    FUTURE,
    PERP,
    QUIET,
    SPOT,
    all_ids,
    ids_with,
    instants,
    instrument_of,
    quiet_source,
    quiet_table,
    some_with,
)


def ids_of(universe: Universe, day: dt.date = DAY) -> list[str]:
    return [str(listed.instrument_id) for listed in SimulatedSource(universe).instruments(day).instruments]


def test_it_is_a_source_of_every_kind_of_instrument():
    source: Source = quiet_source()
    assert source.name == "simulated"
    assert {InstrumentId.parse(text).instrument_type for text in all_ids()} == {"SPOT_PAIR", "PERP", "FUTURE", "OPTION"}
    assert set(all_ids()) >= {
        "BINANCE:SPOT_PAIR:BTC-USDT",
        "BINANCE:SPOT_PAIR:ETH-USDT",
        "BINANCE:PERP:BTC-USDT",
        "BINANCE:PERP:ETH-USDT",
        "BINANCE:PERP:BTC-USD",
        "DERIBIT:PERP:BTC-USD",
        "BINANCE:FUTURE:BTC-USDT-240927",
        "DERIBIT:FUTURE:BTC-USD-240927",
    }


def test_instruments_are_ordered_by_id_and_fill_a_row_of_the_table():
    listings = quiet_source().instruments(DAY)
    assert not listings.unknown
    assert [listed.instrument_id for listed in listings.instruments] == sorted(listed.instrument_id for listed in listings.instruments)
    for listed in listings.instruments:
        assert set(listed.row()) == set(INSTRUMENTS.columns)
        assert listed.source == "simulated"
        assert listed.data_types


TICKS = {"trades", "book_snapshot_5"}


@pytest.mark.parametrize(
    ("instrument", "data_types"),
    [
        (SPOT, {*TICKS, "book_snapshot_25"}),
        (PERP, {*TICKS, "book_snapshot_25", "derivative_ticker", "liquidations"}),
        ("BINANCE:PERP:ETH-USDT", {*TICKS, "derivative_ticker", "liquidations"}),
        (FUTURE, {*TICKS, "derivative_ticker", "liquidations"}),
        (CALL, {*TICKS, "options_chain"}),
    ],
)
def test_each_kind_of_instrument_has_its_data_types(instrument, data_types):
    assert set(instrument_of(quiet_source(), instrument).data_types) == data_types


def test_every_option_is_in_the_chain_and_a_few_of_them_trade():
    chain, traded = set(ids_with(OPTIONS_CHAIN)), {name for name in ids_with(TRADES) if ":OPTION:" in name}
    assert chain == {name for name in all_ids() if ":OPTION:" in name}
    assert traded < chain


def test_the_universe_chooses_data_types():
    source = SimulatedSource(Universe(data_types=("trades", "options_chain")))
    assert {name for listed in source.instruments(DAY).instruments for name in listed.data_types} == {"trades", "options_chain"}


@pytest.mark.parametrize(
    ("instrument", "multiplier"),
    [
        (PERP, 1.0),
        ("DERIBIT:PERP:BTC-USD", 1.0),
        ("BINANCE:PERP:BTC-USD", 100.0),
        (CALL, 1.0),
    ],
)
def test_contract_sizes_are_the_venues(instrument, multiplier):
    assert instrument_of(quiet_source(), instrument).contract_multiplier == multiplier


@pytest.mark.parametrize("dataset", RAW, ids=str)
def test_every_instrument_of_a_data_type_has_rows_sorted_and_in_microseconds_of_their_day(dataset):
    for instrument in some_with(dataset):
        table = quiet_table(dataset, instrument)
        assert table.schema == dataset.schema
        # At a twentieth of their activity some of the smaller futures have a day without liquidations.
        assert len(table) > 0 or dataset == LIQUIDATIONS
        happened, arrived = instants(table), instants(table, "local_timestamp")
        assert np.array_equal(np.lexsort((arrived, happened)), np.arange(len(table)))
        assert ((arrived >= day_start(DAY)) & (arrived < day_end(DAY)) & (happened <= arrived)).all()
        assert (happened >= day_start(DAY) - LONGEST_DELAY).all()


def test_a_day_of_a_data_type_has_the_instruments_that_are_listed_with_it():
    source = quiet_source()
    day = fetch_day(source, LIQUIDATIONS, source.instruments(DAY).instruments, DAY)
    assert [str(instrument) for instrument in day] == ids_with(LIQUIDATIONS)


@pytest.mark.parametrize(
    ("universe", "expected"),
    [
        (Universe(venues=("binance-delivery",)), {"BINANCE:PERP:BTC-USD"}),
        (Universe(patterns=("binance:perp:*-USDT",)), {"BINANCE:PERP:BTC-USDT", "BINANCE:PERP:ETH-USDT"}),
        (Universe(venues=("DERIBIT",), patterns=("*:PERP:*",)), {"DERIBIT:PERP:BTC-USD"}),
        (Universe(venues=("KRAKEN",)), set()),
    ],
)
def test_the_universe_chooses(universe, expected):
    assert set(ids_of(universe)) == expected


def test_an_instrument_outside_the_universe_is_not_fetched():
    source = SimulatedSource(Universe(venues=("deribit",)))
    with pytest.raises(NotListed, match=PERP):
        source.fetch(TRADES, instrument_of(quiet_source(), PERP), DAY)


def test_a_day_outside_the_listing_has_no_file_and_the_message_names_it():
    future = instrument_of(quiet_source(), "DERIBIT:FUTURE:BTC-USD-240927")
    after = dt.date(2024, 9, 28)
    assert "DERIBIT:FUTURE:BTC-USD-240927" not in ids_of(Universe(), after)
    with pytest.raises(NotListed, match="trades of DERIBIT:FUTURE:BTC-USD-240927 on 2024-09-28"):
        quiet_source().fetch(TRADES, future, after)


def test_what_a_definition_says_does_not_look_ahead():
    name = "DERIBIT:FUTURE:BTC-USD-240927"
    before, on = (instrument_of(quiet_source(), name, day) for day in (dt.date(2024, 9, 26), dt.date(2024, 9, 27)))
    assert (before.status, before.available_to) == ("active", None)
    assert (on.status, on.available_to) == ("expired", on.expiry)
    assert on.listed_at == before.available_from == dt.datetime(2024, 3, 29, 8, tzinfo=dt.UTC)


def test_nothing_is_listed_before_the_first_market_opened():
    assert ids_of(Universe(), dt.date(2017, 8, 16)) == []
    assert ids_of(Universe(), dt.date(2017, 8, 17)) == ["BINANCE:SPOT_PAIR:BTC-USDT", "BINANCE:SPOT_PAIR:ETH-USDT"]


def test_a_data_type_that_the_instrument_does_not_have_is_absent():
    with pytest.raises(NotListed, match="options_chain"):
        quiet_source().fetch(OPTIONS_CHAIN, instrument_of(quiet_source(), PERP), DAY)


def test_activity_follows_the_scale():
    perp = instrument_of(quiet_source(), PERP)
    quiet, busy = (len(SimulatedSource(Universe(), scale=scale).fetch(TRADES, perp, DAY).table) for scale in (QUIET, 1.0))
    assert busy / quiet == pytest.approx(1 / QUIET, rel=0.3)


@pytest.mark.parametrize("scale", [0, -1, float("nan")])
def test_a_scale_that_is_not_above_zero_is_refused(scale):
    with pytest.raises(SettingsError, match="above 0"):
        SimulatedSource(Universe(), scale=scale)


def test_hardly_any_activity_is_no_error():
    source, kept = SimulatedSource(Universe(), scale=1e-4), {SPOT, PERP, FUTURE, CALL}
    for listed in source.instruments(DAY).instruments:
        if str(listed.instrument_id) in kept:
            for dataset in RAW:
                if dataset.name in listed.data_types:
                    assert source.fetch(dataset, listed, DAY).table.schema == dataset.schema


def test_a_revision_below_the_first_is_refused():
    with pytest.raises(SettingsError, match="revision 0"):
        SimulatedSource(Universe(), revision=0)
