"""One schema for rows whose files differ in a column's type, where the dataset allows more than one."""

from collections.abc import Sequence

import pyarrow as pa

from market_data_assets.domain.datasets import Dataset


def widest(dataset: Dataset, schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The first of ``schemas``, which name the same columns, with the latest alternative that any of them has of a column.

    A column's later alternatives hold every value of the earlier ones.
    """
    fields = []
    for index, field in enumerate(schemas[0]):
        column = dataset.columns[field.name]
        kinds = [column.type, *column.alternatives]
        fields.append(field.with_type(max((schema.field(index).type for schema in schemas), key=kinds.index)))
    return pa.schema(fields)
