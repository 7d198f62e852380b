"""How a Dataset record appears in Dagster: key, group, description, column catalogue, kinds."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from market_data_assets.domain.datasets import Column, Dataset, Grain
from market_data_assets.storage.manifest import schema_fingerprint
from market_data_assets.storage.warehouse.base import WarehouseTable

OWNERS = ["team:market-data"]
_DICTIONARY = "docs/data_dictionary.md"
_HOW = {
    "instrument_availability": "From the vendor's metadata; ids by the symbol rules of each venue.",
    "raw_tick_data": "Fetched from the vendor and verified, one instrument at a time; stored as delivered, in the vendor's day, which is"
    " cut by arrival. What cannot be is set aside with its reason.",
    "missing_data_reports": "What the vendor lists minus what is stored; every row has its evidence.",
    "processed_candles": "All seven timeframes from one pass over the ticks of the exchange's day, that is of the vendor's day and its"
    " two neighbours: `provisional` until the next vendor day is stored. A coarser timeframe is the exact merge of the finer one.",
    "processed_book_snapshots": "All seven timeframes from one pass over the deepest book that is stored, by the exchange's time.",
    "mft_features": "From the candles of the day and of the days before it, as far as windows reach back and as they are stored.",
    "market_data_analytics": "The stored day of the same table of the lake, loaded whole in place of the day before.",
}
"""Tier → how its days are made."""


def asset_key(dataset: Dataset) -> dg.AssetKey:
    """The asset key of a dataset: tier, then name."""
    return dg.AssetKey(dataset.key)


def column_schema(columns: Mapping[str, Column]) -> dg.TableSchema:
    """The visible columns with type, meaning and unit, for the UI's column catalogue."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                str(column.type),
                description=f"{column.doc} [{column.unit}]" if column.unit else column.doc,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for name, column in columns.items()
            if not column.hidden
        ]
    )


def out_kwargs(dataset: Dataset, *, kinds: set[str]) -> dict[str, Any]:
    """What describes one output in the lake, whether of a single asset or of several computed together."""
    grain = "one file per instrument" if dataset.grain is Grain.INSTRUMENT else "one file"
    return {
        "key": asset_key(dataset),
        "group_name": dataset.tier,
        "description": _description(dataset.doc, dataset.tier, f"A partition is one UTC day, {grain}, below `{_folder(dataset)}`."),
        "io_manager_key": "lake",
        "kinds": kinds,
        "owners": OWNERS,
        "tags": _tags(dataset, dataset.tier),
        "code_version": f"{dataset.code_version} {schema_fingerprint(dataset)[:8]}",
        "metadata": {"dagster/column_schema": column_schema(dataset.columns), "dagster/table_name": f"{dataset.tier}.{dataset.name}"},
    }


def table_kwargs(dataset: Dataset, *, kinds: set[str]) -> dict[str, Any]:
    """What describes the analytics table of a dataset."""
    table = WarehouseTable.of(dataset)
    views = f" Also queried as {', '.join(f'`{view}`' for view in table.views)}." if table.views else ""
    return out_kwargs(dataset, kinds=kinds) | {
        "key": dg.AssetKey(table.key),
        "group_name": table.tier,
        "description": _description(table.doc, table.tier, f"A partition is one UTC day of `{table}`.{views}"),
        "io_manager_key": "warehouse",
        "tags": _tags(dataset, table.tier),
        "metadata": {"dagster/column_schema": column_schema(table.columns), "dagster/table_name": str(table)},
    }


def _description(doc: str, tier: str, partition: str) -> str:
    """Markdown: what it is, how it is made, where it is, what its columns mean."""
    return f"{doc}\n\n{_HOW[tier]}\n\n{partition} Columns with units and formulas: `{_DICTIONARY}`."


def _tags(dataset: Dataset, tier: str) -> dict[str, str]:
    tags = {"tier": tier}
    if dataset.timeframe is not None:
        return tags | {"timeframe": str(dataset.timeframe)}
    is_raw = dataset.partition is not None and dataset.partition.startswith("data_type-")
    return tags | ({"data_type": dataset.name} if is_raw else {})


def _folder(dataset: Dataset) -> str:
    return f"{dataset.tier}/by_date/day-YYYY-MM-DD/" + (f"{dataset.partition}/" if dataset.partition else "")
