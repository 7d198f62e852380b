"""What the UI shows of a materialized partition: counts, sizes, what is missing and why, a preview and a picture."""

import datetime as dt
from collections import Counter
from typing import Any

import dagster as dg
import pyarrow as pa

from market_data_assets.compute.completeness.coverage import coverage, expected_of, mean_by
from market_data_assets.defs.links import links
from market_data_assets.defs.pictures import picture, pictures
from market_data_assets.domain.datasets import DailyFrames, Dataset, Grain
from market_data_assets.domain.days import to_datetime
from market_data_assets.report.heat_maps import heat_map
from market_data_assets.storage.commit import Status
from market_data_assets.storage.day_commit import Commit
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.warehouse.base import LoadedDay, LoadStatus

UNCHANGED = "unchanged"
_LISTED = 50


def committed_metadata(lake: Lake, dataset: Dataset, day: dt.date, commit: Commit) -> dict[str, Any]:
    """The metadata of a day in the lake as it is stored now."""
    facts: dict[str, Any] = {
        "dagster/partition_row_count": commit.rows,
        "instruments": _instruments_in(lake, dataset, day) if dataset.grain is Grain.DAY else commit.instruments,
        "status": str(commit.status),
        "finality": str(commit.finality),
        **pictures(lake, dataset, day, commit.manifest),
        "version": commit.version,
        "bytes": commit.bytes,
        "compression_ratio": round(commit.uncompressed_bytes / commit.bytes, 2) if commit.bytes else 0.0,
        **links(lake.store, dataset, day),
        "absent": len(commit.absent),
        "quarantined_rows": sum(entry.rows for entry in commit.quarantined),
    }
    if commit.min_timestamp is not None and commit.max_timestamp is not None:
        facts["first_timestamp"] = to_datetime(commit.min_timestamp).isoformat()
        facts["last_timestamp"] = to_datetime(commit.max_timestamp).isoformat()
    if missing := _missing(commit):
        facts["missing"] = dg.MetadataValue.table(missing)
    return facts


def stored_metadata(lake: Lake, dataset: Dataset, day: dt.date) -> dict[str, Any]:
    """The metadata of a day that a run found to be up to date and left alone; ``status`` says so.

    Raises:
        PartitionMissing, CorruptPartition, UnsupportedFormat: as :meth:`LakeReader.manifest`.
    """
    commit = Commit(Status.NOOP, lake.manifest(dataset, day))
    return {**committed_metadata(lake, dataset, day, commit), "status": UNCHANGED}


def _instruments_in(lake: Lake, dataset: Dataset, day: dt.date) -> int:
    """How many instruments the one table of a day is about; it may have several rows of one, or rows of none."""
    return len({*lake.read_table(dataset, day, ["instrument_id"])["instrument_id"].to_pylist()} - {None})


def loaded_metadata(loaded: LoadedDay) -> dict[str, Any]:
    """The metadata of a day in the warehouse."""
    return {
        "dagster/partition_row_count": loaded.rows,
        "instruments": loaded.instruments,
        "bytes": loaded.size,
        "status": UNCHANGED if loaded.status is LoadStatus.NOOP else str(loaded.status),
    }


def noted_metadata(frames: DailyFrames) -> dict[str, Any]:
    """What was counted while the day was computed, such as values that are null because their look-back is not stored."""
    counts: Counter[str] = Counter()
    for note in frames.notes:
        counts.update(note)
    if not counts:
        return {}
    table = [dg.TableRecord({"feature": name, "nulls": count}) for name, count in sorted(counts.items())]
    return {"nulls_without_look_back": counts.total(), "features_without_look_back": dg.MetadataValue.table(table)}


def coverage_metadata(instruments: pa.Table, report: pa.Table, day: dt.date) -> dict[str, Any]:
    """How much of a day is there: the number of findings by reason, and a heat map by venue and type of instrument."""
    expected = expected_of(instruments, day)
    groups = {each.instrument_id: " ".join(each.instrument_id.split(":")[:2]) for each in expected}
    shares = coverage(expected, report)
    reasons = Counter(report["reason"].to_pylist())
    return {
        "complete_share": sum(shares.values()) / len(shares) if shares else 1.0,
        "reasons": dict(sorted(reasons.items())),
        "coverage": picture(heat_map(mean_by(shares, groups), f"Coverage of {day} UTC, % of the listed time")),
    }


def _missing(commit: Commit) -> list[dg.TableRecord]:
    """What is absent, set aside or failed, with the reason; the first fifty."""
    rows: list[tuple[str, str, str, int]] = [
        *((entry.instrument_id, "absent", entry.reason, 0) for entry in commit.absent),
        *((entry.instrument_id, "quarantined", entry.reason, entry.rows) for entry in commit.quarantined),
        *((entry.instrument_id, "failed", entry.error, 0) for entry in commit.failed),
    ]
    return [
        dg.TableRecord({"instrument": name, "what": what, "reason": reason, "rows": count}) for name, what, reason, count in rows[:_LISTED]
    ]
