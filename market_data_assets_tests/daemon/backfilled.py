"""A small deployment whose days a backfill makes, and what they must be."""

import datetime as dt
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from market_data_assets.catalog import DATASETS
from market_data_assets.definitions import build_definitions
from market_data_assets.defs.jobs import DAILY_JOB
from market_data_assets.defs.runs import QUIET
from market_data_assets.deployment import open_lake, open_warehouse
from market_data_assets.domain.datasets import Dataset
from market_data_assets.errors import PartitionMissing
from market_data_assets.settings import Settings
from market_data_assets.upkeep.fsck import Options, fsck
from market_data_assets.upkeep.scope import Scope

Hashes = Mapping[tuple[Dataset, dt.date], str]


@dataclass(frozen=True, slots=True)
class Deployment:
    """One simulated instrument, everything below a folder."""

    folder: Path
    data_types: str

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "MDA_ROOT": str(self.folder / "lake"),
            "MDA_CACHE": str(self.folder / "downloads"),
            "MDA_INSTRUMENTS": "BINANCE:FUTURE:*",
            "MDA_DATA_TYPES": self.data_types,
            "MDA_WORKERS": "1",
            # The exchange's own candles come from a folder without any, so that no check asks the network for them.
            "MDA_BINANCE_VISION_URL": str(self.folder / "klines"),
        }

    @property
    def settings(self) -> Settings:
        return Settings.load(self.environment)

    @property
    def definitions(self) -> dg.Definitions:
        return build_definitions(self.settings)

    def materialize(self, days: Sequence[dt.date], keys: Sequence[dg.AssetKey]) -> None:
        """The days in this process, one after the other, undisturbed."""
        job = self.definitions.resolve_job_def(DAILY_JOB)
        with dg.DagsterInstance.ephemeral() as instance:
            for day in days:
                done = job.execute_in_process(
                    partition_key=day.isoformat(), instance=instance, asset_selection=list(keys), run_config=QUIET
                )
                assert done.success

    def hashes(self, days: Sequence[dt.date]) -> Hashes:
        """The content of every stored day of every table."""
        lake, found = open_lake(self.settings), {}
        for dataset in DATASETS:
            for day in days:
                try:
                    found[dataset, day] = lake.manifest(dataset, day).content.content_hash
                except PartitionMissing:
                    continue
        return found

    def findings(self) -> Sequence[tuple[str, str, dt.date | None]]:
        """Kind, table and day of what is wrong with the files or the warehouse; a table that no run was asked for is not loaded.

        What a killed run had staged and not committed is no damage: a sweep deletes it after two days.
        """
        now, everything = dt.datetime.now(dt.UTC), Scope.parse(None, None, [])
        report = fsck(open_lake(self.settings), open_warehouse(self.settings), everything, now=now, options=Options(deep=True))
        wrong = [finding for finding in report.findings if finding.severity not in {"note", "leftover"}]
        return [(str(finding.kind), finding.dataset, finding.day) for finding in wrong]


def worker_process(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The number of the process of a run, once it has said it."""
    for entry in instance.all_logs(run_id, of_type={dg.DagsterEventType.ENGINE_EVENT}):
        facts = entry.dagster_event.engine_event_data.metadata if entry.dagster_event is not None else {}
        if "pid" in facts:
            return int(str(facts["pid"].value))
    return None


def kill_worker(instance: dg.DagsterInstance, run_id: str) -> None:
    process = worker_process(instance, run_id)
    assert process is not None
    os.kill(process, signal.SIGKILL)
