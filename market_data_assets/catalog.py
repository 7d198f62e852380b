"""Every stored table, by tier. What can be listed, loaded or described is listed here once."""

from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.schemas import INSTRUMENTS, RAW

PROCESSED: tuple[Dataset, ...] = (*CANDLES.values(), *BOOK_SNAPSHOTS.values())
DATASETS: tuple[Dataset, ...] = (INSTRUMENTS, *RAW, *PROCESSED)
