"""Reading a view as any Parquet tool does: by its documented name."""

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.storage.stores.base import Store


def view_file(store: Store, prefix: str, name: str) -> pa.Table:
    return pq.read_table(pa.BufferReader(store.get(f"{prefix}{name}.parquet").data))
