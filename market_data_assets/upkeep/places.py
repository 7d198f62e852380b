"""Finding every partition of a lake with the objects that lie in it: datasets by day, and monthly views."""

import datetime as dt
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from market_data_assets.catalog import DATASETS
from market_data_assets.domain.datasets import Dataset
from market_data_assets.errors import UnsafeName
from market_data_assets.storage.layout import QUARANTINE, REVISIONS, day_of_prefix, days_prefix
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.stores.base import Listed, Store
from market_data_assets.storage.views import parse_view_prefix
from market_data_assets.upkeep.scope import Scope

OBJECTS_AT_ONCE = 4
"""Operations at a time within a partition; several partitions are looked at side by side."""
_ROOTS = ("", QUARANTINE, REVISIONS)
_VIEWS = "views/"


@dataclass(frozen=True, slots=True)
class Place:
    """One partition and what lies in it.

    Attributes:
        label: The dataset or the view, for a person.
        dataset: None for a view.
        day: The first day of the month for a view.
        objects: What was listed below its prefix, its quarantine prefix and its revisions prefix, by name.
    """

    partition: Partition
    label: str
    dataset: Dataset | None
    day: dt.date
    objects: Mapping[str, Listed]

    def listed_again(self) -> "Place":
        """The same partition, with what lies in it now."""
        store, prefix = self.partition.store, self.partition.prefix
        found = (listed for root in _ROOTS for listed in store.list(root + prefix, folders=True))
        return replace(self, objects={each.name: each for each in found if not each.name.endswith("/")})


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a partition's prefix is.

    Attributes:
        label: The dataset or the view; empty where it is neither.
        day: The first day of the month for a view.
    """

    prefix: str
    label: str
    day: dt.date | None
    dataset: Dataset | None = None

    def is_in(self, scope: Scope) -> bool:
        """Whether the scope asks for it. What belongs to no dataset is part of everything only."""
        if self.day is None:
            return scope.is_everything
        if self.dataset is not None:
            return self.dataset in scope.datasets and scope.holds(self.day)
        return scope.is_everything and scope.touches(self.day, self.day.replace(day=monthrange(self.day.year, self.day.month)[1]))


def owner_of(prefix: str) -> Owner:
    """Whose the partition at ``prefix`` is."""
    found = _month_of(prefix)
    if found is not None:
        return found
    for dataset in DATASETS:
        if prefix.startswith(days_prefix(dataset)):
            try:
                return Owner(prefix, str(dataset), day_of_prefix(dataset, prefix), dataset)
            except UnsafeName:
                continue  # another dataset of the tier
    return Owner(prefix, "", None)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is listed together: one day of a tier, or one value of a view."""

    prefix: str
    day: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The partitions of a shelf, and objects in folders that no dataset has."""

    places: Sequence[Place]
    strays: Sequence[Listed] = field(default=())


def find_shelves(store: Store, scope: Scope) -> Sequence[Shelf]:
    """Every shelf of the scope that holds anything, days in order. Views only where every dataset is asked for."""
    tiers = dict.fromkeys(dataset.tier for dataset in scope.datasets)
    listed = for_each(
        lambda prefix: list(store.list(prefix, folders=True)), [f"{root}{tier}/by_date/" for root in _ROOTS for tier in tiers]
    )
    names = {name for folder in listed for each in folder for name in [_without_root(each.name)] if name.endswith("/")}
    days = [Shelf(name, day) for name in names for day in [_day_of(name)] if day is not None and scope.holds(day)]
    return [*sorted(days, key=lambda shelf: (shelf.day, shelf.prefix)), *(_view_shelves(store) if scope.is_everything else ())]


def open_shelf(store: Store, shelf: Shelf, scope: Scope) -> Found:
    """The partitions of a shelf that the scope asks for."""
    folders: dict[str, dict[str, Listed]] = defaultdict(dict)
    for root in _ROOTS:
        for listed in store.list(root + shelf.prefix):
            folders[f"{_without_root(listed.name).rpartition('/')[0]}/"][listed.name] = listed
    places: list[Place] = []
    strays: list[Listed] = []
    for prefix, objects in sorted(folders.items()):
        owner = owner_of(prefix)
        if owner.day is None:
            strays += objects.values()
        elif owner.is_in(scope):
            places.append(Place(Partition(store, prefix, OBJECTS_AT_ONCE), owner.label, owner.dataset, owner.day, objects))
    return Found(places, strays if scope.is_everything else ())


def _month_of(prefix: str) -> Owner | None:
    try:
        month = parse_view_prefix(prefix)[3]
    except UnsafeName:
        return None
    return Owner(prefix, prefix.partition("/year-")[0], month)


def _view_shelves(store: Store) -> Iterator[Shelf]:
    for view in store.list(_VIEWS, folders=True):
        if view.name.endswith("/"):
            yield from (Shelf(value.name) for value in store.list(view.name, folders=True) if value.name.endswith("/"))


def _without_root(name: str) -> str:
    return next((name.removeprefix(root) for root in _ROOTS[1:] if name.startswith(root)), name)


def _day_of(name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(name.removesuffix("/").rpartition("/day-")[2])
    except ValueError:
        return None
