import datetime as dt

import pytest

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, INSTRUMENTS, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import NotListed, SettingsError
from market_data_assets.sources.base import Source, fetch_day
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets_tests.sources.simulated.markets import DAY, PERP, QUIET, all_ids, instrument_of, quiet_source


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
        assert (listed.source, listed.data_types) == ("simulated", ("trades", "book_snapshot_5"))


@pytest.mark.parametrize(
    ("instrument", "multiplier"),
    [
        (PERP, 1.0),
        ("DERIBIT:PERP:BTC-USD", 1.0),
        ("BINANCE:PERP:BTC-USD", 100.0),
        ("DERIBIT:OPTION:BTC-USD-40000-240816-CALL", 1.0),
    ],
)
def test_contract_sizes_are_the_venues(instrument, multiplier):
    assert instrument_of(quiet_source(), instrument).contract_multiplier == multiplier


@pytest.mark.parametrize("dataset", [TRADES, BOOK_SNAPSHOT_5], ids=str)
def test_every_listed_instrument_has_rows_in_the_raw_schema(dataset):
    source = quiet_source()
    day = fetch_day(source, dataset, source.instruments(DAY).instruments, DAY)
    assert [str(instrument) for instrument in day] == all_ids()
    for instrument in day:
        table = day[instrument].read()
        assert table.schema == dataset.schema
        assert len(table) > 0


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


def test_a_data_type_that_is_not_simulated_is_absent():
    unknown = Dataset(tier="raw_tick_data", name="liquidations", doc="", columns={})
    with pytest.raises(NotListed, match="liquidations"):
        quiet_source().fetch(unknown, instrument_of(quiet_source(), PERP), DAY)


def test_activity_follows_the_scale():
    perp = instrument_of(quiet_source(), PERP)
    quiet, busy = (len(SimulatedSource(Universe(), scale=scale).fetch(TRADES, perp, DAY).table) for scale in (QUIET, 1.0))
    assert busy / quiet == pytest.approx(1 / QUIET, rel=0.3)


@pytest.mark.parametrize("scale", [0, -1, float("nan")])
def test_a_scale_that_is_not_above_zero_is_refused(scale):
    with pytest.raises(SettingsError, match="above 0"):
        SimulatedSource(Universe(), scale=scale)


def test_hardly_any_activity_is_no_error():
    source = SimulatedSource(Universe(), scale=1e-4)
    for listed in source.instruments(DAY).instruments:
        for dataset in (TRADES, BOOK_SNAPSHOT_5):
            assert source.fetch(dataset, listed, DAY).table.schema == dataset.schema
