"""How a Dataset record appears in Dagster: key, group, description, column catalogue, kinds."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from market_data_assets.domain.datasets import Column, Dataset

OWNERS = ["team:market-data"]


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
    """What describes one output, whether of a single asset or of several computed together."""
    timeframe = {} if dataset.timeframe is None else {"timeframe": str(dataset.timeframe)}
    return {
        "key": asset_key(dataset),
        "group_name": dataset.tier,
        "description": dataset.doc,
        "io_manager_key": "lake",
        "kinds": kinds,
        "owners": OWNERS,
        "tags": timeframe,
        "metadata": {"dagster/column_schema": column_schema(dataset.columns)},
    }
