"""Records of stored days as tests of single rules need them."""

import datetime as dt
from collections.abc import Mapping

from market_data_assets.domain.datasets import Dataset, Finality
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.preflight.stored import Found, Place, Size, StoredDay
from market_data_assets.preflight.work import LAKE

DAY = dt.date(2024, 8, 8)
SECOND = 1_000_000


def stored_day(**values: object) -> StoredDay:
    given: dict[str, object] = {
        "run_id": "run",
        "committed_at": 0,
        "finality": Finality.FINAL,
        "content_hash": "same",
        "instruments": frozenset(),
        "failed": 0,
        "rows": 0,
        "objects": 1,
        "inputs": {},
        "is_of_this_code": True,
        **values,
    }
    return StoredDay(**given)


def sized(dataset: Dataset, sizes: Mapping[dt.date, Mapping[str | None, Size]]) -> dict[Place, Found]:
    return {(dataset, day): stored_day(sizes=of_day) for day, of_day in sizes.items()}


def run_of(day: dt.date, start: int, seconds_a_step: float, rows: int, run_id: str = "run") -> dict[Place, Found]:
    """Every table of a day, committed one after the other; each has so many rows."""
    return {
        (dataset, day): stored_day(run_id=run_id, committed_at=round((start + number * seconds_a_step) * SECOND), rows=rows)
        for number, dataset in enumerate(LAKE)
    }


def instrument(text: str, *data_types: str, exchange: str = "binance-futures", symbol: str = "BTCUSDT") -> Instrument:
    return Instrument(InstrumentId.parse(text), symbol, "test", data_types, tardis_exchange=exchange, tardis_symbol=symbol)
