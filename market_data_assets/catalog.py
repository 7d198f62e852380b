"""Every stored table, by tier. What can be listed, loaded or described is listed here once."""

from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.compute.mft.ml_signals import ML_SIGNALS
from market_data_assets.compute.mft.registry import MFT_FEATURES
from market_data_assets.compute.quality.record import QUALITY_REPORTS
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.schemas import INSTRUMENTS, RAW
from market_data_assets.storage.warehouse.base import WarehouseTable

PROCESSED: tuple[Dataset, ...] = (*CANDLES.values(), *BOOK_SNAPSHOTS.values())
MFT: tuple[Dataset, ...] = tuple(MFT_FEATURES.values())
TABLES: tuple[WarehouseTable, ...] = tuple(map(WarehouseTable.of, PROCESSED))
DATASETS: tuple[Dataset, ...] = (INSTRUMENTS, *RAW, MISSING_REPORT, *PROCESSED, *MFT, ML_SIGNALS, *QUALITY_REPORTS.values())
