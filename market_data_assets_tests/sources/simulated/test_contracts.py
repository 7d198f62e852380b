import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.days import to_datetime, to_instant
from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.sources.simulated.contracts import contracts

DAYS = st.dates(dt.date(2021, 1, 1), dt.date(2030, 1, 1))


def symbols(day: dt.date, kind: InstrumentType, exchange: str = "deribit") -> list[str]:
    return [
        contract.symbol for contract in contracts(day) if (contract.market.instrument_type, contract.market.exchange) == (kind, exchange)
    ]


@settings(max_examples=25)
@given(DAYS)
def test_each_day_has_two_or_three_quarterlies(day):
    rolls = {2, 3} if day.weekday() == 4 else {2}
    assert len(symbols(day, InstrumentType.FUTURE)) in rolls
    assert len(symbols(day, InstrumentType.FUTURE, "binance-futures")) in rolls


@settings(max_examples=25)
@given(DAYS)
def test_a_contract_stays_listed_until_it_expires(day):
    tomorrow = {str(contract) for contract in contracts(day + dt.timedelta(days=1))}
    for contract in contracts(day):
        expires_today = contract.expires is not None and to_datetime(contract.expires).date() == day
        assert (str(contract) in tomorrow) is not expires_today


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2024, 9, 26), ["BTC-27SEP24", "BTC-27DEC24"]),
        (dt.date(2024, 9, 27), ["BTC-27SEP24", "BTC-27DEC24", "BTC-28MAR25"]),
        (dt.date(2024, 9, 28), ["BTC-27DEC24", "BTC-28MAR25"]),
    ],
)
def test_futures_roll_on_the_last_friday_of_the_quarter(day, expected):
    assert symbols(day, InstrumentType.FUTURE) == expected


def test_the_roll_is_at_eight():
    on_the_roll = [contract for contract in contracts(dt.date(2024, 9, 27)) if contract.market.symbol == "BTC"]
    eight = to_instant("2024-09-27T08:00")
    assert {
        contract.symbol: (contract.listed == eight, contract.expires == eight) for contract in on_the_roll if contract.strike is None
    } == {
        "BTC-27SEP24": (False, True),
        "BTC-27DEC24": (False, False),
        "BTC-28MAR25": (True, False),
    }


def test_option_symbols_do_not_pad_the_day_with_a_zero():
    assert any(symbol.startswith("BTC-9AUG24-") for symbol in symbols(dt.date(2024, 8, 8), InstrumentType.OPTION))
    assert not any(symbol.startswith("BTC-09") for symbol in symbols(dt.date(2024, 8, 8), InstrumentType.OPTION))
