"""What a snapshot says was known when it was available: without what arrived later, the same row comes out."""

import numpy as np
import pytest

from market_data_assets.compute.book_snapshots import from_book
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.timeframes import TIMEFRAMES
from market_data_assets_tests.compute.book_snapshots.books import DAY, INVERSE, OPTION, SECOND, listed
from market_data_assets_tests.compute.candles.replays import FIRST, SPAN, Day, as_known, differences, row_at


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("contract", [INVERSE, OPTION], ids=lambda contract: str(contract.instrument_id))
def test_every_snapshot_is_what_was_known_when_it_was_available(contract: Contract, seed: int) -> None:
    contract, chosen = listed(contract, FIRST, FIRST + SPAN + 900 * SECOND), np.random.default_rng(seed)
    book = Day(seed).book()
    for timeframe, frame in from_book(book, contract, DAY, TIMEFRAMES).items():
        for number in chosen.choice(len(frame.table), min(len(frame.table), 4), replace=False):
            (expected,) = frame.table.slice(number, 1).to_pylist()
            known = as_known(book, expected["available_at"])
            found = row_at(from_book(known, contract, DAY, [timeframe])[timeframe].table, expected["timestamp"])
            assert not differences(found, expected), (str(timeframe), expected["timestamp"], expected["available_at"])
