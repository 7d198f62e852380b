"""Arrow types in BigQuery, and a table's record as BigQuery's schema."""

from collections.abc import Sequence

import pyarrow as pa
from google.cloud.bigquery import SchemaField

from market_data_assets.errors import SchemaDrift
from market_data_assets.storage.warehouse.base import WarehouseTable

_DESCRIPTION_LIMIT = 1024
# The names that BigQuery answers with. Narrower numbers load exactly into the wide ones, and are cast back when they are read.
# uint64 and nanoseconds do not fit, and text is the only dictionary: such columns are refused.
_TYPES: dict[pa.DataType, str] = {
    pa.string(): "STRING",
    pa.large_string(): "STRING",
    pa.bool_(): "BOOLEAN",
    **dict.fromkeys([pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32()], "INTEGER"),
    **dict.fromkeys([pa.float32(), pa.float64()], "FLOAT"),
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
    pa.date32(): "DATE",
    pa.binary(): "BYTES",
}
_ALIASES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}


def type_name(table: WarehouseTable, field: "pa.Field[pa.DataType]") -> str:
    """BigQuery's name of a column's type.

    Raises:
        SchemaDrift: a type that BigQuery cannot hold exactly.
    """
    found = _TYPES.get(field.type)
    if found is None:
        raise SchemaDrift(f"warehouse {table}: column {field.name} is {field.type}, which BigQuery cannot hold exactly")
    return found


def canonical(type_: str) -> str:
    """One name for each of BigQuery's types, which have two."""
    return _ALIASES.get(type_, type_)


def schema_fields(table: WarehouseTable) -> Sequence[SchemaField]:
    """The columns with their descriptions; only the partition and the cluster column are required.

    Raises:
        SchemaDrift: as :func:`type_name`.
    """
    return [
        SchemaField(
            field.name,
            type_name(table, field),
            mode="NULLABLE" if field.nullable else "REQUIRED",
            description=described(field),
        )
        for field in table.schema
    ]


def described(field: "pa.Field[pa.DataType]") -> str:
    """The description of a column, cut to what BigQuery takes."""
    text = (field.metadata or {}).get(b"description", b"").decode()
    return text if len(text) <= _DESCRIPTION_LIMIT else text[: _DESCRIPTION_LIMIT - 1] + "…"
