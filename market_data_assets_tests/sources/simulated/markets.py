"""What the tests of this folder share: a quiet source, a day, and files fetched once."""

import datetime as dt
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.domain.datasets import Dataset, TableFrame
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.sources.simulated.planting import Pathology

DAY = dt.date(2024, 8, 8)
NEXT_DAY = dt.date(2024, 8, 9)
QUIET = 0.05
PERP = "BINANCE:PERP:BTC-USDT"
SPOT = "BINANCE:SPOT_PAIR:BTC-USDT"
FUTURE = "DERIBIT:FUTURE:BTC-USD-240927"
CALL = "DERIBIT:OPTION:BTC-USD-42000-240816-CALL"
PUT = "DERIBIT:OPTION:BTC-USD-42000-240816-PUT"


def quiet_source(*pathologies: Pathology) -> SimulatedSource:
    """All markets at a twentieth of their activity."""
    return SimulatedSource(Universe(), pathologies, QUIET)


def instrument_of(source: SimulatedSource, instrument: str, day: dt.date = DAY) -> Instrument:
    wanted = InstrumentId.parse(instrument)
    return next(listed for listed in source.instruments(day).instruments if listed.instrument_id == wanted)


def fetch(source: SimulatedSource, dataset: Dataset, instrument: str, day: dt.date = DAY) -> TableFrame:
    return source.fetch(dataset, instrument_of(source, instrument, day), day)


@lru_cache(maxsize=160)
def quiet_table(dataset: Dataset, instrument: str, day: dt.date = DAY) -> pa.Table:
    return fetch(quiet_source(), dataset, instrument, day).table


@lru_cache(maxsize=4)
def full_table(dataset: Dataset, instrument: str) -> pa.Table:
    return fetch(SimulatedSource(Universe()), dataset, instrument).table


def all_ids(day: dt.date = DAY) -> list[str]:
    return [str(listed.instrument_id) for listed in quiet_source().instruments(day).instruments]


def ids_with(dataset: Dataset) -> list[str]:
    """Every instrument that has the data type."""
    return [str(listed.instrument_id) for listed in quiet_source().instruments(DAY).instruments if dataset.name in listed.data_types]


def some_with(dataset: Dataset) -> list[str]:
    """Every instrument that has the data type, but of the options only one call and one put."""
    return [instrument for instrument in ids_with(dataset) if ":OPTION:" not in instrument or instrument in {CALL, PUT}]


def numbers(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return table[name].to_numpy()


def instants(table: pa.Table, name: str = "timestamp") -> npt.NDArray[np.int64]:
    return table[name].cast(pa.int64()).to_numpy()


def levels(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    """A book column as (rows, levels)."""
    column = table[name].combine_chunks()
    return column.values.to_numpy(zero_copy_only=False).reshape(len(table), column.type.list_size)


def same_rows(one: pa.Table, other: pa.Table) -> bool:
    """Whether two tables are equal, NaN being equal to NaN."""
    return one.schema == other.schema and len(one) == len(other) and all(map(_same_column, one.columns, other.columns))


def _same_column(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    if one.equals(other):
        return True
    return bool(pa.types.is_fixed_size_list(one.type)) and np.array_equal(_flat(one), _flat(other), equal_nan=True)


def _flat(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    return column.combine_chunks().values.to_numpy(zero_copy_only=False)
