"""What must be true of a day whatever has gone wrong, on every kind of store."""

import datetime as dt
from collections.abc import Sequence

from market_data_assets.domain.schemas import TRADES
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import REVISIONS, STAGING, partition_prefix
from market_data_assets.storage.stores.base import Store
from market_data_assets_tests.storage.protocol import REAL, Day, names_of

LATER = dt.timedelta(hours=49)


def names(store: Store) -> set[str]:
    """Every object but those of former versions."""
    return {listed.name for listed in store.list("") if not listed.name.startswith(REVISIONS)}


def check_healed(store: Store, day: Day) -> None:
    """A re-run makes it ``day``, whatever was left, and leaves nothing else."""
    REAL.write(store, day, "again")
    check_at_rest(store, [day])


def check_at_rest(store: Store, allowed: Sequence[Day | None]) -> None:
    """Readers find one of the allowed days; recovery and the sweep change nothing for them, and leave nothing but the day."""
    found = REAL.read(store)
    assert found in allowed
    assert not REAL.recover(store)
    REAL.sweep(store)
    assert REAL.read(store) == found
    assert names(store) == (set() if found is None else names_of(found))


def check_swept(lake: Lake, days: Sequence[dt.date]) -> None:
    """After the sweep nothing is staged, and every object of the days is named by its manifest."""
    lake.sweep(dt.datetime.now(dt.UTC) + LATER)
    assert list(lake.store.list(STAGING)) == []
    for day in days:
        prefix = partition_prefix(TRADES, day)
        named = {name for name, _ in lake.manifest(TRADES, day).objects()}
        found = {listed.name for listed in lake.store.list(prefix)}
        assert found == named | {f"{prefix}_manifest.json", f"{prefix}_SUCCESS"}
