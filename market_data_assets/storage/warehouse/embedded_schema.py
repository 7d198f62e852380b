"""What the embedded warehouse knows of a stored table, and what a migration changes of it."""

from collections.abc import Sequence

import pyarrow as pa

from market_data_assets.errors import SchemaDrift
from market_data_assets.storage.warehouse.base import WarehouseTable


def changes(table: WarehouseTable, stored: pa.Schema | None) -> Sequence[str]:
    """What a migration does to the stored table, None where there is none; a line each.

    Raises:
        SchemaDrift: a stored column has another type than the table's record.
    """
    if stored is None:
        return [f"{table.name}: create the table"]
    schema = extended(table, stored)
    added = [f"{table.name}: add column {field.name} ({field.type})" for field in schema if field.name not in stored.names]
    described = any(not field.equals(stored.field(field.name), check_metadata=True) for field in schema if field.name in stored.names)
    return [*added, *([f"{table.name}: update column descriptions"] if described else [])]


def extended(table: WarehouseTable, stored: pa.Schema) -> pa.Schema:
    """The table's schema, then the columns that only older days have: they stay readable.

    Raises:
        SchemaDrift: as :func:`changes`.
    """
    for field in table.schema:
        if field.name in stored.names and stored.field(field.name).type != field.type:
            found = stored.field(field.name).type
            raise SchemaDrift(
                f"warehouse {table}: column {field.name} is stored as {found}, its record says {field.type}; migrations only add"
            )
    return pa.schema([*table.schema, *(field for field in stored if field.name not in table.columns)])
