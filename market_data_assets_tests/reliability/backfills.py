"""A backfill as a process runs it: a raw day, a day that is derived from what is stored then, and its load into a warehouse."""

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import ConcurrentCommit
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stored_frames import Replaced
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.warehouse.base import Warehouse
from market_data_assets.storage.warehouse.opening import open_warehouse
from market_data_assets_tests.reliability.writers import Rows, read_rows, write_seed
from market_data_assets_tests.storage.warehouse.tables import DATASET, TABLE, day_of_rows


def opened(options: Mapping[str, Any]) -> Warehouse:
    return open_warehouse(options["kind"], [TABLE], **{name: value for name, value in options.items() if name != "kind"})


def backfill(url: str, scratch: Path, warehouse: Mapping[str, Any], days: Sequence[dt.date], seed: int) -> None:
    """All of it for each of the days; losing a race is no failure."""
    lake = Lake(open_store(url), scratch=scratch, workers=1)
    for day in days:
        write_seed(url, scratch, day, seed)
        rows = read_rows(lake, day)
        assert rows is not None
        with suppress(ConcurrentCommit):
            lake.write_day(DATASET, day_of_rows({InstrumentId.parse(name): range(count) for name, count in rows.items()}, day))
        load(lake, opened(warehouse), day)


def load(lake: Lake, warehouse: Warehouse, day: dt.date) -> None:
    """Load the day, and again for as long as others commit it meanwhile, as the graph does."""
    loaded = None
    while (committed := lake.committed_day(DATASET, day)).content_hash != loaded:
        with suppress(Replaced):
            warehouse.replace_day(TABLE, committed)
            loaded = committed.content_hash


def check_backfilled(lake: Lake, warehouse: Warehouse, day: dt.date, results: Sequence[Rows]) -> None:
    """The raw and the derived day are one of the results, and manifest, files and warehouse count the same rows."""
    assert read_rows(lake, day) in results
    manifest = {str(entry.instrument_id): entry.rows for entry in lake.manifest(DATASET, day).content.files}
    stored = lake.read_day(DATASET, day)
    files = {str(instrument): stored[instrument].read(["timestamp"]).num_rows for instrument in stored}
    assert files == manifest == warehouse.instruments(TABLE, day)
    assert manifest in results
    assert sum(files.values()) == warehouse.row_count(TABLE, day)
