"""Checks of the lake that only read."""

from itertools import islice

from market_data_assets.catalog import DATASETS
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.stored_frames import with_file
from market_data_assets.upkeep.doctor.record import Outcome, Status
from market_data_assets.upkeep.doctor.subject import Subject

_LISTED = 10


def lake_listable(subject: Subject) -> Outcome:
    """Whether the store can be reached and its objects listed."""
    found = list(islice(subject.store.list("", folders=True), _LISTED))
    where = subject.settings.root_url
    if not found:
        return Outcome(Status.OK, f"{where} is empty")
    return Outcome(Status.OK, f"{where} holds {', '.join(each.name for each in found)}{' …' if len(found) == _LISTED else ''}")


def lake_readable(subject: Subject) -> Outcome:
    """Whether the newest stored day of some dataset can be read: its manifest, and the footer of one file."""
    for dataset in DATASETS:
        days = subject.lake.days(dataset)
        if not days:
            continue
        partition = Partition(subject.store, partition_prefix(dataset, days[-1]))
        manifest = subject.lake.manifest(dataset, days[-1])
        for entry in manifest.content.files[:1]:
            with_file(partition, entry, lambda parquet, _entry: parquet.metadata.num_rows)
        files = len(manifest.content.files)
        return Outcome(Status.OK, f"{dataset} {days[-1]}: manifest of {files} entries{', and a file' if files else ''} read")
    return Outcome(Status.SKIPPED, "nothing is stored yet")
