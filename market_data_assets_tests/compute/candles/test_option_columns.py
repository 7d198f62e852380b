"""The option surface on the rows of the underlying."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.compute.candles.build import from_ticks, merge
from market_data_assets.compute.candles.features.options import FEATURES, surface_name
from market_data_assets.compute.candles.feeds import Feeds
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES
from market_data_assets.errors import BadData, QueryError
from market_data_assets_tests.compute.candles.trades import DAY, INVERSE, LINEAR, MIDNIGHT, SECOND, table
from market_data_assets_tests.compute.options import chains
from market_data_assets_tests.compute.options.chains import Quote

_BUCKET = 15 * SECOND
_NAMES = [feature.name for feature in FEATURES]


def _smile(at: int, level: float) -> list[Quote]:
    quotes = chains.smile_quotes(lambda _strike, _years: level, np.arange(30_000.0, 120_000.0, 2_000.0), (5, 20, 45, 120))
    return [replace(quote, at=at, interest=1.0) for quote in quotes]


def _frames(quotes: list[Quote], contract: Contract = INVERSE) -> dict[str, pa.Table]:
    feeds = Feeds(table([]), options_chain=chains.table(quotes))
    return {str(timeframe): frame.table for timeframe, frame in from_ticks(feeds, contract, DAY, TIMEFRAMES).items()}


def test_the_columns_are_the_surface_just_before_the_end_of_each_bucket() -> None:
    quotes = [*_smile(0, 0.6), *_smile(_BUCKET, 0.8), *_smile(3 * _BUCKET - 1, 0.5)]
    rows = _frames(quotes)["15s"]
    volatilities = rows["atm_mark_iv"].to_pylist()
    assert volatilities[:7] == pytest.approx([0.6, 0.8, 0.5, 0.5, 0.5, 0.5, 0.5], rel=1e-12)
    assert set(volatilities[7:]) == {None}
    expected = chains.surface(quotes, *(bucket * _BUCKET - 1 for bucket in range(1, 9))).of_underlying()
    assert {"atm_mark_iv", "skew_25d_put_call_ratio", "model_free_iv_30d"} < set(_NAMES)
    for name in _NAMES:
        np.testing.assert_array_equal(rows[name].to_numpy()[:8], expected[surface_name(name)], err_msg=name)


def test_what_is_not_known_at_the_end_of_the_day_is_the_last_that_was() -> None:
    frames = _frames([*_smile(0, 0.6), *_smile(3_600 * SECOND, 0.8)])
    assert frames["24h"]["atm_mark_iv"].to_pylist() == pytest.approx([0.8], rel=1e-12)
    assert frames["4h"]["atm_mark_iv"].to_pylist()[1:] == [None] * 5
    assert frames["24h"]["option_stale_share"].to_pylist() == [1.0]


def test_every_column_merges_exactly_from_any_finer_timeframe() -> None:
    frames = _frames([quote for number in range(40) for quote in _smile(number * 97 * SECOND, 0.4 + number / 100)[:: 1 + number % 3]])
    for number, finer in enumerate(TIMEFRAMES):
        for coarser in TIMEFRAMES[number + 1 :]:
            merged = merge(frames[str(finer)], coarser)
            assert merged.select([*_NAMES, "available_at"]).equals(frames[str(coarser)].select([*_NAMES, "available_at"]))


def test_available_at_covers_the_arrival_of_the_quotes() -> None:
    rows = _frames([replace(quote, delay=50 * SECOND) for quote in _smile(0, 0.6)])["15s"].to_pylist()
    at = [round(row["available_at"].timestamp() * 1e6) - MIDNIGHT for row in rows[:6]]
    assert at == [second * SECOND for second in (50, 50, 50, 60, 75, 90)]


def test_quotes_after_a_bucket_change_nothing_in_it() -> None:
    quotes = [*_smile(0, 0.6), *_smile(40 * SECOND, 0.8)]
    one, other = (_frames(of)["15s"].select([*_NAMES, "available_at"]).slice(0, 2) for of in (quotes, quotes[: len(quotes) // 2]))
    assert one.equals(other)


def test_options_prove_nothing_of_the_underlyings_own_feed() -> None:
    assert set(_frames(_smile(0, 0.6))["24h"]["bucket_status"].to_pylist()) == {"no_data"}


def test_an_instrument_without_options_has_null() -> None:
    rows = from_ticks(Feeds(table([])), INVERSE, DAY, [FINEST])[FINEST].table
    assert all(rows[name].null_count == len(rows) for name in _NAMES)


def test_impossible_quotes_are_set_aside() -> None:
    feeds = Feeds(table([]), options_chain=chains.table([Quote(60_000), Quote(60_000, iv=-1.0)]))
    quarantined = from_ticks(feeds, INVERSE, DAY, [FINEST])[FINEST].quarantined
    assert [(of.reason, of.count) for of in quarantined] == [("impossible_value", 1)]


def test_options_of_another_underlying_are_refused() -> None:
    with pytest.raises(QueryError, match="DERIBIT:PERP:BTC-USD on 2024-08-08: options of ETH-USD"):
        _frames([Quote(3_000, base="ETH")])
    with pytest.raises(QueryError, match="options of OKX"):
        _frames([Quote(60_000)], LINEAR)


def test_quotes_of_another_day_are_refused() -> None:
    with pytest.raises(BadData, match="options_chain of DERIBIT:PERP:BTC-USD"):
        _frames([Quote(60_000, at=-1)])
