"""A store in the bucket of a test, with little patience."""

from market_data_assets.storage.stores.gcs import GcsStore
from market_data_assets.storage.stores.gcs_retry import Patience

PATIENT = Patience(connect_seconds=5, read_seconds=10, deadline_seconds=20)
ONCE = Patience(connect_seconds=5, read_seconds=10, deadline_seconds=0)


def store_in(bucket: str, patience: Patience = PATIENT) -> GcsStore:
    """The store at ``gs://…``; by default one that tries again."""
    return GcsStore(bucket.removeprefix("gs://"), "lake/", patience=patience)
