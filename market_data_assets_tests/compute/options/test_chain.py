"""Rows of a chain that belong, and those that do not."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.compute.options.chain import read_chain
from market_data_assets.errors import QueryError, SchemaDrift
from market_data_assets_tests.compute.options.chains import Quote, table

_NAN, _INFINITE = float("nan"), float("inf")
_GOOD = Quote(60_000)


@pytest.mark.parametrize(
    "bad",
    [
        {"iv": -1.0},
        {"iv": _INFINITE},
        {"interest": -1.0},
        {"bid": -0.1},
        {"ask": _INFINITE},
        {"mark": -0.1},
        {"forward": 0.0},
        {"forward": -5.0},
        {"forward": _INFINITE},
        {"delta": _INFINITE},
        {"gamma": -_INFINITE},
    ],
)
def test_a_row_with_an_impossible_number_is_set_aside(bad: dict[str, float]) -> None:
    chain = read_chain(table([_GOOD, replace(_GOOD, at=1, **bad)]), "DERIBIT")
    assert [(of.reason, of.count) for of in chain.quarantined] == [("impossible_value", 1)]
    assert chain.quarantined[0].rows is not None
    assert chain.quarantined[0].rows["reason"].to_pylist() == ["impossible_value"]
    assert len(chain.quotes.times) == 1


@pytest.mark.parametrize("strike", [0.0, -1.0, _INFINITE, _NAN])
def test_an_impossible_strike_is_set_aside(strike: float) -> None:
    rows = table([_GOOD])
    rows = rows.set_column(rows.column_names.index("strike_price"), "strike_price", pa.array([strike]))
    assert [of.reason for of in read_chain(rows, "DERIBIT").quarantined] == ["impossible_value"]


def test_a_number_that_the_venue_did_not_give_is_no_fault() -> None:
    chain = read_chain(table([replace(_GOOD, iv=None, forward=None), replace(_GOOD, iv=0.0, bid=0.0, ask=0.0, at=1)]), "DERIBIT")
    assert not chain.quarantined
    assert np.isnan(chain.quotes.volatilities).all()
    assert np.isnan(chain.quotes.mids).all()


def test_crossed_quotes_have_no_mid() -> None:
    quotes = [replace(_GOOD, bid=0.03, ask=0.02), replace(_GOOD, bid=0.02, ask=0.02, at=1), replace(_GOOD, bid=None, ask=0.02, at=2)]
    np.testing.assert_array_equal(read_chain(table(quotes), "DERIBIT").quotes.mids, [_NAN, 0.02, _NAN])


def test_a_row_that_contradicts_its_contract_is_set_aside() -> None:
    rows = table([_GOOD, replace(_GOOD, at=1)])
    rows = rows.set_column(rows.column_names.index("strike_price"), "strike_price", pa.array([60_000.0, 61_000.0]))
    chain = read_chain(rows, "DERIBIT")
    assert [(of.reason, of.count) for of in chain.quarantined] == [("conflicting_definition", 1)]
    assert chain.layout.strikes.tolist() == [60_000.0]


def test_contracts_lie_by_expiry_and_strike_whatever_their_order() -> None:
    quotes = [Quote(70_000, "put", days=9), Quote(60_000, days=9), Quote(70_000, days=9), Quote(50_000, "put", days=2)]
    layout = read_chain(table(quotes), "DERIBIT").layout
    assert layout.strikes.tolist() == [50_000.0, 60_000.0, 70_000.0]
    assert layout.first_places.tolist() == [0, 1, 3]
    assert layout.expirations.tolist() == [quotes[3].expiration, quotes[0].expiration]
    assert layout.places.tolist() == [2, 1, 2, 0]
    assert layout.sides.tolist() == [1, 0, 0, 1]


def test_volatilities_in_percent_become_decimals() -> None:
    assert read_chain(table([_GOOD]), "DERIBIT").quotes.volatilities.tolist() == [0.6]


def test_deltas_are_those_of_black_and_scholes_whatever_the_venue_states() -> None:
    quotes = [Quote(60_000, delta=0.5, mark=0.03), Quote(60_000, "put", delta=-0.5, mark=0.02), Quote(61_000, delta=0.4)]
    as_stated = [0.5, -0.5, 0.4]
    for venue, quote, deltas in (
        ("DERIBIT", "USD", as_stated),
        ("OKX", "USD", [0.53, -0.48, _NAN]),
        # Of a premium in quote there is nothing to adjust.
        ("OKX", "USDT", as_stated),
    ):
        rows = table([replace(of, venue=venue, quote=quote) for of in quotes])
        np.testing.assert_allclose(read_chain(rows, venue).quotes.deltas, deltas, rtol=1e-14)


def test_ids_may_be_dictionary_encoded_in_chunks_of_their_own() -> None:
    quotes = [Quote(60_000, at=at) for at in range(3)] + [Quote(61_000, at=at) for at in range(2)]
    rows = table(quotes)
    encoded = pa.concat_tables(
        [part.set_column(0, "instrument_id", part["instrument_id"].dictionary_encode()) for part in (rows.slice(0, 4), rows.slice(4))]
    )
    assert read_chain(encoded, "DERIBIT").layout.first_rows.tolist() == [0, 3, 5]


def test_contracts_of_two_underlyings_are_refused() -> None:
    with pytest.raises(QueryError, match="several underlyings"):
        read_chain(table([_GOOD, replace(_GOOD, base="ETH")]), "DERIBIT")


def test_another_venue_is_refused() -> None:
    with pytest.raises(QueryError, match="options of OKX: DERIBIT:OPTION"):
        read_chain(table([_GOOD]), "OKX")


def test_a_missing_column_is_schema_drift() -> None:
    with pytest.raises(SchemaDrift, match="mark_iv"):
        read_chain(table([_GOOD]).drop_columns(["mark_iv"]), "DERIBIT")


def test_a_column_of_another_type_is_schema_drift() -> None:
    rows = table([_GOOD])
    rows = rows.set_column(rows.column_names.index("delta"), "delta", pa.array(["0.5"]))
    with pytest.raises(SchemaDrift, match="delta is string"):
        read_chain(rows, "DERIBIT")


def test_a_row_without_its_expiry_is_schema_drift() -> None:
    rows = table([_GOOD])
    none = pa.nulls(1, rows.schema.field("expiration").type)
    with pytest.raises(SchemaDrift, match=r"nulls in.*expiration"):
        read_chain(rows.set_column(rows.column_names.index("expiration"), "expiration", none), "DERIBIT")
