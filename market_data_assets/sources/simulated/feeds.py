"""Which raw data types a contract has, and how each is recorded. A new data type is one entry here."""

from collections.abc import Callable

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25, DERIVATIVE_TICKER, LIQUIDATIONS, OPTIONS_CHAIN, TRADES
from market_data_assets.sources.simulated.chain import options_chain
from market_data_assets.sources.simulated.contracts import SimulatedContract
from market_data_assets.sources.simulated.liquidations import liquidations
from market_data_assets.sources.simulated.recording import Recording
from market_data_assets.sources.simulated.rows import Rows
from market_data_assets.sources.simulated.ticker import derivative_ticker

RECORDERS: dict[Dataset, Callable[[Recording], Rows]] = {
    TRADES: Recording.trades,
    BOOK_SNAPSHOT_5: lambda recording: recording.book(5),
    BOOK_SNAPSHOT_25: lambda recording: recording.book(25),
    DERIVATIVE_TICKER: derivative_ticker,
    LIQUIDATIONS: liquidations,
    OPTIONS_CHAIN: options_chain,
}
"""The rows of one block, by data type."""


def feeds(contract: SimulatedContract) -> tuple[Dataset, ...]:
    """The data types of a contract, in the order of ``RECORDERS``."""
    market = contract.market
    is_option = market.instrument_type is InstrumentType.OPTION
    is_perp_or_future = market.instrument_type in {InstrumentType.PERP, InstrumentType.FUTURE}
    has = {
        TRADES: contract.is_traded,
        BOOK_SNAPSHOT_5: contract.is_traded,
        BOOK_SNAPSHOT_25: market.levels > 5,
        DERIVATIVE_TICKER: is_perp_or_future,
        LIQUIDATIONS: is_perp_or_future,
        OPTIONS_CHAIN: is_option,
    }
    return tuple(dataset for dataset in RECORDERS if has[dataset])
