import datetime as dt

import pytest

from market_data_assets.compute.contract import Contract, contract_of
from market_data_assets.domain.days import day_end, day_start
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import ContractSizeUnknown

DAY = dt.date(2024, 8, 8)


def row(instrument: str, **changes: object) -> dict[str, object]:
    return {**Instrument(InstrumentId.parse(instrument), "S", "test", ()).row(), **changes}


@pytest.mark.parametrize(
    ("instrument", "multiplier", "inverse"),
    [
        ("BINANCE:SPOT_PAIR:BTC-USDT", 1.0, False),
        ("BINANCE:PERP:BTC-USDT", 1.0, False),
        ("BINANCE:PERP:BTC-USD", 100.0, True),
        ("DERIBIT:OPTION:BTC-USD-100000-241227-CALL", 1.0, False),
    ],
)
def test_amounts_of_inverse_contracts_are_quote_and_all_others_base_options_too(instrument: str, multiplier: float, inverse: bool) -> None:
    contract = contract_of(row(instrument, contract_multiplier=multiplier))
    assert (contract.inverse, contract.multiplier) == (inverse, multiplier)


def test_a_derivative_of_unknown_size_is_refused_with_its_name_and_reason() -> None:
    with pytest.raises(ContractSizeUnknown, match="BINANCE:PERP:BTC-USD") as caught:
        contract_of(row("BINANCE:PERP:BTC-USD", contract_multiplier=None))
    assert caught.value.reason == "contract_size_unknown"


@pytest.mark.parametrize("multiplier", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_multiplier_is_refused(multiplier: float) -> None:
    with pytest.raises(ContractSizeUnknown):
        contract_of(row("BINANCE:PERP:BTC-USDT", contract_multiplier=multiplier))


def test_spot_without_a_multiplier_counts_in_base() -> None:
    assert contract_of(row("BINANCE:SPOT_PAIR:BTC-USDT", contract_multiplier=None)).multiplier == 1.0


def test_the_listing_is_cut_to_the_day() -> None:
    noon = dt.datetime(2024, 8, 8, 12, tzinfo=dt.UTC)
    middle = day_start(DAY) + 12 * 3600 * 1_000_000
    listed = contract_of(row("BINANCE:SPOT_PAIR:BTC-USDT", available_from=noon))
    delisted = contract_of(row("BINANCE:SPOT_PAIR:BTC-USDT", available_to=noon))
    assert listed.listed_within(DAY) == (middle, day_end(DAY))
    assert delisted.listed_within(DAY) == (day_start(DAY), middle)


def test_a_day_outside_the_listing_is_empty() -> None:
    contract = Contract(InstrumentId.parse("BINANCE:SPOT_PAIR:BTC-USDT"), inverse=False, multiplier=1.0, listed_to=day_start(DAY))
    start, end = contract.listed_within(DAY)
    assert start == end


def test_only_options_leave_out_buckets_without_events() -> None:
    assert contract_of(row("BINANCE:PERP:BTC-USDT")).has_full_grid
    assert not contract_of(row("DERIBIT:OPTION:BTC-USD-100000-241227-CALL")).has_full_grid
