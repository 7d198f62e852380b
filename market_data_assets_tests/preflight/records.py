"""Records of stored days as tests of single rules need them."""

import datetime as dt

from market_data_assets.domain.datasets import Finality
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.preflight.work import LAKE
from market_data_assets.upkeep.lineage import DatasetDay
from market_data_assets.upkeep.stored_days import StoredDay

DAY = dt.date(2024, 8, 8)
SECOND = 1_000_000


def stored_day(**values: object) -> StoredDay:
    given: dict[str, object] = {
        "run_id": "run",
        "committed_at": 0,
        "content_hash": "same",
        "inputs": {},
        "schema_fingerprint": "",
        "code_version": "",
        "finality": Finality.FINAL,
        "failed": (),
        "holds_rows": True,
        "rows": 0,
        "instruments": frozenset(),
        "settled": frozenset(),
        **values,
    }
    return StoredDay(**given)


def run_of(day: dt.date, start: int, seconds_a_step: float, rows: int, run_id: str = "run") -> dict[DatasetDay, StoredDay | None]:
    """Every table of a day, committed one after the other; each has so many rows."""
    return {
        (dataset, day): stored_day(run_id=run_id, committed_at=round((start + number * seconds_a_step) * SECOND), rows=rows)
        for number, dataset in enumerate(LAKE)
    }


def instrument(text: str, *data_types: str, exchange: str = "binance-futures", symbol: str = "BTCUSDT") -> Instrument:
    return Instrument(InstrumentId.parse(text), symbol, "test", data_types, tardis_exchange=exchange, tardis_symbol=symbol)
