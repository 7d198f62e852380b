"""Objects outside every partition: staged files that nobody published, and what a probe of the store left behind."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from market_data_assets.errors import CorruptPartition, PreconditionFailed, UnsafeName, UnsupportedFormat
from market_data_assets.storage.layout import STAGING, partition_of_staged
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.publish import holds, is_published
from market_data_assets.storage.stores.base import Listed, Store
from market_data_assets.storage.sweep import MINIMUM_AGE
from market_data_assets.upkeep.findings import Finding, Kind
from market_data_assets.upkeep.places import Owner, owner_of
from market_data_assets.upkeep.remedies import BY_HAND, REPAIR, SWEEP, WAIT
from market_data_assets.upkeep.scope import Scope

PROBE = "_probe/"
"""Where the store is tried out. Nothing there is ever read by anyone else."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What lies outside every partition.

    Attributes:
        unfinished: Prefixes of partitions whose published files have staged copies, too.
    """

    findings: Sequence[Finding]
    unfinished: Sequence[str]


def find_leftovers(store: Store, scope: Scope, now: dt.datetime) -> Leftovers:
    """Staged files of the scope by transaction, and objects of probes, with their age at ``now`` (aware)."""
    transactions: dict[str, list[Listed]] = defaultdict(list)
    for listed in store.list(STAGING):
        transactions[listed.name.rpartition("/")[0] + "/"].append(listed)
    staged = for_each(lambda item: _judge_staged(store, *item, scope, now), sorted(transactions.items()))
    findings = [finding for found in staged for finding in found]
    unfinished = {
        partition_of_staged(f"{folder}file")
        for folder, found in zip(sorted(transactions), staged, strict=True)
        if any(each.kind is Kind.NOT_PUBLISHED for each in found)
    }
    return Leftovers([*findings, *(_probes(store, now) if scope.is_everything else ())], sorted(unfinished))


def sweep_probes(store: Store, now: dt.datetime) -> int:
    """Delete what probes older than 48 hours left; how many objects that were."""
    old = [listed for listed in store.list(PROBE) if now - listed.updated > MINIMUM_AGE]
    return sum(for_each(lambda listed: _delete(store, listed), old))


def _delete(store: Store, listed: Listed) -> bool:
    try:
        store.delete(listed.name, if_generation=listed.generation)
    except PreconditionFailed:
        return False  # somebody is trying the store out right now
    return True


def _judge_staged(store: Store, folder: str, objects: Sequence[Listed], scope: Scope, now: dt.datetime) -> Sequence[Finding]:
    try:
        owner = owner_of(partition_of_staged(objects[0].name))
    except UnsafeName:
        owner = Owner("", "", None)
    if not owner.is_in(scope):
        return []
    if not owner.label:
        return [_finding(Kind.UNNAMED_OBJECT, store.url(folder), objects, owner, now)]
    partition = Partition(store, owner.prefix)
    try:
        manifest = partition.current().manifest
    except (CorruptPartition, UnsupportedFormat):
        return []  # they may be all that is left of the day, whose manifest is a finding of its own
    committed = {} if manifest is None else {entry.staged: (name, entry) for name, entry in manifest.objects()}
    lost = [each for each in objects if each.name not in committed]
    named = [committed[each.name] for each in objects if each.name in committed]
    findings = []
    if lost:
        is_old = now - max(each.updated for each in lost) > MINIMUM_AGE
        findings.append(_finding(Kind.STAGED_LEFTOVER if is_old else Kind.STAGED, store.url(folder), lost, owner, now))
    # A partition that is not published says so itself. Of one that is, these are copies that a killed publisher left.
    if (
        manifest is not None
        and named
        and is_published(partition, manifest)
        and all(holds(store.head(name), entry) for name, entry in named)
    ):
        copies = [each for each in objects if each.name in committed]
        findings.append(_finding(Kind.NOT_PUBLISHED, store.url(folder), copies, owner, now))
    return findings


def _probes(store: Store, now: dt.datetime) -> Iterator[Finding]:
    found = list(store.list(PROBE))
    if not found:
        return
    is_old = now - max(each.updated for each in found) > MINIMUM_AGE
    yield _finding(Kind.PROBE_LEFTOVER if is_old else Kind.STAGED, store.url(PROBE), found, Owner("", "", None), now)


_REMEDIES = {
    Kind.UNNAMED_OBJECT: BY_HAND,
    Kind.STAGED_LEFTOVER: SWEEP,
    Kind.PROBE_LEFTOVER: SWEEP,
    Kind.STAGED: WAIT,
    Kind.NOT_PUBLISHED: REPAIR,
}


def _finding(kind: Kind, where: str, objects: Sequence[Listed], owner: Owner, now: dt.datetime) -> Finding:
    hours = (now - max(each.updated for each in objects)) / dt.timedelta(hours=1)
    found = f"{len(objects)} object(s), {sum(each.size for each in objects):,} bytes, {hours:.0f} h old"
    return Finding(kind, owner.label, owner.day, where, "nothing, once a run has ended", found, _REMEDIES[kind])
