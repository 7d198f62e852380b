"""What the UI shows of a partition already: shown again while the same version is stored, instead of drawn and counted anew."""

from collections.abc import Mapping
from typing import Any

import dagster as dg


def shown_before(
    instance: dg.DagsterInstance, asset: dg.AssetKey, partition: str, version: int
) -> Mapping[str, dg.MetadataValue[Any]] | None:
    """The metadata of the last materialization of a partition; None where it was of another version, or is not on this instance."""
    records = instance.fetch_materializations(dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[partition]), limit=1).records
    found = records[0].asset_materialization if records else None
    if found is None or "version" not in found.metadata or found.metadata["version"].value != version:
        return None
    return found.metadata
